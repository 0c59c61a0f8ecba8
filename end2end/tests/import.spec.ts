// A file comes in by the browser: sent, looked at, confirmed, stored; and all that can be wrong with it.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ImportPage } from "../pages/import.ts";
import { expectAccessible } from "../support/axe.ts";
import { daysAgo, monday } from "../support/dates.ts";
import { expect, testWithOwn } from "../support/test.ts";

const SHOTS = fileURLToPath(new URL("../shots/", import.meta.url));

const EVENTS = [
  "user_id,event,timestamp,plan",
  `ada,report_published,${daysAgo(30)}T09:00:00Z,pro`,
  `ada,report_published,${daysAgo(20)}T09:00:00Z,pro`,
  `bob,login,${daysAgo(30)}T10:00:00Z,free`,
  `bob,report_published,${daysAgo(13)}T10:00:00Z,free`,
  `eve,report_published,not a time,free`,
  `,report_published,${daysAgo(9)}T10:00:00Z,free`,
].join("\n");

/** A workspace that is there when the tests begin. */
const FERRIES = "ferries";

const test = testWithOwn(["--no-demo"], async (holdfast) => {
  await holdfast.import(FERRIES, "ferries.csv", EVENTS);
});
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 4(?:04|22)/] });

test.describe("without a script in the browser", () => {
  test.use({ javaScriptEnabled: false });

  test("a new workspace from its first file", async ({ page }) => {
    const imports = new ImportPage(page);
    await page.goto("/new");
    await page.getByLabel("Name of the product").fill("Łódź Ferries & Co");
    await page.getByLabel(/^Time zone/).fill("Europe/Warsaw");
    await page.getByLabel("First day of the week").selectOption("Sunday");
    await imports.send("ferries.csv", EVENTS);

    await expect(page).toHaveURL(/\/w\/[a-z0-9-]+\/import\/\d+$/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("ferries.csv");
    await expect(imports.finding).toHaveText("A file of events, 4 columns.");
    await expect(imports.use("user_id")).toHaveValue("customer");
    await expect(imports.use("event")).toHaveValue("event");
    await expect(imports.use("timestamp")).toHaveValue("time");
    await expect(imports.use("plan")).toHaveValue("property");
    expect((await imports.table("The first rows of the file"))[0]).toEqual(EVENTS.split("\n")[1]?.split(","));

    await imports.confirm();
    await expect(imports.finding).toHaveText("4 rows stored, 2 rejected.");
    await expect(imports.evidence).toContainText("2 new customers");
    const reasons = await imports.table("Reasons for which rows were rejected");
    expect(reasons.map((row) => row[1])).toEqual(["1", "1"]);
    const rows = await imports.table("The first rejected rows");
    expect(rows.map((row) => row[0])).toEqual(["6", "7"]);
    expect(rows[0]?.[2]).toContain("not a time");

    await page.getByRole("link", { name: "Open the matrix" }).click();
    await expect(page.getByRole("heading", { name: "What counts as active here?" })).toBeVisible();
    await expect(page.locator(".who")).toHaveText("Łódź Ferries & Co · Europe/Warsaw");

    await page.getByRole("link", { name: "Data" }).click();
    await expect(imports.finding).toHaveText("4 events of 2 customers.");
    await expect(imports.evidence).toContainText("Europe/Warsaw");
    expect(await imports.table("Events by name")).toEqual([
      ["report_published", "3"],
      ["login", "1"],
    ]);
    expect((await imports.table("Files brought in")).map((row) => row.slice(0, 5))).toEqual([
      ["ferries.csv", "done", "4", "0", "2"],
    ]);
  });
});

function packed(text: string): Buffer {
  return gzipSync(new TextEncoder().encode(text));
}

test("rejected rows can be fetched", async ({ page }) => {
  await page.goto(`/w/${FERRIES}/data`);
  await page.getByRole("link", { name: "ferries.csv" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download all" }).click();
  const csv = await readFile(await (await download).path(), "utf8");
  expect(csv).toContain("not a time");
  expect(csv.trim().split("\n")).toHaveLength(3);
});

test("the same file again changes nothing", async ({ page }) => {
  const imports = new ImportPage(page);
  await page.goto(`/w/${FERRIES}/data`);
  const before = await imports.finding.innerText();
  await imports.upload(FERRIES, "again.csv.gz", packed(EVENTS));
  await imports.confirm();
  await expect(imports.finding).toHaveText("0 rows stored, 2 rejected.");
  await expect(imports.evidence).toContainText("4 rows were already there");
  await page.goto(`/w/${FERRIES}/data`);
  await expect(imports.finding).toHaveText(before);
});

test("customers bring traits, and the traits filters", async ({ page, retention }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, "people.csv", `user_id,signup_at,role\nada,${daysAgo(31)},owner\nbob,${daysAgo(31)},guest\n`);
  await expect(imports.finding).toHaveText("A file of customers, 3 columns.");
  await expect(imports.use("signup_at")).toHaveValue("signed_up");
  await imports.confirm();
  await expect(imports.finding).toHaveText("2 rows stored, 0 rejected.");
  await retention.goto("?active=report_published", FERRIES);
  await expect(retention.method).toContainText("signup given for 2, first event for 0");
  const choices = await retention.open("filters");
  await choices.getByText("role", { exact: true }).click();
  await choices.getByRole("link", { name: /^owner/ }).click();
  await expect(page.getByRole("heading", { name: / · 1 customers?$/ })).toBeVisible();
});

test("dates that can be read in two ways are asked for", async ({ page }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, "dates.csv", "user_id,event,timestamp\ncid,order,03/04/2026\ncid,order,05/06/2026\n");
  await expect(imports.finding).toHaveText("A file of events, 3 columns, and something to be said.");
  await expect(page.getByRole("group", { name: "How are the dates written?" })).toBeVisible();
  const days = page.getByRole("radio", { name: "The day comes first: 03/04/2026 is 3 Apr 2026" });
  const months = page.getByRole("radio", { name: "The month comes first: 03/04/2026 is 4 Mar 2026" });
  await expect(days).not.toBeChecked();
  await expect(months).not.toBeChecked();
  await expectAccessible(page);
  // unanswered it goes nowhere
  await imports.bringIn.click();
  await expect(imports.bringIn).toBeVisible();
  await days.check();
  await imports.confirm();
  await expect(imports.finding).toHaveText("2 rows stored, 0 rejected.");
  await expect(imports.evidence).toContainText("from 3 Apr 2026 to 5 Jun 2026");
});

test("columns can be used otherwise than guessed", async ({ page }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, "odd.csv", `wer,wann,was\ndora,${daysAgo(12)}T08:00:00Z,kaffee\n`);
  await expect(page.getByRole("status").filter({ hasText: "Before it can be brought in" })).toBeVisible();
  await page.getByRole("link", { name: "A row is an event" }).click();
  await expect(page.getByRole("link", { name: "A row is an event" })).toHaveAttribute("aria-current", "true");
  await imports.use("wer").selectOption("Customer’s id");
  await imports.use("wann").selectOption("Time of the event");
  await imports.bringIn.click();
  // the event is still open; what was said is kept
  await expect(imports.use("wer")).toHaveValue("customer");
  await expect(page).toHaveURL(/\?kind=events&.*role=customer&role=time/);
  await page.getByLabel(/^One name for the event/).fill("coffee drunk");
  await imports.confirm();
  await expect(imports.finding).toHaveText("1 row stored, 0 rejected.");
  await page.goto(`/w/${FERRIES}/data`);
  expect(await imports.table("Events by name")).toContainEqual(["coffee drunk", "1"]);
});

