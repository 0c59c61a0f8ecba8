// From the bare address to the matrix, and every number in it worked out a second time.

import { daysAgo } from "../support/dates.ts";
import { thousands, percent, told, wilson, writes } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

test("the bare address leads to the signup-week matrix", async ({ page, retention }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/w\/demo\/retention$/);
  await retention.hydrated();
  await expect(page).toHaveTitle("Retention · Holdfast");
  expect(await retention.sentence()).toBe(
    "Of the customers who signed up each week, how many were active in the weeks after? " +
      "For everyone, the last 26 weeks, as of now.",
  );
  await expect(retention.finding).toHaveText(/^\d+\u00a0% are still active \d+ weeks after signing up\.$/);
  await expect(retention.evidence).toHaveText(/^[\d,]+ of [\d,]+ customers in \d+ cohorts, interval .+\.$/);
  for (const part of [
    /^Calendar weeks from Monday, Europe\/Berlin · active = any of /,
    / · on: active in that very week · /,
    / · overall row pooled over finished weeks · intervals Wilson 95\u00a0% · /,
    / · signup given for [\d,]+, first event for [\d,]+ · as of .+ · data up to /,
  ]) {
    await expect(retention.method).toHaveText(part);
  }
  await expect(page.locator("figure.chart svg")).toBeVisible();

  const rows = await retention.rows();
  expect(rows.map((row) => row.label)[0]).toBe("Overall");
  expect(rows).toHaveLength(27);
  expect(await retention.columns()).toEqual(["Signed up", ...Array.from({ length: 25 }, (_, k) => `${k + 1}`)]);
  const customers = rows.slice(1).reduce((sum, row) => sum + row.size, 0);
  expect(rows[0]?.size).toBe(customers);
  await expect(page.getByRole("heading", { name: `26 cohorts · ${thousands(customers)} customers` })).toBeVisible();
});

test("the headline is the overall cell that it speaks of", async ({ retention }) => {
  await retention.goto();
  const sentence = await retention.finding.innerText();
  const evidence = await retention.evidence.innerText();
  const weeks = Number(/(\d+) weeks? after/.exec(sentence)?.[1]);
  const [overall] = await retention.rows();
  const cell = overall?.cells.find((cell) => cell.period === weeks);
  expect(cell).toBeDefined();
  expect(sentence).toContain(`${cell?.percent}\u00a0%`);
  expect(evidence).toContain(
    `${thousands(cell?.retained ?? 0)} of ${thousands(cell?.size ?? 0)} customers in ${cell?.cohorts} cohorts`,
  );
});

test("every cell is its retained customers over its cohort", async ({ retention }) => {
  await retention.goto();
  const rows = await retention.rows();
  const checked = rows.flatMap((row) => row.cells.map((cell) => ({ row, cell })));
  // 24 columns pooled, and a triangle of 25 + 24 + … + 1; cohorts without customers say nothing
  const silent = rows.slice(1).reduce((sum, row, age) => sum + (row.size === 0 ? age : 0), 0);
  expect(checked).toHaveLength(24 + 325 - silent);
  for (const { row, cell } of checked) {
    expect(cell.text, cell.sentence).toBe(`${percent(cell.retained, cell.size)}%`);
    expect(cell.percent, cell.sentence).toBe(percent(cell.retained, cell.size));
    const bounds = wilson(cell.retained, cell.size);
    expect(cell.interval.map((end, side) => writes(end, bounds[side] ?? NaN)), cell.sentence).toEqual([true, true]);
    if (row.label !== "Overall") expect(cell.size, cell.sentence).toBe(row.size);
  }
});

