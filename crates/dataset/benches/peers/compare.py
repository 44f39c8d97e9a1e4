"""Rows per CPU second of Helder's way in, beside polars and DuckDB, on one file, by the same seven rules, in one run.

    python3 -m venv venv && venv/bin/pip install polars duckdb
    venv/bin/python crates/dataset/benches/peers/compare.py [--rows 4000000] [--rounds 5] [--folder /tmp/helder-bench]

Every tool reads the CSV, checks the rules and writes Parquet (zstd, level 1) with two threads. Helder also pseudonymises
every BSN, splits analysis from identity, writes the error file, digests source and parts, and makes the quality report.
All must agree on the number of good rows. CPU seconds are user + system time of the whole child process.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
THREADS = "2"


def executable():
    """Builds the bench as release artefacts are built, as the peers come from their makers, and gives its path."""
    command = ["cargo", "bench", "--profile", "dist", "-p", "helder-dataset", "--bench", "ingest", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = [message["executable"] for message in map(json.loads, lines)
             if message.get("reason") == "compiler-artifact" and message["target"]["name"] == "ingest" and message.get("executable")]
    return found[-1]


def measured(command):
    """Runs a command; gives its last line as JSON, with CPU seconds, wall seconds and peak memory."""
    environment = {**os.environ, "POLARS_MAX_THREADS": THREADS}
    reader, writer = os.pipe()
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=writer, env=environment)
    os.close(writer)
    with os.fdopen(reader) as stream:
        output = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command} failed")
    answer = json.loads(output.strip().splitlines()[-1])
    answer["cpu"] = usage.ru_utime + usage.ru_stime
    answer["wall"] = time.monotonic() - begin
    answer["peakMiB"] = usage.ru_maxrss / 1024
    return answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default="/tmp/helder-bench")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    bench = executable()
    extract = folder / f"extract-{options.rows}.csv"
    made = json.loads(subprocess.run([bench, "generate", str(options.rows), str(extract)], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout)
    print(f"{made['rows']} rows, {made['bytes'] / 1e6:.0f} MB, {made['goodRows']} good")
    with extract.open("rb", buffering=0) as stream:  # into the page cache, for everybody
        while stream.read(1 << 20):
            pass
    tools = {
        "helder": [bench, "run", str(extract), str(folder / "helder")],
        "polars": [sys.executable, str(HERE / "polars_job.py"), str(extract), str(folder / "polars.parquet")],
        "duckdb": [sys.executable, str(HERE / "duckdb_job.py"), str(extract), str(folder / "duckdb.parquet"), THREADS],
    }
    runs = {name: [] for name in tools}
    for _ in range(options.rounds):
        for name, command in tools.items():
            answer = measured(command)
            if answer["goodRows"] != made["goodRows"]:
                raise SystemExit(f"{name} finds {answer['goodRows']} good rows, not {made['goodRows']}")
            runs[name].append(answer)
    print(f"{'tool':8} {'M rows per CPU s (median, min-max)':38} {'CPU s':>6} {'wall s':>7} {'peak MiB':>9}")
    for name, answers in runs.items():
        rates = [made["rows"] / answer["cpu"] / 1e6 for answer in answers]
        middle = {key: statistics.median(answer[key] for answer in answers) for key in ("cpu", "wall", "peakMiB")}
        spread = f"{statistics.median(rates):.3f} ({min(rates):.3f}-{max(rates):.3f})"
        print(f"{name:8} {spread:38} {middle['cpu']:6.2f} {middle['wall']:7.2f} {middle['peakMiB']:9.0f}")
    ratios = [polars["cpu"] / helder["cpu"] for helder, polars in zip(runs["helder"], runs["polars"])]
    print(f"helder / polars per round: median {statistics.median(ratios):.2f}, min {min(ratios):.2f}, max {max(ratios):.2f}")


if __name__ == "__main__":
    main()
