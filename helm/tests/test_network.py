"""Network policies let through what docs/architecture.md draws, and nothing else."""

import copy
import re
import unittest

from cases import NAMES, PROGRAMS, release
from chart import NAMESPACE, ROOT
from policies import Place, allowed

HTTP = 8080
# Places that the cases name, or that they say nothing about: then anything on that port is let through.
DNS = {"everything": ("openshift-dns", 5353)}
DATABASE = {"production": ("192.0.2.17", 5432), "everything": ("10.1.0.7", 6432)}
STORE = {"production": ("192.0.2.33", 443), "everything": ("10.2.0.7", 443)}
ISSUER = {"production": ("192.0.2.49", 443), "everything": ("10.3.0.7", 443)}
NOBODY = "203.0.113.9"


def arrows() -> dict[str, set[str]]:
    """Who calls whom, as the architecture page lists it; the page's own test holds the code to the same lines."""
    found = {}
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        arrow = re.fullmatch(r"(\w+) → ([\w, ]+)", line)
        if arrow and arrow[1] in PROGRAMS:
            targets = {it.strip() for it in arrow[2].split(",")} - {"nobody"}
            found[arrow[1]] = set(PROGRAMS) - {"gateway"} if targets == {"all"} else targets
    return found


def places(name: str) -> dict[str, Place]:
    """The pods of the programs, with the labels and ports that they are rendered with."""
    found = {}
    for called, item in release(name).of("Deployment").items():
        template = item["spec"]["template"]
        ports = {it["name"]: it["containerPort"] for it in template["spec"]["containers"][0]["ports"]}
        program = called.removeprefix("helder-")
        found[program] = Place(program, template["metadata"]["labels"], NAMESPACE, ports=ports)
    return found


def policies_of(name: str) -> list[dict]:
    """The policies, each with the namespace that Helm puts it in."""
    found = copy.deepcopy(list(release(name).of("NetworkPolicy").values()))
    for item in found:
        item["metadata"]["namespace"] = NAMESPACE
    return found


