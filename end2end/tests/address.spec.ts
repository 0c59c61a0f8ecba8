// Addresses that are wrong, unknown, or meant to do harm.

import { expect, test } from "../support/test.ts";

test("the ways beside the page lead where they say, and back", async ({ page, retention }) => {
  await retention.goto("?grain=month");
  const ways = page.getByRole("navigation", { name: "Main" });
  await expect(ways.getByRole("link", { name: "Retention" })).toHaveAttribute("aria-current", "page");
  await ways.getByRole("link", { name: "Data" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/data$/);
  await expect(page.getByRole("heading", { name: "Bring in a file" })).toBeVisible();
  await expect(ways.getByRole("link", { name: "Data" })).toHaveAttribute("aria-current", "page");
  await page.goBack();
  await expect(retention.method).toContainText("Calendar months");
  await page.getByRole("link", { name: "Holdfast" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/retention$/);
  await expect(retention.method).toContainText("Calendar weeks");
  await retention.hydrated();
});

test.describe("parameters", () => {
  test("what was not understood is named, and the default is shown", async ({ page, retention }) => {
    const wrong = "?grain=fortnight&last=-3&cell=x&foo=1&as_of=soon&show=everything&where=plan&small=many";
    const response = await retention.goto(wrong);
    expect(response?.status()).toBe(200);
    for (const said of [
      "“grain=fortnight” cannot be used: expected day, week, month, quarter or year. Using week.",
      "“last=-3” cannot be used: expected a whole number from 1 to 520. Using 26.",
      "“cell=x” is ignored: expected a cell such as 2025-01-06.4 or overall.4.",
      "There is no setting “foo”; it is ignored.",
      "“as_of=soon” cannot be used",
      "“show=everything” cannot be used: expected percent, count or attrition. Using percent.",
      "“where=plan” is ignored",
      "“small=many” cannot be used",
    ]) {
      await expect(retention.problems.getByRole("listitem").filter({ hasText: said })).toHaveCount(1);
    }
    await expect(retention.problems.getByRole("listitem")).toHaveCount(8);
    expect(await retention.rows()).toHaveLength(27);
    expect(await retention.sentence()).toContain("in the weeks after? For everyone, the last 26 weeks, as of now.");
    // a choice leaves the wrong ones behind
    await retention.choose("kind", "in or after");
    await expect(page).toHaveURL(/\/retention\?kind=on_or_after$/);
    await expect(retention.problems).toHaveCount(0);
  });

  test("what means nothing here is let be", async ({ retention }) => {
    await retention.goto("?utm_source=mail&grain=&from=");
    await expect(retention.method).toBeVisible();
    await expect(retention.problems).toHaveCount(0);
  });

  test("values at their limits are answered or refused, never broken", async ({ request }) => {
    for (const query of [
      "last=520",
      "last=1",
      "last=521",
      "last=99999999999999999999",
      "grain=year&last=520",
      "from=0001-01-01&to=9999-12-31",
      "from=9999-12-31",
      "as_of=1900-01-01",
      "as_of=9999-12-31",
      "as_of=2024-02-30",
      "cell=2025-01-06.4294967296",
      "where=seats:between:-1e308:1e308",
      "where=seats:between:NaN:inf",
      `active=${"x".repeat(5000)}`,
      `${"where=plan:set&".repeat(200)}`,
      "%FF=%FE&active=%C0%80&where=%",
      "active=%00",
      "where=plan:is:%00",
    ]) {
      const response = await request.get(`/w/demo/retention?${query}`, { headers: { accept: "text/html" } });
      expect([200, 422], `${response.status()} for ${query}`).toContain(response.status());
      expect(await response.text(), query).toContain("</html>");
    }
  });
});

test.describe("markup in an address is text", () => {
  const IMG = "<img src=x onerror=alert(1)>";
  const SCRIPT = "</script><script>alert(1)</script>";

  for (const [name, query, shown] of [
    ["a setting", `grain=${encodeURIComponent(IMG)}`, IMG],
    ["a setting’s name", `${encodeURIComponent(IMG)}=1`, IMG],
    ["a filter’s value", `where=plan:is:${encodeURIComponent(IMG)}`, IMG],
    ["a filter’s name", `where=${encodeURIComponent(IMG.replaceAll(":", "%3A"))}:set`, IMG],
    ["an event", `active=${encodeURIComponent(IMG)}`, IMG],
    ["an event that ends a script", `active=${encodeURIComponent(SCRIPT)}`, SCRIPT],
    ["a filter that ends a script", `where=plan:is:${encodeURIComponent(SCRIPT)}`, SCRIPT],
    ["a cell", `cell=${encodeURIComponent(SCRIPT)}`, SCRIPT],
  ] as const) {
    test(name, async ({ page, retention, request }) => {
      const html = await (await request.get(`/w/demo/retention?${query}`)).text();
      expect(html).not.toContain("<img");
      expect(html).not.toContain("<script>alert");
      await retention.goto(`?${query}`);
      await expect(page.locator("main")).toContainText(shown);
      await expect(page.locator("img")).toHaveCount(0);
      await expect(page.locator("script", { hasText: "alert(1)" }).filter({ hasNotText: "__RESOLVED" })).toHaveCount(0);
    });
  }
});

test.describe("nothing there", () => {
  test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 404/] });

  test("an unknown workspace is a 404 with a way on", async ({ page }) => {
    const response = await page.goto("/w/nope/retention");
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "There is no workspace at this address." })).toBeVisible();
    await expect(page.locator(".question, .matrix")).toHaveCount(0);
    await page.getByRole("link", { name: "Go to the workspaces" }).click();
    await expect(page).toHaveURL(/\/w\/demo\/retention$/);
    await expect(page.getByRole("grid")).toBeVisible();
  });

  for (const path of ["/nowhere", "/w/demo/nowhere", "/w", "/w/demo/retention/more", "/%2e%2e/%2e%2e/etc/passwd"]) {
    test(`an unknown page is a 404: ${path}`, async ({ page }) => {
      const response = await page.goto(path);
      expect(response?.status()).toBe(404);
      await expect(page.getByRole("heading", { name: "There is nothing at this address." })).toBeVisible();
      await expect(page).toHaveTitle("Not found · Holdfast");
      await page.getByRole("link", { name: "Go to the workspaces" }).click();
      await expect(page.getByRole("grid")).toBeVisible();
    });
  }

  test("a workspace’s name that can’t be one is a 404", async ({ request }) => {
    for (const name of ["..", "%2e%2e", "a%00b", "A B", "x".repeat(300), "%F0%9F%92%A9", "'%20or%201=1--"]) {
      const response = await request.get(`/w/${name}/retention`, { headers: { accept: "text/html" } });
      expect(response.status(), name).toBe(404);
    }
  });
});
