"""The results as a table for the terminal and as docs/BENCHMARKS.md.

`python report.py results.json` prints the page once more."""

import json
import statistics
import sys
import textwrap
from pathlib import Path

import share
from measure import FULL, OURS, REPEAT, SLOW_ROUNDS
from questions import ALL

PEERS = ["ClickHouse", "DuckDB", "Postgres"]


def time_text(seconds: float) -> str:
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def ratio_text(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def spread(times: list[float]) -> str:
    return f"{time_text(statistics.median(times))} ({time_text(min(times))} – {time_text(max(times))})"


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(part * len(times)))]


def best_peer(times: dict) -> tuple[str, float]:
    medians = {peer: statistics.median(times[peer]) for peer in PEERS}
    peer = min(medians, key=medians.get)
    return peer, medians[peer]


def targets(results: dict) -> list[tuple[str, str, str, bool]]:
    """What was wanted, what it is, and whether that is enough."""
    found = []
    for question in ALL:
        times = results["warm"][question.key]
        peer, seconds = best_peer(times)
        ratio = seconds / statistics.median(times[OURS])
        wanted = 100 if question.key == "week" else 50
        found.append((
            question.title, f"≥ {wanted} × {peer}", f"{ratio_text(ratio)} ×", ratio >= wanted,
        ))
    if "features" in results:
        found += feature_targets(results["features"])
    if "segments" in results:
        ratio = statistics.median(results["segments"]["many"]) / statistics.median(results["segments"]["one"])
        found.append(("eight segments and all others", "≤ 3 × the time of one", f"{ratio_text(ratio)} ×", ratio <= 3))
    cold = results["cold"]["first answer"]
    peer, seconds = best_peer(cold)
    ratio = seconds / statistics.median(cold[OURS])
    found.append(("first answer after a start", f"≥ 8 × {peer}", f"{ratio_text(ratio)} ×", ratio >= 8))
    found += share_targets(results["share"])
    memory = max(results[key]["peak"] for key in ["memory", "memory after heavy"])
    found.append(("server's memory at its highest", "≤ 400 MB", f"{memory:.0f} MB", memory <= 400))
    share = sum(results["import"]["copy"]) / sum(results["import"]["import"])
    found.append(("import, share of bare COPY's speed", "≥ 25 %", f"{100 * share:.0f} %", share >= 0.25))
    if "growth" in results:
        times = {name: statistics.median(values) for name, values in results["growth"].items()}
        for name, wanted, title in [("dense", 2, "10 × the events of the same customers"), ("bench", 11, "10 × the customers")]:
            ratio = times[name] / times["tenth"]
            found.append((title, f"≤ {wanted} × the time", f"{ratio_text(ratio)} ×", ratio <= wanted))
    return found


def feature_targets(results: dict) -> list[tuple[str, str, str, bool]]:
    times = {name: statistics.median(values) for name, values in results["times"].items()}
    peer = min((name for name in times if name != OURS), key=times.get)
    ratio = times[peer] / times[OURS]
    scan = statistics.median(results["scan"]) / times[OURS]
    return [
        ("quartiles of one feature", f"≥ 20 × {peer}", f"{ratio_text(ratio)} ×", ratio >= 20),
        ("scan of all 12 features", "≤ 5 × the time of one", f"{ratio_text(scan)} ×", scan <= 5),
    ]


