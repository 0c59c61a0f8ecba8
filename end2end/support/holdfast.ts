// The program under test: a process of its own, with a data folder and a Postgres of its own.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BIN = resolve(process.env["HOLDFAST_BIN"] || join(HERE, "../../target/release/holdfast"));
const SITE = resolve(process.env["HOLDFAST_SITE_ROOT"] || join(HERE, "../../target/site"));

/** Pause between two looks at something that is awaited. */
const BEAT_MS = 100;

/** How long the program may take to stop: it gives running requests 10 s, and then ends Postgres. */
const PATIENCE_MS = 30_000;

/** Looks until `done` says so; fails, naming what was awaited, when it takes too long. */
export async function until(what: string, done: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain: ${what}`);
    await pause(BEAT_MS);
  }
}

/** The owners' sessions of the programs that this process started, by their origin. */
const owners = new Map<string, string>();

/** The status of an address, asked for as the owner of a program that was started here; 0 while nothing answers there. */
export async function status(url: string): Promise<number> {
  const cookie = owners.get(new URL(url).origin) ?? "";
  try {
    const answer = await fetch(url, { headers: { accept: "text/html", cookie }, redirect: "manual" });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

export class Holdfast {
  private constructor(
    /** Where it serves, without a slash at the end. */
    readonly url: string,
    /** The session of its first owner, as `name=value`. */
    readonly cookie: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
    /** What it printed: the first owner's link. */
    readonly link: string,
  ) {}

  /** Starts one on a free port, signs its first owner in unless told otherwise, and waits until its data base answers. */
  static async start(options: readonly string[], enter = true): Promise<Holdfast> {
    const folder = await mkdtemp(join(tmpdir(), "hf-e2e-"));
    // Started by root, Postgres runs as another account, which has to get in.
    await chmod(folder, 0o755);
    const log = await open(join(folder, "log"), "w");
    const child = spawn(BIN, ["serve", "--listen", "127.0.0.1:0", "--site-root", SITE, ...options], {
      env: environment(folder),
      stdio: ["ignore", "pipe", log.fd],
    });
    await log.close();
    try {
      const link = await announced(child);
      const url = new URL(link).origin;
      const cookie = enter ? await entered(link) : "";
      owners.set(url, cookie);
      const holdfast = new Holdfast(url, cookie, folder, child, link);
      await until("the data base answers", () => holdfast.ready());
      return holdfast;
    } catch (error) {
      const told = await readFile(join(folder, "log"), "utf8");
      await end(child, folder);
      throw new Error(`${BIN} did not start:\n${told}`, { cause: error });
    }
  }

  /** Whether `/readyz` says yes. */
  async ready(): Promise<boolean> {
    return (await status(`${this.url}/readyz`)) === 200;
  }

  /** Waits until the demo workspace is there, whole. */
  async demoLoaded(): Promise<void> {
    const marker = join(this.folder, "data/demo-loading");
    await until("the demo workspace is there", async () => (await status(`${this.url}/w/demo/retention`)) === 200);
    await until("the demo workspace is whole", async () => !(await exists(marker)));
  }

  /** The same for whoever is signed in on this page. */
  async demoLoadedFor(page: Page): Promise<void> {
    const marker = join(this.folder, "data/demo-loading");
    const there = async () => (await page.request.get(`${this.url}/w/demo/retention`)).status() === 200;
    await until("the demo workspace is there", there);
    await until("the demo workspace is whole", async () => !(await exists(marker)));
  }

  /** Runs another of the program's commands on the same data; returns what it printed. */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(BIN, args, { env: environment(this.folder) });
    return stdout;
  }

  /** Imports a file of events by the command line; returns what that printed. */
  async import(workspace: string, name: string, text: string, ...more: string[]): Promise<string> {
    const file = join(this.folder, name);
    await writeFile(file, text);
    return this.run("import", file, "--workspace", workspace, "--yes", ...more);
  }

  /** The process of the private Postgres. */
  async postmaster(): Promise<number> {
    const file = join(this.folder, "data/postgres/cluster/postmaster.pid");
    return Number((await readFile(file, "utf8")).split("\n")[0]);
  }

  /** The operator's own settings of the private Postgres. */
  get localSettings(): string {
    return join(this.folder, "data/postgres/local.conf");
  }

  /** What the program has logged. */
  async log(): Promise<string> {
    return readFile(join(this.folder, "log"), "utf8");
  }

  /** Asks it to stop, waits until it has, and removes its data. */
  async stop(): Promise<void> {
    await end(this.child, this.folder);
  }
}

function environment(folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => name !== "DATABASE_URL" && !name.startsWith("HOLDFAST_") && !name.startsWith("PG"),
  );
  return { ...Object.fromEntries(own), HOLDFAST_DATA_DIR: join(folder, "data") };
}

/** Follows the first owner's link; the session that it leads to. */
async function entered(link: string): Promise<string> {
  const answer = await fetch(link, { redirect: "manual" });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (answer.status !== 303 || !cookie) throw new Error(`the first link led nowhere: ${answer.status}`);
  return cookie;
}

/** A browser's state with a session in it, or with none. */
export function signedIn(url: string, cookie: string) {
  const [name, value] = cookie.split("=");
  const own = { domain: new URL(url).hostname, path: "/", expires: -1, httpOnly: true, secure: false } as const;
  return { cookies: name && value ? [{ ...own, name, value, sameSite: "Lax" as const }] : [], origins: [] };
}

/** The address that the program prints when it serves. */
async function announced(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the program's output is not read");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[\w.:[\]/-]+/.exec(line)?.[0];
    if (url) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error("it ended before it served");
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const [, signal] = (await gone) as [number | null, string | null];
    clearTimeout(late);
    if (signal === "SIGKILL") throw new Error(`it did not stop within ${PATIENCE_MS / 1000} s; its data are in ${folder}`);
  }
  await rm(folder, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
