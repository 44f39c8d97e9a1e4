"""As much of a Kubernetes API server as Helm needs: objects are kept in memory, Jobs are done the moment they are made.

It checks nothing that a real server checks (schemas, admission, immutable fields) and runs no pods.
"""

from __future__ import annotations

import copy
import http.server
import itertools
import json
import sys
import threading
from urllib.parse import parse_qs, urlsplit

import yaml

import secret_protobuf

# (group/version, plural, kind, whether it lives in a namespace); of these the chart and Helm itself make objects.
RESOURCES = [
    ("v1", "namespaces", "Namespace", False),
    ("v1", "secrets", "Secret", True),
    ("v1", "configmaps", "ConfigMap", True),
    ("v1", "services", "Service", True),
    ("v1", "serviceaccounts", "ServiceAccount", True),
    ("v1", "pods", "Pod", True),
    ("apps/v1", "deployments", "Deployment", True),
    ("apps/v1", "replicasets", "ReplicaSet", True),
    ("batch/v1", "jobs", "Job", True),
    ("batch/v1", "cronjobs", "CronJob", True),
    ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", True),
    ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", True),
    ("networking.k8s.io/v1", "ingresses", "Ingress", True),
    ("monitoring.coreos.com/v1", "servicemonitors", "ServiceMonitor", True),
]
MINOR = 34
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def merge(old: object, patch: object) -> object:
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, address: object) -> None:
        """Somebody who watched went away, which is how a watch ends; other faults are told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


class Cluster:
    """The API server on a free port. `writes` lists each change as (verb, kind, name), in order."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict] = {}
        self.writes: list[tuple[str, str, str]] = []
        self.failing_jobs: set[str] = set()
        self.events: list[tuple[int, str, dict]] = []
        self.lock = threading.Condition(threading.RLock())
        self.closed = False
        self.counter = itertools.count(1)
        self.server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.closed = True
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()

    @property
    def kubeconfig(self) -> str:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": address}}],
                "users": [{"name": "test", "user": {}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            }
        )

    def kept(self, kind: str) -> list[dict]:
        """What is stored of this kind."""
        with self.lock:
            return [copy.deepcopy(it) for it in self.objects.values() if it["kind"] == kind]

    # What follows answers requests.

    def discovery(self, path: str) -> dict | None:
        groups: dict[str, list[str]] = {}
        for version, *_ in RESOURCES:
            if "/" in version:
                group = version.split("/")[0]
                groups.setdefault(group, [])
                if version not in groups[group]:
                    groups[group].append(version)
        if path == "/version":
            return {"major": "1", "minor": str(MINOR), "gitVersion": f"v1.{MINOR}.0"}
        if path == "/api":
            return {"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"]}
        if path == "/apis":
            listed = []
            for group, versions in groups.items():
                named = [{"groupVersion": it, "version": it.split("/")[1]} for it in versions]
                listed.append({"name": group, "versions": named, "preferredVersion": named[0]})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        if path.startswith("/openapi/v3"):
            return self.openapi(path.removeprefix("/openapi/v3").strip("/"))
        version = path.removeprefix("/apis/").removeprefix("/api/")
        known = [it for it in RESOURCES if it[0] == version]
        if not known:
            return None
        resources = [
            {"name": plural, "singularName": kind.lower(), "namespaced": inside, "kind": kind, "verbs": VERBS}
            for _, plural, kind, inside in known
        ]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}

    def openapi(self, document: str) -> dict:
        """Just enough for Helm to see that the server checks fields itself, so that Helm leaves it to the server."""
        documents: dict[str, dict] = {}
        for version, plural, kind, _ in RESOURCES:
            group, _, number = version.rpartition("/")
            patch = {
                "parameters": [{"name": "fieldValidation", "in": "query"}],
                "x-kubernetes-group-version-kind": {"group": group, "version": number, "kind": kind},
            }
            base = f"apis/{version}" if group else f"api/{version}"
            paths = documents.setdefault(base, {"openapi": "3.0.0", "info": {"title": base, "version": "1"}, "paths": {}})
            paths["paths"][f"/{base}/{plural}/{{name}}"] = {"patch": patch}
        if document:
            return documents.get(document, {})
        return {"paths": {it: {"serverRelativeURL": f"/openapi/v3/{it}"} for it in documents}}

    def place(self, path: str) -> tuple[tuple, str, str | None] | None:
        """The resource, namespace and name that a path names."""
        parts = path.strip("/").split("/")
        version, rest = ("v1", parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        for resource in RESOURCES:
            if rest and resource[0] == version and resource[1] == rest[0]:
                return resource, namespace, rest[1] if len(rest) > 1 else None
        return None

    def tell(self, what: str, body: dict) -> None:
        """For whoever watches."""
        self.events.append((int(body["metadata"]["resourceVersion"]), what, copy.deepcopy(body)))
        self.lock.notify_all()

    def keep(self, body: dict, key: tuple[str, str, str], verb: str) -> None:
        self.objects[key] = self.finish(body)
        self.writes.append((verb, key[0], key[2]))
        self.tell("ADDED" if verb == "create" else "MODIFIED", body)

    def finish(self, body: dict) -> dict:
        """What a real cluster would add by itself."""
        number = next(self.counter)
        meta = body.setdefault("metadata", {})
        meta.setdefault("uid", f"00000000-0000-0000-0000-{number:012d}")
        meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        meta["resourceVersion"] = str(number)
        if body["kind"] == "Job":
            failed = meta["name"] in self.failing_jobs
            kind = "Failed" if failed else "Complete"
            body["status"] = {
                "startTime": "2026-01-01T00:00:00Z",
                "failed" if failed else "succeeded": 1,
                "conditions": [{"type": kind, "status": "True", "reason": kind, "message": kind}],
            }
        return body

    def _handler(cluster) -> type:  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: else each answer waits 40 ms for an acknowledgement.
            wbufsize = 1 << 16
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def answer(self, status: int, body: dict) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def refuse(self, status: int, reason: str) -> None:
                self.answer(
                    status,
                    {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status, "message": reason},
                )

            def body(self) -> dict:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if data.startswith(secret_protobuf.MAGIC):
                    return secret_protobuf.secret(data)
                return json.loads(data or b"{}")

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                found = cluster.discovery(parts.path)
                if found is not None:
                    return self.answer(200, found)
                place = cluster.place(parts.path)
                if place is None:
                    return self.refuse(404, "NotFound")
                resource, namespace, name = place
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                if name:
                    with cluster.lock:
                        item = cluster.objects.get((resource[2], namespace, name))
                    return self.answer(200, item) if item else self.refuse(404, "NotFound")
                labels = dict(it.split("=", 1) for it in query.get("labelSelector", "").split(",") if it)
                fields = dict(it.split("=", 1) for it in query.get("fieldSelector", "").split(",") if it)

                def asked(item: dict) -> bool:
                    meta = item["metadata"]
                    return (
                        item["kind"] == resource[2]
                        and namespace in ("", meta.get("namespace"))
                        and fields.get("metadata.name", meta["name"]) == meta["name"]
                        and labels.items() <= (meta.get("labels") or {}).items()
                    )

                with cluster.lock:
                    items = [item for item in cluster.objects.values() if asked(item)]
                    now = next(cluster.counter)
                if query.get("watch") in ("true", "1"):
                    return self.watch(items if query.get("sendInitialEvents") == "true" else None, asked, query, now)
                self.answer(
                    200,
                    {
                        "kind": f"{resource[2]}List",
                        "apiVersion": resource[0],
                        "metadata": {"resourceVersion": str(now)},
                        "items": items,
                    },
                )

            def watch(self, first: list[dict] | None, asked, query: dict, now: int) -> None:
                """Tells what is there, when that is asked, and what changes, until either side closes."""
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                since = int(query.get("resourceVersion") or now)
                if first is not None:
                    since = now
                    for item in first:
                        self.event("ADDED", item)
                    meta = {"resourceVersion": str(now), "annotations": {"k8s.io/initial-events-end": "true"}}
                    kind = cluster.place(urlsplit(self.path).path)[0]
                    self.event("BOOKMARK", {"kind": kind[2], "apiVersion": kind[0], "metadata": meta})
                self.wfile.flush()
                while not cluster.closed:
                    with cluster.lock:
                        news = [it for it in cluster.events if it[0] > since]
                        if not news:
                            cluster.lock.wait(1)
                            continue
                    since = news[-1][0]
                    for _, what, item in news:
                        if asked(item):
                            self.event(what, item)
                    try:
                        self.wfile.flush()
                    except OSError:
                        return

            def event(self, what: str, item: dict) -> None:
                self.wfile.write(json.dumps({"type": what, "object": item}).encode() + b"\n")

            def do_POST(self) -> None:
                place = cluster.place(urlsplit(self.path).path)
                if place is None:
                    return self.refuse(404, "NotFound")
                (_, _, kind, _), namespace, _ = place
                body = self.body()
                body["metadata"]["namespace"] = namespace
                name = body["metadata"]["name"]
                with cluster.lock:
                    if (kind, namespace, name) in cluster.objects:
                        return self.refuse(409, "AlreadyExists")
                    cluster.keep(body, (kind, namespace, name), "create")
                self.answer(201, body)

            def change(self, verb: str) -> None:
                place = cluster.place(urlsplit(self.path).path)
                if place is None or place[2] is None:
                    return self.refuse(404, "NotFound")
                (_, _, kind, _), namespace, name = place
                body = self.body()
                with cluster.lock:
                    old = cluster.objects.get((kind, namespace, name))
                    if old is None:
                        return self.refuse(404, "NotFound")
                    new = merge(old, body) if verb == "patch" else body
                    new["metadata"]["namespace"] = namespace
                    cluster.keep(new, (kind, namespace, name), verb)
                self.answer(200, new)

            def do_PUT(self) -> None:
                self.change("update")

            def do_PATCH(self) -> None:
                self.change("patch")

            def do_DELETE(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                place = cluster.place(urlsplit(self.path).path)
                if place is None or place[2] is None:
                    return self.refuse(404, "NotFound")
                (_, _, kind, _), namespace, name = place
                with cluster.lock:
                    gone = cluster.objects.pop((kind, namespace, name), None)
                    if gone is None:
                        return self.refuse(404, "NotFound")
                    gone["metadata"]["resourceVersion"] = str(next(cluster.counter))
                    cluster.writes.append(("delete", kind, name))
                    cluster.tell("DELETED", gone)
                self.answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

        return Handler
