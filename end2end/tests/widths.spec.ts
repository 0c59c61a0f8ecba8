// A phone, a tablet, a desk: nothing sticks out; and pictures in shots/ for people to look at.

import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { RetentionPage } from "../pages/retention.ts";
import { expect, test } from "../support/test.ts";

const SHOTS = fileURLToPath(new URL("../shots/", import.meta.url));

async function expectNoOverflow(page: Page): Promise<void> {
  const sizes = await page.evaluate(() => {
    const root = document.documentElement;
    const out = [...document.querySelectorAll("main *")]
      .filter((element) => !element.closest(".scroll, svg, [popover], .boxes") && element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
      .map((element) => `${element.tagName.toLowerCase()}.${element.className}`);
    return { beyond: Math.max(0, root.scrollWidth - root.clientWidth), out };
  });
  expect(sizes).toEqual({ beyond: 0, out: [] });
}

async function expectNothingCramped(retention: RetentionPage): Promise<void> {
  const cramped = await retention.table.locator("tbody th").evaluateAll((heads) =>
    heads
      .filter((head) => {
        const [label, size] = [head.querySelector("b"), head.querySelector("em")];
        if (!label || !size) return true;
        const words = document.createRange();
        words.selectNodeContents(label);
        const number = document.createRange();
        number.selectNodeContents(size);
        return words.getBoundingClientRect().right > number.getBoundingClientRect().left;
      })
      .map((head) => head.textContent),
  );
  expect(cramped, "labels that run into their sizes").toEqual([]);
}

for (const [width, height] of [
  [360, 740],
  [768, 1024],
  [1440, 900],
] as const) {
  test.describe(`${width} px`, () => {
    test.use({ viewport: { width, height } });

    const shot = (page: Page, name: string, fullPage = true) =>
      page.screenshot({ path: `${SHOTS}${name}-${width}.png`, fullPage });

    test("the matrix", async ({ page, retention }) => {
      await retention.goto();
      await expectNoOverflow(page);
      await expectNothingCramped(retention);
      await shot(page, "matrix");
      await page.emulateMedia({ colorScheme: "dark" });
      await shot(page, "matrix-dark");
      // the table scrolls by itself, its heads stay in sight
      const scroller = page.locator(".scroll").filter({ has: retention.table });
      await scroller.evaluate((element) => {
        element.scrollIntoView();
        element.scrollTo(10_000, 10_000);
      });
      const head = retention.table.locator("thead th").first();
      await expect(head).toBeInViewport();
      const inside = await scroller.boundingBox();
      const box = await head.boundingBox();
      for (const side of ["x", "y"] as const) {
        expect(Math.abs((box?.[side] ?? NaN) - (inside?.[side] ?? NaN)), side).toBeLessThanOrEqual(1);
      }
    });

    test("choices", async ({ page, retention }) => {
      await retention.goto();
      for (const name of ["activity", "filters", "asOf"] as const) {
        const choices = await retention.open(name);
        const box = await choices.boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect(box?.y).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? NaN) + (box?.width ?? NaN)).toBeLessThanOrEqual(width);
        expect((box?.y ?? NaN) + (box?.height ?? NaN)).toBeLessThanOrEqual(height);
        await expectNoOverflow(page);
        await shot(page, `choices-${name}`, false);
        await page.keyboard.press("Escape");
      }
    });

    test("a picked cell and intervals", async ({ page, retention }) => {
      await retention.goto("?intervals=1&cell=overall.3");
      await expect(retention.card.people.first()).toBeVisible();
      await expect(retention.card.root).toBeInViewport();
      await expectNoOverflow(page);
      await expectNothingCramped(retention);
      await shot(page, "cell", false);
    });

    test("long names and many problems", async ({ page, retention }) => {
      const long = "x".repeat(180);
      await retention.goto(`?active=${long}&where=plan:is:${long}&grain=${long}&${long}=1&last=3`);
      await expect(retention.problems).toBeVisible();
      await expectNoOverflow(page);
      await shot(page, "problems");
    });
  });
}

test("on paper the matrix is whole", async ({ page, retention }) => {
  await retention.goto();
  await page.emulateMedia({ media: "print" });
  await expect(retention.look("Intervals")).toBeHidden();
  await expect(page.locator(".rail")).toBeHidden();
  await expect(retention.table.locator("tbody tr").last()).toBeVisible();
  await page.pdf({ path: `${SHOTS}matrix.pdf`, landscape: true, format: "A4", printBackground: true });
});
