"""How fast a shared page is: `python bench/share.py http://127.0.0.1:3000/s/TOKEN`, the address of a link without password.

Measures bytes on the wire, the first answer of each way of looking (made and packed then, if no one asked before), and how
many requests a second are answered from memory. Standard library only, on loopback only, ends by itself."""

import argparse
import http.client
import ipaddress
import statistics
import sys
import threading
import time
from urllib.parse import urlsplit

#: What issue 5 wants: bytes of the page and its style, seconds on the server, requests a second on two cores.
BYTES, SECONDS, RATE = 60_000, 0.050, 500
WAYS = [f"?show={show}{intervals}" for show in ("percent", "count", "attrition") for intervals in ("", "&intervals=1")]


def get(connection: http.client.HTTPConnection, path: str, packing: str = "br") -> tuple[float, bytes]:
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": packing, "Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status}")
    return time.perf_counter() - begun, body


def hammer(address: str, path: str, end: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    while time.perf_counter() < end:
        times.append(get(connection, path)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--readers", type=int, default=8)
    args = parser.parse_args()
    link = urlsplit(args.link)
    if link.hostname != "localhost" and not ipaddress.ip_address(link.hostname).is_loopback:
        sys.exit("this asks loopback only")
    connection = http.client.HTTPConnection(link.netloc, timeout=60)
    first = [get(connection, link.path + way)[0] for way in WAYS]
    plain = get(connection, link.path, "identity")[1].decode()
    page = get(connection, link.path)[1]
    style = plain.split('rel="stylesheet"')[1].split('href="', 1)[1].split('"', 1)[0]
    size = len(page) + len(get(connection, style)[1])
    warm = [get(connection, link.path)[0] for _ in range(200)]

    seconds, readers = min(args.seconds, 60), min(args.readers, 64)
    times: list[list[float]] = [[] for _ in range(readers)]
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=hammer, args=(link.netloc, link.path, begun + seconds, mine)) for mine in times
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    all_times = sorted(sum(times, []))
    rate = len(all_times) / (time.perf_counter() - begun)
    p95 = all_times[int(0.95 * len(all_times))]

    def told(what: str, found: str, wanted: str, good: bool) -> None:
        print(f"{what:<44}{found:>14}   {wanted:<14}{'yes' if good else 'NO'}")

    told("page and style on the wire", f"{size:,} B", f"≤ {BYTES:,} B", size <= BYTES)
    told("a way of looking the first time, slowest", f"{max(first) * 1e3:.1f} ms", f"≤ {SECONDS * 1e3:.0f} ms", max(first) <= SECONDS)
    told("from memory, median", f"{statistics.median(warm) * 1e3:.2f} ms", f"≤ {SECONDS * 1e3:.0f} ms", statistics.median(warm) <= SECONDS)
    told(f"{readers} readers for {seconds:.0f} s (p95 {p95 * 1e3:.1f} ms)", f"{rate:,.0f}/s", f"≥ {RATE}/s", rate >= RATE)


if __name__ == "__main__":
    main()
