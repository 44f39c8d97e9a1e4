"""Settings: the real programs start on what the chart renders, with Secrets made by the commands of helm/README.md."""

import sqlite3
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import running
from cases import PROGRAMS, case, pods, release
from chart import merged, render, values


@unittest.skipIf(running.binaries() is None, "NOT RUN: the programs are not beside HELDER_BIN or in target/debug")
class Settings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = running.temporary(cls)
        cls.secrets = running.make_secrets(cls.folder)

    def test_every_program_starts_on_what_is_rendered_and_stops_when_told(self):
        keys = values(self.folder / "keys.yaml")
        self.assertEqual(set(keys["publicKeys"]), set(PROGRAMS) - {"registry"})
        commands = {}
        for name in ("minimal", "everything"):
            given = merged(case(name), keys)
            if name == "everything":
                # While a key is replaced.
                given["publicKeys"]["gateway"] = [keys["publicKeys"]["gateway"], keys["publicKeys"]["ingest"]]
            given["gateway"].pop("existingSecret", None)
            given.get("services", {}).get("registry", {}).pop("existingSecret", None)
            found = render(given)
            for called, item in found.of("Deployment").items():
                (container,) = item["spec"]["template"]["spec"]["containers"]
                place = self.folder / name / called
                place.mkdir(parents=True)
                variables = running.environment(container, self.secrets, str(place))
                if "SSL_CERT_FILE" in variables:
                    variables["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
                settings = place / "helder.toml"
                settings.write_text(found.of("ConfigMap")[called]["data"]["helder.toml"])
                self.assertEqual(container["args"], ["/etc/helder/config/helder.toml"])
                program = running.binaries() / f"helder-{container['name']}"
                commands[f"{name}: {called}"] = ([program, settings], variables)
        self.assertEqual(len(commands), 12)
        with ThreadPoolExecutor(4) as at_once:
            results = at_once.map(lambda it: running.start_and_stop(*it), commands.values())
        for what, (ended, served, log) in zip(commands, results):
            with self.subTest(what):
                self.assertTrue(served, log)
                self.assertEqual(ended, 0, log)
        print(f"{len(commands)} starts of the programs in {running.binaries()} on rendered settings")

    def test_the_commands_of_the_readme_make_every_secret_that_pods_refer_to(self):
        made = {(it.parent.name, it.name) for it in self.secrets.rglob("*") if it.is_file()}
        referred = set()
        for _, template in pods(release("minimal")):
            for it in template["spec"]["containers"][0]["env"]:
                reference = it.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    referred.add((reference["name"], reference["key"]))
        self.assertEqual(made, referred)

    def test_every_migration_runs_with_what_its_pod_is_given(self):
        jobs = release("minimal").of("Job")
        self.assertEqual(len(jobs), 5)
        for called, item in jobs.items():
            (container,) = item["spec"]["template"]["spec"]["containers"]
            service = called.removeprefix("helder-migrate-")
            self.assertIn(f"helder-{service}:", container["image"])
            ((name, value),) = running.given(container, self.secrets).items()
            self.assertRegex(value, f"^postgres://helder_owner:password@.*[&]schema={service}$")
            store = self.folder / f"{service}.db"
            command = [running.binaries() / f"helder-{service}", *container["args"]]
            done = subprocess.run(
                command, env={name: f"sqlite:{store}"}, cwd="/", capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            with sqlite3.connect(store) as tables:
                (count,) = tables.execute("SELECT count(*) FROM __diesel_schema_migrations").fetchone()
            tables.close()
            self.assertGreater(count, 0, f"{service}: {done.stdout}")

    def test_variables_that_kubernetes_adds_for_services_would_be_read_as_settings(self):
        # Why enableServiceLinks is off: the release is called helder, and so begin the variables.
        found = render(case("minimal"))
        item = found.of("Deployment")["helder-registry"]
        self.assertIs(item["spec"]["template"]["spec"]["enableServiceLinks"], False)
        (container,) = item["spec"]["template"]["spec"]["containers"]
        variables = running.environment(container, self.secrets, str(self.folder))
        variables["HELDER_REGISTRY_PORT"] = "tcp://10.0.0.1:8080"
        settings = self.folder / "linked.toml"
        settings.write_text(found.of("ConfigMap")["helder-registry"]["data"]["helder.toml"])
        command = [running.binaries() / "helder-registry", settings]
        ended, served, log = running.start_and_stop(command, variables)
        self.assertFalse(served)
        self.assertEqual(ended, 1)
        self.assertIn("registry_port", log)
