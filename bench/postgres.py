"""Postgres as a peer: a cluster of its own on a socket, with the index that fits the question."""

import os
import subprocess
from datetime import datetime
from pathlib import Path

import psycopg

from generate import event_files
from model import ACTIVE, EVENTS
from peers import PATIENCE, Peer
from processes import other_user
from questions import FIRST_MS, WEEK_MS, Question, literal

SETTINGS = """
listen_addresses = ''
shared_buffers = 2GB
effective_cache_size = 8GB
work_mem = 1GB
maintenance_work_mem = 1GB
max_wal_size = 4GB
checkpoint_timeout = 30min
max_parallel_workers_per_gather = 2
random_page_cost = 1.1
jit = off
timezone = 'UTC'
"""


def copy_file(base: psycopg.Connection, table: str, path: Path) -> None:
    """Sends a file as it is: nothing of it is looked at here."""
    with base.cursor() as cursor, path.open("rb") as file:
        with cursor.copy(f"copy {table} from stdin (format csv, header)") as copy:
            while chunk := file.read(256 * 1024):
                copy.write(chunk)


class Engine(Peer):
    NAME = "Postgres"

    def __init__(self, folder: Path, programs: Path):
        super().__init__(folder)
        self.programs = programs
        self.user = other_user()
        if self.user:
            os.chown(folder, self.user["user"], self.user["group"])
        cluster = folder / "cluster"
        if not cluster.exists():
            self.run_program("initdb", "--pgdata", cluster, "--username", "postgres", "--auth", "trust",
                             "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
            with (cluster / "postgresql.conf").open("a") as settings:
                settings.write(SETTINGS + f"unix_socket_directories = '{folder}'\n")
        self.start()

    def run_program(self, name: str, *arguments) -> None:
        done = subprocess.run(
            [self.programs / name, *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, **self.user,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr[-2000:]}")

    def start(self) -> None:
        cluster = self.folder / "cluster"
        self.run_program("pg_ctl", "start", "--silent", "--wait", "--pgdata", cluster, "--log", cluster / "log")
        self.base = psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True)
        self.base.execute(f"set statement_timeout = '{PATIENCE}s'")
        self.VERSION = self.version()

    def version(self) -> str:
        return "Postgres " + self.base.execute("show server_version").fetchone()[0].split()[0]

    def close(self) -> None:
        if self.base.closed:
            return
        self.base.close()
        self.run_program("pg_ctl", "stop", "--silent", "--mode", "fast", "--pgdata", self.folder / "cluster")

    def restart(self) -> None:
        self.close()
        self.start()

    def load(self, data: Path) -> str:
        names = ", ".join(f"'{name}'" for name in EVENTS)
        base = self.base
        base.execute("set statement_timeout = 0")
        base.execute("drop table if exists customer, event; drop type if exists name_of_event")
        base.execute(f"create type name_of_event as enum ({names})")
        base.execute("""create table customer (user_id int, signup_at timestamptz, plan text, channel text,
            country text, seats int)""")
        base.execute("create table event (user_id int, name name_of_event, at timestamptz)")
        copy_file(base, "customer", data / "users.csv")
        for path in event_files(data, "csv"):
            copy_file(base, "event", path)
        base.execute("alter table customer add primary key (user_id)")
        base.execute("create index on event (user_id, at) include (name)")
        # sets the visibility map, without which no answer comes from the index alone
        base.execute("vacuum (analyze) event")
        base.execute("vacuum (analyze) customer")
        base.execute(f"set statement_timeout = '{PATIENCE}s'")
        return "index on customer and time that includes the name (an enum), vacuumed; two parallel workers, no JIT"

    def run(self, sql: str) -> list[tuple]:
        return self.base.execute(sql).fetchall()

    def phrasings(self, question: Question, as_of: datetime) -> dict[str, str]:
        def period(at: str) -> str:
            if question.grain == "month":
                return f"((extract(year from {at})::int - 2024) * 12 + extract(month from {at})::int - 1)"
            # as floating point: numeric, which `extract` returns, is slow
            return f"floor((extract(epoch from {at})::float8 - {FIRST_MS // 1000}) / {WEEK_MS // 1000})::int"

        where = "".join(
            f" and {name} in ({', '.join(map(repr, values))})" for name, values in question.filters.items()
        )
        active = f"name in ({', '.join(map(repr, ACTIVE))}) and at < '{literal(as_of)}+00'"
        members = f"""members as materialized (select user_id, signup_at, {period('signup_at')} as cohort from customer
            where signup_at < '{literal(as_of)}+00'{where})"""
        sizes = "select cohort, 0, count(*) from members group by cohort"
        few = " and user_id in (select user_id from members)" if question.filters else ""
        if question.kind == "on_or_after":
            return {
                "newest event per customer": f"""with {members}, last as materialized (
                        select user_id, {period('max(at)')} as last from event where {active}{few} group by user_id
                    )
                    select cohort, last - cohort as k, count(*) from last join members using (user_id)
                    where last > cohort group by cohort, k union all {sizes}""",
            }
        return {
            "distinct pairs, then join": f"""with {members}, pairs as (
                    select user_id, {period('at')} as active from event where {active}{few} group by user_id, active
                )
                select cohort, active - cohort as k, count(*) from pairs join members using (user_id)
                where active > cohort group by cohort, k union all {sizes}""",
            "bit sets": f"""with {members}, sets as materialized (
                    select user_id, bit_or(b'1'::bit(128) >> {period('at')}) as bits from event where {active}{few}
                    group by user_id
                )
                select cohort, active - cohort as k, count(*) from sets join members using (user_id)
                cross join generate_series(1, {question.periods() - 1}) as active
                where active > cohort and get_bit(bits, active) = 1 group by cohort, k union all {sizes}""",
            "join, count distinct": f"""with {members}
                select cohort, {period('at')} - cohort as k, count(distinct user_id)
                from event join members using (user_id)
                where {active} and at >= signup_at and {period('at')} > cohort group by cohort, k
                union all {sizes}""",
        }
