// A folder of saved reports, seen on one page.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { expect, testWithOwn } from "../support/test.ts";

// What is saved here must not be seen by other tests.
const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

async function save(page: Page, address: string, name: string, folder: string): Promise<void> {
  await page.goto(address);
  if (address.includes("/retention")) await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Save this report").click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Folder (may stay empty)").fill(folder);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

test("the reports of a folder are answered on one page", async ({ page }) => {
  const folder = "Every Monday & more";
  await save(page, "/w/demo/retention?grain=month", "By month", folder);
  await save(page, "/w/demo/features?feature=template_used", "Templates", folder);
  await save(page, "/w/demo/segments", "Who stays", folder);
  await save(page, "/w/demo/churn", "Who leaves", folder);
  await save(page, "/w/demo/churn?grain=quarter", "Elsewhere", "");

  await page.goto("/w/demo/reports");
  await page.getByRole("link", { name: `${folder} on one page` }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(folder);
  const cards = page.locator(".board > .card");
  await expect(cards.getByRole("heading", { level: 2 })).toHaveText(["By month", "Templates", "Who leaves", "Who stays"]);
  // Each says what its own page says, and draws what that draws.
  for (const [name, said] of [
    ["By month", ".finding"],
    ["Templates", ".verdict h2"],
    ["Who leaves", ".finding"],
    ["Who stays", ".verdict h2"],
  ] as const) {
    const card = cards.filter({ has: page.getByRole("heading", { name }) });
    await expect(card.locator(".chart svg")).toBeVisible();
    const short = await card.locator(".said").textContent();
    const method = await card.locator(".method").textContent();
    await card.getByRole("link", { name, exact: true }).click();
    await expect(page.locator(said).first()).toHaveText(short ?? "");
    await expect(page.locator("p.method").last()).toHaveText(method ?? "");
    await page.goBack();
  }
  await expectAccessible(page);
  for (const width of [1440, 768, 360]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.goto("/w/demo/board");
  await expect(cards.getByRole("heading", { level: 2 })).toHaveText(["Elsewhere"]);
});

test("an empty folder, and a question that is not what it was", async ({ page }) => {
  await page.goto("/w/demo/board?folder=nowhere");
  await expect(page.getByRole("alert")).toContainText("There is no report in this folder.");
  await expectAccessible(page);
  // As if the segment had been deleted since.
  const saved = await page.request.post("/w/demo/reports/save", {
    headers: { Origin: new URL(page.url()).origin },
    form: { kind: "retention", question: "?segment=gone", name: "Of those", folder: "Broken" },
  });
  expect(saved.ok()).toBe(true);
  await page.goto("/w/demo/board?folder=Broken");
  await expect(page.getByRole("status")).toContainText("A part of its question means nothing any more.");
  await expect(page.locator(".said")).toBeVisible();
});
