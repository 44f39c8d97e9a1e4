"""Starts the real programs as the pods of a release would, with Secrets made by the commands of helm/README.md."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from cases import PROGRAMS
from chart import ROOT

# Stands for kubectl, which only has to make Secrets here: NAME and --from-… become files.
KUBECTL = """#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2 $3" = "create secret generic" ]
folder="$SECRETS/$4"
mkdir "$folder"
shift 4
for word; do
  case "$word" in
    --from-file=*) word=${word#--from-file=}; cp "${word#*=}" "$folder/${word%%=*}" ;;
    --from-literal=*) word=${word#--from-literal=}; printf %s "${word#*=}" >"$folder/${word%%=*}" ;;
    --namespace=*) ;;
    *) exit 1 ;;
  esac
done
"""
STARTED = re.compile(r'"message":"(serving|open)"')


def binaries() -> Path | None:
    """The folder with all programs."""
    helder = os.environ.get("HELDER_BIN")
    folder = (ROOT / helder).resolve().parent if helder else ROOT / "target/debug"
    return folder if all((folder / f"helder-{it}").exists() for it in PROGRAMS) else None


def readme_commands(heading: str) -> str:
    """The shell lines of a section of the README."""
    section = (ROOT / "helm/README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S))


def make_secrets(folder: Path) -> Path:
    """Runs what the README says; gives the folder with a folder per Secret, beside keys.yaml."""
    secrets = folder / "secrets"
    secrets.mkdir()
    kubectl = folder / "bin/kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    for it in ["owner", *PROGRAMS[1:]]:
        (folder / f"{it}.password").write_text("password")
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", readme_commands("Keys and Secrets")],
        cwd=folder,
        env={
            "PATH": f"{kubectl.parent}:{binaries()}:{os.environ['PATH']}",
            "SECRETS": str(secrets),
            "AWS_ACCESS_KEY_ID": "name",
            "AWS_SECRET_ACCESS_KEY": "secret",
        },
        check=True,
        capture_output=True,
    )
    return secrets


def given(container: dict, secrets: Path) -> dict[str, str]:
    """The container's variables, with values out of the Secrets."""
    found = {}
    for it in container["env"]:
        reference = it.get("valueFrom", {}).get("secretKeyRef")
        found[it["name"]] = (secrets / reference["name"] / reference["key"]).read_text() if reference else it["value"]
    return found


def environment(container: dict, secrets: Path, scratch: str) -> dict[str, str]:
    """The container's variables; but on a free port, with its log, ending at once, and on SQLite."""
    found = {"HELDER_LISTEN": "127.0.0.1:0", "HELDER_TELEMETRY__FILTER": "info", "HELDER_DRAIN_S": "0"}
    found |= given(container, secrets)
    if "HELDER_STORE__URL" in found:
        if not re.match(rf"postgres://.*[?&]schema={container['name']}(&|$)", found["HELDER_STORE__URL"]):
            raise ValueError(f"store-url of {container['name']}")
        found["HELDER_STORE__URL"] = f"sqlite:{scratch}/store.db"
        found["TMPDIR"] = scratch
    return found


def await_handler(process: subprocess.Popen, wanted: signal.Signals) -> None:
    """Waits until the process catches a signal; it says that it serves a moment before."""
    while process.poll() is None:
        caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
        if caught and int(caught[1], 16) >> (wanted - 1) & 1:
            return
        time.sleep(0.01)


def start_and_stop(command: list, variables: dict[str, str]) -> tuple[int, bool, str]:
    """Ends the program once it says that it serves. Gives how it ended, whether it served, and its log."""
    with subprocess.Popen(
        command, env=variables, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        impatience = threading.Timer(30, process.kill)
        impatience.start()
        lines, served = [], False
        for line in process.stderr:
            lines.append(line)
            if STARTED.search(line):
                served = True
                await_handler(process, signal.SIGTERM)
                process.send_signal(signal.SIGTERM)
        impatience.cancel()
    return process.returncode, served, "".join(lines)


def temporary(test) -> Path:
    return Path(test.enterClassContext(tempfile.TemporaryDirectory()))
