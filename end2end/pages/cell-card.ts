// The card beside the matrix that explains a picked cell.

import { type Locator, type Page, expect } from "@playwright/test";
import { whole } from "../support/numbers.ts";

export class CellCard {
  readonly root: Locator;
  readonly title: Locator;
  readonly rate: Locator;
  readonly close: Locator;
  readonly people: Locator;
  readonly more: Locator;

  constructor(page: Page) {
    this.root = page.getByRole("complementary", { name: "Picked cell" });
    this.title = this.root.getByRole("heading");
    this.rate = this.root.locator(".big");
    this.close = this.root.getByRole("link", { name: "Close" });
    this.people = this.root.locator(".people li");
    this.more = this.root.getByRole("button", { name: /^Show more/ });
  }

  /** The buttons that list those who stayed ("103 did"), or those who left. */
  which(stayed: boolean): Locator {
    return this.root.getByRole("button", { name: stayed ? / did$/ : / did not$/ });
  }

  /** The number on one of the buttons. */
  async told(stayed: boolean): Promise<number> {
    return whole(/[\d,]+/.exec(await this.which(stayed).innerText())?.[0] ?? "NaN");
  }

  /** Everybody listed, page by page until there is no more. `expected`: how many there must be. */
  async everybody(expected: number): Promise<string[]> {
    const page = 100;
    for (let listed = Math.min(page, expected); ; listed = Math.min(listed + page, expected)) {
      await expect(this.people).toHaveCount(listed);
      if (listed === expected) break;
      await expect(this.more).toHaveText(`Show more (${expected - listed} left)`);
      await this.more.click();
    }
    await expect(this.more).toHaveCount(0);
    return this.people.locator("span:first-child").allInnerTexts();
  }
}
