// Accounts instead of customers as those who are counted, and conditions on their traits.

import { expectAccessible } from "../support/axe.ts";
import { whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const QUERY = "?last=6&as_of=2026-06-01";

test("accounts are counted one click away", async ({ page, retention }) => {
  await retention.goto();
  const title = page.getByRole("heading", { name: / cohorts? · / });
  const customers = whole(/· ([\d,]+) customers/.exec(await title.innerText())?.[1] ?? "");
  await retention.choose("unit", "accounts");
  await expect(page).toHaveURL(/unit=accounts/);
  await retention.hydrated();
  const accounts = whole(/· ([\d,]+) accounts/.exec(await title.innerText())?.[1] ?? "");
  expect(accounts).toBeGreaterThan(0);
  expect(accounts, "several customers share an account").toBeLessThan(customers);
  expect(await retention.sentence()).toMatch(/^Of the accounts who /);
  await expect(retention.method).toContainText("accounts, each its customers together");
  await expect(retention.method).toContainText("without an account left out");
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test("the list behind a cell names as many accounts as the cell counts", async ({ retention }) => {
  await retention.goto(`${QUERY}&grain=month&unit=accounts`);
  const cell = retention.table.locator("td[data-cohort][data-period='1']").last();
  await cell.click();
  const told = await retention.card.told(true);
  const all = await retention.card.everybody(told);
  expect(new Set(all).size).toBe(told);
  await expect(retention.card.root).toContainText("accounts");
  await expect(retention.card.root.getByText("Save these customers as a segment")).toHaveCount(0);
});

test("a trait of accounts is a condition on customers and on accounts", async ({ page, retention }) => {
  await retention.goto(QUERY);
  const choices = await retention.open("filters");
  await expect(choices.getByRole("heading", { name: "Of which accounts" })).toBeVisible();
  const trait = choices.locator("h3 ~ details.trait").first();
  await trait.locator("summary").click();
  await trait.locator(".choice").first().click();
  await expect(page).toHaveURL(/account_where=/);
  await expect(retention.question).toContainText("those whose account’s ");
  await expect(retention.method).toContainText("only of accounts where ");
  await page.goto(`${page.url()}&unit=accounts`);
  await expect(retention.method).toContainText("only of accounts where ");
  await expect(retention.problems).toHaveCount(0);
});

test("what accounts are not asked is named on the page", async ({ page, retention }) => {
  await page.goto("/w/demo/retention?unit=accounts&behaviour=did:login:1");
  await expect(retention.problems).toContainText("behaviour");
  await page.goto("/w/demo/segments?unit=accounts");
  await expect(page.locator(".notice").filter({ hasText: "not understood" })).toContainText("unit");
});
