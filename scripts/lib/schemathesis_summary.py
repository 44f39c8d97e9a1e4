"""Which share of the calls to each operation succeeded; fails when an operation was never seen to work.

schemathesis_summary.py ANSWERS SERVICE…   with the counts that schemathesis_hooks.py kept
"""

import collections
import json
import pathlib
import sys

# A job has mostly ended before it can be cancelled; 409 is then the right answer.
# An encoding is made at home with a key, and is linked when another organisation offers one too: the black box does both.
# A record is looked up in a run that has links, and rules are suggested from two versions that fit each other: tests of the service do
# both.
# A decision is about a pair that its reviewer was given, a run is done again with decisions, and persons have numbers in a run of a series:
# the black box does all three.
# Only the curves of a boosting can be edited: the black box learns one, edits it and serves it.
# A batch has a work list, and findings, only when it was asked with a control sample, which seals its results: the black box asks one.
MAY_ALWAYS_REFUSE = (
    "/batches/{id}/work-list",
    "/batches/{id}/_reveal",
    "/batches/{id}/findings",
    "/batches/{id}/control-result",
    "POST /training-runs/{id}/edits",
    "/jobs/{id}/_cancel",
    "/linkage-runs/{id}/_match",
    "/linkage-specs/_suggest-rules",
    "POST /linkage-reviews/{id}/decisions",
    "/linkage-reviews/{id}/_relink",
    "/linkage-runs/{id}/changes",
    "/linkage-runs/{id}/entities",
    "POST /encodings",
    "/encodings/{id}",
    "/encodings/{id}/links",
    "/encodings/{id}/_link",
    "/encodings/{id}/_withdraw",
)
ROLES = json.loads(pathlib.Path("crates/types/roles.json").read_text(encoding="utf-8"))


def permissions(service):
    """What each operation asks; None for one that is open to everybody."""
    document = json.loads(pathlib.Path(f"openapi/{service}.json").read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                asked = [scope for entry in operation.get("security", []) for scope in entry.get("bearer", [])]
                yield f"{method.upper()} {path}", asked[0] if asked else None


def main():
    answers_file, *services = sys.argv[1:]
    seen = collections.defaultdict(collections.Counter)
    for line in pathlib.Path(answers_file).read_text(encoding="utf-8").splitlines():
        service, operation, answers = json.loads(line)
        seen[service, operation].update({int(status): count for status, count in answers.items()})
    held = {permission for role in ROLES.values() for permission in role}
    never = []
    for service in services:
        print(f"\n{service:<60} calls  2xx    answers")
        for operation, permission in permissions(service):
            answers = seen[service, operation]
            calls = sum(answers.values())
            good = sum(count for status, count in answers.items() if 200 <= status < 300)
            kinds = " ".join(f"{status}:{count}" for status, count in sorted(answers.items()))
            print(f"  {operation:<58} {calls:>5}  {good / max(calls, 1):>4.0%}   {kinds}")
            # What no role holds is asked by our own services only.
            expected = (permission is None or permission in held) and not operation.endswith(MAY_ALWAYS_REFUSE)
            if expected and not good:
                never.append(f"{service} {operation}")
    if never:
        sys.exit("\nnever seen to succeed:\n  " + "\n  ".join(never))


main()
