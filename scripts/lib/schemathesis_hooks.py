"""Hooks of scripts/schemathesis: bodies that a running platform accepts, and a count of the answers per operation.

Generated input alone is nearly always refused: it names no dataset, no project and no model that exist. Each operation
that takes a body therefore gets one example made from what the platform holds, before the generated ones.

Environment: HELDER_GATEWAY, HELDER_TOKENS (JSON, role → token), HELDER_ANSWERS (file to which the counts are added).
"""

import atexit
import collections
import json
import os
import pathlib
import tomllib
import urllib.error
import urllib.request

import schemathesis

GATEWAY = os.environ["HELDER_GATEWAY"]
TOKENS = json.loads(os.environ["HELDER_TOKENS"])
PLAN = tomllib.loads(pathlib.Path("plans/german_credit.toml").read_text(encoding="utf-8"))
ANSWERS = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS[case.operation.label][response.status_code] += 1


@schemathesis.hook
def before_add_examples(context, examples):
    make = EXAMPLES.get(context.operation.label)
    parts = make() if make else None
    if parts:
        # First: an earlier generated example may end what this one needs.
        body = {"media_type": "application/json"} if "body" in parts else {}
        examples.insert(0, context.operation.Case(**parts, **body))


@atexit.register
def keep_answers():
    with open(os.environ["HELDER_ANSWERS"], "a", encoding="utf-8") as file:
        for operation, answers in sorted(ANSWERS.items()):
            file.write(json.dumps([os.environ["HELDER_RUN"], operation, answers]) + "\n")


def call(role, path, body=None):
    """The answer and its headers; None when it is refused."""
    request = urllib.request.Request(
        GATEWAY + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKENS[role]}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer), answer.headers
    except urllib.error.HTTPError:
        return None, {}


def listed(role, path):
    answer, _ = call(role, path)
    return answer["items"] if answer else []


def first(role, path):
    return next(iter(listed(role, path)), {})


def chosen(thing, *names):
    """These members of an answer, as the body of a request; absent ones stay absent."""
    return {name: thing[name] for name in names if thing.get(name) is not None}


def contract():
    return {"body": {"name": "example", "contract": first("data-steward", "/ingest/v1/contracts")["contract"]}}


def dataset():
    return {"body": {"name": "example", "projectId": first("analyst", "/registry/v1/projects")["id"]}}


def recipe_run():
    version = first("analyst", "/training/v1/frames")["tables"][0]["datasetVersionId"]
    recipe = first("data-steward", "/ingest/v1/recipes")["id"]
    return {"path_parameters": {"id": version}, "body": {"recipeId": recipe}}


def linkage(*names):
    return {"body": chosen(first("data-steward", "/linkage/v1/linkage-runs"), *names)}


def frame():
    found = first("analyst", "/training/v1/frames")
    tables = [chosen(table, "alias", "datasetVersionId", "linkageRunId", "role") for table in found["tables"]]
    return {"body": {**chosen(found, "projectId", "unit", "sql"), "name": "example", "tables": tables}}


def training_run():
    run = first("analyst", "/training/v1/training-runs")
    names = ("projectId", "frameId", "model", "algorithm", "target", "features", "sensitiveFeatures", "split")
    # Another capacity gives another model version, which waits for its review.
    return {"body": {**chosen(run, *names), "capacity": 50, "seed": 1}}


def selection():
    run = first("analyst", "/training/v1/training-runs")
    names = ("projectId", "frameId", "target", "features", "sensitiveFeatures", "split")
    candidates = [{"algorithm": run["algorithm"]}]
    return {"body": {**chosen(run, *names), "candidates": candidates, "folds": {"rule": "random", "outer": 2, "inner": 2}}}


def outflow_report():
    """Credits as spells: they last `duration` months and some end badly, for whatever they were taken."""
    run = first("analyst", "/training/v1/training-runs")
    same = {"nl": "voorbeeld", "en": "example"}
    purposes = [f"A4{number}" for number in range(11)]
    spec = {
        "title": same,
        "time": "duration",
        "timeUnit": "months",
        "ends": {"cause": "purpose", "ended": "bad", "causes": [{"codes": purposes, "kind": "other"}]},
        "characteristics": [{"column": "age", "kind": "number", "title": same}],
    }
    return {"body": {**chosen(run, "projectId", "frameId"), "spec": spec}}


