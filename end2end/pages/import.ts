// The pages by which files come in: the form, the look at its columns, and what became of it.

import { type Locator, type Page, expect } from "@playwright/test";

export class ImportPage {
  readonly finding: Locator;
  readonly evidence: Locator;
  readonly refusal: Locator;
  readonly bringIn: Locator;

  constructor(readonly page: Page) {
    this.finding = page.locator(".finding");
    this.evidence = page.locator(".answer .quiet");
    this.refusal = page.getByRole("alert");
    this.bringIn = page.getByRole("button", { name: /^Bring in / });
  }

  /** Chooses a file in the form of the open page, and sends it. */
  async send(name: string, content: string | Buffer): Promise<void> {
    const buffer = typeof content === "string" ? Buffer.from(content) : content;
    await this.page.getByLabel(/^A CSV file/).setInputFiles({ name, mimeType: "text/csv", buffer });
    await this.page.getByRole("button", { name: "Send the file" }).click();
  }

  /** Sends a file on the data page of a workspace. */
  async upload(workspace: string, name: string, content: string | Buffer): Promise<void> {
    await this.page.goto(`/w/${workspace}/data`);
    await this.send(name, content);
  }

  /** Confirms the columns, and waits for the end: the page renews itself until then. */
  async confirm(): Promise<void> {
    await this.bringIn.click();
    await expect(this.finding).toHaveText(/stored, |stopped/);
  }

  /** What a column is used as. */
  use(column: string): Locator {
    return this.page.getByLabel(`Use of the column ${column}`, { exact: true });
  }

  /** A table's rows, as texts. */
  async table(label: string): Promise<string[][]> {
    const rows = await this.page.getByRole("region", { name: label }).locator("tbody tr").all();
    return Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
  }
}
