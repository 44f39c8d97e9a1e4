"""The sets of values that the tests render, each rendered once."""

from __future__ import annotations

from functools import cache

from chart import ROOT, Release, given, render, values

NAMES = ["minimal", "single-replica", "production", "everything"]
PROGRAMS = ["gateway", "ingest", "linkage", "prediction", "registry", "training"]


@cache
def release(name: str) -> Release:
    return render(case(name))


def case(name: str) -> dict:
    if name == "production":
        return given(ROOT / "helm/values-production.yaml")
    return given(name)


def each() -> list[tuple[str, Release]]:
    return [(name, release(name)) for name in NAMES]


def pods(of: Release) -> list[tuple[str, dict]]:
    """Every pod that a release makes: name of what makes it, and the pod template."""
    found = []
    for item in of.everything:
        if item["kind"] in ("Deployment", "Job"):
            found.append((f"{item['kind']}/{item['metadata']['name']}", item["spec"]["template"]))
        elif item["kind"] == "CronJob":
            found.append((f"CronJob/{item['metadata']['name']}", item["spec"]["jobTemplate"]["spec"]["template"]))
    return found


__all__ = ["NAMES", "PROGRAMS", "case", "each", "pods", "release", "values"]
