// Segments side by side: what differs in words, then matrices, curves, lifetimes and what a change comes from.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const QUERY = `?as_of=${daysAgo(2)}&last=52`;

const segments = (page: Page) => page.getByRole("region", { name: "Segments", exact: true }).locator("tbody tr");

test("the rail leads to segments by a trait, with everybody in one of them", async ({ page, retention }) => {
  await retention.goto(QUERY);
  const everybody = whole(await retention.table.locator("tr.overall em").innerText());
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Segments" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/segments$/);
  await page.goto(`/w/demo/segments${QUERY}`);
  await expect(page.locator(".question")).toContainText("By channel");
  await expect(page.locator(".verdict h2")).toContainText("By channel");
  const sizes = await segments(page).locator("td:nth-child(2)").allInnerTexts();
  expect(sizes.length).toBeGreaterThan(4);
  expect(sizes.map(whole).reduce((sum, size) => sum + size, 0)).toBe(everybody);
  await expect(page.locator(".mini")).toHaveCount(sizes.length);
  await expect(page.locator("p.method")).toContainText("Segments by channel");
});

test("charts have a curve and a name for each segment, and the same in numbers", async ({ page }) => {
  await page.goto(`/w/demo/segments${QUERY}&split=plan`);
  const names = await segments(page).locator("th").allInnerTexts();
  const charts = page.locator("figure.chart svg");
  await expect(charts).toHaveCount(2);
  for (const chart of await charts.all()) {
    await expect(chart).toHaveAttribute("aria-label", /same numbers/);
    const words = (await chart.locator("text").allTextContents()).map((text) => text.trim());
    for (const name of names) expect(words).toContain(name.trim());
    expect(await chart.locator("circle.curve").count()).toBe(names.length);
  }
  for (const details of await page.locator("details.numbers").all()) {
    await details.locator("summary").click();
    await expect(details.locator("tbody tr").first()).toBeVisible();
  }
});

test("another split, baseline and threshold are one click away", async ({ page }) => {
  await page.goto(`/w/demo/segments${QUERY}`);
  await page.locator("button.phrase", { hasText: /^channel$/ }).click();
  await page.getByRole("group", { name: "What makes segments" }).getByRole("link", { name: "role", exact: true }).click();
  await expect(page).toHaveURL(/split=role/);
  await expect(page.locator(".question")).toContainText("By role");
  await segments(page).last().getByRole("link").click();
  await expect(page).toHaveURL(/baseline=/);
  await expect(segments(page).last()).toContainText("baseline");
  await page.locator("button.phrase", { hasText: "28 days" }).click();
  await page.getByRole("group", { name: "When somebody is gone" }).getByRole("link", { name: "56 days" }).click();
  await expect(page).toHaveURL(/inactivity=56/);
  await expect(page.locator("p.method")).toContainText("no active event for 56 days");
});

test("a change of the total is split into mix and rate", async ({ page }) => {
  await page.goto(`/w/demo/segments?as_of=${daysAgo(2)}&last=26`);
  await page.locator("button.phrase", { hasText: "no other cohorts" }).click();
  await page.getByRole("group", { name: "Against which other cohorts" }).getByRole("link", { name: /as many right before/ }).click();
  await expect(page).toHaveURL(/against_from=/);
  await expect(page.getByRole("region", { name: "Mix against rate" }).locator("tbody tr").first()).toBeVisible();
  await expect(page.locator("p.say")).toContainText("because of how they stayed");
});

test("what is wrong in the address is said, and a trait that nobody has is one segment", async ({ page }) => {
  await page.goto(`/w/demo/segments${QUERY}&inactivity=never`);
  await expect(page.locator(".notice")).toContainText("“inactivity=never”");
  await page.goto(`/w/demo/segments${QUERY}&split=shoe_size`);
  await expect(page.locator(".verdict h2")).toContainText("nothing to compare");
  await page.goto("/w/demo/segments?split=channel&where=plan:is:none");
  await expect(page.locator(".verdict h2")).toContainText("Nobody");
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|Infinity|null|undefined/);
});

test("a small matrix leads to its whole one", async ({ page, retention }) => {
  await page.goto(`/w/demo/segments${QUERY}&split=plan`);
  const mini = page.locator(".mini").first();
  const customers = whole(await mini.locator("figcaption em").innerText());
  await mini.locator("figcaption a").click();
  await expect(page).toHaveURL(/where=plan:is:/);
  expect(whole(await retention.table.locator("tr.overall em").innerText())).toBe(customers);
});

test("the page is accessible, fits every width, and reads without NaN", async ({ page }) => {
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`/w/demo/segments${QUERY}`);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beyond, `${width} px`).toBeLessThanOrEqual(0);
  }
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|Infinity|null|undefined/);
  await expectAccessible(page);
});