def prediction():
    return {
        "path_parameters": {"model": PLAN["training"]["model"]["name"]},
        "body": {"subjects": PLAN["predict"]},
    }


def reproduction():
    """Of the version that answers now: what a retired one answers is tried by the black-box tests."""
    digest = first("analyst", "/training/v1/training-runs")["outcome"]["modelDigest"]
    return {"path_parameters": {"version": digest}, "body": {"subjects": PLAN["predict"]}}


def batch():
    frame_version = first("analyst", "/training/v1/frames")["outcome"]["datasetVersionId"]
    return {"body": {"datasetVersionId": frame_version, "model": PLAN["training"]["model"]["name"]}}


def project():
    names = ("challenge", "question", "doelbinding", "grondslag", "verwerkingsactiviteit", "bewaartermijn", "until")
    found = first("analyst", "/registry/v1/projects")
    return {"body": {**chosen(found, *names, "phase", "steps"), "name": "example"}}


def change(path, body):
    """A PATCH of the first thing in a list, with the tag that it has now."""
    identifier = first("analyst", path)["id"]
    _, headers = call("analyst", f"{path}/{identifier}")
    return {"path_parameters": {"id": identifier}, "headers": {"If-Match": headers["ETag"]}, "body": body}


def versions(*states):
    model = first("analyst", "/registry/v1/models")
    found = listed("analyst", f"/registry/v1/models/{model['id']}/model-versions")
    return [version for version in found if not states or version["state"] in states]


def version_in(*states, **parts):
    """A version in the first of these states in which there is one."""
    found = [version for state in states for version in versions(state)]
    return {"path_parameters": {"id": found[0]["id"]}, **parts} if found else None


def artifact():
    found, _ = call("analyst", f"/registry/v1/model-versions/{versions()[0]['id']}")
    return {"path_parameters": {"digest": found["files"][0]["digest"]}}


def model_version():
    identifier = versions()[0]["id"]
    found, _ = call("analyst", f"/registry/v1/model-versions/{identifier}")
    lineage, _ = call("analyst", f"/registry/v1/model-versions/{identifier}/lineage")
    files = [chosen(file, "name", "digest", "mediaType") for file in found["files"]]
    body = {"files": files, "lineage": chosen(lineage, "nodes", "edges")}
    return {"path_parameters": {"id": found["modelId"]}, "body": body}


PAIR = ("projectId", "left", "right")
REASON = {"reason": "example"}
EXAMPLES = {
    "POST /contracts": contract,
    "POST /datasets": dataset,
    "POST /recipes": lambda: {"body": {"name": "example", "recipe": {"steps": [{"kind": "trim", "columns": ["job"]}]}}},
    "POST /dataset-versions/{id}/recipe-runs": recipe_run,
    "POST /linkage-runs": lambda: linkage(*PAIR, "spec"),
    "POST /linkage-specs/_count": lambda: linkage(*PAIR, "spec"),
    "POST /linkage-specs/_suggest": lambda: linkage("left", "right"),
    "POST /frames": frame,
    "POST /training-runs": training_run,
    "POST /selections": selection,
    "POST /outflow-reports": outflow_report,
    "POST /models/{model}/predictions": prediction,
    "POST /model-versions/{version}/_reproduce": reproduction,
    "POST /batches": batch,
    "POST /projects": project,
    "PATCH /projects/{id}": lambda: change("/registry/v1/projects", {"name": "example"}),
    "PATCH /models/{id}": lambda: change("/registry/v1/models", {"description": "example"}),
    "POST /models/{id}/model-versions": model_version,
    "POST /model-versions/{id}/reviews": lambda: version_in(
        "candidate", body={"verdict": "approve", "remarks": "example",
        "fairnessConclusion": {"text": "example", "acceptedRisks": ["example"]}}
    ),
    "POST /model-versions/{id}/_activate": lambda: version_in("approved"),
    "POST /model-versions/{id}/_suspend": lambda: version_in("active", body=REASON),
    "POST /model-versions/{id}/_retire": lambda: version_in(
        "suspended", "approved", "candidate", "active", body=REASON
    ),
    "GET /artifacts/{digest}": artifact,
}
