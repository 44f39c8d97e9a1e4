"""Manifests: as Kubernetes wants them, in every version that the chart says it runs on."""

import copy
import unittest
from functools import cache

import kubernetes_validate
import kubernetes_validate.utils

from cases import case, each, release
from chart import CHART, Helm, Refused, render, values
from cluster import RESOURCES, Cluster

# Schemas are read anew for every object otherwise.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)
VERSIONS = [it for it in kubernetes_validate.utils.all_versions() if int(it.split(".")[1]) >= 30]
# What no Kubernetes schema describes; test_monitoring.py looks at these.
CUSTOM = {"ServiceMonitor"}


def refusal(item: dict, version: str) -> str | None:
    try:
        kubernetes_validate.validate(item, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return None


class Manifests(unittest.TestCase):
    def test_lint_has_nothing_to_say_but_that_there_is_no_icon(self):
        with Cluster() as cluster:
            found = Helm(cluster).lint()
        self.assertEqual(found["TotalChartsLinted"], 1)
        self.assertFalse(found["Errors"])
        self.assertEqual([(it["Severity"], it["Path"]) for it in found["Messages"]], [(1, "Chart.yaml")])

    def test_every_object_keeps_the_schema_of_every_version(self):
        self.assertIn("1.30.0", VERSIONS)
        self.assertGreaterEqual(len(VERSIONS), 8)
        self.assertEqual(values(CHART / "Chart.yaml")["kubeVersion"], ">=1.30.0-0")
        seen = 0
        for name, found in each():
            for item in found.everything:
                if item["kind"] in CUSTOM:
                    continue
                for version in VERSIONS:
                    seen += 1
                    what = f"{name}: {item['kind']}/{item['metadata']['name']} in {version}"
                    self.assertIsNone(refusal(item, version), what)
        print(f"{seen} checks of objects against schemas of Kubernetes {VERSIONS[0]} to {VERSIONS[-1]}")

    def test_a_misspelt_or_mistyped_key_would_be_found(self):
        deployment = copy.deepcopy(release("minimal").of("Deployment")["helder-gateway"])
        pod = deployment["spec"]["template"]["spec"]
        pod["terminationGracePeriodSecond"] = 30
        self.assertIn("terminationGracePeriodSecond", refusal(deployment, "1.34.0") or "")
        del pod["terminationGracePeriodSecond"]
        pod["containers"][0]["readinessProbe"]["periodSeconds"] = "2"
        self.assertIsNotNone(refusal(deployment, "1.34.0"))

    def test_names_are_of_the_release_and_of_nobody_else(self):
        for name, found in each():
            names = [(it["kind"], it["metadata"]["name"]) for it in found.everything]
            self.assertEqual(len(names), len(set(names)), name)
            for kind, called in names:
                self.assertTrue(called.startswith("helder-"), f"{kind}/{called}")
                self.assertIn(kind, [it[2] for it in RESOURCES])

    def test_the_longest_name_of_a_release_gives_names_that_kubernetes_takes(self):
        found = render(case("production"), "h" * 44)
        self.assertEqual(max(len(it["metadata"]["name"]) for it in found.everything), 63)
        for name, said in (("h" * 45, "at most 44 characters"), ("2helder", "beginning with a letter"), ("a.b", "hyphens")):
            with self.assertRaises(Refused) as refused:
                render(case("production"), name)
            self.assertIn(said, str(refused.exception))

    def test_selectors_find_exactly_their_own_pods(self):
        for name, found in each():
            deployments = found.of("Deployment")
            self.assertEqual(len(deployments), 6, name)
            for kind in ("Service", "PodDisruptionBudget"):
                self.assertEqual(set(found.of(kind)), set(deployments), f"{name}: {kind}")
                for called, item in found.of(kind).items():
                    selector = item["spec"]["selector"]
                    selector = selector.get("matchLabels", selector)
                    hit = [
                        other
                        for other, it in deployments.items()
                        if selector.items() <= it["spec"]["template"]["metadata"]["labels"].items()
                    ]
                    self.assertEqual(hit, [called], f"{name}: {kind}/{called}")
            for called, item in found.of("HorizontalPodAutoscaler").items():
                self.assertEqual(item["spec"]["scaleTargetRef"]["name"], called)
                self.assertNotIn("replicas", deployments[called]["spec"], "an upgrade would undo the scaling")

    def test_the_ingress_is_for_the_hosts_of_the_gateway_and_has_tls(self):
        for name, found in each():
            for item in found.of("Ingress").values():
                (tls,) = item["spec"]["tls"]
                self.assertTrue(tls["secretName"], name)
                self.assertEqual(tls["hosts"], [it["host"] for it in item["spec"]["rules"]])
                for rule in item["spec"]["rules"]:
                    (path,) = rule["http"]["paths"]
                    self.assertEqual(path["backend"]["service"], {"name": "helder-gateway", "port": {"name": "http"}})
        self.assertEqual(set(release("production").of("Ingress")), {"helder-gateway"})
        self.assertEqual(release("minimal").of("Ingress"), {})

    def test_production_has_two_replicas_of_everything(self):
        found = release("production")
        scaled = {it: each["spec"]["minReplicas"] for it, each in found.of("HorizontalPodAutoscaler").items()}
        for called, item in found.of("Deployment").items():
            self.assertGreaterEqual(item["spec"].get("replicas", scaled.get(called, 0)), 2, called)
