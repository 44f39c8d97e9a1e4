"""Helm itself, as a library, on the chart."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import helm_sdkpy
import yaml

from cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "helder"
NAMESPACE = "beleid"


class Refused(Exception):
    """Helm did not want the chart with these values; the message is Helm's."""


@dataclass
class Release:
    """What Helm stored of a release."""

    objects: list[dict]
    hooks: list[dict]
    notes: str

    def of(self, kind: str) -> dict[str, dict]:
        """Objects and hooks of a kind, by name."""
        return {it["metadata"]["name"]: it for it in self.objects + self.hooks if it["kind"] == kind}

    @property
    def everything(self) -> list[dict]:
        return self.objects + self.hooks


def values(file: Path | str) -> dict:
    return yaml.safe_load(Path(file).read_text()) or {}


def merged(under: object, over: object) -> object:
    """As `helm install --values under --values over`."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {key: merged(under.get(key), value) for key, value in over.items()}
    return over


def given(file: Path | str) -> dict:
    """Values of a file, or of a right one by name, over those that must be given."""
    right = ROOT / "helm/tests/values/right"
    path = file if isinstance(file, Path) else right / f"{file}.yaml"
    return merged(values(right / "minimal.yaml"), values(path))


class Helm:
    """Installs into a cluster of `cluster.Cluster`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.configuration = helm_sdkpy.Configuration(namespace=NAMESPACE, kubeconfig=cluster.kubeconfig)

    def install(self, name: str, given: dict) -> Release:
        return self._run(helm_sdkpy.Install(self.configuration).run(name, str(CHART), values=given, wait=False, timeout=20), name)

    def upgrade(self, name: str, given: dict) -> Release:
        return self._run(helm_sdkpy.Upgrade(self.configuration).run(name, str(CHART), values=given, wait=False, timeout=20), name)

    def rollback(self, name: str, revision: int) -> Release:
        return self._run(helm_sdkpy.Rollback(self.configuration).run(name, revision), name)

    def uninstall(self, name: str) -> None:
        asyncio.run(helm_sdkpy.Uninstall(self.configuration).run(name, wait=False, timeout=20))

    def lint(self) -> dict:
        return asyncio.run(helm_sdkpy.Lint(self.configuration).run(str(CHART)))

    def _run(self, action, name: str) -> Release:
        try:
            asyncio.run(action)
        except helm_sdkpy.HelmError as error:
            raise Refused(str(error)) from error
        return self.stored(name)

    def stored(self, name: str) -> Release:
        """The newest revision, read from where Helm keeps it."""
        secrets = [it for it in self.cluster.kept("Secret") if it["metadata"].get("labels", {}).get("name") == name]
        newest = max(secrets, key=lambda it: int(it["metadata"]["labels"]["version"]))
        packed = base64.b64decode(base64.b64decode(newest["data"]["release"]))
        release = json.loads(gzip.decompress(packed))
        objects = [it for it in yaml.safe_load_all(release["manifest"]) if it]
        hooks = [yaml.safe_load(it["manifest"]) for it in release.get("hooks") or []]
        return Release(objects, hooks, release["info"].get("notes", ""))


def render(given: dict, name: str = "helder") -> Release:
    """The chart with these values, in a cluster of its own."""
    with Cluster() as cluster:
        return Helm(cluster).install(name, given)