test("what is no file of rows is refused with the reason, and nothing is kept", async ({ page }) => {
  const imports = new ImportPage(page);
  for (const [name, content, reason] of [
    ["empty.csv", "", "The file is empty."],
    ["sheet.csv", Buffer.from("504b0304140006000800", "hex"), "not a CSV file"],
    ["broken.csv.gz", packed(EVENTS).subarray(0, 40), "cut off"],
  ] as const) {
    await imports.upload(FERRIES, name, content);
    await expect(imports.refusal).toContainText(reason);
    await expect(page.getByRole("link", { name })).toHaveCount(0);
  }
  await expectAccessible(page);

  await page.goto("/new");
  await page.getByLabel("Name of the product").fill("Nowhere");
  await page.getByLabel(/^Time zone/).fill("Mars/Olympus");
  await imports.send("ok.csv", EVENTS);
  await expect(imports.refusal).toContainText("“Mars/Olympus” is no time zone");
  await expect(page.getByLabel("Name of the product"), "what was filled in is kept").toHaveValue("Nowhere");
  await expectAccessible(page);
});

test("a file can be dropped", async ({ page }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, "wrong.csv", EVENTS);
  const address = page.url();
  await page.getByRole("button", { name: "Drop this file" }).click();
  await expect(page).toHaveURL(`/w/${FERRIES}/data`);
  await expect(page.getByRole("link", { name: "wrong.csv" })).toHaveCount(0);
  expect((await page.goto(address))?.status()).toBe(404);
});

