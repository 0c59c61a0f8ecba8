// A customer who asks to be forgotten is looked up, erased, and gone from the numbers.

import { expectAccessible } from "../support/axe.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

test("an owner erases a customer", async ({ page }) => {
  await page.goto("/w/demo/data");
  const evidence = page.locator(".answer");
  const before = await evidence.innerText();
  expect(before).toContain("1,500 customers");
  await page.getByRole("link", { name: "Erase a customer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Erase a customer");
  await expectAccessible(page);
  const id = page.getByLabel("The customer’s id, as events name it");
  await id.fill("nobody at all");
  await page.getByRole("button", { name: "See what is stored" }).click();
  await expect(page.getByRole("alert")).toHaveText("No customer is stored as “nobody at all”.");

  const list = await page.request.get("/w/demo/churn/lost.csv");
  const customer = (await list.text()).split("\n")[2]?.split(",")[0]?.replaceAll('"', "") ?? "";
  expect(customer).not.toBe("");
  await id.fill(customer);
  await page.getByRole("button", { name: "See what is stored" }).click();
  await expect(page.locator(".finding")).toHaveText(`Erase “${customer}”?`);
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.getByRole("button", { name: "Erase for good" }).click();
  await expect(page.getByRole("status")).toHaveText("Nothing is stored of this customer any more.");
  await expectAccessible(page);

  await page.goto("/w/demo/data");
  await expect(evidence).toContainText("1,499 customers");
  expect(await (await page.request.get("/w/demo/churn/lost.csv")).text()).not.toContain(`"${customer}"`);
});
