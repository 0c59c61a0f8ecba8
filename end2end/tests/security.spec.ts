// What every answer carries, and what is refused. Spoken over the wire, where no browser tidies the headers.

import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { arrayBuffer } from "node:stream/consumers";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "../support/test.ts";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Uint8Array;
}

async function ask(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  const cookie = process.env["HOLDFAST_COOKIE"] ?? "";
  const request = httpRequest(new URL(path, process.env["HOLDFAST_URL"]), { method, headers: { cookie, ...headers } });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: new Uint8Array(await arrayBuffer(response)),
  };
}

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

const PAGES = ["/w/demo/retention?cell=overall.4", "/w/nope/retention", "/nowhere"];

test("every page has a content policy with a nonce of its own", async () => {
  const nonces = new Set<string>();
  for (const path of PAGES) {
    const { headers, body } = await ask(path, { accept: "text/html" });
    const policy = `${headers["content-security-policy"]}`;
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "";
    expect(nonce.length, policy).toBeGreaterThanOrEqual(20);
    nonces.add(nonce);
    for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) expect(policy).toContain(part);
    for (const kind of ["style", "connect", "font"]) expect(policy).toContain(`${kind}-src 'self';`);
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("'unsafe-eval'");
    const html = text(body);
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) expect(tag).toContain(`nonce="${nonce}"`);
    expect(html).not.toMatch(/<[^>]+\sstyle=/);
    expect(html).not.toMatch(/<style/);
    expect(html).not.toMatch(/<[^>]+\son\w+=/);
    expect(html, "nothing from elsewhere").not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  }
  expect(nonces.size).toBe(PAGES.length);
});

test("every answer says how it may be used", async () => {
  for (const path of [...PAGES, "/readyz", "/healthz", "/icon.svg"]) {
    const { headers } = await ask(path);
    expect(headers["x-content-type-options"], path).toBe("nosniff");
    expect(headers["referrer-policy"], path).toBe("same-origin");
    expect(headers["cross-origin-opener-policy"], path).toBe("same-origin");
    expect(headers["cross-origin-resource-policy"], path).toBe("same-origin");
    expect(headers["permissions-policy"], path).toContain("camera=()");
    expect(headers["server"], path).toBeUndefined();
  }
  for (const path of PAGES) expect((await ask(path)).headers["cache-control"], path).toBe("no-store");
});

test("what changes something must come from Holdfast’s own pages", async () => {
  const host = new URL(process.env["HOLDFAST_URL"] ?? "").host;
  const json = { "content-type": "application/json", accept: "application/json" };
  const send = (headers: Record<string, string>) =>
    ask("/api/workspace", { ...json, ...headers }, "POST", JSON.stringify({ slug: "demo" }));
  expect((await send({})).status, "the way itself works").toBe(200);
  expect((await send({ origin: `http://${host}` })).status).toBe(200);
  expect((await send({ "sec-fetch-site": "same-origin" })).status).toBe(200);
  for (const foreign of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:1" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: `http://${host}` },
  ]) {
    const { status, body } = await send(foreign as Record<string, string>);
    expect(status, JSON.stringify(foreign)).toBe(403);
    expect(text(body)).toContain("must come from Holdfast's own pages");
  }
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    expect((await ask("/w/demo/retention", { origin: "http://evil.example" }, method)).status, method).toBe(403);
  }
});

test("only names of this machine are answered", async () => {
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0"]) {
    const { status, body } = await ask("/w/demo/retention", { host });
    expect(status, host).toBe(403);
    expect(text(body)).not.toContain("demo");
  }
  for (const host of ["localhost", "127.0.0.1:1", "[::1]:3000"]) {
    expect((await ask("/readyz", { host })).status, host).toBe(200);
  }
});

test("built files are packed, and kept for ever", async () => {
  const page = text((await ask("/w/demo/retention", { accept: "text/html" })).body);
  const files = [...new Set([...page.matchAll(/"(\/pkg\/[^"]+)"/g)].map((found) => found[1] ?? ""))];
  expect(files.map((file) => file.split(".").at(-1)).sort()).toEqual(["css", "js", "wasm"]);
  for (const file of files) {
    expect(file).toMatch(/^\/pkg\/holdfast\.[0-9a-f]{16}\.(?:css|js|wasm)$/);
    const packed = await ask(file, { "accept-encoding": "gzip, br" });
    expect(packed.status, file).toBe(200);
    expect(packed.headers["cache-control"], file).toBe("public, max-age=31536000, immutable");
    expect(packed.headers["content-encoding"], file).toBe("br");
    expect(`${packed.headers["vary"]}`.toLowerCase(), file).toContain("accept-encoding");
    const plain = await ask(file);
    expect(plain.headers["content-encoding"], file).toBeUndefined();
    expect(Buffer.compare(new Uint8Array(brotliDecompressSync(packed.body)), plain.body) === 0, file).toBe(true);
    expect(packed.body.length, file).toBeLessThan(plain.body.length / 2);
  }
  const wasm = await ask(files.find((file) => file.endsWith(".wasm")) ?? "");
  expect(wasm.headers["content-type"]).toBe("application/wasm");
  const missing = await ask("/pkg/holdfast.0000000000000000.js");
  expect(missing.status).toBe(404);
  expect(missing.headers["cache-control"]).toBe("no-store");
});

test("pages are packed as they are sent", async () => {
  const { headers, body } = await ask("/w/demo/retention", { accept: "text/html", "accept-encoding": "br" });
  expect(headers["content-encoding"]).toBe("br");
  expect(brotliDecompressSync(body).toString()).toContain("</html>");
});

test("server functions trust nothing they are given", async () => {
  const json = { "content-type": "application/json", accept: "application/json" };
  const query = { active: ["login"] };
  const far = { cohort: null, period: 4_000_000_000 };
  for (const [endpoint, given] of [
    ["retention", "{"],
    ["retention", JSON.stringify({ slug: "demo" })],
    ["retention", JSON.stringify({ slug: "nope", query })],
    ["retention", JSON.stringify({ slug: "demo", query: { grain: "week", small: -1 } })],
    ["members", JSON.stringify({ slug: "demo", query, cell: far, retained: true, offset: 0 })],
    ["set_activity", JSON.stringify({ slug: "demo", events: ["no such event"] })],
    ["set_activity", JSON.stringify({ slug: "'; drop table event; --", events: [] })],
  ] as const) {
    const { status, body } = await ask(`/api/${endpoint}`, json, "POST", given);
    expect(status, `${endpoint} ${given}: ${text(body)}`).toBeGreaterThanOrEqual(400);
    expect(status, `${endpoint} ${given}: ${text(body)}`).toBeLessThan(500);
    expect(JSON.parse(text(body))).toHaveProperty("code");
    expect(text(body)).not.toMatch(/sqlx|postgres|panicked|\.rs\b/i);
  }
});
