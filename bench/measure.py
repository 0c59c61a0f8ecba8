"""What is measured, and how: every function returns plain values for report.py."""

import itertools
import json
import multiprocessing
import statistics
import time
from pathlib import Path

import numpy as np
import psycopg

from generate import event_files
from holdfast import Client, Holdfast
from peers import Broken
from postgres import copy_file
from questions import ALL, LIGHT, MAIN, heavy_body, moments

OURS = "Holdfast"
#: The same answer with every cell's rate and interval, as it is without being asked for counts alone.
FULL = "with intervals"
#: Of each question's rounds, Postgres, which takes longest by far, is in so many.
SLOW_ROUNDS = 3
#: No new round of a question begins after so many seconds.
BUDGET = 900
#: Holdfast answers so often in a round, each time with another as-of.
REPEAT = 3


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def load_ours(holdfast: Holdfast, workspace: str, data: Path, copy_too: bool) -> dict:
    """Imports all files; with `copy_too`, sends the same files by bare COPY to plain tables without an index, in the
    same Postgres with the same settings, piece by piece in turns. The first piece has the customers as well. Nobody
    tidies those tables up, which would happen while Holdfast imports."""
    ours, bare = [], []
    files = event_files(data, "csv")

    def import_piece(piece: int) -> None:
        users = data / "users.csv" if piece == 0 else None
        ours.append(holdfast.import_files(workspace, files[piece], users))

    def copy_piece(piece: int) -> None:
        begun = time.perf_counter()
        with psycopg.connect(holdfast.connection()) as base:
            if piece == 0:
                copy_file(base, "bench_bare.customer", data / "users.csv")
            copy_file(base, "bench_bare.event", files[piece])
        bare.append(time.perf_counter() - begun)

    if copy_too:
        with psycopg.connect(holdfast.connection()) as base:
            base.execute("""
                create schema bench_bare;
                create table bench_bare.customer (user_id text, signup_at timestamptz, plan text, channel text,
                    country text, seats text) with (autovacuum_enabled = off);
                create table bench_bare.event (user_id text, event text, at timestamptz)
                    with (autovacuum_enabled = off)""")
    for piece in range(len(files)):
        order = [import_piece, copy_piece] if copy_too else [import_piece]
        # whoever is first finds another disk than who is second
        for step in order if piece % 2 == 0 else reversed(order):
            step(piece)
    if copy_too:
        with psycopg.connect(holdfast.connection()) as base:
            base.execute("drop schema bench_bare cascade")
    return {"import": ours, "copy": bare, "settled": holdfast.settle()}


class Match:
    """All engines at the same questions. Any answer that differs in a single cell ends the benchmark."""

    def __init__(self, client: Client, peers: list):
        self.client = client
        self.peers = peers
        self.at = moments()
        self.best: dict[tuple[str, str], str] = {}

    def ours(self, question, at, counts: bool = True) -> tuple[float, np.ndarray]:
        answer = self.client.ask(question.body(at), counts=counts)
        return answer.seconds, question.read(answer.report)

    def theirs(self, peer, question, phrasing, at, expected) -> float:
        outcome = peer.ask(question, phrasing, at)
        found = question.matrix(outcome.rows)
        if not np.array_equal(found, expected):
            cells = np.argwhere(found != expected)
            first = tuple(map(int, cells[0]))
            raise AssertionError(
                f"{question.key}, {phrasing!r} by {peer.VERSION}: {len(cells)} cells differ; at {first} it says"
                f" {found[first]}, Holdfast {expected[first]}"
            )
        return outcome.seconds

    def first(self) -> float:
        """Seconds of our answer to the main question."""
        return self.ours(MAIN, next(self.at))[0]

    def trial(self) -> dict:
        """Every phrasing of every peer, checked, the faster of two times; the fastest is the one for the rounds."""
        found = {}
        for question in ALL:
            at = next(self.at)
            _, expected = self.ours(question, at)
            found[question.key] = {"customers": int(expected[:, 0].sum()), "cells": int((expected > 0).sum())}
            for peer in self.peers:
                times = {}
                for name in peer.names(question):
                    try:
                        times[name] = min(self.theirs(peer, question, name, at, expected) for _ in range(2))
                    except Broken as error:
                        # its other phrasings stand for it; the report names the fault
                        say(f"left out: {error}")
                self.best[question.key, peer.NAME] = min(times, key=times.get)
                found[question.key][peer.NAME] = times
            say(f"{question.key}: all {len(self.peers) + 1} engines agree on all cells")
        return found

    def rounds(self, count: int) -> dict:
        """Seconds by question and engine."""
        found = {}
        for question in ALL:
            times = {name: [] for name in [OURS, FULL, *(peer.NAME for peer in self.peers)]}
            begun = time.perf_counter()
            for number in range(count):
                if number and time.perf_counter() - begun > BUDGET:
                    break
                at = next(self.at)
                seconds, expected = self.ours(question, at)
                times[OURS].append(seconds)
                for _ in range(REPEAT - 1):
                    times[OURS].append(self.ours(question, next(self.at))[0])
                seconds, full = self.ours(question, at, counts=False)
                assert np.array_equal(full, expected), f"{question.key}: counts and cells differ"
                times[FULL].append(seconds)
                for _ in range(REPEAT - 1):
                    times[FULL].append(self.ours(question, next(self.at), counts=False)[0])
                turn = number % len(self.peers)
                for peer in self.peers[turn:] + self.peers[:turn]:
                    if peer.NAME == "Postgres" and number >= SLOW_ROUNDS:
                        continue
                    phrasing = self.best[question.key, peer.NAME]
                    times[peer.NAME].append(self.theirs(peer, question, phrasing, at, expected))
            found[question.key] = times
            say(f"{question.key}: " + ", ".join(f"{k} {statistics.median(v):.4f} s" for k, v in times.items()))
        return found

    def cold(self, holdfast: Holdfast, count: int = 3) -> dict:
        """The first answer after a start, without the start itself, to a question that was asked before it with another
        as-of. Nobody's files leave the system's page cache."""
        times = {name: [] for name in [OURS, *(peer.NAME for peer in self.peers)]}
        starts = []
        for _ in range(count):
            self.client.close()
            holdfast.stop()
            starts.append(holdfast.start())
            self.client = holdfast.client(self.client.workspace)
            at = next(self.at)
            seconds, expected = self.ours(MAIN, at)
            times[OURS].append(seconds)
            for peer in self.peers:
                peer.restart()
                times[peer.NAME].append(self.theirs(peer, MAIN, self.best["week", peer.NAME], at, expected))
        return {"first answer": times, "start": starts}


