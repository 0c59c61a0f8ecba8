// People: the first link, passwords, invitations, roles, keys, the log. Each test goes on where the one before ended.

import type { Browser, BrowserContext, Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { signedIn } from "../support/holdfast.ts";
import { expect, testWithOwn } from "../support/test.ts";

const test = testWithOwn(["--demo-customers", "60"], undefined, false);
test.describe.configure({ mode: "serial" });
// refusals have statuses of their own, which the browser notes
test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 4(?:03|04|22|29)/] });

const ADA = { email: "ada@example.com", password: "kelp tide rope anchor" };
const BOB = { email: "bob@example.com", password: "four sober grey gulls" };
const NEW_PASSWORD = "salt wind over stones";

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A browser of its own, in which nobody is signed in. */
async function stranger(browser: Browser, url: string, complaints: (context: BrowserContext) => void): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, storageState: signedIn(url, "") });
  complaints(context);
  return context.newPage();
}

/** Signs Ada in in this test's browser. */
async function asAda(page: Page, password = ADA.password): Promise<void> {
  await page.goto("/sign-in");
  await signIn(page, { email: ADA.email, password });
  await page.waitForURL(/\/w\/demo\/retention/);
}

test("nobody gets in without the first link, which leads in once and straight to the matrix", async ({
  holdfast,
  page,
  browser,
  complaints,
}) => {
  await page.goto("/w/demo/retention?grain=month");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessible(page);

  await page.goto(holdfast.link);
  await expect(page).toHaveURL(new RegExp(`^${holdfast.url}/`));
  await expect(page.getByRole("heading", { name: "Sign in" })).toHaveCount(0);
  await holdfast.demoLoadedFor(page);
  await page.goto("/");
  await expect(page).toHaveURL(/\/w\/demo\/retention$/);
  await expect(page.getByRole("link", { name: "Set a password" })).toBeVisible();

  const late = await stranger(browser, holdfast.url, complaints);
  const response = await late.goto(holdfast.link);
  expect(response?.status()).toBe(404);
  await expect(late.getByRole("heading", { name: "This link leads nowhere any more." })).toBeVisible();
  await expectAccessible(late);

  // an address and a password, or this browser stays the only way in
  await page.goto("/account");
  await expectAccessible(page);
  await page.getByLabel("Name, as others see it").fill("Ada <script>alert(1)</script>");
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("A password").fill("password1234");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.getByRole("alert")).toHaveText(/guessed first/);
  await page.getByLabel("Name, as others see it").fill("Ada <script>alert(1)</script>");
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("A password").fill(ADA.password);
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.getByRole("status")).toHaveText(/Your password is set/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada <script>alert(1)</script>");
  await expectAccessible(page);
});