def share_targets(results: dict) -> list[tuple[str, str, str, bool]]:
    size, first, rate = results["bytes"], max(results["first"]), results["rate"]
    return [
        ("shared page of 26 weeks, with its style", f"≤ {share.BYTES // 1000} KB", f"{size / 1000:.1f} KB", size <= share.BYTES),
        ("the same, looked at in a new way", f"≤ {time_text(share.SECONDS)}", time_text(first), first <= share.SECONDS),
        ("the same, from memory", f"≥ {share.RATE} a second", f"{rate:,.0f}", rate >= share.RATE),
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def verdicts(results: dict) -> list[list[str]]:
    return [[what, wanted, found, "yes" if met else "**no**"] for what, wanted, found, met in targets(results)]


def warm_rows(results: dict) -> list[list[str]]:
    rows = []
    for question in ALL:
        times = results["warm"][question.key]
        ours = statistics.median(times[OURS])
        row = [question.title, spread(times[OURS]), spread(times[FULL])]
        for peer in PEERS:
            row.append(f"{spread(times[peer])}, {ratio_text(statistics.median(times[peer]) / ours)} ×")
        rows.append(row)
    return rows


def terminal(results: dict) -> str:
    rows = [["", "wanted", "is", "met"], *verdicts(results)]
    rows = [[text.replace("*", "") for text in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += ["", "medians: Holdfast over HTTP; peers in their own process, with their best phrasing"]
    for question in ALL:
        times = results["warm"][question.key]
        text = "  ".join(f"{name} {time_text(statistics.median(times[name]))}" for name in [OURS, *PEERS])
        lines.append(f"  {question.title.replace('*', ''):36} {text}")
    return "\n".join(lines)


def page(results: dict) -> str:
    machine, data = results["machine"], results["data"]
    missed = [row for row in targets(results) if not row[3]]
    warm, cold, starve = results["warm"], results["cold"], results["starve"]
    main = statistics.median(warm["week"][OURS])
    once = results["read once"]
    rows = data["events"] + data["customers"]
    ours, bare = sum(results["import"]["import"]), sum(results["import"]["copy"])
    pieces = [b / a for a, b in zip(results["import"]["import"], results["import"]["copy"], strict=True)]
    parts = [f"""# Benchmarks

Written by `make bench`{'' if results['scale'] == 1 else f" SCALE={results['scale']:g}"}, which makes the data, loads them everywhere, asks every engine the same questions in
turns, and refuses to report anything unless all answers are equal cell by cell. Run it again on your own machine.

{machine['date']}, commit {machine['commit']}; {machine['cores']} cores ({machine['cpu']}), {machine['memory GiB']} GiB, {machine['system']};
load before the start {', '.join(f'{load:.1f}' for load in results['load'])}. {results['seconds'] / 60:.0f} minutes in all.
{'; '.join(results['versions'])}.

{data['events']:,} events of {data['customers']:,} customers over 104 weeks, seeded; `bench/generate.py` says how they behave.
Active is any of six of the twelve event names.

## Wanted and found

The questions are warm, a full HTTP round trip, against the peer that is fastest at each.

{table(['', 'wanted', 'is', 'met'], verdicts(results))}
"""]
    if missed:
        parts.append(f"Not met: {len(missed)} of {len(targets(results))}.\n")
    else:
        parts.append("All are met.\n")
    parts.append(f"""## Warm

Median (fastest – slowest) of {results['rounds']} rounds in which everybody is asked in turns ({OURS} {REPEAT} times, Postgres only
in the first {SLOW_ROUNDS}). Every question has another as-of, a second apart, so that none is answered from memory of the same question. × is the peer's time over
Holdfast's.

{table(['question', OURS, FULL, *PEERS], warm_rows(results))}

Holdfast's time is the full round trip of `POST {results['path'].replace('bench', '{workspace}')}?cells=counts` over
loopback, {results['bytes'][OURS]:,} bytes of JSON in the answer to the first question: the numbers that the peers answer with,
too. *{FULL}* is the same without `?cells=counts`, {results['bytes'][FULL]:,} bytes, with every cell's rate and Wilson's interval. A peer's time is that of the query in its own process until all rows are there,
without any network.

The least that the first question can cost is reading its bits once: {once['bytes'] / 1e6:.3g} MB, {time_text(once['seconds'])} for one core of this machine.
Holdfast's answer takes {ratio_text(main / once['seconds'])} times that.
""")
    if "features" in results:
        parts.append(features_page(results["features"]))
    if "segments" in results:
        parts.append(segments_page(results["segments"]))
    cold_rows = [[name, spread(cold["first answer"][name])] for name in [OURS, *PEERS]]
    if "first ever" in results:
        cold_rows.insert(1, [f"{OURS}, the very first time", time_text(results["first ever"])])
    parts.append(f"""## Cold

The first answer to the first question after a start, three times; the start itself is not counted (Holdfast with its
Postgres: {spread(cold['start'])}). Files stay in the system's page cache, for everybody. {OURS} was asked the same before it
was stopped, as of another instant: it keeps on disk, beside the events, in which periods each customer was active, and
begins with that. *The very first time* is after a start as well, when nobody had asked anything before and nothing was
kept.

{table(['', 'first answer'], cold_rows)}

{OURS}'s first answer takes {ratio_text(statistics.median(cold['first answer'][OURS]) / best_peer(warm['week'])[1])} times as long as the warm one of the fastest peer.

## Memory and disk

Holdfast's server: {results['memory']['now']:.0f} MB resident after all questions, {results['memory']['peak']:.0f} MB at its highest; after the heavy
questions below {results['memory after heavy']['now']:.0f} and {results['memory after heavy']['peak']:.0f} MB. Its Postgres ({results['shared buffers']} of shared buffers) is not counted.

{table(['', 'on disk'], [[name, f"{size / 1e9:.3g} GB"] for name, size in results['disk'].items()])}

Just after loading, write-ahead logs included; ClickHouse has its events twice.

## Import

`holdfast import` of all files: {time_text(ours)}, {rows / ours:,.0f} rows a second; bare `COPY` of the same files, as text, into tables
without an index, and never vacuumed, in the same Postgres with the same settings: {time_text(bare)}, {rows / bare:,.0f} rows a second. In turns, in {len(pieces)} pieces;
the share by piece was {', '.join(f'{100 * share:.0f} %' for share in pieces)}. After the last one server and Postgres worked on for {results['import']['settled']:.0f} s.
""")
    parts.append(share_page(results["share"]))
    if "growth" in results:
        growth_rows = [
            [title, spread(results["growth"][name])]
            for name, title in [
                ("tenth", "a tenth of the customers and of the events"),
                ("dense", "a tenth of the customers, all events"),
                ("bench", "all customers, all events"),
            ]
        ]
        parts.append(f"## Growth\n\nThe first question, warm.\n\n{table(['', 'Holdfast'], growth_rows)}\n")
    alone, beside = starve["alone"], starve["beside"]
    parts.append(f"""## A light question beside two heavy ones

Two clients ask for 520 cohorts by day, *on or after*, without a pause ({time_text(starve['heavy'])} and {starve['heavy bytes'] / 1e6:.1f} MB each when alone); a third
asks a small question by month with one trait filter.

{table(['light question', 'median', '95 %', 'slowest'], [
    ['alone', *(time_text(percentile(alone, part)) for part in [0.5, 0.95, 1])],
    [f"beside ({starve['heavy answers']} heavy answers meanwhile)", *(time_text(percentile(beside, part)) for part in [0.5, 0.95, 1])],
])}

## How the peers were asked

Numbers as customers' ids and an enum for event names are a favour to the peers: they are what these engines are fastest
with. Embedded ones may use all cores and 6 GB. For each question all phrasings below were tried on warm data, and the
fastest of each peer went into the rounds.
""")
    parts.append("\n".join(f"- {peer}: {results['loading'][peer]['how']} (loaded in {time_text(results['loading'][peer]['seconds'])})." for peer in PEERS) + "\n")
    for peer in PEERS:
        names = list(dict.fromkeys(name for question in ALL for name in results["trial"][question.key][peer]))
        lines = [
            [name, *(phrasing(results, question.key, peer, name) for question in ALL)] for name in names
        ]
        parts.append(table([peer, *(question.key for question in ALL)], lines) + "\n")
    if results["faults"]:
        faults = "\n".join(f"- {fault}" for fault in results["faults"])
        parts.append(f"Failed and asked once more after a restart of the peer; left out if they failed again:\n\n{faults}\n")
    return wrapped("\n".join(parts))


def features_page(results: dict) -> str:
    ours = statistics.median(results["times"][OURS])
    rows = []
    for name, times in results["times"].items():
        text = spread(times) if name == OURS else f"{spread(times)}, {ratio_text(statistics.median(times) / ours)} ×"
        rows.append([name, text])
    ways = [
        [f"{peer}: {way}", f"**{time_text(seconds)}**" if results["best"][peer] == way else time_text(seconds)]
        for peer, times in results["trial"].items()
        for way, seconds in times.items()
    ]
    return f"""## Features

Do those who used `{results['feature']}` more in their first 4 weeks leave less in the 8 weeks after? Groups by usage, with
the difference adjusted for all other events; all engines agree on every group before any time counts. The peers return
customers by uses, other events and whether they left, one reading, and what follows from that is worked out for them;
{OURS} answers with both readings, and with each group period by period.

{table(['', 'median (fastest – slowest)'], rows)}

The same for all 12 events at once: {OURS} {spread(results['scan'])}. The first question with windows that nobody has asked
about before: {time_text(results['first'])}.

{table(['way to ask', 'on warm data'], ways)}
"""


def segments_page(results: dict) -> str:
    rows = [["eight values of a trait and all others", spread(results["many"])], ["one value", spread(results["one"])]]
    return f"""## Segments

The first question for each segment, with differences, how long customers stayed and which segments differ. Those of a
trait add up to the whole in every cell, which is checked before any time counts.

{table(['segments', OURS], rows)}
"""


def share_page(results: dict) -> str:
    together = results["together"]
    return f"""## A shared page

A pinned link to 26 weeks: {results['bytes']:,} bytes on the wire, style included and packed by brotli. The slowest of
{len(results['first'])} ways to look at it took {time_text(max(results['first']))} when it was made; from memory it takes {spread(results['warm'])}.
{share.READERS} readers at once, for {share.DURATION} s, on the same two cores: {results['rate']:,.0f} pages a second, {time_text(percentile(together, 0.95))} for
95 % of them.
"""


def wrapped(text: str) -> str:
    """Paragraphs in lines of the documents' usual length; tables, lists and headings as they are."""
    blocks = text.split("\n\n")
    kept = ("|", "#", "-")
    filled = [one if one.lstrip().startswith(kept) else textwrap.fill(one.replace("\n", " "), 120) for one in blocks]
    return "\n\n".join(filled).strip() + "\n"


def phrasing(results: dict, question: str, peer: str, name: str) -> str:
    times = results["trial"][question][peer]
    if name not in times:
        return ""
    text = time_text(times[name])
    return f"**{text}**" if results["best"][f"{question} {peer}"] == name else text


if __name__ == "__main__":
    print(page(json.loads(Path(sys.argv[1]).read_text())))
