"""A release through its life: installed, upgraded, refused, removed."""

import unittest

from cases import PROGRAMS, case
from chart import Helm, Refused
from cluster import Cluster


def changed(cluster: Cluster, since: int) -> set[tuple[str, str, str]]:
    """What was written beside Helm's own records."""
    return {it for it in cluster.writes[since:] if it[1] != "Secret"}


class Life(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(Cluster())
        self.helm = Helm(self.cluster)

    def test_an_upgrade_to_the_same_values_changes_no_pod(self):
        self.helm.install("helder", case("production"))
        before = {it["metadata"]["name"]: it["spec"]["template"] for it in self.cluster.kept("Deployment")}
        self.helm.upgrade("helder", case("production"))
        after = {it["metadata"]["name"]: it["spec"]["template"] for it in self.cluster.kept("Deployment")}
        self.assertEqual(before, after)

    def test_one_changed_setting_rolls_out_one_program(self):
        given = case("minimal")
        self.helm.install("helder", given)
        before = {it["metadata"]["name"]: it["spec"]["template"] for it in self.cluster.kept("Deployment")}
        given["services"] = {"ingest": {"settings": {"workers": 4}}}
        self.helm.upgrade("helder", given)
        after = {it["metadata"]["name"]: it["spec"]["template"] for it in self.cluster.kept("Deployment")}
        self.assertEqual([it for it in before if before[it] != after[it]], ["helder-ingest"])

    def test_tables_are_brought_up_to_date_before_any_program_is_touched(self):
        for act in (self.helm.install, self.helm.upgrade):
            since = len(self.cluster.writes)
            given = case("production")
            given["image"]["tag"] = "0.2.0" if act == self.helm.upgrade else "0.1.0"
            act("helder", given)
            writes = [it for it in self.cluster.writes[since:] if it[1] != "Secret"]
            self.assertEqual(writes[0], ("create", "NetworkPolicy", "helder-migrate"))
            jobs = [name for verb, kind, name in writes if (verb, kind) == ("create", "Job")]
            self.assertEqual(jobs, [f"helder-migrate-{it}" for it in PROGRAMS[1:]])
            last = max(place for place, it in enumerate(writes) if it[1] == "Job" or it[2] == "helder-migrate")
            first = min(place for place, it in enumerate(writes) if it[1] == "Deployment")
            self.assertLess(last, first)
            self.assertEqual(self.cluster.kept("Job"), [], "done and gone")

    def test_a_migration_that_fails_stops_an_upgrade_before_any_program_is_touched(self):
        self.helm.install("helder", case("production"))
        since = len(self.cluster.writes)
        self.cluster.failing_jobs.add("helder-migrate-linkage")
        with self.assertRaises(Refused) as refused:
            self.helm.upgrade("helder", case("everything"))
        self.assertIn("helder-migrate-linkage", str(refused.exception))
        kinds = {kind for _, kind, _ in changed(self.cluster, since)}
        self.assertEqual(kinds, {"Job", "NetworkPolicy"})
        self.assertEqual([it["metadata"]["name"] for it in self.cluster.kept("Job")], ["helder-migrate-linkage"], "its log can be read")

    def test_a_refused_upgrade_changes_nothing(self):
        given = case("minimal")
        self.helm.install("helder", given)
        since = len(self.cluster.writes)
        with self.assertRaises(Refused):
            self.helm.upgrade("helder", given | {"gateway": given["gateway"] | {"replicas": 0}})
        self.assertEqual(changed(self.cluster, since), set())

    def test_two_releases_live_beside_each_other(self):
        self.helm.install("helder", case("minimal"))
        self.helm.install("helder-test", case("minimal"))
        self.assertEqual(len(self.cluster.kept("Deployment")), 12)

    def test_notes_say_what_to_do_and_what_is_still_open(self):
        notes = self.helm.install("helder", case("minimal")).notes
        for said in ("rollout status deployment/helder-gateway", "networkPolicy.database.to", "networkPolicy.clients", "port-forward"):
            self.assertIn(said, notes)
        notes = self.helm.install("production", case("production")).notes
        self.assertIn("https://helder.example.nl/health/ready", notes)
        self.assertNotIn("anywhere", notes)

    def test_what_is_removed_is_gone(self):
        self.helm.install("helder", case("production"))
        self.helm.uninstall("helder")
        left = {(it["kind"], it["metadata"]["name"]) for it in self.cluster.objects.values()}
        self.assertEqual({it for it in left if it[0] != "Secret"}, set())
