// Several events saved as one feature: named, in the scan as one row, and deleted.

import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { expect, testWithOwn } from "../support/test.ts";

// What is saved here must not be seen by other tests.
const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

test("several events are saved as one feature, found in the scan, and deleted", async ({ page }) => {
  const scan = page.getByRole("region", { name: "All features" }).locator("tbody tr");
  await page.goto(`/w/demo/features?as_of=${daysAgo(2)}&feature=comment_added&feature=board_shared`);
  await page.locator("button.phrase", { hasText: "comment_added" }).click();
  const choices = page.getByRole("group", { name: "Which feature" });
  await choices.getByLabel("Save these as").fill("Working together");
  await choices.getByRole("button", { name: "Save the feature" }).click();
  await expect(page).toHaveURL(/\/features\?set=working-together$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Does “Working together” keep customers?");
  const row = scan.filter({ hasText: "Working together" });
  await expect(row).toContainText("board_shared");
  await expect(row.getByRole("link", { name: "Working together" })).toHaveAttribute("aria-current", "true");
  await expectAccessible(page);
  await page.locator("button.phrase", { hasText: "“Working together”" }).click();
  await choices.getByRole("link", { name: "Delete this saved feature" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Delete “Working together”?");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page).toHaveURL(/\/features$/);
  await expect(scan.filter({ hasText: "Working together" })).toHaveCount(0);
});
