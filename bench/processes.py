"""Programs that the benchmark starts, and only those: what they use, and how they end."""

import os
import pwd
import signal
import subprocess
from pathlib import Path


def parents() -> dict[int, int]:
    """Every process with its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = stat(int(entry.name))
            if fields:
                found[int(entry.name)] = int(fields[1])
    return found


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_seconds(roots: list[int]) -> float:
    """What these processes and their living descendants have computed, and their dead children as far as waited for."""
    known = parents()
    family = set(roots)
    grown = True
    while grown:
        more = {pid for pid, parent in known.items() if parent in family} - family
        family |= more
        grown = bool(more)
    ticks = sum(sum(map(int, fields[11:15])) for pid in family if (fields := stat(pid)))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, float]:
    """Resident memory of one process: now, and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {
        "now": int(fields["VmRSS"].split()[0]) / 1024,
        "peak": int(fields["VmHWM"].split()[0]) / 1024,
    }


def end(process: subprocess.Popen, patience: float) -> None:
    """Asks a program to end, and insists when it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def other_user() -> dict:
    """How Popen runs Postgres, which refuses to be root; and the environment's rest."""
    if os.getuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
