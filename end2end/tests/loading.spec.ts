// While data are being loaded the page says so, never states what is not true yet, and completes itself.

import { status, until } from "../support/holdfast.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--demo-customers", "5000"]);
// what can't be asked yet is answered with a status that the browser notes
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 4(?:04|22)/] });

test("the matrix grows by itself until all is there, and says so", async ({ holdfast, page, retention }) => {
  await until("there is a workspace", async () => (await status(`${holdfast.url}/w/demo/retention`)) !== 404);
  await page.goto("/w/demo/retention");
  const notice = page.getByRole("status").filter({ hasText: /^Data are being loaded \(\d+\u00a0?\s?%\)/ });
  await expect(notice).toBeVisible();
  await expect(notice).toHaveCount(0, { timeout: 60_000 });
  await expect(retention.table).toBeVisible();
  const customers = page.getByRole("heading", { name: /^26 cohorts · [\d,]+ customers$/ });
  await expect(customers).toBeVisible();
  const [shown, sentence] = [await retention.rows(), await retention.sentence()];
  const traits = await retention.choices("filters").locator("summary").count();

  // nothing is missing from what came by itself
  await holdfast.demoLoaded();
  await retention.goto();
  expect(await retention.rows()).toEqual(shown);
  expect(await retention.sentence()).toBe(sentence);
  expect(await retention.choices("filters").locator("summary").count()).toBe(traits);
  expect(traits).toBeGreaterThan(3);
});
