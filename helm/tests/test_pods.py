"""Pods: what they may do, what they know, how they come and go."""

import re
import unittest

from cases import PROGRAMS, case, each, pods, release

SERVICES = [it for it in PROGRAMS if it != "gateway"]
SECRET_KEYS = {"signing-key", "master-keys", "store-url", "access-key-id", "secret-access-key"}


class Pods(unittest.TestCase):
    def test_every_pod_keeps_the_restricted_standard_and_more(self):
        # https://kubernetes.io/docs/concepts/security/pod-security-standards/, level restricted.
        for name, found in each():
            for made_by, template in pods(found):
                with self.subTest(f"{name}: {made_by}"):
                    spec = template["spec"]
                    self.assertFalse({"hostNetwork", "hostPID", "hostIPC", "ephemeralContainers"} & spec.keys())
                    self.assertIs(spec["automountServiceAccountToken"], False)
                    self.assertIs(spec["enableServiceLinks"], False)
                    self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
                    self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertNotEqual(spec["securityContext"].get("runAsUser", 1), 0)
                    for volume in spec.get("volumes", []):
                        self.assertTrue({"configMap", "emptyDir"} & volume.keys(), volume)
                    (container,) = spec["containers"] + spec.get("initContainers", [])
                    security = container["securityContext"]
                    self.assertEqual(
                        security,
                        {
                            "allowPrivilegeEscalation": False,
                            "privileged": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                    )
                    self.assertFalse([it for it in container.get("ports", []) if "hostPort" in it])

    def test_what_can_be_written_is_bounded(self):
        for name, found in each():
            for made_by, template in pods(found):
                volumes = {it["name"]: it for it in template["spec"].get("volumes", [])}
                for mount in template["spec"]["containers"][0].get("volumeMounts", []):
                    volume = volumes.pop(mount["name"])
                    if "emptyDir" in volume:
                        self.assertRegex(volume["emptyDir"]["sizeLimit"], r"^\d+[MG]i$", f"{name}: {made_by}")
                    else:
                        self.assertIs(mount["readOnly"], True, f"{name}: {made_by}: {mount}")
                self.assertEqual(volumes, {}, f"{name}: {made_by} mounts all of its volumes")

    def test_every_pod_asks_for_resources_and_has_a_limit_of_memory(self):
        for name, found in each():
            for made_by, template in pods(found):
                resources = template["spec"]["containers"][0]["resources"]
                self.assertTrue({"cpu", "memory"} <= resources["requests"].keys(), f"{name}: {made_by}")
                self.assertIn("memory", resources["limits"], f"{name}: {made_by}")

    def test_secrets_are_referred_to_and_never_made(self):
        for name, found in each():
            self.assertEqual(found.of("Secret"), {}, name)
            referred = set()
            for made_by, template in pods(found):
                container = template["spec"]["containers"][0]
                self.assertNotIn("envFrom", container, "only named keys come in")
                for variable in container.get("env", []):
                    secret = re.search(r"KEY|URL|PASSWORD|TOKEN|SECRET", variable["name"])
                    if secret and "value" in variable:
                        self.fail(f"{name}: {made_by}: {variable['name']} is given as it is")
                    if "valueFrom" in variable:
                        reference = variable["valueFrom"]["secretKeyRef"]
                        referred.add((reference["name"], reference["key"]))
                for volume in template["spec"].get("volumes", []):
                    self.assertNotIn("secret", volume, "a program refuses master keys in a file of root's")
            for item in found.of("ConfigMap").values():
                for text in item["data"].values():
                    self.assertNotRegex(text, r"(?m)^\s*(signing_key|master_keys|password|secret)\s*=|postgres:", name)
            migrate = case(name).get("migrations", {})
            keys = {f"{it}-url" for it in SERVICES}
            self.assertEqual({key for of, key in referred if of == migrate.get("existingSecret", "helder-migrate")}, keys)
            for program in PROGRAMS:
                settings = case(name).get("gateway" if program == "gateway" else "services", {})
                settings = settings if program == "gateway" else settings.get(program, {})
                secret = settings.get("existingSecret") or f"helder-{program}"
                keys = {"signing-key"} if program == "gateway" else SECRET_KEYS
                self.assertEqual({key for of, key in referred if of == secret}, keys, f"{name}: {program}")

    def test_a_program_never_gets_the_owner_of_its_tables_and_migrations_get_nothing_else(self):
        for name, found in each():
            for made_by, template in pods(found):
                variables = template["spec"]["containers"][0]["env"]
                secrets = {it["valueFrom"]["secretKeyRef"]["name"] for it in variables if "valueFrom" in it}
                owners = {case(name).get("migrations", {}).get("existingSecret", "helder-migrate")}
                if made_by.startswith("Job/"):
                    self.assertEqual({it["name"] for it in variables} - {"SSL_CERT_FILE"}, {"HELDER_STORE__URL"})
                    self.assertEqual(secrets, owners, f"{name}: {made_by}")
                    self.assertEqual(template["spec"]["restartPolicy"], "Never")
                else:
                    self.assertFalse(secrets & owners, f"{name}: {made_by}")

    def test_probes_ask_what_they_should(self):
        for name, found in each():
            for called, item in found.of("Deployment").items():
                container = item["spec"]["template"]["spec"]["containers"][0]
                paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
                # Liveness must not depend on others: a database that is away would restart every pod.
                self.assertEqual((paths["startup"], paths["liveness"]), ("/health/live", "/health/live"), called)
                # Nor readiness: what is away for one replica is away for all, and then none would be left to answer.
                self.assertEqual(paths["readiness"], "/health/accepting", f"{name}: {called}")
                startup = container["startupProbe"]
                self.assertGreaterEqual(startup["periodSeconds"] * startup["failureThreshold"], 60)

    def test_a_pod_is_gone_within_thirty_seconds_and_was_given_its_time(self):
        for name, found in each():
            for called, item in found.of("Deployment").items():
                spec = item["spec"]["template"]["spec"]
                settings = found.of("ConfigMap")[called]["data"]["helder.toml"]
                drain, stop = (int(re.search(rf"(?m)^\s*{it}_s = (\d+)$", settings)[1]) for it in ("drain", "stop"))
                self.assertGreaterEqual(drain, 1)
                self.assertEqual(spec["terminationGracePeriodSeconds"], drain + stop + 5, f"{name}: {called}")
                self.assertLessEqual(spec["terminationGracePeriodSeconds"], 30, f"{name}: {called}")

    def test_a_rollout_never_has_fewer_pods_than_asked_and_replicas_are_spread(self):
        for name, found in each():
            for called, item in found.of("Deployment").items():
                self.assertEqual(item["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0)
                template = item["spec"]["template"]
                spread = template["spec"]["topologySpreadConstraints"]
                self.assertEqual(
                    {it["topologyKey"] for it in spread}, {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
                )
                for constraint in spread:
                    selector = constraint["labelSelector"]["matchLabels"]
                    self.assertTrue(selector.items() <= template["metadata"]["labels"].items(), f"{name}: {called}")

    def test_images_are_named_by_version_or_digest(self):
        for name, found in each():
            for made_by, template in pods(found):
                image = template["spec"]["containers"][0]["image"]
                self.assertRegex(image, r"(:[0-9][\w.-]+|@sha256:[0-9a-f]{64})$", f"{name}: {made_by}")
        images = {it: each["spec"]["template"]["spec"]["containers"][0]["image"] for it, each in release("everything").of("Deployment").items()}
        self.assertEqual(images["helder-gateway"], "registry.example.nl:5000/helder/helder-gateway:0.1.0-rc.1")
        self.assertEqual(images["helder-prediction"], "registry.example.nl:5000/helder/helder-prediction@sha256:" + "0123456789abcdef" * 4)

    def test_changed_settings_roll_out_and_equal_ones_do_not(self):
        checksums = []
        for name in ("minimal", "everything"):
            template = release(name).of("Deployment")["helder-gateway"]["spec"]["template"]
            checksums.append(template["metadata"]["annotations"]["checksum/config"])
        self.assertNotEqual(*checksums)
