"""The reading of network policies, on the cases that the Kubernetes documentation explains.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

import unittest

from policies import Place, allowed

DB = Place("db", {"role": "db"}, "default", ports={"pg": 6379})
FRONTEND = Place("frontend", {"role": "frontend"}, "default")
OTHER = Place("other", {}, "default")
ALICE = Place("client of alice", {"role": "client"}, "alice")
STRANGER = Place("other of alice", {"role": "other"}, "alice")
CLIENT = Place("client here", {"role": "client"}, "default")
OF_ALICE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "alice"}}}
IS_CLIENT = {"podSelector": {"matchLabels": {"role": "client"}}}


def policy(spec: dict, selector: dict | None = None) -> list[dict]:
    types = [it for it, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec] or ["Ingress"]
    whole = {"podSelector": selector if selector is not None else {"matchLabels": {"role": "db"}}, "policyTypes": types}
    return [{"metadata": {"name": "x", "namespace": "default"}, "spec": whole | spec}]


class Reading(unittest.TestCase):
    def lets(self, policies: list[dict], *sources: Place, target: Place = DB, port: int = 6379) -> list[bool]:
        return [allowed(policies, it, target, port) for it in sources]

    def test_without_a_policy_everything_is_let_through(self):
        self.assertEqual(self.lets([], OTHER, ALICE, Place("world", address="192.0.2.1")), [True] * 3)

    def test_a_policy_without_rules_denies_and_an_empty_rule_allows(self):
        self.assertEqual(self.lets(policy({"ingress": []}), OTHER, ALICE), [False, False])
        self.assertEqual(self.lets(policy({"ingress": [{}]}), OTHER, ALICE), [True, True])

    def test_the_example_of_the_documentation(self):
        rule = {
            "from": [
                {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}},
                {"podSelector": {"matchLabels": {"role": "frontend"}}},
            ],
            "ports": [{"protocol": "TCP", "port": 6379}],
        }
        block = {"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 5978}]}
        policies = policy({"ingress": [rule], "egress": [block]})
        inside, excepted = Place("a", address="172.17.2.1"), Place("b", address="172.17.1.1")
        self.assertEqual(self.lets(policies, FRONTEND, OTHER, ALICE, inside, excepted), [True, False, False, True, False])
        self.assertEqual(self.lets(policies, FRONTEND, port=6380), [False])
        self.assertTrue(allowed(policies, DB, Place("c", address="10.0.0.9"), 5978))
        self.assertFalse(allowed(policies, DB, Place("c", address="10.0.1.9"), 5978))
        self.assertFalse(allowed(policies, DB, OTHER, 5978))

    def test_two_peers_are_either_and_two_selectors_in_one_peer_are_both(self):
        either = policy({"ingress": [{"from": [OF_ALICE, IS_CLIENT]}]})
        self.assertEqual(self.lets(either, ALICE, STRANGER, CLIENT, OTHER), [True, True, True, False])
        both = policy({"ingress": [{"from": [OF_ALICE | IS_CLIENT]}]})
        self.assertEqual(self.lets(both, ALICE, STRANGER, CLIENT, OTHER), [True, False, False, False])

    def test_policies_add_up_and_apply_to_their_own_namespace(self):
        denied = policy({"ingress": []}, {})
        self.assertEqual(self.lets(denied + policy({"ingress": [{"from": [IS_CLIENT]}]}), CLIENT, OTHER), [True, False])
        self.assertTrue(allowed(denied, OTHER, ALICE, 80), "alice has no policy")

    def test_both_sides_must_agree(self):
        out = policy({"egress": [{"to": [{"podSelector": {"matchLabels": {"role": "db"}}}]}]}, {"matchLabels": {"role": "frontend"}})
        self.assertTrue(allowed(out, FRONTEND, DB, 6379))
        self.assertFalse(allowed(out, FRONTEND, OTHER, 6379))
        self.assertFalse(allowed(out + policy({"ingress": []}), FRONTEND, DB, 6379))

    def test_a_port_by_name_is_that_of_the_target_and_protocols_differ(self):
        named = policy({"ingress": [{"ports": [{"port": "pg", "protocol": "TCP"}]}]})
        self.assertEqual(self.lets(named, OTHER), [True])
        self.assertEqual(self.lets(named, OTHER, port=80), [False])
        self.assertFalse(allowed(named, OTHER, DB, 6379, "UDP"))
        self.assertFalse(allowed(policy({"ingress": [{"ports": [{"port": "web"}]}]}), OTHER, DB, 6379))
