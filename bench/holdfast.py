"""Holdfast itself: its own program, its own data folder, asked over HTTP on loopback."""

import http.client
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from processes import cpu_seconds, end, memory_mb

#: No answer, import or start may take longer, in seconds.
PATIENCE = 900
IMPORT_PATIENCE = 4 * 3600


@dataclass
class Answer:
    seconds: float
    report: dict
    bytes: int


class Holdfast:
    """`holdfast serve` on a data folder. `start` and `stop` may be called again and again."""

    def __init__(self, program: Path, site: Path, data: Path):
        self.program = program
        self.site = site
        self.data = data
        self.server: subprocess.Popen | None = None
        self.address = ""
        self.entrance = ""
        self.keys: dict[str, str] = {}

    def command(self, *arguments: str) -> list[str]:
        return [str(self.program), *arguments, "--data-dir", str(self.data), "--log", "warn"]

    def version(self) -> str:
        return subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def start(self) -> float:
        """Starts the server and returns the seconds until it listened."""
        begun = time.perf_counter()
        self.data.mkdir(parents=True, exist_ok=True)
        log = (self.data.parent / "holdfast.log").open("ab")
        self.server = subprocess.Popen(
            self.command("serve", "--no-demo", "--listen", "127.0.0.1:0", "--site-root", str(self.site)),
            stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True,
        )
        said = self.server.stdout.readline()
        if "http://" not in said:
            raise RuntimeError(f"holdfast did not start; see {log.name}")
        # with nobody signed in yet, what is printed is the first owner's link
        self.address, _, self.entrance = said.split("http://", 1)[1].split()[0].partition("/")
        return time.perf_counter() - begun

    def stop(self) -> None:
        if self.server:
            end(self.server, 120)
            self.server = None

    def import_files(self, workspace: str, events: Path, users: Path | None = None) -> float:
        """Imports beside the running server, as an operator would; seconds."""
        begun = time.perf_counter()
        extra = ["--users", str(users)] if users else []
        done = subprocess.run(
            self.command("import", str(events), "--workspace", workspace, "--yes", *extra),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=IMPORT_PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"holdfast import failed:\n{done.stderr[-2000:]}")
        return time.perf_counter() - begun

    def settle(self, patience: float = 300) -> float:
        """Waits until server and Postgres have nothing to do any more (an index may follow behind an import); seconds
        until then."""
        roots = [self.server.pid, int((self.cluster() / "postmaster.pid").read_text().split()[0])]
        begun = time.perf_counter()
        calm_since, last = begun, cpu_seconds(roots)
        while (now := time.perf_counter()) - begun < patience and now - calm_since < 2:
            time.sleep(0.5)
            used = cpu_seconds(roots)
            # less than a twentieth of a core
            if used - last > 0.025:
                calm_since = time.perf_counter()
            last = used
        return calm_since - begun

    def cluster(self) -> Path:
        """The folder of its private Postgres."""
        return self.data / "postgres" / "cluster"

    def connection(self) -> str:
        """How libpq reaches that Postgres as the application's role."""
        return f"host={(self.data / 'postgres' / 'socket').resolve()} port=5432 user=holdfast dbname=holdfast"

    def memory_mb(self) -> dict[str, float]:
        """Of the server alone: its Postgres has a memory of its own."""
        return memory_mb(self.server.pid)

    def shared_buffers(self) -> str:
        """What its Postgres keeps of its files in memory, as Postgres says it."""
        with psycopg.connect(self.connection()) as base:
            return base.execute("show shared_buffers").fetchone()[0]

    def key(self, workspace: str) -> str:
        """A key that reads a workspace, made once beside the running server."""
        if workspace not in self.keys:
            make = self.command("key", "make", "--workspace", workspace, "--label", "benchmark")
            made = subprocess.run(make, capture_output=True, text=True, check=True)
            self.keys[workspace] = made.stdout.strip()
        return self.keys[workspace]

    def share(self, workspace: str, question: str) -> str:
        """Signs in as the first owner and makes a pinned link to the answer; its address."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request("GET", f"/{self.entrance}")
        welcome = connection.getresponse()
        welcome.read()
        form = {
            "kind": "retention", "question": question, "name": "Benchmark", "state": "pinned", "days": "1",
            "withhold": "on",
        }
        connection.request("POST", f"/w/{workspace}/links/make", urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": welcome.getheader("Set-Cookie", "").split(";")[0],
            "Origin": f"http://{self.address}",
        })
        made = connection.getresponse()
        page = made.read().decode()
        connection.close()
        address = re.search(rf"http://{re.escape(self.address)}/s/[\w-]+", page)
        if not address:
            raise RuntimeError(f"no link was made: {made.status}")
        return address[0]

    def client(self, workspace: str) -> "Client":
        return Client(self.address, workspace, self.key(workspace))


class Client:
    """One kept connection, as a browser has it."""

    def __init__(self, address: str, workspace: str, key: str):
        self.workspace = workspace
        self.key = key
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        # connecting is no part of a question
        self.connection.connect()
        self.reports = f"/api/v1/workspaces/{workspace}/reports"
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def ask(self, query: dict, report: str = "retention", counts: bool = False) -> Answer:
        """The full round trip, up to the last byte of the answer. `counts` asks for those alone, as the peers answer:
        without every cell's rate and interval."""
        begun = time.perf_counter()
        text = self.post(query, f"{self.reports}/{report}{'?cells=counts' if counts else ''}")
        seconds = time.perf_counter() - begun
        report = json.loads(text)
        return Answer(seconds, report.get("report", report), len(text))

    def post(self, query: dict, path: str) -> bytes:
        self.connection.request("POST", path, json.dumps(query), self.headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {text[:500]!r}")
        return text

    def close(self) -> None:
        self.connection.close()
