// The grid by keyboard, and the sentence that hovers over a cell.

import { expect, test } from "../support/test.ts";

test("arrow keys walk through the cells, and stay at the edges", async ({ page, retention }) => {
  await retention.goto();
  const press = (key: string) => page.keyboard.press(key);
  const first = retention.cell("overall", 1);
  const before = page.getByRole("button", { name: "Export" });
  await before.focus();
  await press("Tab");
  await expect(first).toBeFocused();
  await press("ArrowLeft");
  await press("ArrowUp");
  await expect(first).toBeFocused();
  await press("ArrowRight");
  await expect(retention.cell("overall", 2)).toBeFocused();

  // down into the cohorts: the newest that has a week 2
  const rows = await retention.rows();
  const withWeekTwo = rows.slice(1).filter((row) => row.cells.some((cell) => cell.period === 2));
  const cohort = (place: number) => withWeekTwo.at(place)?.cells[0]?.cohort ?? "";
  await press("ArrowDown");
  await expect(retention.cell(cohort(0), 2)).toBeFocused();
  await press("ArrowRight");
  await expect(retention.cell(cohort(0), 2), "the week after has not begun").toBeFocused();
  await press("ArrowDown");
  await expect(retention.cell(cohort(1), 2)).toBeFocused();
  await press("ArrowRight");
  await expect(retention.cell(cohort(1), 3)).toBeFocused();
  await press("ArrowUp");
  await press("ArrowLeft");
  await press("ArrowUp");
  await press("ArrowUp");
  await expect(retention.cell("overall", 2)).toBeFocused();
  for (let step = 0; step < rows.length; step++) await press("ArrowDown");
  await expect(retention.cell(cohort(-1), 2)).toBeFocused();

  // one stop of the Tab key: away, and back to where it was
  await press("Shift+Tab");
  await expect(before).toBeFocused();
  await press("Tab");
  await expect(retention.cell(cohort(-1), 2)).toBeFocused();
  await expect(retention.table.locator("td[tabindex='0']")).toHaveCount(1);
});

test("the sentence of a cell shows on hover and on focus", async ({ page, retention }) => {
  await retention.goto();
  const [overall, ...cohorts] = await retention.rows();
  const running = cohorts.flatMap((row) => row.cells).find((cell) => cell.running);
  if (!overall?.cells[0] || !running) throw new Error("the demo has no such cell");
  await expect(retention.tip).toBeHidden();

  const cell = retention.cell(running.cohort, running.period);
  await cell.hover();
  await expect(retention.tip).toHaveText(running.sentence);
  expect(running.sentence).toMatch(/^Week of .+, week \d+: \d+ of \d+, .+ interval .+\. Unfinished: this week still runs\./);
  const [tip, under] = [await retention.tip.boundingBox(), await cell.boundingBox()];
  expect(tip?.y).toBeGreaterThanOrEqual((under?.y ?? NaN) + (under?.height ?? NaN) - 1);
  expect(tip?.x).toBeGreaterThanOrEqual(0);
  await page.mouse.move(5, 500);
  await expect(retention.tip).toBeHidden();

  await retention.cell("overall", 1).focus();
  await expect(retention.tip).toHaveText(overall.cells[0].sentence);
  await page.keyboard.press("ArrowRight");
  await expect(retention.tip).toHaveText(overall.cells[1]?.sentence ?? "");
  await page.keyboard.press("Tab");
  await expect(retention.tip).toBeHidden();
});

test("the sentence stays inside the window at its edges", async ({ page, retention }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await retention.goto("?last=3");
  const cells = retention.table.locator("tr.overall td[data-period]");
  for (const cell of [cells.first(), cells.last()]) {
    await cell.focus();
    await expect(retention.tip).toBeVisible();
    const box = await retention.tip.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  }
});
