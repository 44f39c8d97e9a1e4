"""CPU per prediction: Helder through its gateway beside FastAPI + scikit-learn. See README.md in this folder.

Standard library only; wrk makes the load.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from processes import call, cpu_s, free_port, memory_mib, span, stop, wait_for

HERE = pathlib.Path(__file__).parent
GEMEENTE = "GM0772"
# One client makes all the load, which its fair share of a gateway in use (2,000 per second) would end.
OPEN_GATEWAY = {"HELDER_GATEWAY__REQUESTS_PER_SECOND": "1000000", "HELDER_GATEWAY__BURST": "1000000"}
STARTS = 5


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


def load(url, bodies_file, connections, seconds, pid, token=None):
    """One round: CPU microseconds per answer, and what wrk saw."""
    command = ["wrk", f"-t{min(connections, 2)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(HERE / "post.lua"), url, "--", str(bodies_file)] + ([token] if token else [])
    before = cpu_s(pid)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_s(pid) - before
    seen = json.loads(next(line for line in output.splitlines() if line.startswith("RESULT"))[7:])
    seen["cpu_us"] = used * 1e6 / max(seen["requests"], 1)
    seen["per_s"] = seen["requests"] * 1e6 / seen["duration_us"]
    return seen


class Helder:
    """`helder up` on a folder in which a model is active."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.data = binary, folder, folder / "data"
        if not (folder / "demo-done").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            command = [binary, "demo", "--data", self.data, "--listen", f"127.0.0.1:{free_port()}", "--exit"]
            subprocess.run(command, check=True, stdout=sys.stderr)
            (folder / "demo-done").touch()
        self.consumer, self.officer = self.token("consumer"), self.token("privacy-officer")

    def token(self, role):
        command = [self.binary, "token", "--data", self.data, "--role", role, "--gemeente", GEMEENTE]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def up(self, data=None):
        """Starts it; gives the moment of the start."""
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        command = [self.binary, "up", "--data", data or self.data, "--listen", f"127.0.0.1:{port}"]
        with open(self.folder / "bench.log", "ab") as log:
            since = time.perf_counter()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | OPEN_GATEWAY)
        return since

    def model(self):
        """Name of an active model and its file."""
        base = f"{self.address}/registry/v1"
        for model in call(f"{base}/models", self.officer)["items"]:
            for version in call(f"{base}/models/{model['id']}/model-versions", self.officer)["items"]:
                if version["state"] == "active":
                    return model["name"], call(f"{base}/model-versions/{version['id']}/files/model.json", self.officer)
        raise SystemExit("no active model in the folder")

    def starts(self, name, body):
        """Seconds to ready on a fresh folder, to ready on the folder with a model, and to a prediction from it."""
        fresh, ready, first = [], [], []
        for turn in range(STARTS):
            empty = self.folder / f"fresh-{turn}"
            shutil.rmtree(empty, ignore_errors=True)
            since = self.up(empty)
            fresh.append(wait_for(f"{self.address}/health/ready", self.process, since))
            stop(self.process)
            shutil.rmtree(empty)
            since = self.up()
            ready.append(wait_for(f"{self.address}/health/ready", self.process, since))
            url = f"{self.address}/prediction/v1/models/{name}/predictions"
            first.append(wait_for(url, self.process, since, body, self.consumer))
            if turn + 1 < STARTS:
                stop(self.process)
        return {"fresh_s": fresh, "ready_s": ready, "prediction_s": first}


