"""Questions about features: do those who use one more leave less? Asked of Holdfast, DuckDB and ClickHouse.

The peers return customers by uses, other events and whether they left; groups, strata and differences are then worked
out here, which is not counted in their time. Nor are they asked how each group stayed period by period, nor for the
reading without the landmark, which are in Holdfast's answer.
"""

import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from model import ACTIVE, EVENTS, WEEKS
from questions import literal, moments

OURS = "Holdfast"
#: Who is asked besides.
PEERS = ["DuckDB", "ClickHouse"]
#: Weeks in which usage is counted, and weeks after them in which leaving is observed.
EXPOSURE, OUTCOME = 4, 8
#: Who asks for a feature asks for this one; the scan is asked for all.
FEATURE = "report_published"
#: Holdfast answers so often in a round, each time with another as-of.
REPEAT = 3


@dataclass(frozen=True)
class Feature:
    """A question about one event."""

    name: str
    key: str = "quartiles"

    def body(self, as_of: datetime) -> dict:
        """As Holdfast is asked."""
        return {
            "feature": [self.name],
            "grain": "week",
            "exposure": EXPOSURE,
            "outcome": OUTCOME,
            "active": ACTIVE,
            "cohorts": {"last": WEEKS},
            "as_of": {"instant": as_of.strftime("%Y-%m-%dT%H:%M:%SZ")},
        }

    def duck(self, as_of: datetime) -> dict[str, str]:
        """As DuckDB is asked, by the name of the way."""
        active = f"name in ({', '.join(map(repr, ACTIVE))})"
        observed = f"""c as (
                select user_id, signup_at, signup_at + interval {7 * (EXPOSURE - 1)} day as late,
                       signup_at + interval {7 * EXPOSURE} day as cut,
                       signup_at + interval {7 * (EXPOSURE + OUTCOME)} day as over
                from customer where signup_at + interval {7 * (EXPOSURE + OUTCOME)} day <= timestamp '{literal(as_of)}'
            )"""
        return {
            "one pass": f"""with {observed}, f as (
                    select user_id, count(*) filter (where ts < cut and name = '{self.name}') as uses,
                           count(*) filter (where ts < cut) as total,
                           bool_or(ts >= late and ts < cut and {active}) as lately,
                           bool_or(ts >= cut and {active}) as stayed
                    from event join c using (user_id) where ts >= signup_at and ts < over group by user_id
                )
                select uses, total - uses, (not stayed)::int, count(*) from f where lately group by all""",
            "both windows apart": f"""with {observed}, f as (
                    select user_id, count(*) filter (where name = '{self.name}') as uses, count(*) as total,
                           bool_or(ts >= late and {active}) as lately
                    from event join c using (user_id) where ts >= signup_at and ts < cut group by user_id
                ), o as (
                    select distinct user_id from event join c using (user_id) where ts >= cut and ts < over and {active}
                )
                select uses, total - uses, (o.user_id is null)::int, count(*)
                from f left join o using (user_id) where lately group by all""",
        }

    def click(self, as_of: datetime) -> dict[str, str]:
        """As ClickHouse is asked, by the name of the way."""
        active = f"name in ({', '.join(map(repr, ACTIVE))})"
        limit = f"toDateTime64('{literal(as_of)}', 3, 'UTC')"
        observed = f"""(select user_id, signup_at, signup_at + toIntervalDay({7 * (EXPOSURE - 1)}) as late,
                signup_at + toIntervalDay({7 * EXPOSURE}) as cut, signup_at + toIntervalDay({7 * (EXPOSURE + OUTCOME)}) as over
            from bench.customer where signup_at + toIntervalDay({7 * (EXPOSURE + OUTCOME)}) <= {limit}) as c"""
        found = {}
        for table, order in [("bench.event_by_name", "by name"), ("bench.event_by_customer", "by customer")]:
            found[f"one pass; {order}"] = f"""select * from (
                select uses, total - uses as other, 1 - stayed as left_, count() from (
                    select user_id, countIf(at < cut and name = '{self.name}') as uses, countIf(at < cut) as total,
                           max(at >= late and at < cut and {active}) as lately, max(at >= cut and {active}) as stayed
                    from {table} as e join {observed} using (user_id)
                    where at >= signup_at and at < over group by user_id
                ) where lately group by uses, other, left_)"""
        return found


def groups(rows: list[tuple[int, int, int, int]]) -> dict:
    """Groups by usage and the adjusted difference, from (uses, other, left, customers); straight from the definitions."""
    users = [row for row in rows if row[0] > 0]
    total = sum(row[3] for row in users)
    by_uses = Counter()
    for uses, _, _, customers in users:
        by_uses[uses] += customers

    def nearest(candidates: dict[int, int]) -> int:
        return min(candidates, key=lambda value: (abs(4 * candidates[value] - total), candidates[value]))

    values = sorted(by_uses)
    top = nearest({v: sum(by_uses[u] for u in values if u >= v) for v in values[1:]})
    bottom = nearest({v: sum(by_uses[u] for u in values if u <= v) for v in values if v < top})

    def part(uses: int) -> str:
        if uses == 0:
            return "never"
        return "high" if uses >= top else "infrequent" if uses <= bottom else "moderate"

    sizes = {name: [0, 0] for name in ["high", "moderate", "infrequent", "never"]}
    for uses, _, left, customers in rows:
        sizes[part(uses)][0] += customers
        sizes[part(uses)][1] += left * customers
    limits = quarters(users, total)
    strata = [{"high": [0, 0], "infrequent": [0, 0]} for _ in range(4)]
    for uses, other, left, customers in users:
        side = strata[sum(other >= limit for limit in limits)].get(part(uses))
        if side:
            side[0] += customers
            side[1] += left * customers
    return {"cuts": [bottom, top], "sizes": sizes, "adjusted": common_difference(strata)}


