"""Values: the right ones are taken, each wrong one is refused with a message that says where and what."""

import json
import re
import unittest

from chart import CHART, ROOT, Refused, given, render, values

WRONG = sorted((ROOT / "helm/tests/values/wrong").glob("*.yaml"))


def leaves(found: object, path: str = "") -> set[str]:
    """Places of all values; a list or an empty map is one value."""
    if isinstance(found, dict) and found:
        return set().union(*(leaves(value, f"{path}.{key}") for key, value in found.items()))
    return {path.lstrip(".")}


class Values(unittest.TestCase):
    def test_without_values_everything_that_is_missing_is_told_at_once(self):
        with self.assertRaises(Refused) as refused:
            render({})
        for key in ("publicKeys.gateway", "publicKeys.prediction", "objectStore.objects", "objectStore.keys"):
            self.assertIn(f"\n  {key}: ", str(refused.exception))
        for key in ("gateway.hosts", "gateway.issuers"):
            self.assertIn(f"\n  {key}: ", str(refused.exception))

    def test_each_wrong_value_is_refused_and_named(self):
        self.assertGreaterEqual(len(WRONG), 30)
        for file in WRONG:
            with self.subTest(file.name):
                expected = file.read_text().splitlines()[0].removeprefix("# refused: ")
                with self.assertRaises(Refused) as refused:
                    render(given(file))
                self.assertIn(expected, str(refused.exception))

    def test_the_file_with_everything_sets_every_value(self):
        known = {it for it in leaves(values(CHART / "values.yaml")) if not it.startswith("services.")}
        said = leaves(given("everything"))
        for place in known:
            self.assertTrue(any(it == place or it.startswith(place + ".") for it in said), place)

    def test_every_value_is_described(self):
        schema = json.loads((CHART / "values.schema.json").read_text())

        def check(node: dict, path: str) -> None:
            for key, value in node.get("properties", {}).items():
                if "$ref" not in value and not path.startswith((".definitions.selector", ".definitions.peers")):
                    if "properties" in value or path.count(".") < 3:
                        self.assertTrue(value.get("description"), f"{path}.{key}")
                check(value, f"{path}.{key}")

        check(schema, "")
        for name, node in schema["definitions"].items():
            self.assertTrue(node.get("description"), name)
            check(node, f".definitions.{name}")

    def test_every_group_of_values_has_a_comment(self):
        lines = (CHART / "values.yaml").read_text().splitlines()
        for before, line in zip([""] + lines, lines):
            if re.match(r"[a-zA-Z]+:", line):
                self.assertTrue(before.startswith("#"), line)
