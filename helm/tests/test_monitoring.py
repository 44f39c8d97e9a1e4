"""The ServiceMonitor finds the services' ports, and there is something to read at the address it names."""

import re
import subprocess
import threading
import unittest
import urllib.request

import running
from cases import NAMES, case, release
from chart import NAMESPACE, merged, render, values

# Of https://prometheus-operator.dev/docs/api-reference/api/, what is used here.
KEYS = {"jobLabel", "namespaceSelector", "selector", "endpoints"}
ENDPOINT_KEYS = {"port", "path", "interval", "scrapeTimeout"}


class Monitoring(unittest.TestCase):
    def test_it_is_made_when_asked_for(self):
        self.assertEqual([it for it in NAMES if release(it).of("ServiceMonitor")], ["everything"])

    def test_it_finds_the_services_and_not_the_gateway(self):
        (item,) = release("everything").of("ServiceMonitor").values()
        self.assertEqual(item["metadata"]["labels"]["release"], "prometheus")
        spec = item["spec"]
        self.assertEqual(set(spec), KEYS)
        self.assertEqual(spec["namespaceSelector"], {"matchNames": [NAMESPACE]})
        (endpoint,) = spec["endpoints"]
        self.assertEqual(set(endpoint), ENDPOINT_KEYS)
        self.assertEqual(endpoint["interval"], "15s")
        (among,) = spec["selector"]["matchExpressions"]
        self.assertEqual(among["operator"], "In")
        found = set()
        for called, service in release("everything").of("Service").items():
            labels = service["metadata"]["labels"]
            if spec["selector"]["matchLabels"].items() <= labels.items() and labels[among["key"]] in among["values"]:
                self.assertIn(endpoint["port"], [it["name"] for it in service["spec"]["ports"]])
                self.assertIn(spec["jobLabel"], labels)
                found.add(called)
        services = set(release("everything").of("Service")) - {"helder-gateway"}
        self.assertEqual(found, services)

    @unittest.skipIf(running.binaries() is None, "NOT RUN: the programs are not beside HELDER_BIN or in target/debug")
    def test_a_service_answers_there_with_numbers(self):
        folder = running.temporary(type(self))
        secrets = running.make_secrets(folder)
        found = render(merged(case("minimal"), values(folder / "keys.yaml")))
        (container,) = found.of("Deployment")["helder-registry"]["spec"]["template"]["spec"]["containers"]
        settings = folder / "helder.toml"
        settings.write_text(found.of("ConfigMap")["helder-registry"]["data"]["helder.toml"])
        (monitor,) = release("everything").of("ServiceMonitor").values()
        path = monitor["spec"]["endpoints"][0]["path"]
        variables = running.environment(container, secrets, str(folder))
        command = [running.binaries() / "helder-registry", settings]
        with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as process:
            impatience = threading.Timer(30, process.kill)
            impatience.start()
            address = None
            while address is None:
                line = process.stderr.readline()
                self.assertTrue(line, "it ended")
                address = re.search(r'"message":"serving".*"address":"([^"]+)"', line)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            with urllib.request.urlopen(f"http://{address[1]}{path}") as answer:
                text = answer.read().decode()
            process.terminate()
            impatience.cancel()
        self.assertRegex(text, r"(?m)^# TYPE \w+ (counter|gauge|histogram|summary)$")