def growth(holdfast: Holdfast, workspaces: list[str], rounds: int) -> dict:
    """Warm seconds of the main question by workspace, in turns."""
    clients = {name: holdfast.client(name) for name in workspaces}
    times = {name: [] for name in workspaces}
    at = moments()
    for number in range(-1, rounds * REPEAT):
        for name, client in clients.items():
            answer = client.ask(MAIN.body(next(at)), counts=True)
            MAIN.read(answer.report)
            # the first one warms up
            if number >= 0:
                times[name].append(answer.seconds)
    for client in clients.values():
        client.close()
    return times


def keep_asking(holdfast_address: str, key: str, workspace: str, answered) -> None:
    """Asks the heavy question for ever; in a process of its own."""
    client = Client(holdfast_address, workspace, key)
    # another second than any other question has
    for at in itertools.islice(moments(), 100_000, None):
        client.post(heavy_body(at), f"{client.reports}/retention")
        with answered.get_lock():
            answered.value += 1


def starve(holdfast: Holdfast, workspace: str) -> dict:
    """A light question alone, then while two clients ask a heavy one again and again."""
    client = holdfast.client(workspace)
    at = moments()
    heavy = client.ask(heavy_body(next(at)))

    def sample() -> list[float]:
        begun, times = time.perf_counter(), []
        while len(times) < 5 or (len(times) < 100 and time.perf_counter() - begun < 60):
            times.append(client.ask(LIGHT.body(next(at))).seconds)
            time.sleep(0.02)
        return times

    sample()
    alone = sample()
    context = multiprocessing.get_context("spawn")
    answered = context.Value("q", 0)
    arguments = (holdfast.address, client.key, workspace, answered)
    asking = [context.Process(target=keep_asking, args=arguments, daemon=True) for _ in range(2)]
    for process in asking:
        process.start()
    try:
        begun = time.perf_counter()
        while answered.value < 2 and time.perf_counter() - begun < 10 + 4 * heavy.seconds:
            time.sleep(0.01)
        before = answered.value
        beside = sample()
        done = answered.value - before
    finally:
        for process in asking:
            process.kill()
            process.join()
        client.close()
    return {
        "alone": alone, "beside": beside, "heavy": heavy.seconds, "heavy bytes": heavy.bytes, "heavy answers": done,
    }


def read_once(customers: int) -> dict:
    """The time to read the bytes that the main question needs at least (16 for each customer: 104 weeks of bits) by one
    core. The better of two ways to touch them all."""
    words = np.random.default_rng(0).integers(0, 2**63, 2 * customers, np.int64)
    ways = [lambda: np.bitwise_xor.reduce(words), lambda: words.sum()]
    best = []
    for way in ways:
        times = []
        for _ in range(15):
            begun = time.perf_counter()
            way()
            times.append(time.perf_counter() - begun)
        best.append(statistics.median(times))
    return {"bytes": words.nbytes, "seconds": min(best)}


def answer_bytes(client: Client) -> dict[str, int]:
    """Of the main question's answer, in both forms."""
    at = moments()
    return {name: client.ask(MAIN.body(next(at)), counts=name == OURS).bytes for name in (OURS, FULL)}


def save(results: dict, path: Path) -> None:
    path.write_text(json.dumps(results, indent=1))
