"""What the peers have in common: each embedded one lives in a process of its own, so that none disturbs another."""

import importlib
import multiprocessing
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from questions import Question

#: No single question may take longer, in seconds.
PATIENCE = 900
LOAD_PATIENCE = 4 * 3600


@dataclass
class Outcome:
    seconds: float
    rows: list[tuple[int, int, int]]


class Peer:
    """An engine in this process. Subclasses live in duck.py, click.py and postgres.py.

    `NAME`, `VERSION`; `load(folder)` makes the tables and returns a sentence on how; `phrasings(question, as_of)`
    returns ways to ask, by name; `run(sql)` returns rows."""

    NAME = ""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def ask(self, question: Question, phrasing: str, as_of: datetime) -> Outcome:
        """Seconds until all rows are there."""
        sql = self.phrasings(question, as_of)[phrasing]
        begun = time.perf_counter()
        rows = self.run(sql)
        return Outcome(time.perf_counter() - begun, [tuple(map(int, row)) for row in rows])

    def names(self, question: Question) -> list[str]:
        return list(self.phrasings(question, datetime(2000, 1, 1)))

    def close(self) -> None:
        pass


def serve(module: str, folder: Path, pipe) -> None:
    """Runs a peer in a child process: calls come through the pipe, outcomes or errors go back."""
    peer = importlib.import_module(module).Engine(folder)
    pipe.send(("ready", peer.version()))
    while True:
        name, arguments = pipe.recv()
        try:
            pipe.send(("done", getattr(peer, name)(*arguments)))
        except Exception as error:  # whatever it is, the parent has to know
            pipe.send(("failed", f"{type(error).__name__}: {error}"[:2000]))
        if name == "close":
            return


class Broken(Exception):
    """A peer failed at a question, and again after a restart."""


class Remote:
    """A peer in a child process. One that fails at a question is started anew and asked once more."""

    def __init__(self, module: str, folder: Path):
        self.module = module
        self.folder = folder
        self.process = None
        #: What it failed at, and how.
        self.faults: list[str] = []
        self.start()

    def start(self) -> float:
        """Seconds until its data base is open, its program being loaded."""
        context = multiprocessing.get_context("spawn")
        begun = time.perf_counter()
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(self.module, self.folder, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.VERSION = self.receive(PATIENCE)
        return time.perf_counter() - begun

    def receive(self, patience: float):
        if not self.pipe.poll(patience):
            self.process.kill()
            raise TimeoutError(f"{self.module} gave no answer for {patience} s")
        kind, what = self.pipe.recv()
        if kind == "failed":
            raise RuntimeError(f"{self.module}: {what}")
        return what

    def call(self, name: str, *arguments, patience: float = PATIENCE):
        self.pipe.send((name, arguments))
        return self.receive(patience)

    def load(self, data: Path) -> str:
        return self.call("load", data, patience=LOAD_PATIENCE)

    def ask(self, question: Question, phrasing: str, as_of: datetime) -> Outcome:
        try:
            return self.call("ask", question, phrasing, as_of)
        except RuntimeError as error:
            self.faults.append(f"{question.key}, {phrasing}: {str(error).splitlines()[0]}")
            self.restart()
        try:
            return self.call("ask", question, phrasing, as_of)
        except RuntimeError as error:
            self.restart()
            raise Broken(f"{self.VERSION} at {question.key}, {phrasing!r}") from error

    def names(self, question: Question) -> list[str]:
        return self.call("names", question)

    def restart(self) -> None:
        self.close()
        self.start()

    def close(self) -> None:
        if self.process and self.process.is_alive():
            self.pipe.send(("close", ()))
            self.process.join(60)
            if self.process.is_alive():
                self.process.kill()
        self.process = None
