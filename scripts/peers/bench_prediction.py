"""CPU per prediction: Helder through its gateway beside FastAPI + scikit-learn. See README.md in this folder.

Standard library only; wrk makes the load.
"""

import argparse
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")
GEMEENTE = "GM0772"


def call(url, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def wait_for(url, process, body=None, token=None, limit_s=60):
    """Seconds until `url` answers."""
    start = time.perf_counter()
    while time.perf_counter() - start < limit_s:
        if process.poll() is not None:
            raise SystemExit(f"the server for {url} ended with {process.returncode}")
        try:
            call(url, token, body)
            return time.perf_counter() - start
        except (OSError, ValueError):
            time.sleep(0.005)
    raise SystemExit(f"{url} did not answer within {limit_s} s")


def free_port():
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
    """Proportional set size of the process and its children."""
    total = 0
    for one in family(pid):
        for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def subjects(model, count, seed):
    """Random subjects within the training range, one in twenty values missing where the model allows it."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        values = {}
        for entry in model["inputs"]:
            missing_allowed = entry["missing"]["rule"] != "reject"
            if missing_allowed and chance.random() < 0.05:
                values[entry["name"]] = None
            elif entry["type"] == "category":
                values[entry["name"]] = chance.choice(entry["categories"])["level"]
            elif entry["type"] == "boolean":
                values[entry["name"]] = chance.random() < 0.5
            else:
                low, high = entry["trainingRange"]["minimum"], entry["trainingRange"]["maximum"]
                drawn = chance.uniform(low, high)
                values[entry["name"]] = round(drawn) if entry["type"] == "integer" else round(drawn, 4)
        made.append({"subjects": [{"id": f"client-{number}", "values": values}]})
    return made


def load(url, bodies_file, arguments, pid, token=None):
    """One round: CPU microseconds per answer, and what wrk saw."""
    command = ["wrk", "-t2", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "--timeout", "10s"]
    command += ["-s", str(HERE / "post.lua"), url, "--", bodies_file] + ([token] if token else [])
    before = cpu_s(pid)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_s(pid) - before
    seen = json.loads(next(line for line in output.splitlines() if line.startswith("RESULT"))[7:])
    seen["cpu_us"] = used * 1e6 / max(seen["requests"], 1)
    seen["per_s"] = seen["requests"] * 1e6 / seen["duration_us"]
    return seen


def span(values, digits=1):
    low, high, middle = min(values), max(values), statistics.median(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}-{high:.{digits}f}]"


class Helder:
    """`helder up` on a folder in which a model is active."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        if not (pathlib.Path(data) / "demo-done").exists():
            subprocess.run([binary, "demo", "--data", data, "--exit"], check=True, stdout=sys.stderr)
            (pathlib.Path(data) / "demo-done").touch()
        self.consumer, self.officer = self.token("consumer"), self.token("privacy-officer")

    def token(self, role):
        command = [self.binary, "token", "--data", self.data, "--role", role, "--gemeente", GEMEENTE]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def up(self):
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        log = open(os.path.join(self.data, "bench.log"), "ab")
        command = [self.binary, "up", "--data", self.data, "--listen", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def model(self):
        """Name of an active model and its file."""
        base = f"{self.address}/registry/v1"
        for model in call(f"{base}/models", self.officer)["items"]:
            for version in call(f"{base}/models/{model['id']}/model-versions", self.officer)["items"]:
                if version["state"] == "active":
                    return model["name"], call(f"{base}/model-versions/{version['id']}/files/model.json", self.officer)
        raise SystemExit("no active model in the folder")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--helder", required=True)
    parser.add_argument("--data", default=os.path.join(tempfile.gettempdir(), "helder-bench"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2, help="uvicorn workers")
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    os.makedirs(arguments.data, exist_ok=True)

    helder = Helder(arguments.helder, arguments.data)
    helder.up()
    wait_for(f"{helder.address}/health/ready", helder.process)
    name, model = helder.model()
    bodies = subjects(model, 500, seed=1)
    bodies_file = os.path.join(arguments.data, "bodies.jsonl")
    with open(bodies_file, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(body) + "\n" for body in bodies)
    model_file = os.path.join(arguments.data, "model.json")
    with open(model_file, "w", encoding="utf-8") as file:
        json.dump(model, file)
    helder.process.terminate()
    helder.process.wait(30)

    # Cold start: from the start of the process to the first correct prediction.
    cold = []
    for turn in range(5):
        helder.up()
        url = f"{helder.address}/prediction/v1/models/{name}/predictions"
        cold.append(wait_for(url, helder.process, bodies[0], helder.consumer))
        if turn < 4:
            helder.process.terminate()
            helder.process.wait(30)
    time.sleep(5)
    idle = memory_mib(helder.process.pid)

    port = free_port()
    peer_url = f"http://127.0.0.1:{port}/predict"
    command = [sys.executable, "-m", "uvicorn", "fastapi_prediction:app", "--port", str(port)]
    command += ["--workers", str(arguments.workers), "--no-access-log", "--log-level", "warning"]
    peer = subprocess.Popen(command, cwd=HERE, env=os.environ | {"MODEL": model_file})
    peer_cold = wait_for(peer_url, peer, bodies[0])
    peer_idle = memory_mib(peer.pid)

    try:
        worst = 0.0
        for body in bodies:
            ours = call(url, helder.consumer, body)["predictions"][0]
            theirs = call(peer_url, None, body)["predictions"][0]
            worst = max(worst, abs(ours["probability"] - theirs["probability"]))
            summed = ours["baseScore"] + sum(part["contribution"] for part in ours["contributions"])
            assert abs(summed - ours["score"]) < 1e-9, "contributions do not sum to the score"
        assert worst < 1e-9, f"answers differ by {worst}"
        print(f"{len(bodies)} bodies of {len(model['inputs'])} inputs; largest difference between the answers {worst:.1e}")

        rounds = []
        for number in range(arguments.rounds):
            ours = load(url, bodies_file, arguments, helder.process.pid, helder.consumer)
            theirs = load(peer_url, bodies_file, arguments, peer.pid)
            failed = ours["failed"] + theirs["failed"]
            assert failed == 0, f"{ours['failed']} and {theirs['failed']} failed answers"
            rounds.append({"helder": ours, "peer": theirs, "ratio": theirs["cpu_us"] / ours["cpu_us"]})
            print(f"round {number + 1}: {ours['cpu_us']:.1f} against {theirs['cpu_us']:.1f} us, ratio {rounds[-1]['ratio']:.1f}")
    finally:
        peer.terminate()
        helder.process.terminate()
        peer.wait(30)
        helder.process.wait(30)

    def column(who, key):
        return [entry[who][key] for entry in rounds]

    print(f"\n{arguments.connections} connections, {arguments.rounds} rounds of {arguments.seconds} s; median [min-max]")
    print(f"{'':34}{'helder':>26}{'fastapi':>26}")
    for label, key, digits in [("CPU us per prediction", "cpu_us", 1), ("predictions per s", "per_s", 0), ("p50 us", "p50_us", 0), ("p99 us", "p99_us", 0)]:
        print(f"{label:34}{span(column('helder', key), digits):>26}{span(column('peer', key), digits):>26}")
    print(f"{'cold start to first prediction, s':34}{span(cold, 3):>26}{peer_cold:>26.3f}")
    print(f"{'idle memory (PSS), MiB':34}{idle:>26.0f}{peer_idle:>26.0f}")
    ratios = [entry["ratio"] for entry in rounds]
    print(f"CPU ratio: {span(ratios)} (fastapi / helder)")
    if arguments.json:
        report = {"rounds": rounds, "cold_s": cold, "idle_mib": idle, "peer_cold_s": peer_cold, "peer_idle_mib": peer_idle}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