test("signing out and in; a wrong password says no more than that", async ({ page }) => {
  await asAda(page);
  await page.getByRole("link", { name: /^Ada/ }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto("/w/demo/churn?grain=month");
  await expect(page).toHaveURL(/\/sign-in\?next=/);

  await signIn(page, { ...ADA, password: "not the password" });
  const wrong = await page.getByRole("alert").innerText();
  await expect(page.getByLabel("E-mail address")).toHaveValue(ADA.email);
  await expectAccessible(page);
  await signIn(page, { email: "nobody@example.com", password: "not the password" });
  expect(await page.getByRole("alert").innerText()).toBe(wrong);

  // and back to where he wanted to go
  await signIn(page, ADA);
  await expect(page).toHaveURL(/\/w\/demo\/churn\?grain=month$/);
});

test("an invited viewer reads, is offered no form, and is refused where he has no business", async ({
  holdfast,
  page,
  browser,
  complaints,
}) => {
  await asAda(page);
  await page.getByRole("link", { name: "People", exact: true }).click();
  await expect(page.getByText("You alone can see this workspace.")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("E-mail address").fill(BOB.email);
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.getByLabel("The link for the person you invited").inputValue();
  expect(link).toContain("/welcome/");
  await expectAccessible(page);
  await page.goto("/w/demo/people");
  expect(await page.content(), "the link is shown once").not.toContain(link);
  await expect(page.getByRole("row", { name: /bob@example.com/ })).toBeVisible();

  const bob = await stranger(browser, holdfast.url, complaints);
  await bob.goto(link);
  await expect(bob.getByRole("heading", { name: /^You are invited to / })).toBeVisible();
  await expectAccessible(bob);
  await bob.getByLabel("Your name, as others here see it").fill("Bob");
  await bob.getByLabel("A password").fill(BOB.password);
  await bob.getByRole("button", { name: "Join" }).click();
  await expect(bob).toHaveURL(/\/w\/demo\/retention$/);
  await expect(bob.getByRole("grid")).toBeVisible();

  await expect(bob.getByRole("link", { name: "People", exact: true })).toHaveCount(0);
  for (const path of ["/w/demo/data", "/w/demo/activity", "/w/demo/segments/edit", "/w/demo/activity/edit"]) {
    await bob.goto(path);
    await expect(bob.locator("main")).toBeVisible();
    await expect(bob.locator("main form[method=post]:visible, main [formmethod=post]:visible"), path).toHaveCount(0);
  }
  for (const path of ["people", "keys", "audit"]) {
    expect((await bob.goto(`/w/demo/${path}`))?.status(), path).toBe(403);
  }
  await expectAccessible(bob);
  const saved = await bob.request.post("/w/demo/segments/save", {
    form: { name: "mine", condition: "plan:is:pro", state: "living" },
  });
  expect(saved.status()).toBe(403);
  expect((await bob.goto("/new"))?.status()).toBe(403);

  // made an editor he may, at once
  await page.goto("/w/demo/people");
  await page.getByRole("combobox", { name: "Role of Bob" }).selectOption("editor");
  await page.getByRole("button", { name: "Change the role of Bob" }).click();
  await bob.goto("/w/demo/data");
  await expect(bob.getByRole("button", { name: "Send the file" })).toBeVisible();

  // and removed he finds nothing
  await page.getByRole("button", { name: "Remove Bob" }).click();
  await expect(page.getByText("You alone can see this workspace.")).toBeVisible();
  expect((await bob.goto("/w/demo/retention"))?.status()).toBe(404);
  await bob.goto("/");
  await expect(bob.getByRole("heading", { name: "You are in no workspace." })).toBeVisible();

  // the last owner stays
  await page.getByRole("button", { name: "Leave this workspace" }).click();
  await expect(page.getByRole("alert")).toHaveText(/A workspace needs an owner/);
});

test("a key is shown once, reads its workspace, and nothing once it is revoked", async ({ page, playwright, holdfast }) => {
  await asAda(page);
  await page.goto("/w/demo/keys");
  await expectAccessible(page);
  await page.getByLabel("What it is for").fill("the <b>dashboard</b>");
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByLabel("The new key").inputValue();
  expect(key).toMatch(/^rk_\d+_[\w-]{43}$/);
  await expectAccessible(page);
  await page.goto("/w/demo/keys");
  expect(await page.content(), "the key is shown once").not.toContain(key);
  await expect(page.getByRole("row", { name: /the <b>dashboard<\/b>/ })).toContainText("never");

  const program = await playwright.request.newContext({
    baseURL: holdfast.url,
    storageState: signedIn(holdfast.url, ""),
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  });
  const ask = () => program.get("/api/v1/workspaces/demo/segments");
  expect((await ask()).status()).toBe(200);
  expect((await program.get("/w/demo/retention", { maxRedirects: 0 })).status(), "no page for a key").toBe(303);
  expect((await program.post("/api/v1/workspaces/demo/segments", { data: {} })).status()).toBe(403);
  await page.getByRole("button", { name: "Revoke the key for the <b>dashboard</b>" }).click();
  await expect(page.getByRole("row", { name: /dashboard/ })).toContainText("revoked");
  const refused = await ask();
  expect(refused.status()).toBe(401);
  expect(await refused.json()).toMatchObject({ code: "bad_key" });
  await program.dispose();
});

test("another password ends other sessions; the log tells what was done and holds no secret", async ({
  page,
  browser,
  holdfast,
  complaints,
}) => {
  await asAda(page);
  const other = await stranger(browser, holdfast.url, complaints);
  await asAda(other);
  await page.goto("/account");
  await expect(page.getByRole("button", { name: /^End the session/ }).first()).toBeVisible();
  await page.getByLabel("The password you have").fill("not the password");
  await page.getByLabel("The new one").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByRole("alert")).toHaveText("This is not your password.");
  await page.getByLabel("The password you have").fill(ADA.password);
  await page.getByLabel("The new one").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByRole("status")).toHaveText(/Your password is set/);
  await other.goto("/w/demo/retention");
  await expect(other).toHaveURL(/\/sign-in/);

  await page.goto("/w/demo/audit");
  const log = page.getByRole("region", { name: "Log" });
  for (const line of [/invited bob@example.com as viewer/, /made bob@example.com editor instead of viewer/, /removed bob@example.com/, /made the read key/, /revoked the key/, /set a password/]) {
    await expect(log.getByText(line).first()).toBeVisible();
  }
  await expectAccessible(page);
  const logged = await holdfast.log();
  for (const secret of [ADA.password, BOB.password, NEW_PASSWORD, new URL(holdfast.link).pathname.split("/")[2] ?? ""]) {
    expect(logged).not.toContain(secret);
  }
  expect(logged).not.toMatch(/\brk_\d/);
});

test("whoever lost a password gets a link on the command line", async ({ page, holdfast }) => {
  const told = await holdfast.run("user", "link", "--email", ADA.email, "--address", holdfast.url);
  await page.goto(told.trim());
  await expect(page.getByRole("heading", { name: "A new password" })).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("New password").fill("barnacles never hurry home");
  await page.getByRole("button", { name: "Set it and sign in" }).click();
  await expect(page).toHaveURL(/\/w\/demo\/retention$/);
  expect((await page.goto(told.trim()))?.status()).toBe(404);
});

test("all of it works without a program, on a phone", async ({ browser, holdfast, complaints }) => {
  const context = await browser.newContext({
    baseURL: holdfast.url,
    storageState: signedIn(holdfast.url, ""),
    javaScriptEnabled: false,
    viewport: { width: 360, height: 740 },
  });
  complaints(context);
  const page = await context.newPage();
  await page.goto("/sign-in");
  await signIn(page, { email: ADA.email, password: "barnacles never hurry home" });
  for (const path of ["/account", "/w/demo/people", "/w/demo/keys", "/w/demo/audit", "/sign-in"]) {
    await page.goto(path);
    const wide = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(wide, `${path} goes sideways`).toBeLessThanOrEqual(0);
  }
  await page.goto("/account");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto("/account");
  await expect(page).toHaveURL(/\/sign-in/);
});
