"""`make bench`: makes the data, loads them everywhere, asks everybody, reports. See docs/BENCHMARKS.md.

Ends by itself, and ends what it started; nothing listens but on loopback and sockets.
"""

import argparse
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import features
import generate
import measure
import report
import segments
import share
from holdfast import Holdfast
from measure import say
from model import ACTIVE, END, Size
from peers import Remote
from postgres import Engine as Postgres

ROOT = Path(__file__).resolve().parent.parent
#: Bytes on disk for each event: files, four engines, write-ahead logs.
ROOM = 800


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: 1 M customers, 50 M events")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/holdfast-bench"), help="where all data go")
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/holdfast")
    parser.add_argument("--postgres", type=Path, required=True, help="folder of Postgres's programs")
    parser.add_argument("--keep", action="store_true", help="keep the data, and use those of a kept run")
    parser.add_argument("--no-growth", action="store_true", help="leave tenfold customers and events out")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    # ended from outside, it still ends what it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    args.folder.mkdir(parents=True, exist_ok=True)
    # Postgres may run as another user
    args.folder.chmod(0o755)
    lock = (args.folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"another benchmark runs in {args.folder}")
    size = Size.of(args.scale)
    free = shutil.disk_usage(args.folder).free
    if free < ROOM * size.events:
        sys.exit(f"{args.folder} has {free / 1e9:.0f} GB left; this size needs about {ROOM * size.events / 1e9:.0f}")
    stop = []
    try:
        results = bench(args, size, stop)
    finally:
        for step in reversed(stop):
            try:
                step()
            except Exception as error:  # the others have to end as well
                print(f"at the end: {error}", file=sys.stderr)
        if not args.keep:
            shutil.rmtree(place(args), ignore_errors=True)
    output = ROOT / "target/bench"
    output.mkdir(parents=True, exist_ok=True)
    measure.save(results, output / "results.json")
    print(report.terminal(results))
    # only a run of the full size is worth keeping
    page = ROOT / "docs/BENCHMARKS.md" if args.scale == 1.0 else output / "BENCHMARKS.md"
    page.write_text(report.page(results))
    say(f"written to {page.relative_to(ROOT)}")


def place(args: argparse.Namespace) -> Path:
    """The folder of this size; all in it is ours."""
    return args.folder / f"scale-{args.scale:g}"


def bench(args: argparse.Namespace, size: Size, stop: list) -> dict:
    begun = time.monotonic()
    folder = place(args)
    results: dict = {"machine": machine(), "scale": args.scale, "rounds": args.rounds, "load": os.getloadavg()}

    say(f"data: {size.customers:,} customers, about {size.events:,} events")
    data = folder / "data"
    results["data"] = generate.make(data, size)

    # Holdfast always begins anew: its import is what is measured
    shutil.rmtree(folder / "holdfast", ignore_errors=True)
    site = args.program.parent.parent / "site"
    holdfast = Holdfast(args.program, site, folder / "holdfast")
    stop.append(holdfast.stop)
    holdfast.start()
    say("Holdfast: importing, in turns with bare COPY of the same files")
    results["import"] = measure.load_ours(holdfast, "bench", data, copy_too=True)
    results["disk"] = {measure.OURS: used(holdfast.data)}

    peers = []
    results["versions"] = [holdfast.version()]
    results["loading"] = {}
    makers = [
        ("duck", lambda home: Remote("duck", home)),
        ("click", lambda home: Remote("click", home)),
        ("postgres", lambda home: Postgres(home, args.postgres)),
    ]
    for name, make in makers:
        peer = make(folder / name)
        stop.append(peer.close)
        peer.NAME = peer.VERSION.split()[0]
        say(f"{peer.VERSION}: loading")
        results["loading"][peer.NAME] = load_peer(peer, folder / name, data, results["data"])
        results["versions"].append(peer.VERSION)
        results["disk"][peer.NAME] = used(folder / name)
        peers.append(peer)

    # nobody has asked anything yet, so nothing is kept on disk for the next start
    holdfast.stop()
    holdfast.start()
    match = measure.Match(holdfast.client("bench"), peers)
    results["first ever"] = match.first()
    say("every phrasing once")
    results["trial"] = match.trial()
    results["best"] = {f"{question} {peer}": phrasing for (question, peer), phrasing in match.best.items()}
    say("rounds")
    results["warm"] = match.rounds(args.rounds)
    say("features")
    raw = [peer for peer in peers if peer.NAME in features.PEERS]
    results["features"] = features.run(match.client, raw, args.rounds, say)
    say("segments")
    results["segments"] = segments.run(match.client, args.rounds, say)
    results["faults"] = [f"{peer.NAME} at {fault}" for peer in peers for fault in getattr(peer, "faults", [])]
    results["memory"] = holdfast.memory_mb()
    results["shared buffers"] = holdfast.shared_buffers()
    results["bytes"] = measure.answer_bytes(match.client)
    results["path"] = f"{match.client.reports}/retention"
    say("cold")
    results["cold"] = match.cold(holdfast)
    say("two heavy questions beside a light one")
    results["starve"] = measure.starve(holdfast, "bench")
    results["memory after heavy"] = holdfast.memory_mb()
    say("a shared page")
    newest = [("last", 26), ("as_of", END.date()), *(("active", name) for name in ACTIVE)]
    results["share"] = share.run(holdfast.share("bench", urlencode(newest)))
    results["read once"] = measure.read_once(size.customers)
    if not args.no_growth:
        if not args.keep:
            # the same events come once more: room for them
            for peer, (name, _) in zip(peers, makers, strict=True):
                peer.close()
                shutil.rmtree(folder / name)
            shutil.rmtree(data)
        results["growth"] = growth(args, holdfast, folder, size)
    results["seconds"] = time.monotonic() - begun
    return results


def load_peer(peer, home: Path, data: Path, facts: dict) -> dict:
    """Loads a peer, unless a kept run has loaded the same data."""
    # the second is what this program's way of loading changes by
    wanted = {"facts": facts, "phrasing": 1}
    marker = home.parent / f"{home.name}.json"
    if marker.exists() and (found := json.loads(marker.read_text()))["wanted"] == wanted:
        return found["loaded"]
    begun = time.perf_counter()
    how = peer.load(data)
    loaded = {"seconds": time.perf_counter() - begun, "how": how}
    marker.write_text(json.dumps({"wanted": wanted, "loaded": loaded}))
    return loaded


def growth(args: argparse.Namespace, holdfast: Holdfast, folder: Path, size: Size) -> dict:
    """A tenth of the customers: with a tenth of the events, and with all of them."""
    tenth = Size.of(args.scale / 10)
    for name, events in [("tenth", tenth.events), ("dense", tenth.events * 10)]:
        say(f"growth: {name}, {tenth.customers:,} customers, about {events:,} events")
        data = folder / f"data-{name}"
        generate.make(data, Size(tenth.customers, events))
        measure.load_ours(holdfast, name, data, copy_too=False)
    return measure.growth(holdfast, ["tenth", "dense", "bench"], args.rounds)


def used(folder: Path) -> int:
    """Bytes on disk below a folder; what vanishes meanwhile is not counted."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def machine() -> dict:
    cpu = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024**2
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    return {
        "cpu": cpu[0] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory GiB": round(memory),
        "system": f"{platform.system()} {platform.release()}",
        "commit": commit,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    main()