def same_answers(bodies, url, token, peer_url):
    """Largest difference between the probabilities; ends the run when the two do not serve the same model."""
    worst = 0.0
    for body in bodies:
        ours = call(url, token, body)["predictions"][0]
        theirs = call(peer_url, None, body)["predictions"][0]
        worst = max(worst, abs(ours["probability"] - theirs["probability"]))
        summed = ours["baseScore"] + sum(part["contribution"] for part in ours["contributions"])
        if abs(summed - ours["score"]) > 1e-9:
            raise SystemExit("contributions do not sum to the score")
    if worst > 1e-9:
        raise SystemExit(f"answers differ by {worst}")
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--helder", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="on a real disk: each answer waits for it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--workers", type=int, default=1, help="uvicorn workers")
    parser.add_argument(
        "--peer",
        choices=["pipeline", "encoded"],
        default="pipeline",
        help="scikit-learn takes raw fields through a pipeline, as Helder does, or encoding written by hand",
    )
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)

    helder = Helder(arguments.helder, folder)
    since = helder.up()
    wait_for(f"{helder.address}/health/ready", helder.process, since)
    name, model = helder.model()
    stop(helder.process)
    bodies = subjects(model, 500, seed=1)
    bodies_file, model_file = folder / "bodies.jsonl", folder / "model.json"
    bodies_file.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    model_file.write_text(json.dumps(model), encoding="utf-8")

    starts = helder.starts(name, bodies[0])
    url = f"{helder.address}/prediction/v1/models/{name}/predictions"
    port = free_port()
    peer_url = f"http://127.0.0.1:{port}/predict"
    module = {"pipeline": "fastapi_pipeline", "encoded": "fastapi_prediction"}[arguments.peer]
    command = [sys.executable, "-m", "uvicorn", f"{module}:app", "--port", str(port)]
    command += ["--workers", str(arguments.workers)] if arguments.workers > 1 else []
    command += ["--no-access-log", "--log-level", "warning"]
    since = time.perf_counter()
    peer = subprocess.Popen(command, cwd=HERE, env=os.environ | {"MODEL": str(model_file)})
    rounds = {connections: [] for connections in arguments.connections}
    try:
        peer_start = wait_for(peer_url, peer, since, bodies[0])
        for body in bodies[:10]:
            call(url, helder.consumer, body)
            call(peer_url, None, body)
        time.sleep(5)
        idle, peer_idle = memory_mib(helder.process.pid), memory_mib(peer.pid)
        worst = same_answers(bodies, url, helder.consumer, peer_url)
        print(f"{len(bodies)} bodies of {len(model['inputs'])} inputs; largest difference between the answers {worst:.1e}")
        for number in range(arguments.rounds + 1):
            for connections, kept in rounds.items():
                # Round 0 warms both up.
                seconds = arguments.seconds if number else 1
                ours = load(url, bodies_file, connections, seconds, helder.process.pid, helder.consumer)
                theirs = load(peer_url, bodies_file, connections, seconds, peer.pid)
                if ours["failed"] + theirs["failed"]:
                    raise SystemExit(f"{ours['failed']} and {theirs['failed']} failed answers")
                if number:
                    kept.append({"helder": ours, "peer": theirs, "ratio": theirs["cpu_us"] / ours["cpu_us"]})
        loaded = memory_mib(helder.process.pid)
    finally:
        stop(peer)
        stop(helder.process)

    def line(label, helder_text, peer_text=""):
        print(f"{label:38}{helder_text:>26}{peer_text:>26}")

    line("", "helder", "fastapi")
    for connections, kept in rounds.items():
        print(f"{connections} connections, {arguments.rounds} rounds of {arguments.seconds} s; median [min-max]")
        for label, key in [("CPU us per prediction", "cpu_us"), ("predictions per s", "per_s"), ("p50 us", "p50_us"), ("p99 us", "p99_us")]:
            ours, theirs = ([entry[who][key] for entry in kept] for who in ("helder", "peer"))
            line(f"  {label}", span(ours), span(theirs))
        line("  CPU ratio, fastapi / helder", span([entry["ratio"] for entry in kept]))
    line("start to ready, fresh folder, s", span(starts["fresh_s"], 3))
    line("start to ready, s", span(starts["ready_s"], 3))
    line("start to first prediction, s", span(starts["prediction_s"], 3), f"{peer_start:.3f}")
    line("resident after 10 predictions, MiB", f"{idle:.0f}", f"{peer_idle:.0f}")
    line("resident after the load, MiB", f"{loaded:.0f}")
    if arguments.json:
        report = {"rounds": rounds, "starts": starts, "idle_mib": idle, "loaded_mib": loaded}
        report |= {"peer_start_s": peer_start, "peer_idle_mib": peer_idle}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
