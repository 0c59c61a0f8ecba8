"""How fast a shared page is: bytes on the wire, the first answer of each way of looking (made and packed then), and how many
requests a second are answered from memory. Asks loopback only, ends by itself."""

import http.client
import threading
import time
from urllib.parse import urlsplit

#: What is wanted: bytes of the page and its style, seconds on the server, requests a second on two cores.
BYTES, SECONDS, RATE = 60_000, 0.050, 500
WAYS = [f"?show={show}{intervals}" for show in ("percent", "count", "attrition") for intervals in ("", "&intervals=1")]
READERS = 8
#: How long they ask.
DURATION = 10


def get(connection: http.client.HTTPConnection, path: str, packing: str = "br") -> tuple[float, bytes]:
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": packing, "Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return time.perf_counter() - begun, body


def hammer(address: str, path: str, end: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    while time.perf_counter() < end:
        times.append(get(connection, path)[0])


def run(address: str) -> dict:
    """Opens a link without password."""
    link = urlsplit(address)
    connection = http.client.HTTPConnection(link.netloc, timeout=60)
    first = [get(connection, link.path + way)[0] for way in WAYS]
    plain = get(connection, link.path, "identity")[1].decode()
    page = get(connection, link.path)[1]
    style = plain.split('rel="stylesheet"')[1].split('href="', 1)[1].split('"', 1)[0]
    size = len(page) + len(get(connection, style)[1])
    warm = [get(connection, link.path)[0] for _ in range(200)]

    times: list[list[float]] = [[] for _ in range(READERS)]
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=hammer, args=(link.netloc, link.path, begun + DURATION, mine)) for mine in times
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    together = sum(times, [])
    return {"bytes": size, "first": first, "warm": warm, "together": together, "rate": len(together) / seconds}
