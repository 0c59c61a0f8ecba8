// A scan for what keeps people out: WCAG 2.0 to 2.2, levels A and AA, in both themes.

import { AxeBuilder } from "@axe-core/playwright";
import { type Page, expect } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Rows of the matrix are alike: the first tell of all, in a fraction of the time. */
const MORE_OF_THE_SAME = ".matrix tbody tr:nth-child(n + 10)";

/** Fails on what axe finds on the page as it stands, in light and in dark; `within`: only in this part of it. */
export async function expectAccessible(page: Page, within?: string): Promise<void> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const scan = new AxeBuilder({ page }).exclude(MORE_OF_THE_SAME);
    // the themes differ in colours alone
    if (colorScheme === "light") scan.withTags(RULES);
    else scan.withRules(["color-contrast"]);
    if (within) scan.include(within);
    const { violations } = await scan.analyze();
    for (const { id, nodes } of violations) {
      // some examples are enough: what is wrong with one cell is wrong with hundreds
      for (const node of nodes.slice(0, 4)) {
        const why = node.failureSummary?.split("\n")[1]?.trim();
        found.push(`${colorScheme}, ${id} (${nodes.length} times), ${node.target.join(" ")}: ${why}`);
      }
    }
  }
  expect(found, page.url()).toEqual([]);
}
