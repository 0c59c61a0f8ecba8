// The data base goes away and comes back: pages say so plainly, and everything mends itself.

import { rename, writeFile } from "node:fs/promises";
import { RetentionPage } from "../pages/retention.ts";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { status, until } from "../support/holdfast.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--demo-customers", "60"], (holdfast) => holdfast.demoLoaded());
test.describe.configure({ mode: "serial" });
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 503/] });

const AWAY = "The data base can’t be reached just now. Nothing is lost; try again in a moment.";

test("Postgres killed is Postgres started again, by itself", async ({ holdfast, retention }) => {
  const query = `?as_of=${daysAgo(2)}`;
  await retention.goto(query);
  const before = await retention.rows();
  const killed = await holdfast.postmaster();
  process.kill(killed, "SIGKILL");
  await until("another Postgres runs", async () => (await holdfast.postmaster().catch(() => killed)) !== killed);
  await until("it answers", () => holdfast.ready());
  await retention.goto(query);
  expect(await retention.rows()).toEqual(before);
});

test("while it stays away pages say so, and recover when it is back", async ({ holdfast, page, context }) => {
  const retention = new RetentionPage(page);
  const query = `?as_of=${daysAgo(2)}`;
  await retention.goto(query);
  const before = await retention.rows();

  // a setting that Postgres refuses keeps it from starting again
  await writeFile(holdfast.localSettings, "no_such_setting = 1\n");
  process.kill(await holdfast.postmaster(), "SIGKILL");
  await until("it is not ready", async () => (await status(`${holdfast.url}/readyz`)) === 503);
  expect(await status(`${holdfast.url}/healthz`)).toBe(200);

  // the page that was open: a changed question is answered with the reason
  await retention.open("grain");
  await retention.choices("grain").getByRole("link", { name: "month" }).click();
  // new pages, and the bare address
  const other = await context.newPage();
  const [response, home] = await Promise.all([
    other.goto(`/w/demo/retention${query}`),
    status(`${holdfast.url}/`),
    expect(page.getByRole("alert").filter({ hasText: AWAY })).toBeVisible(),
  ]);
  expect([response?.status(), home]).toEqual([503, 503]);

  // its operator mends it while we look at what the page says
  await rename(holdfast.localSettings, `${holdfast.localSettings}.wrong`);
  await expect(other.getByRole("heading", { name: AWAY })).toBeVisible();
  expect(await other.locator("body").innerText()).not.toMatch(/sqlx|pool|connection refused|os error|\.rs\b/i);
  await expectAccessible(other);

  await until("it is ready again, by itself", () => holdfast.ready());
  await other.getByRole("link", { name: "Try again" }).first().click();
  await expect(other.getByRole("grid")).toBeVisible();
  expect(await new RetentionPage(other).rows()).toEqual(before);
  await page.getByRole("link", { name: "Try again" }).first().click();
  await expect(retention.method).toContainText("Calendar months");
});

test("what was logged names nobody", async ({ holdfast }) => {
  const log = await holdfast.log();
  expect(log).toContain("Postgres is gone");
  expect(log).not.toMatch(/user-\d|panicked/);
});
