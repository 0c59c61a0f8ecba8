// A saved report is sent by itself: a form, a secret told once, and what became of it.

import { createHmac, createSecretKey } from "node:crypto";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { expect, testWithOwn } from "../support/test.ts";

// What is sent here goes to a program on this machine.
const test = testWithOwn(["--demo-customers", "1500", "--webhook-allow", "127.0.0.1/32"], (holdfast) =>
  holdfast.demoLoaded(),
);

test.use({ expectedComplaints: [/Failed to load resource: the server responded with a status of 422/] });

interface Message {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A program that takes messages, and how to end it. */
async function listen(): Promise<{ address: string; messages: Message[]; close: () => void }> {
  const messages: Message[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      messages.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/hook`, messages, close: () => server.close() };
}

async function save(page: Page, address: string, name: string): Promise<void> {
  await page.goto(address);
  if (address.includes("/retention")) await page.locator("html[data-hydrated]").waitFor();
  await page.getByText("Save this report").click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

test("a report is sent to a program, paused and deleted", async ({ page }) => {
  const program = await listen();
  await save(page, "/w/demo/retention?grain=month", "By month");
  await page.getByRole("link", { name: "Send it by itself" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Send “By month”");
  await expect(page.getByText("Nothing of it is sent by itself.")).toBeVisible();
  await expect(page.getByText("Mail is not sent here yet").first()).toBeVisible();
  await expectAccessible(page);
  for (const width of [1440, 768, 360]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1440, height: 900 });

  const schedule = page.locator("form", { has: page.getByRole("button", { name: "Send it on that day" }) });
  await expect(schedule.getByLabel("members, by mail:")).toBeDisabled();
  await schedule.getByRole("combobox", { name: "Weekday" }).selectOption("Friday");
  await schedule.getByLabel("Address of the program, https").fill("https://169.254.169.254/latest");
  await schedule.getByRole("button").click();
  await expect(page.getByRole("alert")).toContainText("Nothing is sent to this address");
  await expectAccessible(page);
  await schedule.getByRole("combobox", { name: "Weekday" }).selectOption("Friday");
  await schedule.getByLabel("Address of the program, https").fill(program.address);
  await schedule.getByRole("button").click();
  const secret = await page.getByLabel("The webhook’s secret").inputValue();
  expect(secret).toMatch(/^whsec_.{44}$/);
  await expectAccessible(page);
  await expect(page.getByRole("row", { name: /Every Friday at 08:00/ })).toBeVisible();

  await page.goto("/w/demo/reports");
  await page.getByRole("link", { name: "Sent by itself" }).click();
  await expect(page.getByText("1 report or alert is sent by itself.")).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: /^Send it now/ }).click();
  await expect(page.getByText(/: Sent\. /)).toBeVisible();
  expect(program.messages).toHaveLength(1);
  const { headers, body } = program.messages[0] ?? { headers: {}, body: "" };
  const key = createSecretKey(secret.slice("whsec_".length), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
  expect(JSON.parse(body)).toMatchObject({ type: "report.scheduled", workspace: "demo", report: { name: "By month" } });

  await page.getByRole("button", { name: /^Pause/ }).click();
  await expect(page.getByRole("cell", { name: "paused" })).toBeVisible();
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("button", { name: /^Resume/ }).click();
  await expect(page.getByRole("button", { name: /^Pause/ })).toBeVisible();
  await page.getByRole("button", { name: /^Delete/ }).click();
  await expect(page.getByText("Nothing is sent yet.")).toBeVisible();
  program.close();
});

test("an alert says when it speaks, and where there is none", async ({ page }) => {
  const program = await listen();
  await save(page, "/w/demo/churn", "Who leaves");
  await page.getByRole("link", { name: "Send it by itself" }).click();
  const alert = page.locator("form", { has: page.getByRole("button", { name: "Watch it" }) });
  await alert.getByLabel("rises above the threshold").check();
  await alert.getByLabel("Threshold in percent").fill("37.5");
  await alert.getByLabel("Address of the program, https").fill(program.address);
  await alert.getByRole("button").click();
  const row = page.getByRole("row", { name: /^When churn of a \w+ rises above 37\.5/ });
  await expect(row).toContainText("looked at every hour");
  await expectAccessible(page);
  await save(page, "/w/demo/features?feature=template_used", "Templates");
  await page.getByRole("link", { name: "Send it by itself" }).click();
  await expect(page.getByText("There are alerts on reports of retention and of churn.")).toBeVisible();
  await expectAccessible(page);
  program.close();
});
