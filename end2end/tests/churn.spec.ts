// Leaving: the answer in words, the periods with the year before, those lost in one, and what stands behind it.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const QUERY = `?as_of=${daysAgo(2)}`;

const periods = (page: Page) => page.getByRole("region", { name: "Churn by period" }).locator("tbody tr");
const lost = (page: Page) => page.getByRole("region", { name: "Customers lost in the period" }).locator("tbody tr");
const cell = async (row: ReturnType<typeof periods>, place: number) => row.locator("td").nth(place).innerText();

test("the rail leads to the answer in words, and a running month loses nobody", async ({ page, retention }) => {
  await retention.goto();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Churn" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/churn$/);
  await expect(page.locator(".finding")).toHaveText(/^In \S+ \d{4} .*\d\u00a0% of [\d,]+ customers left \(/);
  await expect(page.locator(".question")).toContainText("active at the start of each month");
  await expect(page.locator("p.method")).toContainText("Europe/Berlin");
  await page.goto(`/w/demo/churn${QUERY}&grain=year`);
  await expect(periods(page).first()).toContainText("running");
  expect(await page.locator("html").getAttribute("data-hydrated"), "no program is loaded").toBeNull();
});

test("the list of a picked period has as many as its number, and the file all of them", async ({ page, request }) => {
  await page.goto(`/w/demo/churn${QUERY}&grain=week&threshold=28`);
  const row = periods(page).filter({ has: page.getByRole("link") }).nth(3);
  const count = whole(await cell(row, 1));
  await row.getByRole("link").click();
  await expect(page).toHaveURL(/period=/);
  const card = page.locator("#lost");
  await expect(card.getByRole("heading")).toContainText(`· ${count.toLocaleString("en")}`);
  expect(await lost(page).count()).toBe(Math.min(count, 100));
  const file = await card.getByRole("link", { name: "CSV" }).getAttribute("href");
  const text = await (await request.get(file ?? "")).text();
  expect(text.trimEnd().split("\r\n").length - 1).toBe(count);
});

test("the bad release stands out by weeks", async ({ page }) => {
  await page.goto("/w/demo/churn?grain=week");
  await expect(page.locator(".findings")).toContainText(/The week of \d+ \w+ \d{4} stands out: .* were not seen in it/);
});

test("the threshold and the length of periods are one click away", async ({ page }) => {
  await page.goto(`/w/demo/churn${QUERY}`);
  await page.locator('button.phrase[popovertarget="threshold"]').click();
  await page.getByRole("group", { name: "How long until" }).getByRole("link", { name: "60 days" }).click();
  await expect(page).toHaveURL(/threshold=60/);
  await expect(page.locator("p.method")).toContainText("one of the 60 days before");
  await page.locator('button.phrase[popovertarget="grain"]').click();
  await page.getByRole("group", { name: "Size of a period" }).getByRole("link", { name: "quarter" }).click();
  await expect(page).toHaveURL(/grain=quarter.*threshold=60/);
  await expect(page.locator(".finding")).toHaveText(/^In Q\d \d{4}/);
});

test("what is wrong in the address is said, and a period that is not there is replaced", async ({ page }) => {
  await page.goto("/w/demo/churn?threshold=soon");
  await expect(page.locator(".notice")).toContainText("“threshold=soon”");
  await page.goto(`/w/demo/churn${QUERY}&period=2001-01-01`);
  await expect(page.locator(".notice")).toContainText("not among these");
  await page.goto(`/w/demo/churn${QUERY}&active=no_such_thing`);
  await expect(page.locator(".finding")).toHaveText("Nobody was active yet.");
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|Infinity|null|undefined/);
});

test("the page is accessible and fits every width", async ({ page }) => {
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`/w/demo/churn${QUERY}`);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beyond, `${width} px`).toBeLessThanOrEqual(0);
    for (const way of await page.getByRole("navigation", { name: "Main" }).getByRole("link").all()) {
      expect(await way.evaluate((way) => way.scrollWidth - way.clientWidth), await way.innerText()).toBeLessThanOrEqual(0);
    }
  }
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|Infinity|null|undefined/);
  await expectAccessible(page);
});
