"""DuckDB, embedded: one file on disk, both cores."""

import os
from datetime import datetime
from pathlib import Path

import duckdb

from features import Feature
from generate import event_files
from model import ACTIVE, EVENTS
from peers import Peer
from questions import FIRST_MS, WEEK_MS, Question, literal

MEMORY = "6GB"


class Engine(Peer):
    NAME = "DuckDB"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.base = duckdb.connect(str(folder / "duck.db"))
        self.base.execute(f"set memory_limit = '{MEMORY}'; set threads = {os.cpu_count()}; set timezone = 'UTC'")
        self.base.execute("set preserve_insertion_order = false")

    def version(self) -> str:
        return f"DuckDB {duckdb.__version__}"

    def load(self, data: Path) -> str:
        parts = [str(path) for path in event_files(data, "parquet")]
        names = ", ".join(f"'{name}'" for name in EVENTS)
        self.base.execute(f"""
            create or replace type name as enum ({names});
            create or replace table customer as
                select user_id, signup_at::timestamp as signup_at, plan, channel, country, seats
                from read_parquet('{data / "users.parquet"}') order by user_id;
            create or replace table event as
                select user_id, event::name as name, timestamp::timestamp as ts from read_parquet({parts})
                order by user_id, ts;
            checkpoint;
        """)
        return "table sorted by customer and time, names as an enum"

    def run(self, sql: str) -> list[tuple]:
        return self.base.execute(sql).fetchall()

    def close(self) -> None:
        self.base.close()

    def phrasings(self, question: Question | Feature, as_of: datetime) -> dict[str, str]:
        if isinstance(question, Feature):
            return question.duck(as_of)
        def period(at: str) -> str:
            if question.grain == "month":
                return f"((year({at}) - 2024) * 12 + month({at}) - 1)::int"
            return f"((epoch_ms({at}) - {FIRST_MS}) // {WEEK_MS})::int"

        where = "".join(
            f" and {name} in ({', '.join(map(repr, values))})" for name, values in question.filters.items()
        )
        active = f"name in ({', '.join(map(repr, ACTIVE))}) and ts < timestamp '{literal(as_of)}'"
        members = f"""members as (
            select user_id, signup_at, {period('signup_at')} as cohort from customer
            where signup_at < timestamp '{literal(as_of)}'{where}
        )"""
        sizes = "select cohort, 0, count(*) from members group by cohort"
        # a semi join before the heavy work pays when few customers are asked for
        few = " and user_id in (select user_id from members)" if question.filters else ""
        if question.kind == "on_or_after":
            return {
                "newest event per customer": f"""with {members}, last as (
                        select user_id, {period('max(ts)')} as last from event where {active}{few} group by user_id
                    )
                    select cohort, last - cohort, count(*) from last join members using (user_id)
                    where last > cohort group by all union all {sizes}""",
                "newest period per customer": f"""with {members}, last as (
                        select user_id, max({period('ts')}) as last from event where {active}{few} group by user_id
                    )
                    select cohort, last - cohort, count(*) from last join members using (user_id)
                    where last > cohort group by all union all {sizes}""",
            }
        bits = range(1, question.periods())
        return {
            "join, count distinct": f"""with {members}
                select cohort, {period('ts')} - cohort as k, count(distinct user_id) from event join members using (user_id)
                where {active} and ts >= signup_at and k > 0 group by all union all {sizes}""",
            "distinct pairs, then join": f"""with {members}, pairs as (
                    select distinct user_id, {period('ts')} as active from event where {active}{few}
                )
                select cohort, active - cohort, count(*) from pairs join members using (user_id)
                where active > cohort group by all union all {sizes}""",
            "bit sets": f"""with {members}, sets as (
                    select user_id, bit_or(1::hugeint << {period('ts')}) as bits from event where {active}{few}
                    group by user_id
                ), counts as (
                    select cohort, [{', '.join(f'sum(bits >> {bit} & 1)::int' for bit in bits)}] as counts
                    from sets join members using (user_id) group by cohort
                ), cells as (select cohort, unnest(counts) as n, unnest(range({bits.start}, {bits.stop})) as active from counts)
                select cohort, active - cohort, n from cells where active > cohort and n > 0 union all {sizes}""",
            "bit sets, unnested": f"""with {members}, sets as (
                    select user_id, bit_or(1::hugeint << {period('ts')}) as bits from event where {active}{few}
                    group by user_id
                ), cells as (
                    select cohort, unnest(list_filter(range({bits.stop}), lambda k: bits >> k & 1 = 1)) as active
                    from sets join members using (user_id)
                )
                select cohort, active - cohort, count(*) from cells where active > cohort group by all union all {sizes}""",
            "lists": f"""with {members}, lists as (
                    select user_id, list_distinct(list({period('ts')})) as periods from event where {active}{few}
                    group by user_id
                ), cells as (select cohort, unnest(periods) as active from lists join members using (user_id))
                select cohort, active - cohort, count(*) from cells where active > cohort group by all union all {sizes}""",
        }
