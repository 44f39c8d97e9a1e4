"""What a server process costs, by the kernel's own count. Linux only; standard library only."""

import json
import os
import pathlib
import socket
import statistics
import time
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")


def call(url, token=None, body=None):
    """The JSON answer of one request; an `OSError` when it is no success."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def wait_for(url, process, since, body=None, token=None, limit_s=60):
    """Seconds from `since` (`time.perf_counter`) until `url` answers with a success."""
    while time.perf_counter() - since < limit_s:
        if process.poll() is not None:
            raise SystemExit(f"the server for {url} ended with {process.returncode}")
        try:
            call(url, token, body)
            return time.perf_counter() - since
        except (OSError, ValueError):
            time.sleep(0.002)
    raise SystemExit(f"{url} did not answer within {limit_s} s")


def free_port():
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid):
    """The process and all below it."""
    found, open_ = [], [pid]
    while open_:
        one = open_.pop()
        found.append(one)
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            open_.extend(int(child) for child in task.read_text().split())
    return found


def cpu_s(pid):
    """User and system seconds of the process and its children so far."""
    total = 0
    for one in family(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory_mib(pid):
    """Resident set size of the process and its children, what they share counted once per process."""
    total = 0
    for one in family(pid):
        for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                total += int(line.split()[1])
    return total / 1024


def stop(process):
    """Ends a server and waits for it."""
    process.terminate()
    process.wait(30)


def span(values, digits=1):
    """Median [smallest-largest]."""
    low, high, middle = min(values), max(values), statistics.median(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}-{high:.{digits}f}]"