test("markup in a file is text", async ({ page, retention }) => {
  const imports = new ImportPage(page);
  const img = "<img src=x onerror=alert(1)>";
  const script = "</script><script>alert(1)</script>";
  const [joined, back] = [monday(daysAgo(28)), monday(daysAgo(21))];
  const rows = [
    `user_id,event,timestamp,${img}`,
    `${script},${img},${joined}T08:00:00Z,${script}`,
    `${script},${script},${back}T08:00:00Z,${img}`,
    `${script},${img},${img},${script}`,
  ];
  await imports.upload(FERRIES, `${img}.csv`, rows.join("\n"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${img}.csv`);
  await expect(page.locator("main")).toContainText(script);
  await imports.confirm();
  await expect(imports.finding).toHaveText("2 rows stored, 1 rejected.");
  expect((await imports.table("The first rejected rows"))[0]?.[2]).toContain(img);
  await expect(page.locator("img")).toHaveCount(0);
  await page.goto(`/w/${FERRIES}/data`);
  await expect(page.getByRole("region", { name: "Events by name" })).toContainText(img);
  await retention.goto(`?active=${encodeURIComponent(script)}&cell=${joined}.1`, FERRIES);
  await expect(retention.method).toContainText(script);
  await expect(retention.card.people).toContainText([script]);
  await expect(page.locator("img")).toHaveCount(0);
});

test("every page of it is accessible, and nothing sticks out of a phone", async ({ page }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, `${"long".repeat(40)}.csv`, EVENTS.replaceAll("report_published", "x".repeat(150)));
  const preview = page.url();
  await page.goto(`/w/${FERRIES}/data`);
  await page.getByRole("link", { name: "ferries.csv" }).click();
  await expect(page.getByRole("link", { name: "Open the matrix" })).toBeVisible();
  const done = page.url();
  for (const [name, address] of Object.entries({ new: "/new", data: `/w/${FERRIES}/data`, preview, done })) {
    for (const [width, height] of [
      [1440, 900],
      [360, 740],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(address);
      await page.screenshot({ path: `${SHOTS}import-${name}-${width}.png`, fullPage: true });
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect.soft(beyond, `${address} at ${width} px`).toBeLessThanOrEqual(0);
    }
    await expectAccessible(page);
  }
});

test("an import that is not there is a 404", async ({ page, request }) => {
  for (const path of [`/w/${FERRIES}/import/999999`, `/w/${FERRIES}/import/x`, "/w/nope/data", "/w/nope/import/1"]) {
    expect((await page.goto(path))?.status(), path).toBe(404);
    await expect(page.locator("h1, h2").filter({ hasText: /no workspace|nothing/ }).first()).toBeVisible();
  }
  // another workspace's import is nobody's business
  const own = await request.get(`/w/${FERRIES}/data`);
  const number = /\/import\/(\d+)"/.exec(await own.text())?.[1];
  expect(number).toBeDefined();
  expect((await request.get(`/w/nope/import/${number}`)).status()).toBe(404);
});

test("what was logged names nobody and repeats no row", async ({ holdfast, page }) => {
  const imports = new ImportPage(page);
  await imports.upload(FERRIES, "secret-name.csv", EVENTS.replaceAll("ada", "ada.lovelace@example.org"));
  await imports.confirm();
  await page.goto(`/w/${FERRIES}/retention?active=report_published&where=plan:is:secret-plan`);
  const log = await holdfast.log();
  expect(log).toContain("import done");
  expect(log).not.toMatch(/lovelace|not a time|secret|alert\(1\)|report_published/);
});
