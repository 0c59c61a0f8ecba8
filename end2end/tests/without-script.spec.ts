// The page as the server sends it, in a browser that runs no script.

import { flat } from "../pages/retention.ts";
import { percent } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

// what is fetched ahead for the program is not used here, and the browser says so
test.use({ javaScriptEnabled: false, expectedComplaints: [/was preloaded using link preload but not used/] });

test("the bare address leads to the whole matrix", async ({ page, retention }) => {
  const response = await page.goto("/");
  expect(response?.status()).toBe(200);
  await expect(page).toHaveURL(/\/w\/demo\/retention$/);
  await expect(page).toHaveTitle("Retention · Holdfast");
  await expect(retention.finding).toContainText("still active");
  await expect(page.locator("figure.chart svg")).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
  // evaluate() is the tester's own script, not the page's
  const rows = await retention.rows();
  expect(rows).toHaveLength(27);
  for (const cell of rows.flatMap((row) => row.cells)) {
    expect(cell.text, cell.sentence).toBe(`${percent(cell.retained, cell.size)}%`);
  }
});

test("choices and switches are links, and lead there", async ({ page, retention }) => {
  await page.goto("/w/demo/retention");
  // the browser's own popover needs no script
  const choices = await retention.open("grain");
  await choices.getByRole("link", { name: "month" }).click();
  await expect(page).toHaveURL(/\?grain=month$/);
  await expect(retention.method).toContainText("Calendar months");
  await retention.open("kind");
  await retention.choices("kind").getByRole("link", { name: "in or after" }).click();
  await expect(page).toHaveURL(/\?grain=month&kind=on_or_after$/);
  expect(await retention.sentence()).toContain("active in or after the months after?");
  await retention.look("Customers").click();
  await expect(page).toHaveURL(/&show=count$/);
  const [overall] = await retention.rows();
  expect(overall?.cells[0]?.text.replaceAll(",", "")).toBe(`${overall?.cells[0]?.retained}`);
  await retention.open("filters");
  await retention.choices("filters").getByText("plan", { exact: true }).first().click();
  await retention.choices("filters").getByRole("link", { name: /^free\b/ }).click();
  await expect(retention.method).toContainText("only where plan is free");
  expect(flat(await page.locator("main").innerText())).toContain("For those whose plan is free");
});

test("forms keep the rest of the question", async ({ page, retention }) => {
  await page.goto("/w/demo/retention?grain=month&where=plan:is:business&show=count");
  const asOf = await retention.open("asOf");
  await asOf.getByLabel("the start of").fill("2026-11-01");
  await asOf.getByRole("button", { name: "Apply" }).click();
  const kept = () => Object.fromEntries(new URL(page.url()).searchParams);
  expect(kept()).toEqual({ grain: "month", where: "plan:is:business", show: "count", as_of: "2026-11-01" });
  // what needs a script is not offered
  const filters = await retention.open("filters");
  await filters.getByText("seats", { exact: true }).first().click();
  await expect(filters.getByRole("link", { name: /^\d/ }).first()).toBeVisible();
  await expect(filters.getByRole("button", { name: "Apply" })).toHaveCount(0);
});

test("a picked cell is explained, with its list", async ({ page, retention }) => {
  await page.goto("/w/demo/retention?cell=overall.4");
  await expect(retention.card.title).toHaveText("All finished cohorts, week 4");
  await expect(retention.card.people).toHaveCount(100);
  await retention.card.close.click();
  await expect(retention.card.root).toHaveCount(0);
});
