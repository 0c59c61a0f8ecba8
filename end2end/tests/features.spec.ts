// The page of a feature: a verdict with its numbers, the groups behind it, and all features at once.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const QUERY = `?as_of=${daysAgo(2)}`;

const groups = (page: Page) => page.getByRole("region", { name: "Groups by usage" }).locator("tbody tr");
const scan = (page: Page) => page.getByRole("region", { name: "All features" }).locator("tbody tr");

test("the rail leads to a verdict, its groups, and every feature", async ({ page, retention }) => {
  await retention.goto();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Features" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/features$/);
  await expect(page.locator(".verdict h2")).toHaveText(/\S{3}/);
  await expect(page.locator(".question")).toContainText("did those who used");
  await expect(groups(page).first()).toBeVisible();
  expect(await scan(page).count()).toBeGreaterThan(8);
  await expect(page.locator("p.method")).toContainText("Europe/Berlin");
  expect(await page.locator("html").getAttribute("data-hydrated"), "no program is loaded").toBeNull();
});

test("groups share the users, and the heavy ones used it more", async ({ page }) => {
  await page.goto(`/w/demo/features${QUERY}&feature=comment_added`);
  const rows = await groups(page).evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector("th")?.textContent ?? "",
      share: Number(/(\d+)\u00a0%/.exec(row.querySelector("td")?.textContent ?? "")?.[1] ?? "NaN"),
    })),
  );
  expect(rows.map((row) => row.name.replace(/\d.*$/, ""))).toEqual([
    expect.stringMatching(/^Highly active/),
    expect.stringMatching(/^Moderately active/),
    expect.stringMatching(/^Infrequently active/),
    expect.stringMatching(/^Never used/),
  ]);
  const shares = rows.slice(0, 3).reduce((sum, row) => sum + row.share, 0);
  expect(Math.abs(shares - 100), "rounded each for itself").toBeLessThanOrEqual(1);
});

test("a feature's page is named after it, and says what a launch takes", async ({ page }) => {
  await page.goto(`/w/demo/features${QUERY}&feature=comment_added&feature=board_shared`);
  await expect(page).toHaveTitle(/comment_added.*board_shared|board_shared.*comment_added/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Does .* keep customers\?$/);
  const plans = await page
    .getByRole("region", { name: "Before a launch" })
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
  expect(plans.map(([points]) => points)).toEqual(["2 points", "3 points", "5 points", "10 points"]);
  const users = plans.map(([, users]) => whole(users ?? ""));
  expect(users, "a smaller difference takes more").toEqual([...users].sort((a, b) => b - a));
  for (const [, each, all, time] of plans) {
    expect(whole(all ?? "")).toBe(4 * whole(each ?? ""));
    expect(time).toMatch(/^(\d+|more than 500) weeks$/);
  }
});

test("without a feature named, it is one that shows value", async ({ page }) => {
  await page.goto(`/w/demo/features${QUERY}&where=country:is:AT`);
  await expect(page.locator(".question")).not.toContainText("did those who used login");
  await expect(page.locator(".verdict h2")).toHaveText(/\S{3}/);
});

test("another feature, and the other reading, are one click away", async ({ page }) => {
  await page.goto(`/w/demo/features${QUERY}&feature=comment_added`);
  const before = whole((await groups(page).first().locator("td").first().innerText()).split(" ")[0] ?? "");
  await page.getByRole("group", { name: "Who is counted" }).getByRole("link", { name: "All who signed up" }).click();
  await expect(page).toHaveURL(/landmark=0/);
  const all = whole((await groups(page).first().locator("td").first().innerText()).split(" ")[0] ?? "");
  expect(all).toBeGreaterThanOrEqual(before);

  await page.locator("button.phrase", { hasText: "comment_added" }).click();
  await page.getByRole("group", { name: "Which feature" }).getByRole("link", { name: "board_shared" }).click();
  await expect(page).toHaveURL(/feature=board_shared/);
  await expect(page.locator(".question")).toContainText("board_shared");
});

test("what is wrong in the address is said, and a feature that is not there has no verdict", async ({ page }) => {
  await page.goto("/w/demo/features?exposure=often");
  await expect(page.locator(".notice")).toContainText("“exposure=often”");
  await page.goto(`/w/demo/features${QUERY}&feature=no_such_thing`);
  await expect(page.locator(".verdict")).toBeVisible();
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|Infinity|null|undefined/);
});

test("the page is accessible and fits every width", async ({ page }) => {
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`/w/demo/features${QUERY}`);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beyond, `${width} px`).toBeLessThanOrEqual(0);
    for (const way of await page.getByRole("navigation", { name: "Main" }).getByRole("link").all()) {
      expect(await way.evaluate((way) => way.scrollWidth - way.clientWidth), await way.innerText()).toBeLessThanOrEqual(0);
    }
  }
  await expectAccessible(page);
});
