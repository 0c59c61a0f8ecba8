// Pages taken along as files: by their links, as they are looked at, with the numbers of the screen.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { percent, whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const PAGES = ["retention", "features", "segments", "churn"] as const;
const SEGMENTS = "?split=plan";

const menu = (page: Page) => page.getByRole("group", { name: "Export", exact: true });

/** Opens the menu. */
async function open(page: Page) {
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(menu(page)).toBeVisible();
}

/** Follows a link of the menu, by what its address ends in; the file's name and bytes. */
async function take(page: Page, form: string, part = ""): Promise<{ name: string; bytes: Buffer }> {
  const ending = part === "" ? `a[href*=".${form}?"]` : `a[href*=".${form}?"][href$="part=${part}"]`;
  const coming = page.waitForEvent("download");
  await menu(page).locator(ending).first().click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** The fields of a CSV whose fields hold no line breaks, below its method. */
function table(bytes: Buffer): string[][] {
  const [method, ...lines] = bytes.toString("utf8").trimEnd().split("\r\n");
  expect(method).toMatch(/^"Method: .*as of .*"$/);
  return lines.map((line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
      .map(([, field]) => (field ?? "").replace(/^"|"$/g, "").replaceAll('""', '"'))
      .slice(0, line.split(",").length),
  );
}

test("the matrix is taken along as it is looked at", async ({ page, retention }) => {
  await retention.goto();
  await open(page);
  const shares = await take(page, "csv");
  expect(shares.name).toMatch(/^demo-retention-\d{4}-\d\d-\d\d\.csv$/);
  const [head, overall, ...cohorts] = table(shares.bytes);
  expect(head?.slice(0, 4)).toEqual(["cohort", "customers", "unfinished from", "1"]);
  const rows = await retention.rows();
  for (const [place, row] of [overall, ...cohorts].entries()) {
    const shown = rows[place];
    expect(whole(row?.[1] ?? "")).toBe(shown?.size);
    const found = (row ?? []).slice(3).filter((field) => field !== "");
    expect(found.map(Number)).toEqual(shown?.cells.map((cell) => cell.retained / cell.size));
    for (const cell of shown?.cells ?? []) expect(cell.text).toBe(`${percent(cell.retained, cell.size)}%`);
  }
  // a switch is answered in the browser, and the links follow it
  await page.keyboard.press("Escape");
  await retention.look("Customers").click();
  await open(page);
  const counts = table((await take(page, "csv")).bytes);
  const [counted] = await retention.rows();
  const [, first] = counts;
  expect((first ?? []).slice(3).filter((field) => field !== "").map(Number)).toEqual(
    counted?.cells.map((cell) => cell.retained),
  );
});

test("every link of every page is a file, safe to open", async ({ page, request, baseURL }) => {
  for (const name of PAGES) {
    await page.goto(`/w/demo/${name}${name === "segments" ? SEGMENTS : ""}`);
    const links = await page
      .locator("#export a")
      .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
    expect(links.length, name).toBeGreaterThan(5);
    for (const link of links) {
      const answer = await request.get(`${baseURL}${link}`);
      expect(answer.status(), link).toBe(200);
      const headers = answer.headers();
      expect(headers["content-disposition"]).toMatch(/^attachment; filename="demo-[a-z]+(-[a-z]+)?-\d{4}-\d\d-\d\d\.\w+"$/);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-security-policy"]).toContain("sandbox");
      expect(headers["cache-control"]).toBe("no-store");
      expect((await answer.body()).length, link).toBeGreaterThan(100);
    }
  }
});

test("a picture opened in a browser is whole and runs nothing", async ({ page, retention }) => {
  await retention.goto();
  await open(page);
  const { bytes } = await take(page, "svg");
  const drawn = bytes.toString("utf8");
  const rows = await retention.rows();
  await page.goto("about:blank");
  await page.setContent(drawn);
  await expect(page.locator("svg > title")).toHaveText(/26 cohorts/);
  // "26 cohorts" and the overall row
  expect(await page.locator("svg rect.rail").count()).toBe(rows.length - 1);
  const text = await page.locator("svg text.strong.mid").allTextContents();
  expect(text).toEqual(rows[0]?.cells.map((cell) => cell.text));
});

test("the menu works with keys and can be used by all", async ({ page }) => {
  for (const name of PAGES) {
    await page.goto(`/w/demo/${name}${name === "segments" ? SEGMENTS : ""}`);
    await page.getByRole("button", { name: "Export", exact: true }).focus();
    await page.keyboard.press("Enter");
    await expect(menu(page)).toBeVisible();
    await expectAccessible(page, "#export");
    await page.keyboard.press("Escape");
    await expect(menu(page)).toBeHidden();
  }
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false, expectedComplaints: [/was preloaded using link preload but not used/] });

  test("the files are links like any other", async ({ page }) => {
    await page.goto("/w/demo/retention?show=attrition&intervals=1");
    await open(page);
    const { name, bytes } = await take(page, "csv");
    expect(name).toMatch(/\.csv$/);
    const [head] = table(bytes);
    expect(head?.slice(3, 6)).toEqual(["1", "1 low", "1 high"]);
    expect(bytes.toString("utf8")).toContain("cells: attrition");
  });

  test("on a phone the menu fits", async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 720 });
    await page.goto("/w/demo/churn");
    await open(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(360);
  });
});
