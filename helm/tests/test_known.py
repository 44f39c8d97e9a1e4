"""Each setting that the programs know is given by the chart, or left out for a reason that is written here."""

import tomllib
import unittest

from cases import PROGRAMS, release
from known import given, settings

# What a pod has no use for, or gets in another way.
LEFT_OUT = {
    "GatewayProcess": {
        "signing_key_file": "the key comes as a variable: a file of a Secret belongs to root",
        "telemetry.file": "a pod logs to standard error",
        "gateway.sure_at_once": "for services in the gateway's own process, of which a pod has none",
        "gateway.late_ms": "the same",
        "gateway.issuers.organisation": "instead of organisations, which the example sets",
        "gateway.issuers.jwks": "instead of asking the issuer, as the example does; minimal.yaml has it",
    },
    "Service": {
        "scratch": "TMPDIR says where, which other programs' files follow too",
        "store.migrate_url": "for the command migrate, whose Job gets the owner's address as store.url",
        "objects.bucket.endpoint": "AWS_ENDPOINT, from objectStore.endpoint",
        "objects.bucket.region": "AWS_REGION, from objectStore.region",
        "objects.bucket.allow_http": "AWS_ALLOW_HTTP, from objectStore.allowHttp",
        "objects.bucket.access_key_id_file": "AWS_ACCESS_KEY_ID, from the Secret",
        "objects.bucket.secret_access_key_file": "AWS_SECRET_ACCESS_KEY, from the Secret",
        "keyring.master_file": "the keys come as a variable: a program refuses a file that others can read",
        "identity.signing_key_file": "the key comes as a variable",
        "telemetry.file": "a pod logs to standard error",
    },
}
# Maps from names of our own choice to a value: one setting each.
MAPS = ("upstreams", "peers", "identity.trusted", "logboek.applications", "logboek.keep_days_of", "gateway.issuers.roles",
        "gateway.issuers.organisations", "gateway.fsc.consumers")


def one_each(places: set[str]) -> set[str]:
    return {next((it for it in MAPS if place.startswith(f"{it}.")), place) for place in places}


class Known(unittest.TestCase):
    def rendered(self, called: str) -> set[str]:
        """What the chart gives a program when every value is set: by its file and by its variables."""
        found = release("everything")
        (container,) = found.of("Deployment")[called]["spec"]["template"]["spec"]["containers"]
        variables = {it["name"].removeprefix("HELDER_") for it in container["env"] if it["name"].startswith("HELDER_")}
        file = tomllib.loads(found.of("ConfigMap")[called]["data"]["helder.toml"])
        return one_each(given(file)) | {it.lower().replace("__", ".") for it in variables}

    def compare(self, kind: str, known: set[str], rendered: set[str]) -> None:
        self.assertGreater(len(known), 20)
        self.assertEqual(rendered - known, set(), "the chart gives what no program knows")
        left_out = LEFT_OUT[kind]
        self.assertEqual(set(left_out) - known, set(), "left out, and no program knows it")
        self.assertEqual(set(left_out) & rendered, set(), "left out, and given")
        self.assertEqual(known - rendered - set(left_out), set(), "neither in the chart nor left out for a reason")

    def test_the_chart_gives_every_setting_of_the_gateway_or_says_why_not(self):
        self.compare("GatewayProcess", one_each(settings("ProcessSettings")), self.rendered("helder-gateway"))

    def test_the_chart_gives_every_setting_of_a_service_or_says_why_not(self):
        # Each has the same settings; each is told something else.
        rendered = set().union(*(self.rendered(f"helder-{it}") for it in PROGRAMS if it != "gateway"))
        self.compare("Service", one_each(settings("ServiceSettings")), rendered)


if __name__ == "__main__":
    unittest.main()