def quarters(users: list[tuple[int, int, int, int]], total: int) -> list[int]:
    """Other activity at one, two and three quarters of the users in its order."""
    by_other = Counter()
    for _, other, _, customers in users:
        by_other[other] += customers
    limits = []
    for place in [total // 4, total // 2, total * 3 // 4]:
        so_far = 0
        for other in sorted(by_other):
            so_far += by_other[other]
            if place < so_far:
                limits.append(other)
                break
    return limits


def common_difference(strata: list[dict]) -> float | None:
    """Greenland and Robins's difference of attrition, high minus infrequent."""
    weighted = weights = 0.0
    for stratum in strata:
        (n, x), (m, y) = stratum["high"], stratum["infrequent"]
        if n and m:
            weighted += (x * m - y * n) / (n + m)
            weights += n * m / (n + m)
    return weighted / weights if weights else None


def told(report: dict) -> dict:
    """The same from Holdfast's answer."""
    reading = report["reading"]
    sizes = {group["group"]: [group["customers"], group["left"]] for group in reading["groups"]}
    adjusted = reading["adjusted"] and reading["adjusted"]["difference"]
    return {"cuts": [reading["cuts"]["bottom"], reading["cuts"]["top"]], "sizes": sizes, "adjusted": adjusted}


def check(found: dict, expected: dict, whose: str) -> None:
    """Any group that differs in a single customer ends the benchmark."""
    for key in ["cuts", "sizes"]:
        assert found[key] == expected[key], f"{whose}: {key} {expected[key]}, Holdfast {found[key]}"
    a, b = found["adjusted"], expected["adjusted"]
    assert a == b or abs(a - b) < 1e-9, f"{whose}: adjusted {b}, Holdfast {a}"


def check_scan(scan: dict, expected: dict[str, dict]) -> None:
    """Every feature of the scan is what a peer says of it alone."""
    rows = {row["feature"]: row for row in scan["features"]}
    assert set(rows) == set(EVENTS), f"features {sorted(rows)}"
    for name, row in rows.items():
        found = expected[name]
        users = sum(found["sizes"][part][0] for part in ["high", "moderate", "infrequent"])
        assert row["users"] == users, f"{name}: {row['users']} users instead of {users}"
        rates = [found["sizes"][part][1] / found["sizes"][part][0] for part in ["high", "infrequent"]]
        for key, difference in [("raw", rates[0] - rates[1]), ("adjusted", found["adjusted"])]:
            given = row[key] and row[key]["difference"]
            assert given == difference or abs(given - difference) < 1e-9, f"{name}: {key} {given} instead of {difference}"


def run(client, peers: list, rounds: int, say) -> dict:
    """Checks every way of every peer, then times the best ones in turns."""
    at = moments()
    question = Feature(FEATURE)
    trial, best = {}, {}
    as_of = next(at)
    expected = told(client.ask(question.body(as_of), "quartiles").report)
    for peer in peers:
        times = {}
        for way in peer.names(question):
            outcomes = [peer.ask(question, way, as_of) for _ in range(2)]
            check(expected, groups(outcomes[0].rows), f"{peer.NAME}, {way!r}")
            times[way] = min(outcome.seconds for outcome in outcomes)
        trial[peer.NAME], best[peer.NAME] = times, min(times, key=times.get)
    say(f"quartiles: all {len(peers) + 1} engines agree on all groups")
    first = peers[0]
    of_all = {
        name: groups(first.ask(Feature(name), best[first.NAME], as_of).rows) for name in EVENTS
    }
    check_scan(client.ask(question.body(as_of), "scan").report, of_all)
    say(f"scan: all {len(EVENTS)} features are what {first.NAME} says of each")
    times = {name: [] for name in [OURS, *(peer.NAME for peer in peers)]}
    scan = []
    for number in range(rounds):
        as_of = next(at)
        answer = client.ask(question.body(as_of), "quartiles")
        times[OURS].append(answer.seconds)
        for _ in range(REPEAT - 1):
            times[OURS].append(client.ask(question.body(next(at)), "quartiles").seconds)
        for _ in range(REPEAT):
            scan.append(client.ask(question.body(next(at)), "scan").seconds)
        turn = number % len(peers)
        for peer in peers[turn:] + peers[:turn]:
            outcome = peer.ask(question, best[peer.NAME], as_of)
            check(told(answer.report), groups(outcome.rows), peer.NAME)
            times[peer.NAME].append(outcome.seconds)
    medians = ", ".join(f"{name} {statistics.median(values):.4f} s" for name, values in times.items())
    say(f"quartiles: {medians}; scan of all: {OURS} {statistics.median(scan):.4f} s")
    # other windows than any before: nothing of them is in memory
    cold = client.ask(question.body(next(at)) | {"outcome": OUTCOME + 1}, "quartiles")
    return {"trial": trial, "best": best, "times": times, "scan": scan, "first": cold.seconds, "feature": FEATURE}
