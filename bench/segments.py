"""Segments side by side: eight of them, and one, asked of Holdfast alone."""

import statistics
from datetime import datetime

import numpy as np

from questions import MAIN, moments

#: A trait with more values than stand side by side: eight segments, and one of all others.
MANY = "country"
#: One segment: everybody who has this value, and nobody else is asked about.
ONE = "US"
#: Each is asked so often in a round.
REPEAT = 3


def body(as_of: datetime, one: bool) -> dict:
    """The question by week, each time with another as-of."""
    retention = MAIN.body(as_of)
    if one:
        retention["filters"] = [{"name": MANY, "test": {"is": [ONE]}}]
    return {"split": {"trait": MANY}, "retention": retention}


def check(report: dict, whole: np.ndarray) -> None:
    """Segments of a trait that everybody has add up to the whole, in every cell."""
    assert len(report["segments"]) == 9, f"{len(report['segments'])} segments"
    parts = sum(MAIN.read(segment["retention"]) for segment in report["segments"])
    assert (parts == whole).all(), "segments do not add up"


def run(client, rounds: int, say) -> dict:
    """Checks that segments add up, then times many and one in turns."""
    at = moments()
    as_of = next(at)
    check(client.ask(body(as_of, one=False), "segments").report, MAIN.read(client.ask(MAIN.body(as_of)).report))
    say("segments: they add up to the whole in every cell")
    times = {"many": [], "one": []}
    for _ in range(rounds * REPEAT):
        for name, samples in times.items():
            samples.append(client.ask(body(next(at), name == "one"), "segments").seconds)
    say("segments: " + ", ".join(f"{name} {statistics.median(samples):.4f} s" for name, samples in times.items()))
    return times
