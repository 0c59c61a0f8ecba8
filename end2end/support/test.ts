// `test` with this project's pages; every test fails on anything the browser complains of.

import { type BrowserContext, test as base, expect } from "@playwright/test";
import { RetentionPage } from "../pages/retention.ts";
import { Holdfast, signedIn } from "./holdfast.ts";

interface Options {
  /** Complaints that a test provokes on purpose, such as the browser's note on a 404. */
  expectedComplaints: RegExp[];
}

interface Fixtures {
  /** Collects what the browser complains of, and fails the test when there is something. */
  complaints: (context: BrowserContext) => void;
  retention: RetentionPage;
}

export const test = base.extend<Options & Fixtures>({
  expectedComplaints: [[], { option: true }],

  baseURL: async ({}, use) => {
    await use(process.env["HOLDFAST_URL"]);
  },

  // every test begins signed in as the owner
  storageState: async ({}, use) => {
    await use(signedIn(process.env["HOLDFAST_URL"] ?? "", process.env["HOLDFAST_COOKIE"] ?? ""));
  },

  complaints: [
    async ({ context, expectedComplaints }, use) => {
      const heard: string[] = [];
      const hear = (complaint: string) => {
        if (!expectedComplaints.some((expected) => expected.test(complaint))) heard.push(complaint);
      };
      const listen = (context: BrowserContext) => {
        context.on("console", (message) => {
          if (["error", "warning"].includes(message.type())) {
            hear(`${message.type()}: ${message.text()} (${message.location().url})`);
          }
        });
        context.on("weberror", (error) => hear(`uncaught: ${error.error().stack ?? error.error().message}`));
        context.on("dialog", (dialog) => {
          hear(`dialog: ${dialog.message()}`);
          void dialog.dismiss();
        });
      };
      listen(context);
      await use(listen);
      expect(heard, "complaints of the browser").toEqual([]);
    },
    { auto: true },
  ],

  retention: async ({ page }, use) => {
    await use(new RetentionPage(page));
  },
});

/**
 * `test` with a program of its own, for tests that change or break what others look at. It lives as long as a worker.
 * `enter`: whether its first owner is signed in.
 */
export function testWithOwn(options: readonly string[], prepare?: (holdfast: Holdfast) => Promise<void>, enter = true) {
  return test.extend<object, { holdfast: Holdfast }>({
    holdfast: [
      async ({}, use) => {
        const holdfast = await Holdfast.start(options, enter);
        try {
          await prepare?.(holdfast);
          await use(holdfast);
        } finally {
          await holdfast.stop();
        }
      },
      { scope: "worker", timeout: 90_000 },
    ],
    baseURL: async ({ holdfast }, use) => {
      await use(holdfast.url);
    },
    storageState: async ({ holdfast }, use) => {
      await use(signedIn(holdfast.url, holdfast.cookie));
    },
  });
}

export { expect };
