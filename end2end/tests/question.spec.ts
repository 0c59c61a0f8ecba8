// Every phrase of the question: opened, closed, changed; by mouse and by keyboard; and the address that holds it all.

import type { Page } from "@playwright/test";
import { type Cell, PHRASES, type PhraseName, RetentionPage, type Row } from "../pages/retention.ts";
import { daysAgo, inWords, monday } from "../support/dates.ts";
import { whole } from "../support/numbers.ts";
import { expect, test } from "../support/test.ts";

const NAMES = Object.keys(PHRASES) as PhraseName[];

/** The parameters of the address, in no order: a form puts its own last. */
async function expectAsked(page: Page, expected: string[]): Promise<void> {
  const asked = () => [...new URL(page.url()).searchParams].map(([name, value]) => `${name}=${value}`).sort();
  await expect.poll(asked).toEqual(expected.sort());
}

/** What changes with a question. */
async function answer(retention: RetentionPage): Promise<string[]> {
  return [
    await retention.sentence(),
    await retention.finding.innerText(),
    await retention.method.innerText(),
    await retention.figures(),
  ];
}

/** "12 cohorts · 2,000 customers" */
async function customers(retention: RetentionPage): Promise<number> {
  const title = await retention.page.getByRole("heading", { name: / cohorts? · / }).innerText();
  return whole(/· ([\d,]+) customers/.exec(title)?.[1] ?? "");
}

test("each phrase opens and closes by mouse", async ({ page, retention }) => {
  await retention.goto();
  for (const name of NAMES) {
    const choices = await retention.open(name);
    await retention.phrase(name).click();
    await expect(choices).toBeHidden();
    await retention.open(name);
    await page.mouse.click(5, 500);
    await expect(choices).toBeHidden();
  }
  // opening one closes another
  await retention.open("grain");
  await retention.open("kind");
  await expect(retention.choices("grain")).toBeHidden();
  await expect(page).toHaveURL(/\/retention$/);
});

test("each phrase opens and closes by keyboard, and gets the focus back", async ({ page, retention }) => {
  await retention.goto();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  for (const name of NAMES) {
    await page.keyboard.press("Tab");
    const phrase = retention.phrase(name);
    await expect(phrase).toBeFocused();
    for (const key of ["Enter", "Space"]) {
      await page.keyboard.press(key);
      const choices = retention.choices(name);
      await expect(choices).toBeVisible();
      await page.keyboard.press("Tab");
      expect(await choices.evaluate((choices) => choices.contains(document.activeElement)), name).toBe(true);
      await page.keyboard.press("Escape");
      await expect(choices).toBeHidden();
      await expect(phrase).toBeFocused();
    }
  }
});

