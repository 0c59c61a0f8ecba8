// A report is saved, shared by a link, and read by somebody without a session and without a script.

import type { Browser, Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo } from "../support/dates.ts";
import { expect, testWithOwn } from "../support/test.ts";

// What is saved and shared here must not be seen by other tests.
const test = testWithOwn(["--demo-customers", "1500"], (holdfast) => holdfast.demoLoaded());

/** The address that the page tells once, and the page behind it in a browser of its own. */
async function share(page: Page, state: RegExp, fill?: () => Promise<void>, report = "demo/retention"): Promise<string> {
  await page.goto(`/w/${report}`);
  // The other pages load no program.
  if (report.includes("/retention")) await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Share by a link").click();
  await page.getByLabel("Name, as readers see it").fill("How they stay");
  await page.getByRole("radio", { name: state }).check();
  await fill?.();
  await page.getByRole("button", { name: "Make the link" }).click();
  const address = page.getByLabel(/^Copy it now/);
  await expect(address).toHaveValue(/\/s\/[\w-]{22,}(\?\S+)?$/);
  return address.inputValue();
}

async function reader(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: { cookies: [], origins: [] }, ...options });
  return context.newPage();
}

/** A page is printed on one sheet, upright and across, of the paper of either half of the world. */
async function expectOneSheet(page: Page): Promise<void> {
  for (const format of ["A4", "Letter"]) {
    for (const landscape of [false, true]) {
      const pdf = await page.pdf({ format, landscape });
      const sheets = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length;
      expect(sheets, `${page.url()} on ${format}${landscape ? ", across" : ""}`).toBe(1);
    }
  }
}

