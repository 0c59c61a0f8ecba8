// What counts as active: a new workspace is asked with proposals, definitions are built with a preview, saved, filled in
// and asked for.

import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--no-demo"]);
test.describe.configure({ mode: "serial" });
// a definition that is being filled in can't answer yet
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of (422|503)/] });

const [first, later] = [daysAgo(30), daysAgo(22)];
const ROWS = [
  "user_id,event,timestamp,watched_seconds",
  `ada,login,${first}T09:00:00Z,`,
  `ada,opened,${first}T09:01:00Z,`,
  `ada,watched,${first}T09:05:00Z,90`,
  `ada,opened,${later}T09:00:00Z,`,
  `ada,watched,${later}T09:10:00Z,30`,
  `ben,login,${first}T10:00:00Z,`,
  `ben,watched,${later}T10:00:00Z,600`,
].join("\n");

test("a new workspace is asked, and one click takes a proposal", async ({ holdfast, page, retention }) => {
  await holdfast.import("shows", "shows.csv", `${ROWS}\n`);
  await page.goto("/w/shows/retention");
  const card = page.locator("section", { has: page.getByRole("heading", { name: "What counts as active here?" }) });
  await expect(card.getByRole("button", { name: "Use watched" })).toBeVisible();
  await expect(card.getByRole("button", { name: "Use login" }), "signing in is never proposed").toHaveCount(0);
  await expect(card).toContainText("Never proposed: signing in or out (login).");
  await expectAccessible(page);
  await card.getByRole("button", { name: "Use watched" }).click();
  await expect(page).toHaveURL(/\/w\/shows\/retention$/);
  expect(await retention.sentence()).toContain("how many were active in the weeks after?");
  await expect(retention.method).toContainText("active = watched ·");
});

test("a workflow is built step by step, with a preview, and saved", async ({ page }) => {
  await page.goto("/w/shows/activity");
  await expect(page.locator(".finding")).toHaveText("Active here: “watched”.");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Define another" }).click();
  await expect(page.locator(".finding")).toHaveText("What shows that a customer got value?");
  await page.getByLabel("Its name").fill("Watched what was opened");
  await page.getByLabel("all of these steps, in this order").check();
  await page.getByRole("combobox", { name: "Event", exact: true }).selectOption("opened");
  const show = page.getByRole("button", { name: "Show how many match" });
  await show.click();
  await page.getByLabel("Step 2").selectOption("watched");
  await show.click();
  await expect(page.locator(".answer")).toContainText("1 of 2 customers did this; 2 completions in all.");
  await page.getByLabel("Property of Step 2: watched", { exact: true }).fill("watched_seconds");
  await page.getByLabel("Value of the property of Step 2: watched").fill("60");
  await show.click();
  await expect(page.locator(".finding")).toHaveText(
    "Active is whoever did opened, then watched (watched_seconds is at least 60), within 30 minutes.",
  );
  await expect(page.locator(".answer")).toContainText("1 of 2 customers did this; 1 completion in all.");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/\/w\/shows\/activity$/);
  const row = page.getByRole("region", { name: "Saved definitions" }).locator("tr", { hasText: "Watched what was opened" });
  // the page asks again by itself until it is filled in
  await expect(row).toContainText("ready", { timeout: 20_000 });
  await expectAccessible(page);
  await row.getByRole("link", { name: "Watched what was opened", exact: true }).click();
  await expect(page.locator(".question")).toContainText("did “Watched what was opened”");
  await expect(page.locator("p.method")).toContainText("Watched what was opened (opened, then watched");
});

test("a definition becomes the workspace's own, and others go", async ({ page }) => {
  await page.goto("/w/shows/activity");
  await page.getByRole("button", { name: "Make it the workspace’s own: Watched what was opened" }).click();
  await expect(page.locator(".finding")).toHaveText("Active here: “Watched what was opened”.");
  await page.getByRole("link", { name: "Delete: watched", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Delete “watched”?");
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page.getByRole("region", { name: "Saved definitions" }).locator("tbody tr")).toHaveCount(1);
  expect(await page.locator("html").getAttribute("data-hydrated"), "no program is loaded").toBeNull();
});