test("the overall row pools the finished cells of its column", async ({ retention }) => {
  await retention.goto();
  const [overall, ...cohorts] = await retention.rows();
  expect(overall?.cells.length).toBeGreaterThan(20);
  for (const pooled of overall?.cells ?? []) {
    const column = cohorts.flatMap((row) => row.cells).filter((cell) => cell.period === pooled.period && !cell.running);
    const retained = column.reduce((sum, cell) => sum + cell.retained, 0);
    const size = column.reduce((sum, cell) => sum + cell.size, 0);
    expect([pooled.retained, pooled.size, pooled.cohorts], pooled.sentence).toEqual([retained, size, column.length]);
  }
  // a column with nothing finished is blank: the oldest cohort's newest week still runs
  const last = Math.max(...cohorts.flatMap((row) => row.cells).map((cell) => cell.period));
  expect(overall?.cells.map((cell) => cell.period)).not.toContain(last);
});

test("the unfinished is marked, the future is blank, small cohorts say so", async ({ retention }) => {
  await retention.goto();
  const [overall, ...cohorts] = await retention.rows();
  cohorts.forEach((row, age) => {
    expect(row.width).toBe(25);
    expect(row.blanks.join("")).toBe("");
    if (row.size === 0) return;
    // the row of age a has begun its periods 1 to a, and the last of them still runs
    expect(row.cells.map((cell) => cell.period)).toEqual(Array.from({ length: age }, (_, k) => k + 1));
    for (const cell of row.cells) {
      expect(cell.running, cell.sentence).toBe(cell.period === age);
      expect(cell.remarks.includes("Unfinished: this week still runs."), cell.sentence).toBe(cell.running);
      expect(cell.remarks.includes("Small cohort: fewer than 30 customers"), cell.sentence).toBe(row.size < 30);
      if (row.small) expect(cell.heat, "muted").toBe(0);
    }
    expect(row.small).toBe(row.size < 30);
    expect(row.note).toBe(age === 0 ? "still filling" : row.small ? "small" : "");
  });
  expect(overall?.cells.some((cell) => cell.running)).toBe(false);
  // the demo has both, or this proves little
  expect(new Set(cohorts.map((row) => row.small)).size).toBe(2);
  await expect(retention.legend).toContainText("unfinished week, left out of the overall row");
  await expect(retention.legend).toContainText("blank: not begun");
  await expect(retention.legend.locator("ol li")).toHaveCount(21);
});

test("the darkest cell is the top of the scale", async ({ retention }) => {
  await retention.goto("?scale=hundred");
  await expect(retention.legend).toContainText("100\u00a0%");
  for (const cell of (await retention.rows()).filter((row) => !row.small).flatMap((row) => row.cells)) {
    expect(cell.heat, cell.sentence).toBe(Math.round((cell.retained / cell.size) * 20));
  }
  await retention.goto();
  const telling = (await retention.rows()).filter((row) => !row.small).flatMap((row) => row.cells);
  const largest = telling.reduce((best, cell) => Math.max(best, cell.retained / cell.size), 0);
  const dark = telling.filter((cell) => cell.heat === 20);
  expect(dark.some((cell) => cell.retained / cell.size === largest)).toBe(true);
  const top = telling.find((cell) => cell.retained / cell.size === largest);
  await expect(retention.legend).toContainText(`${top?.percent}\u00a0%`);
});

test("the same question gives the same numbers twice", async ({ retention, request }) => {
  const query = "?grain=month&kind=on_or_after&as_of=" + daysAgo(3);
  await retention.goto(query);
  const first = await retention.rows();
  expect(first.length).toBeGreaterThan(10);
  await retention.goto(query);
  expect(await retention.rows()).toEqual(first);
  // and the server itself says so, without the browser
  const sentences = async () => {
    const html = await (await request.get(`/w/demo/retention${query}`)).text();
    return [...html.matchAll(/aria-label="([^"]+, month \d+ or later: [^"]+)"/g)].map((found) => found[1] ?? "");
  };
  expect(await sentences()).toEqual(first.flatMap((row) => row.cells.map((cell) => cell.sentence)));
  expect((await sentences()).map(told).length).toBeGreaterThan(100);
});
