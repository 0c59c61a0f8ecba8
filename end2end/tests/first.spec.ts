// From nothing to a first matrix: no workspace, one without events, one with a single customer.

import { expectAccessible } from "../support/axe.ts";
import { daysAgo, inWords, monday } from "../support/dates.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--no-demo"]);
test.describe.configure({ mode: "serial" });
// a question that can't be answered yet has a status of its own
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 422/] });

test("without a workspace the start says how to get one", async ({ page }) => {
  const response = await page.goto("/");
  expect(response?.status()).toBe(200);
  await expect(page.getByRole("heading", { name: "There is no workspace yet." })).toBeVisible();
  await expect(page.getByText("holdfast import events.csv --workspace")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Make one from a file of events" }).click();
  await expect(page).toHaveURL(/\/new$/);
});

test("a workspace without events says what is missing", async ({ holdfast, page }) => {
  await holdfast.import("none", "none.csv", "user_id,event,timestamp\n");
  await page.goto("/w/none/retention");
  await expect(page.getByRole("heading", { name: "What counts as active here?" })).toBeVisible();
  await expect(page.getByText("This workspace has no events yet.")).toBeVisible();
  await expect(page.getByText("holdfast import events.csv --workspace none")).toBeVisible();
  await expectAccessible(page);
});

test("a new workspace asks what counts as active; the answer can be kept", async ({ holdfast, page, retention }) => {
  const [then, later] = [daysAgo(30), daysAgo(22)];
  const rows = `ada,login,${then}T09:00:00Z\nada,report_published,${later}T09:00:00Z\n`;
  await holdfast.import("one", "one.csv", `user_id,event,timestamp\n${rows}`, "--zone", "Europe/Berlin");
  await retention.goto("", "one");
  const card = page.locator("section", { has: page.getByRole("heading", { name: "What counts as active here?" }) });
  await expect(card.getByRole("checkbox")).toHaveCount(2);
  await expect(card.getByRole("checkbox", { checked: true }), "nothing is ticked for you").toHaveCount(0);
  await expectAccessible(page);
  await card.getByRole("checkbox", { name: /^report_published/ }).check();
  await card.getByRole("button", { name: "Show the matrix" }).click();

  await expect(page).toHaveURL(/\/w\/one\/retention\?active=report_published$/);
  await expect(retention.finding).toHaveText(/^Too little data yet: /);
  await expect(page.getByRole("heading", { name: "26 cohorts · 1 customer", exact: true })).toBeVisible();
  const matrix = await retention.rows();
  expect(matrix.reduce((sum, row) => sum + row.size, 0), "Ada, and Ada in the overall row").toBe(2);
  const own = matrix.find((row) => row.label !== "Overall" && row.size === 1);
  const weeks = (Date.parse(monday(later)) - Date.parse(monday(then))) / (7 * 86_400_000);
  expect(own?.cells.map((cell) => [cell.cohort, cell.period, cell.retained])).toEqual(
    (own?.cells ?? []).map((_, place) => [monday(then), place + 1, place + 1 === weeks ? 1 : 0]),
  );
  expect(own?.cells[0]?.sentence).toContain(`Week of ${inWords(monday(then))}, week 1:`);
  await retention.cell(monday(then), weeks).click();
  await expect(retention.card.people).toHaveText(["ada1 use"]);
  await retention.card.close.click();
  await expectAccessible(page);

  const choices = await retention.open("activity");
  await choices.getByRole("button", { name: "Make these the workspace’s definition" }).click();
  // the question says so by no longer naming the event
  await expect(page).toHaveURL(/\/w\/one\/retention\??$/);
  await expect.poll(() => retention.sentence()).toContain("how many were active in the weeks after?");
  await retention.goto("", "one");
  expect(await retention.sentence()).toContain("how many were active in the weeks after?");
  await expect(retention.method).toContainText("active = report_published ·");
  expect(await retention.rows()).toEqual(matrix);
});

test("with several workspaces each is one click away", async ({ page }) => {
  await page.goto("/w/one/retention");
  const others = page.getByRole("navigation", { name: "Workspaces" });
  await expect(others.getByRole("link")).toHaveText(["none", "one"]);
  await expect(others.getByRole("link", { name: "one", exact: true })).toHaveAttribute("aria-current", "true");
  await others.getByRole("link", { name: "none" }).click();
  await expect(page).toHaveURL(/\/w\/none\/retention$/);
  await expect(page.getByText("This workspace has no events yet.")).toBeVisible();
});
