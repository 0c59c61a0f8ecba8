// `make watch`: rebuilds what a saved file touches, restarts the server, and reloads the open pages. It stands in
// front of the server as a small proxy that adds the reload script, so that the server itself carries nothing for it.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { createServer, request } from "node:http";

const PROXY = Number(process.env.HOLDFAST_WATCH_PORT ?? 3001);
const SERVER = 3000;
const EVENTS = "/__watch";
const SETTLE_MS = 150;
const BROWSER_PART = ["analysis", "app", "frontend", "style", "public"];
const SERVER_PART = ["analysis", "index", "intake", "store", "charts", "exports", "app", "server", "migrations"];
const FOLDERS = [...new Set([...BROWSER_PART, ...SERVER_PART])];
const SCRIPT = `new EventSource("${EVENTS}").addEventListener("reload", () => location.reload())`;

const pages = new Set();
let server;

function run(command, args, env = {}) {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  return new Promise((done) => child.on("exit", (code) => done(code === 0)));
}

async function build(changed) {
  const touches = (folders) => folders.some((folder) => changed.has(folder));
  if (touches(SERVER_PART) && !(await run("cargo", ["build", "--release"], { CARGO_INCREMENTAL: "1" }))) return false;
  return !touches(BROWSER_PART) || run("tools/build-site", ["quick"]);
}

async function restart() {
  if (server && server.exitCode === null && server.signalCode === null) {
    const ended = new Promise((done) => server.on("exit", done));
    server.kill("SIGTERM");
    await ended;
  }
  const listen = ["--listen", `127.0.0.1:${SERVER}`];
  const started = spawn("target/release/holdfast", ["serve", ...listen, ...process.argv.slice(2)], { stdio: "inherit" });
  server = started;
  while (started.exitCode === null && !(await answers())) await new Promise((done) => setTimeout(done, 100));
}

function answers() {
  return new Promise((done) => {
    const probe = request({ port: SERVER, host: "127.0.0.1", path: "/healthz" }, (response) => {
      response.resume();
      done(true);
    });
    probe.on("error", () => done(false));
    probe.end();
  });
}

const changed = new Set(FOLDERS);
// Changed, but in a build that failed.
let owed = new Set();
let busy = false;
async function rebuild() {
  if (busy) return;
  busy = true;
  while (changed.size > 0) {
    const now = new Set([...changed, ...owed]);
    changed.clear();
    if (!(await build(now))) {
      owed = now;
      console.error("watch: the build failed; waiting for the next change");
      continue;
    }
    owed = new Set();
    await restart();
    for (const page of pages) page.write("event: reload\ndata:\n\n");
    console.error(`watch: open http://127.0.0.1:${PROXY}`);
  }
  busy = false;
}

let timer;
for (const folder of FOLDERS) {
  watch(folder, { recursive: true }, (_event, name) => {
    if (name?.includes(".sqlx")) return;
    changed.add(folder);
    clearTimeout(timer);
    timer = setTimeout(rebuild, SETTLE_MS);
  });
}

createServer((asked, answer) => {
  if (asked.url === EVENTS) {
    answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    answer.write(":\n\n");
    pages.add(answer);
    asked.on("close", () => pages.delete(answer));
    return;
  }
  const headers = { ...asked.headers, "accept-encoding": "identity" };
  const onward = request({ port: SERVER, host: "127.0.0.1", path: asked.url, method: asked.method, headers }, (got) => {
    const html = got.headers["content-type"]?.startsWith("text/html");
    if (html) delete got.headers["content-length"];
    answer.writeHead(got.statusCode, got.headers);
    if (!html) return got.pipe(answer);
    // The page's own nonce lets the script through its content policy.
    const nonce = /'nonce-([^']+)'/.exec(got.headers["content-security-policy"] ?? "")?.[1] ?? "";
    got.pipe(answer, { end: false });
    got.on("end", () => answer.end(`<script nonce="${nonce}">${SCRIPT}</script>`));
  });
  onward.on("error", () => answer.writeHead(502).end("The server is not up yet; save a file or wait.\n"));
  asked.pipe(onward);
}).listen(PROXY, "127.0.0.1");

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server?.kill("SIGTERM");
    process.exit();
  });
}
rebuild();
