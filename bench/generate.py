"""Makes the data: the same files for the same size, on every machine.

users.csv     user_id, signup_at, plan, channel, country, seats
events-N.csv  user_id, event, timestamp: all events of 26 weeks, in order of time, as exports have them
*.parquet     the same rows for the peers, who load this format fastest

How customers behave:

- They are numbered in the order in which they signed up; twice as many a week sign up at the end as at the beginning.
- A third never comes back after the first week. The others stay for a lifetime by Weibull's law with a shape below 1:
  who has stayed long is likely to stay on. While they stay they leave events by Poisson's law, at a rate that is
  log-normal among customers (the busiest percent leaves a fifth of all events) and falls slowly with age.
- Work days and hours are busier. A customer's first events follow his signup; one in fifty was there before it, which
  does not count as retention and which every engine has to leave out.

Memory is constant in the number of events: one week is made, sorted and written at a time.
"""

import shutil
from dataclasses import asdict
from pathlib import Path
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from model import (
    CHANNELS, COUNTRIES, EVENTS, FIRST_MS, LOYALTY, PLANS, SEED, WEEK_MS, WEEKS, Size,
)

#: Weeks in one file of events.
PIECE = 26
VERSION = 1
DAY_MS = WEEK_MS // 7
MILLISECONDS = pa.timestamp("ms", tz="UTC")


def make(folder: Path, size: Size) -> dict:
    """Writes all files, unless they are there, and returns what they hold."""
    facts = folder / "facts.json"
    wanted = {"version": VERSION, "seed": SEED, **asdict(size)}
    if facts.exists():
        found = json.loads(facts.read_text())
        if found["asked"] == wanted:
            return found
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    customers = Customers(size)
    customers.write(folder)
    rows = [write_events(folder, customers, piece) for piece in range(WEEKS // PIECE)]
    # written last: without it the files are not complete
    found = {"asked": wanted, "customers": size.customers, "events": sum(rows), "pieces": rows}
    facts.write_text(json.dumps(found))
    return found


def event_files(folder: Path, ending: str) -> list[Path]:
    return [folder / f"events-{piece + 1}.{ending}" for piece in range(WEEKS // PIECE)]


class Customers:
    """Who signed up when, and how he is going to behave. Arrays are in the order of signup."""

    def __init__(self, size: Size):
        random = np.random.default_rng([SEED, 0])
        n = size.customers
        # the density grows from 1 to 2 over the time: its integral's inverse
        at = np.sqrt(1 + 3 * np.sort(random.random(n))) - 1
        self.signup = np.minimum((at * WEEKS * WEEK_MS).astype(np.int64), WEEKS * WEEK_MS - 1)
        self.signup_week = (self.signup // WEEK_MS).astype(np.int16)
        self.plan = random.choice(len(PLANS), n, p=list(PLANS.values())).astype(np.int8)
        self.channel = random.choice(len(CHANNELS), n, p=list(CHANNELS.values())).astype(np.int8)
        ranks = 1 / np.arange(1, len(COUNTRIES) + 1)
        self.country = random.choice(len(COUNTRIES), n, p=ranks / ranks.sum()).astype(np.int8)
        self.seats = np.minimum(random.zipf(1.8, n), 500).astype(np.int16)
        loyalty = np.array(list(LOYALTY.values()))[self.plan]
        stays = random.random(n) > 0.33
        life = np.where(stays, 1 + 20 * loyalty * random.weibull(0.55, n), 0)
        self.last_week = np.minimum(self.signup_week + life, WEEKS).astype(np.int16)
        self.early = random.random(n) < 0.02
        weight = loyalty * random.lognormal(0, 1.1, n)
        # one factor for all, so that the expected number of events is the one asked for
        expected = np.cumsum(fading(np.arange(WEEKS + 1)))
        weeks = np.minimum(self.last_week, WEEKS - 1) - self.signup_week
        self.rate = (weight * size.events / (weight * expected[weeks]).sum()).astype(np.float32)

    def write(self, folder: Path) -> None:
        def words(codes, names):
            return pa.DictionaryArray.from_arrays(codes, list(names))

        table = pa.table({
            "user_id": pa.array(np.arange(1, len(self.signup) + 1), pa.uint32()),
            "signup_at": pa.array(self.signup + FIRST_MS, MILLISECONDS),
            "plan": words(self.plan, PLANS),
            "channel": words(self.channel, CHANNELS),
            "country": words(self.country, COUNTRIES),
            "seats": pa.array(self.seats),
        })
        pa.parquet.write_table(table, folder / "users.parquet")
        plain = pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema])
        pa.csv.write_csv(table.cast(plain), folder / "users.csv", pa.csv.WriteOptions(quoting_style="none"))

    def week(self, week: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The events of a week: customers (from 0), numbers of names, milliseconds since FIRST; in order of time."""
        random = np.random.default_rng([SEED, 1, week])
        here = np.searchsorted(self.signup_week, week, side="right")
        age = week - self.signup_week[:here]
        rate = np.where(self.last_week[:here] >= week, self.rate[:here] * fading(age), 0)
        who = np.repeat(np.arange(here), random.poisson(rate))
        n = len(who)
        name = random.choice(len(EVENTS), n, p=list(EVENTS.values()))
        days = np.array([1, 1.1, 1.1, 1.05, 0.9, 0.4, 0.45])
        day = random.choice(7, n, p=days / days.sum())
        hours = (random.random(n) + random.random(n)) / 2
        at = day * DAY_MS + (hours * DAY_MS).astype(np.int64)
        # in his first week a customer acts from his signup on
        first = (age[who] == 0) & ~self.early[who]
        signup = self.signup[who] - week * WEEK_MS
        since = signup + (random.random(n) * (WEEK_MS - signup)).astype(np.int64)
        at = np.where(first, since, np.minimum(at, WEEK_MS - 1))
        # one number per event: sorts by time, and rows that are alike occur once
        keys = np.unique((at * len(self.signup) + who) * len(EVENTS) + name)
        rest, name = np.divmod(keys, len(EVENTS))
        at, who = np.divmod(rest, len(self.signup))
        return who, name, at + week * WEEK_MS


def fading(age: np.ndarray) -> np.ndarray:
    """How busy a customer still is, by weeks since signup."""
    return (1.0 + age) ** -0.25


def write_events(folder: Path, customers: Customers, piece: int) -> int:
    """Writes one file of events in both formats and returns its number of rows."""
    names = list(EVENTS)
    dictionary = pa.dictionary(pa.int8(), pa.string())
    packed = pa.schema([("user_id", pa.uint32()), ("event", dictionary), ("timestamp", MILLISECONDS)])
    plain = pa.schema([("user_id", pa.uint32()), ("event", pa.string()), ("timestamp", MILLISECONDS)])
    options = pa.csv.WriteOptions(quoting_style="none")
    rows = 0
    with (
        pa.csv.CSVWriter(event_files(folder, "csv")[piece], plain, write_options=options) as text,
        pa.parquet.ParquetWriter(event_files(folder, "parquet")[piece], packed) as columns,
    ):
        for week in range(piece * PIECE, (piece + 1) * PIECE):
            who, name, at = customers.week(week)
            table = pa.table(
                [
                    pa.array(who + 1, pa.uint32()),
                    pa.DictionaryArray.from_arrays(name.astype(np.int8), names),
                    pa.array(at + FIRST_MS, MILLISECONDS),
                ],
                schema=packed,
            )
            columns.write_table(table)
            text.write_table(table.cast(plain))
            rows += len(who)
    return rows
