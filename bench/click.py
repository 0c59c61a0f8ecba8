"""ClickHouse, embedded by chdb: MergeTree tables on disk, both cores."""

import os
from datetime import datetime
from pathlib import Path

import chdb
from chdb.session import Session

from features import Feature
from model import ACTIVE, EVENTS
from peers import PATIENCE, Peer
from questions import Question, literal

MEMORY = 6 * 1024**3


class Engine(Peer):
    NAME = "ClickHouse"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.base = Session(str(folder / "click"))
        # no answer may come from a cache of results; in-order aggregation is the planner's own choice
        self.settings = (
            f"max_threads = {os.cpu_count()}, max_memory_usage = {MEMORY}, use_query_cache = 0,"
            f" max_execution_time = {PATIENCE}"
        )
        self.base.query("create database if not exists bench")

    def version(self) -> str:
        server = self.base.query("select version()", "TSV").bytes().decode().strip()
        return f"ClickHouse {server} (chdb {chdb.__version__})"

    def load(self, data: Path) -> str:
        names = ", ".join(f"'{name}'" for name in EVENTS)
        for table in ["customer", "event_by_name", "event_by_customer"]:
            self.base.query(f"drop table if exists bench.{table}")
        self.base.query("""create table bench.customer (user_id UInt32, signup_at DateTime64(3, 'UTC'),
            plan LowCardinality(String), channel LowCardinality(String), country LowCardinality(String), seats UInt16)
            engine = MergeTree order by user_id""")
        self.base.query(f"insert into bench.customer select * from file('{data / 'users.parquet'}', Parquet)")
        for table, order in [("event_by_name", "name, user_id, at"), ("event_by_customer", "user_id, at")]:
            self.base.query(f"""create table bench.{table} (user_id UInt32, name Enum8({names}),
                at DateTime64(3, 'UTC')) engine = MergeTree order by ({order})""")
            self.base.query(f"""insert into bench.{table}
                select user_id, event, timestamp from file('{data}/events-*.parquet', Parquet)""")
            self.base.query(f"optimize table bench.{table} final")
        self.base.query("optimize table bench.customer final")
        return "MergeTree, merged; events twice: ordered by name and customer, and by customer and time; names as Enum8"

    def run(self, sql: str) -> list[tuple]:
        text = self.base.query(f"{sql} settings {self.settings}", "TSV").bytes().decode()
        return [tuple(line.split("\t")) for line in text.splitlines()]

    def close(self) -> None:
        self.base.close()

    def phrasings(self, question: Question | Feature, as_of: datetime) -> dict[str, str]:
        if isinstance(question, Feature):
            return question.click(as_of)
        found = {}
        for table, order in [("event_by_name", "by name"), ("event_by_customer", "by customer")]:
            for name, sql in ways(question, as_of, f"bench.{table}").items():
                found[f"{name}; {order}"] = sql
        return found


def ways(question: Question, as_of: datetime, event: str) -> dict[str, str]:
    """The phrasings for one order of the table."""

    def period(at: str) -> str:
        if question.grain == "month":
            return f"(toYear({at}) - 2024) * 12 + toMonth({at}) - 1"
        # days since Monday, 2024-01-01
        return f"intDiv(toUInt16(toDate({at})) - 19723, 7)"

    where = "".join(f" and {name} in ({', '.join(map(repr, values))})" for name, values in question.filters.items())
    limit = f"toDateTime64('{literal(as_of)}', 3, 'UTC')"
    active = f"name in ({', '.join(map(repr, ACTIVE))}) and at < {limit}"
    members = f"""members as (select user_id, signup_at, toInt16({period('signup_at')}) as cohort
        from bench.customer where signup_at < {limit}{where})"""
    sizes = "select cohort, 0, count() from members group by cohort"
    few = " and user_id in (select user_id from members)" if question.filters else ""
    # the outer select gives `settings` one query to belong to
    if question.kind == "on_or_after":
        return {
            "newest event per customer": f"""with {members},
                last as (select user_id, toInt16({period('max(at)')}) as last from {event} where {active}{few}
                    group by user_id)
                select * from (select cohort, last - cohort as k, count() from last join members using (user_id)
                where last > cohort group by cohort, k union all {sizes})""",
        }
    # bit functions take 64 bits at most, so two words
    low = "groupBitOrIf(bitShiftLeft(toUInt64(1), period % 64), period < 64)"
    high = low.replace("<", ">=")
    sets = f"""sets as (select user_id, {low} as low, {high} as high
        from (select user_id, toUInt8({period('at')}) as period from {event} where {active}{few}) group by user_id)"""
    return {
        "join, uniqExact": f"""with {members}
            select * from (select cohort, toInt16({period('at')}) - cohort as k, uniqExact(user_id)
            from {event} join members using (user_id) where {active} and at >= signup_at and k > 0 group by cohort, k union all {sizes})""",
        "distinct pairs, then join": f"""with {members},
            pairs as (select user_id, toInt16({period('at')}) as active from {event} where {active}{few}
                group by user_id, active)
            select * from (select cohort, active - cohort as k, count() from pairs join members using (user_id)
            where active > cohort group by cohort, k union all {sizes})""",
        "bit sets": f"""with {members}, {sets}
            select * from (select cohort, period - cohort as k, count() from (
                select cohort, arrayJoin(arrayConcat(bitPositionsToArray(low), arrayMap(bit -> bit + 64,
                    bitPositionsToArray(high)))) as period
                from sets join members using (user_id)
            ) where period > cohort group by cohort, k union all {sizes})""",
        "arrays": f"""with {members},
            lists as (select user_id, groupUniqArray(toInt16({period('at')})) as periods from {event}
                where {active}{few} group by user_id)
            select * from (select cohort, period - cohort as k, count() from (
                select cohort, arrayJoin(periods) as period from lists join members using (user_id)
            ) where period > cohort group by cohort, k union all {sizes})""",
        "bitmaps per period": f"""with {members},
            by_period as (select toInt16({period('at')}) as period, groupBitmapState(user_id) as users
                from {event} where {active}{few} group by period),
            by_cohort as (select cohort, groupBitmapState(user_id) as users from members group by cohort)
            select * from (select cohort, period - cohort as k, bitmapAndCardinality(a.users, c.users) as n
            from by_period as a cross join by_cohort as c where period > cohort and n > 0 union all {sizes})""",
    }