test("a choice can be taken by keyboard alone", async ({ page, retention }) => {
  await retention.goto();
  await retention.phrase("grain").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(retention.choices("grain").getByRole("link", { name: "day" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/retention\?grain=month$/);
  await expect(retention.method).toContainText("Calendar months");
  await expect(retention.choices("grain")).toBeHidden();
  await expect(retention.phrase("grain")).toBeFocused();
  await expect(retention.phrase("grain")).toHaveText("month");
});

test("grains change the whole page, and the way back restores it", async ({ page, retention }) => {
  const asOf = daysAgo(2);
  await retention.goto(`?as_of=${asOf}`);
  const seen = [{ url: page.url(), answer: await answer(retention) }];
  for (const grain of ["day", "month", "quarter", "year"] as const) {
    await retention.choose("grain", grain);
    await expect(page).toHaveURL(`/w/demo/retention?grain=${grain}&as_of=${asOf}`);
    await expect(retention.method).toContainText(`Calendar ${grain}s, Europe/Berlin`);
    await expect(retention.method).toContainText(`on: active in that very ${grain}`);
    expect(await retention.sentence()).toBe(
      `Of the customers who signed up each ${grain}, how many were active in the ${grain}s after? ` +
        `For everyone, the last 26 ${grain}s, as of ${inWords(asOf)}.`,
    );
    await expect(page.getByRole("heading", { name: `Still active, by ${grain}s since signup` })).toBeVisible();
    seen.push({ url: page.url(), answer: await answer(retention) });
  }
  expect(new Set(seen.map((one) => one.answer[3])).size, "matrices that differ").toBe(5);
  const same = async (one: (typeof seen)[number] | undefined) => {
    await expect(page).toHaveURL(one?.url ?? "");
    await expect.poll(() => answer(retention)).toEqual(one?.answer);
  };
  for (const one of seen.slice(0, -1).reverse()) {
    await page.goBack();
    await same(one);
  }
  for (const one of seen.slice(1)) {
    await page.goForward();
    await same(one);
  }
});

test("“in or after” counts whoever came back at any time since", async ({ page, retention }) => {
  const asOf = daysAgo(2);
  await retention.goto(`?as_of=${asOf}`);
  const on = await retention.rows();
  await retention.choose("kind", "in or after");
  await expect(page).toHaveURL(`/w/demo/retention?kind=on_or_after&as_of=${asOf}`);
  await expect(retention.method).toContainText("on or after: active in that week or a later one");
  await expect(retention.finding).toHaveText(/ came back \d+ weeks after signing up or later\.$/);
  expect(await retention.sentence()).toContain("how many were active in or after the weeks after?");
  await expect(retention.legend).toContainText("open: later returns still raise it");

  const later = await retention.rows();
  expect(later).toHaveLength(on.length);
  later.forEach((row, place) => {
    let before = Infinity;
    row.cells.forEach((cell, k) => {
      const own = on[place]?.cells[k];
      expect(cell.size).toBe(own?.size);
      expect(cell.retained, cell.sentence).toBeGreaterThanOrEqual(own?.retained ?? Infinity);
      // who came back at week 9 or later also came back at week 8 or later
      if (row.label !== "Overall") expect(cell.retained, cell.sentence).toBeLessThanOrEqual(before);
      before = cell.retained;
      expect(cell.open, cell.sentence).toBe(!cell.running);
      expect(cell.remarks.includes("Open: later returns can still raise it."), cell.sentence).toBe(cell.open);
    });
  });
});

test("streaks only shrink, and the share of those who stay on is never above 100 %", async ({ retention }) => {
  await retention.goto(`?as_of=${daysAgo(2)}`);
  await retention.choose("kind", "in every one of");
  await expect(retention.method).toContainText("streak: ");
  for (const row of (await retention.rows()).slice(1)) {
    const counts = row.cells.map((cell) => cell.retained);
    expect(counts, row.label).toEqual([...counts].sort((a, b) => b - a));
  }
  await retention.choose("kind", "from one to the next of");
  await expect(retention.method).toContainText("previous week: active in that week, of those active in the week before");
  expect(await retention.figures()).toMatch(/\d %|\d%/);
});

test("spans of weeks are columns of their own", async ({ page, retention }) => {
  await retention.goto(`?as_of=${daysAgo(2)}`);
  await retention.choose("kind", "in spans of");
  await expect(page).toHaveURL(/kind=brackets/);
  expect(await retention.columns()).toEqual(["Signed up", "1–3", "4–6", "7–13"]);
  const choices = await retention.open("kind");
  await choices.getByLabel("Spans").fill("1-2,3-");
  await choices.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/brackets=1-2(%2C|,)3-/);
  expect(await retention.columns()).toEqual(["Signed up", "1–2", "3+"]);
});

test("a cohort can begin with an event, the first time or every time", async ({ page, retention }) => {
  await retention.goto(`?as_of=${daysAgo(2)}`);
  const signups = await customers(retention);
  for (const [button, rule, words] of [
    ["The first time", "first_event", "first did report_published"],
    ["Every time", "each_event", "did report_published"],
  ] as const) {
    const choices = await retention.open("start");
    await choices.getByLabel("report_published").check();
    await choices.getByRole("button", { name: button }).click();
    await expect(page).toHaveURL(new RegExp(`start=${rule}`));
    await expect(page).toHaveURL(/start_event=report_published/);
    expect(await retention.sentence()).toContain(`Of the customers who ${words} each week, how many`);
    await expect(retention.method).toContainText(words);
  }
  await retention.choose("start", "signed up");
  await expectAsked(page, [`as_of=${daysAgo(2)}`]);
  expect(await customers(retention)).toBe(signups);
});

test("more settings: windows, column 0, how often, and what is small", async ({ page, retention }) => {
  await retention.goto(`?as_of=${daysAgo(2)}`);
  await expect(retention.phrase("more")).toHaveText("More settings");
  await retention.choose("more", "from each customer’s own start");
  await expect(page).toHaveURL(/window=rolling/);
  await retention.choose("more", "those measured active");
  await expect(retention.phrase("more")).toHaveText("More settings (2 set)");
  expect((await retention.columns()).slice(0, 3)).toEqual(["Signed up", "0", "1"]);
  const choices = await retention.open("more");
  await choices.getByLabel("at least").fill("3");
  await choices.getByLabel("fewer than").fill("500");
  await choices.getByRole("button", { name: "Apply" }).click();
  await expectAsked(page, [`as_of=${daysAgo(2)}`, "min=3", "small=500", "window=rolling", "zero=measured"]);
  expect(await retention.sentence()).toContain("how many were active at least 3 times in the weeks after?");
  for (const row of (await retention.rows()).slice(1).filter((row) => row.size > 0)) expect(row.small).toBe(true);
});

test("cohorts: the newest few, or a span of dates", async ({ page, retention }) => {
  const asOf = daysAgo(2);
  await retention.goto(`?as_of=${asOf}`);
  const all = await retention.rows();
  await retention.choose("range", "the last 8 weeks");
  await expect(page).toHaveURL(`/w/demo/retention?last=8&as_of=${asOf}`);
  await expect(page.getByRole("heading", { name: /^8 cohorts · / })).toBeVisible();
  const counts = (rows: Row[]) => rows.map((row) => [row.label, row.size, row.cells.map((cell) => cell.sentence)]);
  expect(counts((await retention.rows()).slice(1))).toEqual(counts(all.slice(1, 9)));

  const from = monday(daysAgo(70));
  const to = monday(daysAgo(42));
  const choices = await retention.open("range");
  await choices.getByLabel("from").fill(from);
  await choices.getByLabel("to").fill(to);
  await choices.getByRole("button", { name: "Apply" }).click();
  await expectAsked(page, [`from=${from}`, `to=${to}`, `as_of=${asOf}`]);
  await expect(choices).toBeHidden();
  expect(await retention.sentence()).toContain(`weeks from ${inWords(from)} to ${inWords(to)}, as of`);
  await expect(page.getByRole("heading", { name: /^5 cohorts · / })).toBeVisible();
  const span = (await retention.rows()).slice(1);
  expect(span[0]?.cells[0]?.cohort).toBe(to);
  expect(span.at(-1)?.cells[0]?.cohort).toBe(from);
  const cells = all.slice(1).flatMap((row) => row.cells);
  const before = new Map(cells.map((cell) => [`${cell.cohort}.${cell.period}`, cell.sentence]));
  for (const cell of span.flatMap((row) => row.cells)) {
    expect(cell.sentence).toBe(before.get(`${cell.cohort}.${cell.period}`));
  }
});

test("as of an earlier day nothing later is seen", async ({ page, retention }) => {
  await retention.goto();
  const now = await retention.rows();
  const day = monday(daysAgo(28));
  const choices = await retention.open("asOf");
  await choices.getByLabel("the start of").fill(day);
  await choices.getByRole("button", { name: "Apply" }).click();
  await expectAsked(page, [`as_of=${day}`]);
  await expect(choices).toBeHidden();
  await expect(retention.method).toContainText(`as of ${inWords(day)} 00:00`);
  expect(await retention.sentence()).toMatch(new RegExp(`as of ${inWords(day)}\\.$`));
  // what had ended by then counts now as it did then, cell by cell
  const endedBy = ({ cohort, period }: { cohort: string; period: number }) =>
    Date.parse(cohort) + (period + 1) * 7 * 86_400_000 <= Date.parse(day);
  const finished = (cells: Cell[]) =>
    cells.filter((cell) => !cell.running).map(({ cohort, period, retained, size }) => ({ cohort, period, retained, size }));
  const cells = now.slice(1).flatMap((row) => row.cells);
  const first = cells.reduce((least, { cohort }) => (cohort < least ? cohort : least), day);
  const then = (await retention.rows()).slice(1).flatMap((row) => row.cells);
  const ended = finished(cells.filter(endedBy));
  expect(ended.length).toBeGreaterThan(100);
  expect(finished(then.filter(({ cohort }) => cohort >= first))).toEqual(ended);
  await retention.choose("asOf", "now");
  await expect(page).toHaveURL(/\/retention\??$/);
});

test("filters: values are ticked, joined and removed", async ({ page, retention }) => {
  await retention.goto();
  const everybody = await customers(retention);
  const choices = await retention.open("filters");
  await choices.getByText("plan", { exact: true }).first().click();
  const value = (name: string) => choices.getByRole("link", { name: new RegExp(`^${name}\\b`) });
  await expect(value("business")).not.toHaveAttribute("aria-current");
  await value("business").click();
  await expect(page).toHaveURL(/\?where=plan:is:business$/);
  await expect(retention.method).toContainText("only where plan is business");
  const business = await customers(retention);
  expect(business).toBeGreaterThan(0);
  expect(business).toBeLessThan(everybody);

  await retention.open("filters");
  await expect(value("business")).toHaveAttribute("aria-current", "true");
  await value("free").click();
  await expect(retention.method).toContainText("only where plan is business or free");
  expect(await retention.sentence()).toContain("For those whose plan is business or free, the last");
  const both = await customers(retention);
  expect(both).toBeGreaterThan(business);

  await retention.open("filters");
  await value("business").click();
  await expect(retention.method).toContainText("only where plan is free");
  expect((await customers(retention)) + business).toBe(both);

  await retention.open("filters");
  await choices.getByRole("link", { name: "Remove: plan is free" }).click();
  await expect(page).toHaveURL(/\/retention\?$|\/retention$/);
  await expect(retention.method).not.toContainText("only where");
  expect(await retention.sentence()).toContain("For everyone, the last");
  expect(await customers(retention)).toBe(everybody);
});

test("filters: a value can be ticked by keyboard", async ({ page, retention }) => {
  await retention.goto();
  const choices = await retention.open("filters");
  await choices.getByText("plan", { exact: true }).first().click();
  await choices.getByRole("link", { name: /^free\b/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\?where=plan:is:free$/);
});

test("filters: numbers have a span", async ({ page, retention }) => {
  await retention.goto();
  const choices = await retention.open("filters");
  await choices.getByText("seats", { exact: true }).first().click();
  const seats = choices.locator("details", { hasText: "seats" }).first();
  await seats.getByLabel("from").fill("10");
  await seats.getByLabel("to").fill("50");
  await seats.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/\?where=seats:between:10:50$/);
  await expect(retention.method).toContainText("only where seats is from 10 to 50");
  expect(await customers(retention)).toBeGreaterThan(0);
});

test("the values of a trait and its absence add up to everybody", async ({ request }) => {
  const asOf = daysAgo(2);
  const count = async (filter: string) => {
    const html = await (await request.get(`/w/demo/retention?as_of=${asOf}${filter}`)).text();
    return whole(/26 cohorts · ([\d,]+) customers/.exec(html)?.[1] ?? "NaN");
  };
  const all = await count("");
  for (const name of ["plan", "channel"]) {
    const html = await (await request.get("/w/demo/retention")).text();
    const values = [...html.matchAll(new RegExp(`href="\\?where=(${name}:is:[^"]+)"`, "g"))].map((found) => found[1]);
    expect(values.length).toBeGreaterThan(2);
    let sum = await count(`&where=${name}:unset`);
    for (const value of values) sum += await count(`&where=${value}`);
    expect(sum, name).toBe(all);
  }
});

test("what counts as active can be chosen", async ({ page, retention }) => {
  await retention.goto();
  const before = await retention.rows();
  const choices = await retention.open("activity");
  await expect(choices.getByRole("checkbox", { name: /^login/ })).not.toBeChecked();
  const ticked = choices.getByRole("checkbox", { checked: true });
  expect(await ticked.count()).toBeGreaterThan(1);

  await choices.getByLabel("Search events").fill("REPORT");
  await expect(choices.getByRole("checkbox")).toHaveCount(1);
  await choices.getByLabel("Search events").fill("");
  while ((await ticked.count()) > 0) await ticked.first().uncheck();
  await choices.getByRole("checkbox", { name: /^report_published/ }).check();
  await choices.getByRole("button", { name: "Show" }).click();
  await expectAsked(page, ["active=report_published"]);
  await expect(choices).toBeHidden();
  await expect(retention.method).toContainText("active = report_published ·");
  expect(await retention.sentence()).toContain("how many did report_published in the weeks after?");

  // one event of several is at most all of them
  const one = await retention.rows();
  one.forEach((row, place) =>
    row.cells.forEach((cell, k) => {
      expect(cell.size).toBe(before[place]?.cells[k]?.size);
      expect(cell.retained, cell.sentence).toBeLessThanOrEqual(before[place]?.cells[k]?.retained ?? -1);
    }),
  );

  await retention.open("activity");
  await choices.getByRole("link", { name: /^Active/ }).click();
  await expect(page).toHaveURL(/\/retention\?$|\/retention$/);
  expect(await retention.sentence()).toContain("how many were active in the weeks after?");
  const counts = (rows: Row[]) => rows.flatMap((row) => row.cells.map((cell) => cell.retained));
  await expect.poll(async () => counts(await retention.rows())).toEqual(counts(before));
});

test("a choice keeps the rest of the question, and lets go of the picked cell", async ({ page, retention }) => {
  const asOf = daysAgo(2);
  const rest = `where=plan:is:business&small=5&show=count&intervals=1`;
  await retention.goto(`?kind=on_or_after&as_of=${asOf}&${rest}&cell=overall.4`);
  await expect(retention.card.root).toBeVisible();
  await retention.choose("range", "the last 13 weeks");
  await expect(page).toHaveURL(`/w/demo/retention?kind=on_or_after&last=13&as_of=${asOf}&${rest}`);
  await expect(retention.card.root).toHaveCount(0);
  const choices = await retention.open("asOf");
  await choices.getByLabel("the start of").fill(daysAgo(9));
  await choices.getByRole("button", { name: "Apply" }).click();
  await expect(retention.method).toContainText(`as of ${inWords(daysAgo(9))} 00:00`);
  await expectAsked(page, ["kind=on_or_after", "last=13", `as_of=${daysAgo(9)}`, ...rest.split("&")]);
});

test("loaded again, or in another window, the page is the same", async ({ page, context, retention }) => {
  await retention.goto(`?as_of=${daysAgo(2)}`);
  await retention.choose("grain", "month");
  await expect(retention.method).toContainText("Calendar months");
  await retention.look("Attrition").click();
  await retention.look("Intervals").click();
  await expect(page).toHaveURL(/show=attrition&intervals=1$/);
  await retention.cell("overall", 3).click();
  await expect(retention.card.people.first()).toBeVisible();
  await page.mouse.move(5, 500);
  await expect(retention.tip).toBeHidden();
  const words = await retention.words();
  expect(words).toContain("did not");

  await page.reload();
  await retention.hydrated();
  expect(await retention.words()).toBe(words);

  const other = new RetentionPage(await context.newPage());
  await other.page.goto(page.url());
  await other.hydrated();
  expect(await other.words()).toBe(words);
});
