// What happened on a day is written down once, and seen on every chart that has the day.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

async function annotate(page: Page, date: string, text: string): Promise<void> {
  await page.goto("/w/demo/annotations");
  await page.getByLabel("Day, in the workspace’s zone").fill(date);
  await page.getByLabel("What happened").fill(text);
  await page.getByRole("button", { name: "Add" }).click();
}

/** A day that the matrix and the charts of churn have. */
function lastMonth(): { day: string; said: string } {
  const at = new Date(Date.now() - 40 * 86_400_000);
  return {
    day: at.toISOString().slice(0, 10),
    said: `${at.getUTCDate()} ${at.toLocaleString("en", { month: "short", timeZone: "UTC" })} ${at.getUTCFullYear()}`,
  };
}

test("an annotation is on the charts until it is deleted", async ({ page }) => {
  const { day, said } = lastMonth();
  const text = `Release 4.2 <script>alert("x")</script>`;
  await page.goto("/w/demo/reports");
  await page.getByRole("link", { name: "Annotations" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Annotations");
  await expectAccessible(page);
  await annotate(page, day, text);
  await expect(page.getByRole("row", { name: new RegExp(`^${said} Release 4`) })).toBeVisible();
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1440, height: 900 });

  const list = page.getByRole("list", { name: "Annotations" });
  await page.goto("/w/demo/retention");
  await page.locator("html[data-hydrated]").waitFor();
  await expect(page.locator("table.matrix i.note")).toHaveCount(1);
  await expect(page.locator("table.matrix i.note")).toHaveAttribute("title", `${said}: ${text}`);
  await expect(list).toHaveText(`${said}: ${text}`);
  await expectAccessible(page);
  await page.goto("/w/demo/churn?grain=month");
  // Churn, and how customers come and go, are drawn over time.
  await expect(page.locator(".chart .note")).not.toHaveCount(0);
  await expect(page.locator(".chart text", { hasText: "Release 4.2 <script>ale…" }).first()).toBeVisible();
  await expect(list).toHaveText(`${said}: ${text}`);
  await expectAccessible(page);
  const svg = await page.request.get("/w/demo/retention.svg?part=matrix");
  expect(await svg.text()).toContain('class="note"');

  await page.goto("/w/demo/annotations");
  await page.getByRole("button", { name: /^Delete Release/ }).click();
  await expect(page.getByText("Nothing is annotated yet.")).toBeVisible();
  await page.goto("/w/demo/retention");
  await expect(page.locator("table.matrix i.note")).toHaveCount(0);
});

test("a day that is none is refused with a sentence", async ({ page }) => {
  await page.goto("/w/demo/annotations");
  const refused = await page.request.post("/w/demo/annotations/add", {
    headers: { Origin: new URL(page.url()).origin },
    form: { date: "31.1.2026", text: "x" },
  });
  expect(refused.status()).toBe(422);
  expect(await refused.text()).toContain("“31.1.2026” is no day. Days are written as in 2026-01-31.");
});

test("readers of a link are told nothing of it", async ({ page, browser }) => {
  const { day } = lastMonth();
  await annotate(page, day, "Lost the largest contract");
  await page.goto("/w/demo/retention");
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Share by a link").click();
  await page.getByRole("checkbox").first().uncheck();
  await page.getByRole("button", { name: "Make the link" }).click();
  const address = await page.getByLabel(/^Copy it now/).inputValue();
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const guest = await context.newPage();
  await guest.goto(address);
  await expect(guest.locator("table.matrix")).toBeVisible();
  expect(await guest.content()).not.toContain("largest contract");
  await context.close();
});