class Network(unittest.TestCase):
    def test_programs_reach_each_other_along_the_arrows_and_no_others(self):
        drawn = arrows()
        self.assertEqual(set(drawn), set(PROGRAMS))
        self.assertEqual(sum(map(len, drawn.values())), 13)
        for name in NAMES:
            policies = policies_of(name)
            pods = places(name)
            for source in PROGRAMS:
                for target in PROGRAMS:
                    if source != target:
                        let = allowed(policies, pods[source], pods[target], HTTP)
                        self.assertEqual(let, target in drawn[source], f"{name}: {source} → {target}")
                    self.assertFalse(allowed(policies, pods[source], pods[target], 9999), f"{name}: {source} → {target}")

    def test_settings_name_as_peers_whom_a_program_may_call(self):
        drawn = arrows()
        for called, item in release("minimal").of("ConfigMap").items():
            program = called.removeprefix("helder-")
            named = re.findall(r'(?m)^(\w+) = "http://helder-(\w+):8080"$', item["data"]["helder.toml"])
            self.assertEqual({key for key, _ in named}, drawn[program], program)
            self.assertTrue(all(key == host for key, host in named))

    def test_a_program_believes_the_keys_of_its_callers_only(self):
        drawn = arrows()
        for called, item in release("minimal").of("ConfigMap").items():
            program = called.removeprefix("helder-")
            if program == "gateway":
                continue
            trusted = re.search(r"\[identity.trusted\]\n(.*?)\n\n", item["data"]["helder.toml"], re.S)[1]
            callers = {it for it in PROGRAMS if program in drawn[it]}
            self.assertEqual(set(re.findall(r"(?m)^(\w+) = ", trusted)), callers, program)

    def test_nobody_else_comes_in(self):
        for name in NAMES:
            policies = policies_of(name)
            pods = places(name)
            strangers = [
                Place("another release", pods["gateway"].labels | {"app.kubernetes.io/instance": "other"}, NAMESPACE),
                Place("a pod without labels", {}, NAMESPACE),
                Place("a gateway of another namespace", pods["gateway"].labels, "elsewhere"),
                Place("the world", address=NOBODY),
            ]
            for stranger in strangers:
                for program in PROGRAMS:
                    let = allowed(policies, stranger, pods[program], HTTP)
                    open_door = program == "gateway" and name in ("minimal", "single-replica")
                    self.assertEqual(let, open_door, f"{name}: {stranger.name} → {program}")
        clients = {"production": {}, "everything": {"app.kubernetes.io/name": "ingress-nginx"}}
        for name, labels in clients.items():
            controller = Place("the ingress controller", labels, "ingress-nginx")
            policies = policies_of(name)
            for program, pod in places(name).items():
                self.assertEqual(allowed(policies, controller, pod, HTTP), program == "gateway", f"{name}: {program}")

    def test_each_program_gets_out_to_what_it_needs_and_nowhere_else(self):
        for name in NAMES:
            policies = policies_of(name)
            named = name in DATABASE
            namespace, dns_port = DNS.get(name, ("kube-system", 53))
            dns = Place("dns", {"k8s-app": "kube-dns"}, namespace)
            traced = name in ("production", "everything")
            for program, pod in places(name).items():
                service = program != "gateway"
                asks = program == "gateway" and name != "single-replica"  # There, the keys of the issuer are given.
                for protocol in ("UDP", "TCP"):
                    self.assertTrue(allowed(policies, pod, dns, dns_port, protocol), f"{name}: {program} → dns")
                    self.assertFalse(allowed(policies, pod, Place("x", address=NOBODY), dns_port, protocol))

                def out(place: tuple[str, int]) -> bool:
                    return allowed(policies, pod, Place("outside", address=place[0]), place[1])

                self.assertEqual(out(DATABASE.get(name, (NOBODY, 5432))), service, f"{name}: {program} → database")
                if name == "single-replica":
                    self.assertEqual(allowed(policies, pod, Place("minio", {}, "storage"), 9000), service)
                    self.assertFalse(out((NOBODY, 443)), f"{program} has nobody to ask outside")
                else:
                    self.assertEqual(out(STORE.get(name, (NOBODY, 443))), service or not named, f"{name}: {program} → store")
                    self.assertEqual(out(ISSUER.get(name, (NOBODY, 443))), asks or not named, f"{name}: {program} → issuer")
                collector = Place("collector", {}, "monitoring")
                self.assertEqual(allowed(policies, pod, collector, 4318), traced, f"{name}: {program} → collector")
                for port in (22, 80, 3306, 8443):
                    self.assertFalse(out((NOBODY, port)), f"{name}: {program} → port {port}")
                if named:
                    for port in (443, 5432, 6432, 4318):
                        self.assertFalse(out((NOBODY, port)), f"{name}: {program} → elsewhere on port {port}")
                if name == "everything":
                    self.assertFalse(out(("10.3.0.200", 443)), "an exception is one")

    def test_numbers_are_read_by_who_is_named_and_from_the_services_only(self):
        prometheus = Place("prometheus", {"app.kubernetes.io/name": "prometheus"}, "monitoring")
        for name in NAMES:
            policies = policies_of(name)
            for program, pod in places(name).items():
                open_door = program == "gateway" and name in ("minimal", "single-replica")
                reads = name == "everything" and program != "gateway"
                self.assertEqual(allowed(policies, prometheus, pod, HTTP), open_door or reads, f"{name}: {program}")
                other = Place("another pod there", {}, "monitoring")
                self.assertEqual(allowed(policies, other, pod, HTTP), open_door, f"{name}: {program}")

    def test_migrations_get_to_the_database_and_nowhere_else(self):
        for name in NAMES:
            policies = policies_of(name)
            template = release(name).of("Job")["helder-migrate-ingest"]["spec"]["template"]
            pod = Place("migrate", template["metadata"]["labels"], NAMESPACE)
            # Before the first installation their own policy is the only one, and it must do.
            for standing in (policies, [it for it in policies if it["metadata"]["name"] == "helder-migrate"]):
                address, port = DATABASE.get(name, (NOBODY, 5432))
                self.assertTrue(allowed(standing, pod, Place("database", address=address), port), name)
                for other in (443, 4318, 9000, HTTP):
                    self.assertFalse(allowed(standing, pod, Place("x", address=NOBODY), other), f"{name}: port {other}")
            for program in places(name).values():
                self.assertFalse(allowed(policies, pod, program, HTTP))
                self.assertFalse(allowed(policies, program, pod, HTTP))

    def test_a_pod_of_the_release_that_nobody_thought_of_is_shut_off(self):
        policies = policies_of("minimal")
        pods = places("minimal")
        labels = pods["gateway"].labels | {"app.kubernetes.io/component": "new"}
        new = Place("new", labels, NAMESPACE, ports={"http": HTTP})
        for other in [*pods.values(), Place("x", {}, "elsewhere"), Place("the world", address=NOBODY)]:
            for port in (HTTP, 443, 53):
                self.assertFalse(allowed(policies, new, other, port), other.name)
            self.assertFalse(allowed(policies, other, new, HTTP), other.name)

    def test_one_arrow_too_many_or_too_few_would_be_found(self):
        policies = {it["metadata"]["name"]: it for it in policies_of("minimal")}
        pods = places("minimal")
        without = [it for called, it in policies.items() if called != "helder-registry"]
        self.assertFalse(allowed(without, pods["ingest"], pods["registry"], HTTP), "the deny policy stands")
        undenied = [it for called, it in policies.items() if called not in ("helder-registry", "helder-deny")]
        self.assertTrue(allowed(undenied, Place("x", {}, "elsewhere"), pods["registry"], HTTP))