test("a report is saved, opened, renamed and deleted", async ({ page }) => {
  await page.goto("/w/demo/retention?grain=month");
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Save this report").click();
  await page.getByLabel("Name", { exact: true }).fill("By month");
  await page.getByLabel("Folder (may stay empty)").fill("Board");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("By month");
  await expectAccessible(page);
  await page.goto("/w/demo/reports");
  await expect(page.getByRole("region", { name: "Board" }).locator("tbody tr")).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("link", { name: "By month", exact: true }).click();
  await expect(page).toHaveURL(/\/w\/demo\/retention\?grain=month$/);
  await expect(page.locator("p.method")).toContainText("Calendar months");
  await page.goto("/w/demo/reports");
  await page.getByRole("link", { name: "Change By month" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Each month");
  await page.getByRole("button", { name: "Rename and move" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Each month");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.getByRole("link", { name: "Delete this report" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Delete “Each month”?");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/reports$/);
  await expect(page.locator(".finding")).toHaveText("No report is saved yet.");
});

for (const kind of ["features", "segments", "churn"]) {
  test(`${kind} is saved from its page`, async ({ page }) => {
    await page.goto(`/w/demo/${kind}`);
    await page.getByText("Save this report").click();
    await page.getByLabel("Name", { exact: true }).fill(`Saved ${kind}`);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("link", { name: "Open" }).click();
    await expect(page).toHaveURL(new RegExp(`/w/demo/${kind}`));
  });
}

test("a link is read without a session and without a script, on a phone, in the dark, on paper", async ({
  page,
  browser,
}) => {
  const address = await share(page, /^Pinned/);
  await expectAccessible(page);
  const guest = await reader(browser);
  const asked: string[] = [];
  guest.on("request", (request) => asked.push(request.url()));
  const response = await guest.goto(address);
  expect(response?.status()).toBe(200);
  await expect(guest).toHaveTitle("How they stay · Holdfast");
  await expect(guest.getByRole("heading", { level: 1 })).toHaveText("How they stay");
  await expect(guest.locator("header.headed")).toContainText("Pinned on");
  await expect(guest.locator(".finding")).toContainText("still active");
  await expect(guest.locator("figure.chart svg")).toBeVisible();
  await expect(guest.locator("table.matrix tbody tr")).toHaveCount(27);
  await expect(guest.locator("script")).toHaveCount(0);
  await expect(guest.locator("a[href*='/w/']")).toHaveCount(0);
  expect(new Set(asked.map((url) => new URL(url).origin)).size, "nothing is loaded from elsewhere").toBe(1);
  const overall = guest.locator("tr.overall td").first();
  await expect(overall).toHaveText(/^\d+%$/);
  await guest.getByRole("link", { name: "Customers" }).click();
  await expect(guest).toHaveURL(`${address}?show=count`);
  await expect(overall).toHaveText(/^[\d,]+$/);
  await guest.getByRole("link", { name: "Percent" }).click();
  await guest.getByRole("link", { name: "Intervals" }).click();
  await expect(overall.locator("small")).toHaveText(/^\d+–\d+$/);
  await guest.goto(address);
  await expect(guest.getByRole("link", { name: "Calendar diagonal" })).toHaveCount(0);

  await guest.setViewportSize({ width: 360, height: 740 });
  expect(await guest.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await guest.emulateMedia({ media: "print" });
  await expect(guest.getByRole("link", { name: "Customers" })).toBeHidden();
  await expectOneSheet(guest);
  await guest.context().close();

  // the same scan, which needs a script of its own
  const scanned = await reader(browser, { javaScriptEnabled: true, bypassCSP: true });
  await scanned.goto(address);
  await expectAccessible(scanned);
  await scanned.context().close();

  // revoked, it is as if it had never been
  await page.goto("/w/demo/links");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Revoke How they stay" }).first().click();
  await expect(page.locator(".finding")).toHaveText("Nothing is public here.");
  const late = await reader(browser);
  expect((await late.goto(address))?.status()).toBe(404);
  await expect(late.getByRole("heading", { level: 1 })).toHaveText("There is nothing at this address.");
  await late.context().close();
});

for (const [kind, heading] of [
  ["features", /^Left within/],
  ["segments", /^Segments by/],
  ["churn", /^Churn by/],
] as const) {
  test(`${kind} behind a link, read without a session and without a script, on paper`, async ({ page, browser }) => {
    const address = await share(page, /^Pinned/, undefined, `demo/${kind}`);
    const guest = await reader(browser);
    expect((await guest.goto(address))?.status()).toBe(200);
    await expect(guest.getByRole("heading", { level: 1 })).toHaveText("How they stay");
    await expect(guest.locator("header.headed")).toContainText("Pinned on");
    await expect(guest.getByRole("heading", { level: 2, name: heading })).toBeVisible();
    await expect(guest.locator("table.rows").first()).toBeVisible();
    await expect(guest.locator("p.method")).toContainText("where small numbers are withheld");
    await expect(guest.locator("script")).toHaveCount(0);
    await expect(guest.locator("main a, main form")).toHaveCount(0);
    await guest.setViewportSize({ width: 360, height: 740 });
    expect(await guest.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await expectOneSheet(guest);
    await guest.context().close();

    const scanned = await reader(browser, { javaScriptEnabled: true, bypassCSP: true });
    await scanned.goto(address);
    await expectAccessible(scanned);
    await scanned.context().close();

    await page.goto("/w/demo/links");
    await page.getByRole("link", { name: "What changed since: How they stay" }).first().click();
    await expect(page.locator(".finding")).toContainText("Nothing has changed");
    await page.goto("/w/demo/links");
    await page.getByRole("button", { name: "Revoke How they stay" }).first().click();
  });
}

test("much behind a link is one sheet as well, and says what paper has no room for", async ({ holdfast, page, browser }) => {
  // a hundred customers, each of whom used some of forty features
  const day = (customer: number) => daysAgo(140 - (customer % 30));
  const rows = Array.from({ length: 100 }, (_, customer) => [
    `${customer},joined,${day(customer)}T09:00:00Z`,
    ...Array.from({ length: 40 }, (_, feature) => feature)
      .filter((feature) => (customer * 7 + feature * 11) % 13 < 6)
      .flatMap((feature) => [1, 2, 3].slice((customer + feature) % 3).map((hour) => `${customer},made_part_${feature},${day(customer)}T1${hour}:00:00Z`)),
  ]);
  await holdfast.import("many", "many.csv", ["user_id,event,timestamp", ...rows.flat(), ""].join("\n"));
  await page.goto("/w/many/features");
  await page.getByRole("button", { name: "Use made_part" }).first().click();
  const all = () => page.getByLabel(/^Withhold/).uncheck();
  const guest = await reader(browser);
  for (const [report, fill, lacks] of [
    ["demo/retention?intervals=1", undefined, undefined],
    ["demo/retention?last=52", undefined, undefined],
    ["demo/retention?last=52&intervals=1", undefined, "intervals"],
    ["demo/retention?last=104", undefined, "numbers"],
    ["demo/segments?split=country", undefined, undefined],
    ["demo/segments?split=country", all, "numbers"],
    ["demo/segments", all, "numbers"],
    ["demo/churn", all, undefined],
    ["demo/churn?grain=week", all, undefined],
    ["demo/churn?grain=week&last=104", all, "rows"],
    ["demo/features", all, undefined],
    ["many/features?landmark=0", all, "18 rows"],
  ] as const) {
    await guest.emulateMedia({ media: "screen" });
    await guest.goto(await share(page, /^Live/, fill, report));
    const told = guest.getByText("On paper");
    await expect(told).toHaveCount(lacks ? 1 : 0);
    await expect(told).toBeHidden();
    await guest.emulateMedia({ media: "print" });
    if (lacks) await expect(told).toContainText(lacks);
    await expectOneSheet(guest);
  }
  await guest.context().close();
});

test("a password is asked for, once a day", async ({ page, browser }) => {
  const address = await share(page, /^Live/, () => page.getByLabel("Password (may stay empty)").fill("correct horse"));
  const guest = await reader(browser);
  await guest.goto(address);
  await expect(guest.getByRole("heading", { level: 1 })).toHaveText("This report asks for a password");
  await guest.getByLabel("Password").fill("wrong horse");
  await guest.getByRole("button", { name: "Show the report" }).click();
  await expect(guest.getByRole("alert")).toHaveText("That is not the password of this link.");
  await guest.getByLabel("Password").fill("correct horse");
  await guest.getByRole("button", { name: "Show the report" }).click();
  await expect(guest).toHaveURL(address);
  await expect(guest.locator("header.headed")).toContainText("Live: asked anew");
  await guest.reload();
  await expect(guest.locator("table.matrix")).toBeVisible();
  await guest.context().close();
});

test("what has changed since a link was pinned", async ({ page }) => {
  await share(page, /^Pinned/);
  await page.goto("/w/demo/links");
  await page.getByRole("link", { name: "What changed since: How they stay" }).first().click();
  await expect(page.locator(".finding")).toContainText("Nothing has changed");
  await expectAccessible(page);
});
