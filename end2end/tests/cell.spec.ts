// A picked cell explains itself: the card beside the matrix, and exactly the customers it counts.

import { daysAgo, inWords } from "../support/dates.ts";
import { percent, thousands } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

test("a click lists exactly the customers in the cell, and those who are missing", async ({ page, retention }) => {
  await retention.goto();
  const [overall] = await retention.rows();
  const cell = overall?.cells.find((cell) => cell.period === 3);
  const { retained = 0, size = 0 } = cell ?? {};
  // more than a page of both, or "show more" is never seen
  expect(Math.min(retained, size - retained)).toBeGreaterThan(100);
  await retention.cell("overall", 3).click();
  await expect(page).toHaveURL(/\?cell=overall\.3$/);
  const { card } = retention;
  await expect(card.title).toHaveText("All finished cohorts, week 3");
  await expect(card.rate).toContainText(`${percent(retained, size)}\u00a0%`);
  await expect(card.rate).toContainText(`${thousands(retained)} of ${thousands(size)} customers`);
  await expect(retention.cell("overall", 3)).toHaveAttribute("aria-selected", "true");

  expect(await card.told(true)).toBe(retained);
  expect(await card.told(false)).toBe(size - retained);
  await expect(card.which(true)).toHaveAttribute("aria-pressed", "true");
  const stayed = await card.everybody(retained);
  await card.which(false).click();
  await expect(card.which(false)).toHaveAttribute("aria-pressed", "true");
  const left = await card.everybody(size - retained);
  expect(new Set([...stayed, ...left]).size).toBe(size);
});

test("a cohort’s cell, also by the Enter key", async ({ page, retention }) => {
  await retention.goto();
  const row = (await retention.rows())[9];
  const cell = row?.cells.find((cell) => !cell.running && cell.retained > 0 && cell.retained < cell.size);
  if (!row || !cell) throw new Error("the demo has no such cell");
  await retention.cell(cell.cohort, cell.period).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`\\?cell=${cell.cohort}\\.${cell.period}$`));
  const { card } = retention;
  await expect(card.title).toHaveText(`Week of ${inWords(cell.cohort)}, week ${cell.period}`);
  await expect(card.root).toContainText(/All finished cohorts together: .+ in week \d+; this one /);
  const stayed = await card.everybody(cell.retained);
  await card.which(false).click();
  const left = await card.everybody(cell.size - cell.retained);
  expect(new Set([...stayed, ...left]).size).toBe(row.size);
  // its curve stands out
  await expect(page.locator(`.chart [data-cohort="${cell.cohort}"]`)).toHaveClass(/\bpicked\b/);
  await expect(page.locator(".chart .picked")).toHaveCount(1);
});

test("the card closes by its button, Escape, a second click and the way back", async ({ page, retention }) => {
  await retention.goto("?cell=overall.2");
  const { card } = retention;
  const cell = retention.cell("overall", 2);
  await expect(card.root).toBeVisible();
  await card.close.click();
  await expect(card.root).toHaveCount(0);
  await expect(page).toHaveURL(/\/retention\??$/);

  for (const key of ["Enter", "Space"]) {
    await cell.focus();
    await page.keyboard.press(key);
    await expect(card.root).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(card.root).toHaveCount(0);
    await expect(cell).toBeFocused();
  }
  await cell.click();
  await expect(card.root).toBeVisible();
  await cell.click();
  await expect(card.root).toHaveCount(0);
  await expect(cell).not.toHaveAttribute("aria-selected");

  await cell.click();
  await expect(card.root).toBeVisible();
  await page.goBack();
  await expect(card.root).toHaveCount(0);
});

test("another cell takes the card over", async ({ retention }) => {
  await retention.goto();
  const [overall] = await retention.rows();
  for (const period of [1, 5, 2]) {
    await retention.cell("overall", period).click();
    await expect(retention.card.title).toHaveText(`All finished cohorts, week ${period}`);
    const cell = overall?.cells.find((cell) => cell.period === period);
    await expect(retention.card.people).toHaveCount(Math.min(100, cell?.retained ?? 0));
    expect(await retention.card.told(true)).toBe(cell?.retained);
  }
  await expect(retention.table.locator("[aria-selected=true]")).toHaveCount(1);
});

test("lists match under filters, other kinds and earlier days", async ({ page, retention }) => {
  const query = `?grain=month&kind=on_or_after&last=8&as_of=${daysAgo(40)}&where=plan:not:free`;
  await retention.goto(query);
  const cells = (await retention.rows()).slice(1).flatMap((row) => row.cells);
  const picked = [cells.find((cell) => cell.running), cells.findLast((cell) => cell.open)];
  for (const cell of picked) {
    if (!cell) throw new Error("the demo has no such cell");
    await page.goto(`/w/demo/retention${query}&cell=${cell.cohort}.${cell.period}`);
    await retention.hydrated();
    const stayed = await retention.card.everybody(cell.retained);
    await retention.card.which(false).click();
    await expect(retention.card.which(false)).toHaveAttribute("aria-pressed", "true");
    const left = await retention.card.everybody(cell.size - cell.retained);
    expect(new Set([...stayed, ...left]).size, cell.sentence).toBe(cell.size);
  }
});

test("a link to a cell brings the card and its list in the page itself", async ({ request }) => {
  const html = await (await request.get("/w/demo/retention?cell=overall.4")).text();
  const card = /<aside[^>]*aria-label="Picked cell".*?<\/aside>/s.exec(html)?.[0] ?? "";
  expect(card).toContain("All finished cohorts, week 4");
  expect(card.match(/<li>/g)).toHaveLength(100);
});

test("a link to a cell that is not there says so", async ({ page, retention }) => {
  for (const cell of ["2020-01-06.4", "overall.25", "overall.500"]) {
    await retention.goto(`?cell=${cell}`);
    await expect(retention.card.title).toHaveText("No such cell");
    await expect(retention.table.locator("tbody tr")).toHaveCount(27);
    await retention.card.close.click();
    await expect(retention.card.root).toHaveCount(0);
    await expect(page).toHaveURL(/\/retention\??$/);
  }
});
