// The retention page as tests speak of it.

import { type Locator, type Page, type Response, expect } from "@playwright/test";
import { type Told, told, whole } from "../support/numbers.ts";
import { CellCard } from "./cell-card.ts";

/** The phrases of the question, by what their choices are about. */
export const PHRASES = {
  unit: "Who is counted",
  start: "What begins a cohort",
  grain: "Size of a period",
  activity: "What counts as active",
  kind: "When they have to be active",
  filters: "Which customers",
  range: "Which cohorts",
  asOf: "As of when",
  more: "More settings",
} as const;

export type PhraseName = keyof typeof PHRASES;

export interface Cell extends Told {
  /** First date of the cohort, or "overall". */
  cohort: string;
  /** What stands in the cell, without its interval. */
  text: string;
  /** The interval under it, if it is shown. */
  span: string | null;
  sentence: string;
  running: boolean;
  open: boolean;
  /** Its step on the heat scale. */
  heat: number;
}

export interface Row {
  label: string;
  /** "small", "still filling", or nothing. */
  note: string;
  size: number;
  small: boolean;
  /** Those that say something. */
  cells: Cell[];
  /** All, with the blank ones. */
  width: number;
  /** What blank cells hold. */
  blanks: string[];
}

export class RetentionPage {
  readonly question: Locator;
  readonly finding: Locator;
  readonly evidence: Locator;
  readonly method: Locator;
  readonly problems: Locator;
  readonly table: Locator;
  readonly legend: Locator;
  readonly tip: Locator;
  readonly card: CellCard;

  constructor(readonly page: Page) {
    this.question = page.locator(".question");
    this.finding = page.locator(".finding");
    this.evidence = page.locator(".answer .quiet");
    this.method = page.locator("p.method");
    this.problems = page.locator(".notice").filter({ hasText: "not understood" });
    this.table = page.getByRole("grid");
    this.legend = page.locator(".legend");
    this.tip = page.locator(".tip");
    this.card = new CellCard(page);
  }

  /** Opens the page and waits until it answers. `query`: "?grain=day", or nothing. */
  async goto(query = "", workspace = "demo"): Promise<Response | null> {
    const response = await this.page.goto(`/w/${workspace}/retention${query}`);
    await this.hydrated();
    return response;
  }

  async hydrated(): Promise<void> {
    await expect(this.page.locator("html")).toHaveAttribute("data-hydrated", "");
  }

  /** The question as one reads it, its choices closed, without the settings behind it. */
  async sentence(): Promise<string> {
    return flat(await this.question.innerText()).replace(/ More settings( \(\d set\))?$/, "");
  }

  /** Everything one reads on the page. */
  async words(): Promise<string> {
    return flat(await this.page.locator("main").innerText());
  }

  phrase(name: PhraseName): Locator {
    return this.question.locator(`button.phrase:has(+ [aria-label="${PHRASES[name]}"])`);
  }

  choices(name: PhraseName): Locator {
    return this.page.getByRole("group", { name: PHRASES[name], exact: true, includeHidden: true });
  }

  /** Opens a phrase's choices with the mouse. */
  async open(name: PhraseName): Promise<Locator> {
    await this.phrase(name).click();
    const choices = this.choices(name);
    await expect(choices).toBeVisible();
    return choices;
  }

  /** Takes one of a phrase's plain choices with the mouse. */
  async choose(name: PhraseName, choice: string): Promise<void> {
    const choices = await this.open(name);
    await choices.getByRole("link", { name: new RegExp(`^${choice}\\b`) }).first().click();
    await expect(choices).toBeHidden();
  }

  /** One of the switches above the table: "Percent", "Intervals", … */
  look(name: string): Locator {
    return this.page.locator("main").getByRole("link", { name, exact: true });
  }

  cell(cohort: string, period: number): Locator {
    return this.table.locator(`td[data-cohort="${cohort}"][data-period="${period}"]`);
  }

  /** What stands in the cells, row by row, as text; for waiting until it has changed. */
  async figures(): Promise<string> {
    return flat(await this.table.locator("tbody").innerText());
  }

  /** The numbers above the columns. */
  async columns(): Promise<string[]> {
    return this.table.locator("thead th").allInnerTexts();
  }

  /** The overall row, then the cohorts from new to old. */
  async rows(): Promise<Row[]> {
    const raw = await this.table.locator("tbody tr").evaluateAll((rows) =>
      rows.map((row) => {
        const own = (element: Element | null) =>
          [...(element?.childNodes ?? [])].filter((node) => node.nodeType === 3).map((node) => node.textContent).join("");
        const head = row.querySelector("th");
        return {
          label: own(head?.querySelector("b") ?? null).trim(),
          note: head?.querySelector("b small")?.textContent ?? "",
          size: head?.querySelector("em")?.textContent ?? "",
          small: row.classList.contains("small"),
          cells: [...row.querySelectorAll("td")].map((cell) => ({
            cohort: cell.dataset["cohort"] ?? "",
            text: own(cell).trim(),
            span: cell.querySelector("small")?.textContent ?? null,
            sentence: cell.dataset["period"] ? (cell.getAttribute("aria-label") ?? "") : "",
            classes: [...cell.classList],
          })),
        };
      }),
    );
    return raw.map(({ label, note, size, small, cells }) => ({
      label,
      note,
      size: whole(size),
      small,
      width: cells.length,
      blanks: cells.filter((cell) => !cell.sentence).map((cell) => cell.text),
      cells: cells
        .filter((cell) => cell.sentence)
        .map(({ cohort, text, span, sentence, classes }) => ({
          ...told(sentence),
          cohort,
          text,
          span,
          sentence,
          running: classes.includes("running"),
          open: classes.includes("open"),
          heat: Number(classes.find((name) => /^h\d+$/.test(name))?.slice(1)),
        })),
    }));
  }
}

/** Text in one line. No-break spaces stay. */
export function flat(text: string): string {
  return text.replace(/[ \t\r\n]+/g, " ").trim();
}
