// Every page and state, scanned in light and in dark.

import { PHRASES, type PhraseName } from "../pages/retention.ts";
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("the matrix", async ({ page, retention }) => {
  await retention.goto();
  await expectAccessible(page);
});

test("the matrix with all its switches on", async ({ page, retention }) => {
  await retention.goto("?kind=on_or_after&last=13&show=attrition&intervals=1&scale=hundred&diagonal=1");
  await expectAccessible(page);
});

test("the words on every step of the heat scale", async ({ page, retention }) => {
  await retention.goto("?intervals=1");
  // no data have all steps at once: they are put on the cells of one row
  const steps = await retention.table.locator("tr.overall td[data-period]").evaluateAll((cells) => {
    cells.forEach((cell, step) => cell.setAttribute("class", `h${Math.min(step, 20)}`));
    return cells.length;
  });
  expect(steps).toBeGreaterThan(20);
  await expectAccessible(page, "tr.overall");
});

test("each phrase’s choices", async ({ page, retention }) => {
  await retention.goto("?last=4&where=plan:is:business&active=report_published");
  for (const name of Object.keys(PHRASES) as PhraseName[]) {
    const choices = await retention.open(name);
    for (const trait of await choices.locator("summary").all()) await trait.click();
    await expectAccessible(page, ":popover-open");
    await page.keyboard.press("Escape");
    await expect(choices).toBeHidden();
  }
});

test("a picked cell, with the sentence over another", async ({ page, retention }) => {
  await retention.goto("?last=8&cell=overall.3");
  await expect(retention.card.people.first()).toBeVisible();
  await retention.cell("overall", 2).hover();
  await expect(retention.tip).toBeVisible();
  await expectAccessible(page);
});

test("a narrow window", async ({ page, retention }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await retention.goto("?last=8&cell=overall.3");
  await expect(retention.card.people.first()).toBeVisible();
  await expectAccessible(page);
});

test("an address that was not understood", async ({ page, retention }) => {
  await retention.goto("?grain=fortnight&last=4&foo=1");
  await expect(retention.problems).toBeVisible();
  await expectAccessible(page);
});

test("nobody to show", async ({ page, retention }) => {
  await retention.goto("?where=plan:is:none&last=4");
  await expect(retention.finding).toHaveText("Nobody who matches the filters signed up in this time.");
  await expectAccessible(page);
});

test.describe("nothing there", () => {
  test.use({ expectedComplaints: [/status of 404/] });

  for (const path of ["/w/nope/retention", "/nowhere"]) {
    test(path, async ({ page }) => {
      await page.goto(path);
      await expect(page.getByRole("link", { name: "Go to the workspaces" })).toBeVisible();
      await expectAccessible(page);
    });
  }
});
