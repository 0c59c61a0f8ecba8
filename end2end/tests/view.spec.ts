// Switches that change how a report is looked at: answered in the browser, from counts that are already there.

import { expect, test } from "../support/test.ts";

test("every switch is answered without asking the server", async ({ page, retention }) => {
  await retention.goto();
  await page.waitForLoadState("networkidle");
  const asked: string[] = [];
  page.on("request", (request) => {
    // the browser looks at the icon anew whenever an address changes
    if (!request.url().endsWith("/icon.svg")) asked.push(request.url());
  });
  const percents = await retention.figures();
  for (const [name, param] of [
    ["Customers", "show=count"],
    ["Attrition", "show=attrition"],
    ["Intervals", "show=attrition&intervals=1"],
    ["Calendar diagonal", "show=attrition&intervals=1&diagonal=1"],
    ["Scale to 100 %", "show=attrition&intervals=1&scale=hundred&diagonal=1"],
    ["Percent", "intervals=1&scale=hundred&diagonal=1"],
    ["Scale to 100 %", "intervals=1&diagonal=1"],
    ["Intervals", "diagonal=1"],
    ["Calendar diagonal", ""],
  ] as const) {
    await retention.look(name).click();
    await expect(page).toHaveURL(new RegExp(`/w/demo/retention\\??${param}$`));
  }
  expect(await retention.figures()).toBe(percents);
  expect(asked).toEqual([]);
});

test("percent, customers and attrition are three readings of one count", async ({ retention }) => {
  await retention.goto();
  const percents = (await retention.rows()).flatMap((row) => row.cells);
  await retention.look("Customers").click();
  await expect(retention.look("Customers")).toHaveAttribute("aria-current", "true");
  await expect(retention.look("Percent")).not.toHaveAttribute("aria-current");
  const counts = (await retention.rows()).flatMap((row) => row.cells);
  for (const cell of counts) expect(Number(cell.text.replaceAll(",", "")), cell.sentence).toBe(cell.retained);
  await retention.look("Attrition").click();
  await expect(retention.look("Attrition")).toHaveAttribute("aria-current", "true");
  const attrition = (await retention.rows()).flatMap((row) => row.cells);
  expect(attrition).toHaveLength(percents.length);
  attrition.forEach((cell, place) => {
    const kept = percents[place]?.text ?? "";
    if (kept === "<1%") expect(cell.text).toBe(">99%");
    else if (kept === ">99%") expect(cell.text).toBe("<1%");
    else expect(Number.parseInt(kept) + Number.parseInt(cell.text), cell.sentence).toBe(100);
    expect(cell.sentence).toBe(percents[place]?.sentence);
  });
});

test("intervals stand in the cells, and turn round with attrition", async ({ retention }) => {
  await retention.goto("?intervals=1");
  const kept = (await retention.rows()).flatMap((row) => row.cells);
  for (const cell of kept) {
    const [low, high] = (cell.span ?? "").split("–").map(Number);
    expect(low, cell.sentence).toBeLessThanOrEqual((100 * cell.retained) / cell.size + 0.5);
    expect(high, cell.sentence).toBeGreaterThanOrEqual((100 * cell.retained) / cell.size - 0.5);
  }
  await retention.look("Attrition").click();
  await expect(retention.look("Attrition")).toHaveAttribute("aria-current", "true");
  const lost = (await retention.rows()).flatMap((row) => row.cells);
  lost.forEach((cell, place) => {
    const [low = NaN, high = NaN] = (cell.span ?? "").split("–").map(Number);
    const [from = NaN, to = NaN] = (kept[place]?.span ?? "").split("–").map(Number);
    // each end is rounded by itself
    expect(Math.abs(100 - to - low), cell.sentence).toBeLessThanOrEqual(1);
    expect(Math.abs(100 - from - high), cell.sentence).toBeLessThanOrEqual(1);
  });
  await retention.look("Intervals").click();
  await expect(retention.table.locator("td small")).toHaveCount(0);
});

test("the diagonal marks cells of the same calendar week", async ({ retention }) => {
  await retention.goto("?diagonal=1");
  await expect(retention.legend).toContainText("same calendar period");
  const marked = await retention.table.locator("td.same").evaluateAll((cells) =>
    cells.map((cell) => Date.parse(cell.dataset["cohort"] ?? "") / 86_400_000 + 7 * Number(cell.dataset["period"])),
  );
  const rest = await retention.table.locator("td[data-period]:not(.same, [data-cohort=overall])").evaluateAll((cells) =>
    cells.map((cell) => Date.parse(cell.dataset["cohort"] ?? "") / 86_400_000 + 7 * Number(cell.dataset["period"])),
  );
  expect(marked.length).toBeGreaterThan(25);
  const weeks = new Set(marked);
  expect(rest.filter((week) => weeks.has(week))).toEqual([]);
});

test("the overall row can be the mean or the median of rates", async ({ page, retention }) => {
  await retention.goto();
  const rows = (await retention.rows()).slice(1);
  const finished = rows.flatMap((row) => row.cells).filter((cell) => cell.period === 3 && !cell.running);
  const rates = finished.map((cell) => cell.retained / cell.size).sort((a, b) => a - b);
  const half = Math.floor(rates.length / 2);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const median = rates.length % 2 ? (rates[half] ?? NaN) : ((rates[half - 1] ?? NaN) + (rates[half] ?? NaN)) / 2;
  for (const [name, value] of [
    ["mean", mean],
    ["median", median],
  ] as const) {
    await retention.look(name).click();
    await expect(page).toHaveURL(new RegExp(`overall=${name}$`));
    await expect(retention.table.locator("tr.overall")).toContainText(`${name[0]?.toUpperCase()}${name.slice(1)} of rates`);
    await expect(retention.cell("overall", 3)).toHaveText(`${Math.round(value * 100)}%`);
  }
  await retention.look("pooled").click();
  await expect(retention.table.locator("tr.overall")).toContainText("Overall");
});
