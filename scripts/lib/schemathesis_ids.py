"""Writes a schemathesis configuration that fills path parameters with identifiers that exist on a running platform.

schemathesis_ids.py GATEWAY SERVICE > schemathesis.toml

Walks the lists that the OpenAPI document describes, with whichever of the tokens in HELDER_TOKENS (JSON, role → token)
may read them. Without this, nearly every generated identifier is unknown and only the 404 of an operation is tried.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request

GATEWAY, SERVICE = sys.argv[1:]
TOKENS = json.loads(os.environ["HELDER_TOKENS"]).values()
BASE = f"{GATEWAY}/{SERVICE}/v1"
# Parameters that are no identifiers of a listed thing.
FIXED = {"name": "model.json", "step": "ingest", "alias": "candidate"}


def get(path, base=BASE):
    for token in TOKENS:
        request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except (urllib.error.HTTPError, ValueError):
            continue
    return {}


def first_of(path, base=BASE):
    items = get(path, base).get("items") or [{}]
    return items[0]


def main():
    FIXED["model"] = first_of("/models", f"{GATEWAY}/registry/v1").get("name")
    templates = sorted(get("/openapi.json")["paths"], key=len)
    known = {}  # template of the thing, for instance /models/{id} → filled path
    filled = {}  # template of an operation → parameters
    for template in templates:
        parameters = re.findall(r"{(\w+)}", template)
        if not parameters:
            continue
        *parents, last = re.findall(r"/[^{]*{\w+}", template)
        prefix = "".join(parents)
        item = first_of(known.get(prefix, prefix) + last.rpartition("/")[0]) if prefix in ("", *known) else {}
        values = dict(filled.get(prefix, {}))
        name = parameters[-1]
        value = FIXED.get(name) or item.get(name) or item.get("id") or item.get("name")
        if value is None:
            value = nested(template, known, name)
        if value is None:
            continue
        values[name] = value
        thing = prefix + last
        known[thing] = (known.get(prefix, prefix) + last.rpartition("/")[0]) + f"/{value}"
        filled[thing] = values
        filled[template] = values
        # Lists below a thing, such as /datasets/{id}/dataset-versions, name things of their own.
        for below in templates:
            found = re.fullmatch(re.escape(thing) + r"(/[a-z-]+)", below)
            if found:
                items = get(known[thing] + found[1]).get("items") or []
                if items and "id" in items[0]:
                    child = f"{found[1]}/{{id}}"
                    known.setdefault(child, f"{found[1]}/{items[0]['id']}")
                    filled.setdefault(child, {"id": items[0]["id"]})
    for template in templates:
        owner = max((it for it in filled if template.startswith(it)), key=len, default=None)
        if owner and "{" in template:
            print("[[operations]]")
            print(f"include-path = {json.dumps(template)}")
            pairs = ", ".join(f'"path.{key}" = {json.dumps(value)}' for key, value in filled[owner].items())
            print(f"parameters = {{ {pairs} }}\n")


def nested(template, known, name):
    """A job's identifier, from a thing that names its job."""
    if template.startswith("/jobs/") and name == "id":
        for path in known.values():
            job = get(path).get("jobId")
            if job:
                return job
    return None


main()
