// Saved segments: built step by step, kept living or frozen, used in questions, saved from a cell and from a group.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { whole } from "../support/numbers.ts";
import { expect, testWithOwn } from "../support/test.ts";

// What is saved here must not be seen by other tests.
const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

const EDIT = "/w/demo/segments/edit";
const SAVED = "/w/demo/segments/saved";

/** How many customers the page's first sentence counts, and of how many. */
async function counted(page: Page): Promise<[number, number]> {
  const text = (await page.locator(".finding").textContent()) ?? "";
  const found = /^([\d,]+) of ([\d,]+) customers/.exec(text);
  expect(found, text).not.toBeNull();
  return [whole(found?.[1] ?? ""), whole(found?.[2] ?? "")];
}

test("a segment is built step by step, each step counted, saved and used", async ({ page }) => {
  await page.goto(EDIT);
  const [everyone, all] = await counted(page);
  expect(everyone).toBe(all);
  const plan = page.locator(".add details", { has: page.locator("summary", { hasText: /^plan$/ }) });
  await plan.locator("summary").click();
  await plan.getByRole("checkbox").first().check();
  await plan.getByRole("button", { name: "is any of these" }).click();
  await expect(page).toHaveURL(/condition=all%28where:plan:is:[^&]+%29$/);
  const [some] = await counted(page);
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThan(all);
  await page.getByRole("link", { name: /^Negate: whose plan/ }).click();
  const [others] = await counted(page);
  expect(some + others, "whoever is not among them is among the others").toBe(all);
  await page.getByRole("link", { name: /^Don’t negate: whose plan/ }).click();

  await page.getByRole("link", { name: "Any of several" }).click();
  await expect(page.locator(".tree .here")).toContainText("this group is passed over");
  await page.locator(".did").getByRole("button", { name: "Add" }).click();
  const [fewer] = await counted(page);
  expect(fewer).toBeLessThanOrEqual(some);
  await expect(page.locator(".answer")).toContainText("Those whose plan is");
  await expectAccessible(page);

  await page.getByLabel("Name", { exact: true }).fill("Plan & use");
  await page.getByRole("button", { name: "Save as living" }).click();
  await expect(page).toHaveURL(new RegExp(`${SAVED}/plan-use$`));
  expect((await counted(page))[0]).toBe(fewer);
  await expect(page.locator(".title")).toContainText("Living");
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.getByRole("button", { name: "Freeze it as it is now" }).click();
  await expect(page.locator(".title")).toContainText("Frozen on");
  expect((await counted(page))[0]).toBe(fewer);

  await page.getByRole("link", { name: "How they stay" }).click();
  await expect(page.locator(".question")).toContainText("of segment Plan & use");
  await expect(page.locator("p.method")).toContainText("only those in segment “plan-use”");
  await page.goto(`/w/demo/features?segment=plan-use`);
  await expect(page.locator(".question")).toContainText("of segment Plan & use");

  await page.goto(SAVED);
  const row = page.getByRole("region", { name: "Saved segments" }).locator("tbody tr", { hasText: "Plan & use" });
  await expect(row.locator("td.number").first()).toHaveText(fewer.toLocaleString("en-US"));
  await expectAccessible(page);
  await row.getByRole("link").click();
  await page.getByLabel("Name", { exact: true }).fill("Renamed");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Renamed");
  await page.getByRole("link", { name: "Delete this segment" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Delete “Renamed”?");
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page).toHaveURL(new RegExp(`${SAVED}$`));
  await expect(page.locator("main")).not.toContainText("Renamed");
});

test("an unknown segment and a broken condition are named on the page", async ({ page }) => {
  await page.goto("/w/demo/retention?segment=gone");
  await expect(page.locator(".notice")).toContainText("“segment=gone” is ignored: expected the name of a saved segment.");
  await expect(page.locator(".question")).toContainText("everyone");
  await page.goto(`${EDIT}?condition=nonsense`);
  await expect(page.locator(".notice")).toContainText("“condition=nonsense” cannot be used");
  const [everyone, all] = await counted(page);
  expect(everyone).toBe(all);
});

test("the customers of a cell become a segment", async ({ page }) => {
  await page.goto("/w/demo/retention?cell=overall.4");
  await page.locator("html[data-hydrated]").waitFor();
  const card = page.getByRole("complementary", { name: "Picked cell" });
  const missed = card.getByRole("button", { name: /did not$/ });
  const [told = ""] = /[\d,]+/.exec((await missed.textContent()) ?? "") ?? [];
  const count = whole(told);
  await missed.click();
  await card.getByText("Save these customers as a segment").click();
  await card.getByLabel("Name of the segment").fill("Not back in week 4");
  await card.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${SAVED}/not-back-in-week-4$`));
  expect((await counted(page))[0]).toBe(count);
  await expect(page.locator(".title")).toContainText("Frozen on");
});

test("a group by usage becomes a segment", async ({ page }) => {
  await page.goto("/w/demo/features?feature=comment_added");
  const high = page.getByRole("region", { name: "Groups by usage" }).locator("tr.high td.number").first();
  const count = whole(/^[\d,]+/.exec((await high.textContent()) ?? "")?.[0] ?? "");
  await page.getByText("Save a group as a segment").click();
  await page.getByRole("button", { name: "Highly active" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Highly active: comment_added");
  expect((await counted(page))[0]).toBe(count);
});

test("a segment is made of another, which then stays", async ({ page }) => {
  const build = async (name: string, condition: string) => {
    await page.goto(`${EDIT}?condition=${encodeURIComponent(condition)}`);
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Save as living" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  };
  await build("Inner part", "where:plan:set");
  const [inner] = await counted(page);
  await page.goto(EDIT);
  await page.getByLabel("who are in").selectOption("Inner part");
  await page.getByRole("button", { name: "Add the segment" }).click();
  await expect(page.locator(".tree").first()).toContainText("who are in segment “inner-part”");
  expect((await counted(page))[0]).toBe(inner);
  await expectAccessible(page);
  await build("Outer part", "not(segment:inner-part)");
  await page.goto(`${SAVED}/inner-part/delete`);
  await expect(page.locator(".answer")).toContainText("It can’t be deleted: “Outer part” is made of it.");
  await expect(page.getByRole("button", { name: "Delete it" })).toHaveCount(0);
  await expectAccessible(page);
  // a saved report that names it is named before it goes
  await page.goto("/w/demo/retention?segment=outer-part");
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Save this report").click();
  await page.getByLabel("Name", { exact: true }).fill("Outer in time");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Outer in time");
  await page.goto(`${SAVED}/outer-part/delete`);
  await expect(page.locator(".answer")).toContainText("The saved report “Outer in time” names it, and will say so");
  for (const slug of ["outer-part", "inner-part"]) {
    await page.goto(`${SAVED}/${slug}/delete`);
    await page.getByRole("button", { name: "Delete it" }).click();
    await expect(page).toHaveURL(new RegExp(`${SAVED}$`));
  }
  await page.goto("/w/demo/reports");
  await page.getByRole("link", { name: "Change Outer in time" }).click();
  await page.getByRole("link", { name: "Delete this report" }).click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/reports$/);
});
