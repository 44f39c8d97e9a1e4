"""Every setting that the programs know, read from the structs that they are read into."""

from __future__ import annotations

import re

from chart import ROOT

SOURCES = [
    "crates/platform/src/config/settings.rs",
    "crates/platform/src/bucket.rs",
    "crates/platform/src/logboek/settings.rs",
    "gateway/src/process.rs",
    "gateway/src/config.rs",
    "gateway/src/config/fsc.rs",
    "gateway/src/config/issuer.rs",
]
STRUCT = re.compile(r"^pub struct (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^    pub (\w+): (.*),$", re.MULTILINE)
INSIDE = re.compile(r"(?:Option|Vec)<(.*)>$")


def structs() -> dict[str, list[tuple[str, str]]]:
    """Fields with their types, by name of the struct."""
    found = {}
    for source in SOURCES:
        for name, body in STRUCT.findall((ROOT / source).read_text()):
            found[name] = FIELD.findall(body)
    return found


def settings(struct: str) -> set[str]:
    """Places of all settings of a program, `gateway.answer_s`; a map from names to values is one setting."""
    known = structs()

    def places(name: str) -> set[str]:
        found = set()
        for field, kind in known[name]:
            while inside := INSIDE.match(kind):
                kind = inside[1]
            found |= {f"{field}.{it}" for it in places(kind)} if kind in known else {field}
        return found

    return places(struct)


def given(found: object, path: str = "") -> set[str]:
    """Places in settings as they were read from a file, in the same form."""
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return set().union(*(given(it, path) for it in found))
    if isinstance(found, dict):
        return set().union(set(), *(given(value, f"{path}.{key}".lstrip(".")) for key, value in found.items()))
    return {path}
