"""Images: what scripts/image-root puts into them is enough for a program, and nothing more.

Images themselves need a container runtime and a registry; here their file systems are laid out and used as they are.
"""

import os
import subprocess
import unittest

import running
from cases import case, release
from chart import ROOT, merged, render, values

# Of the six, the door and one service: both kinds of programs, the smallest of each.
TRIED = ["gateway", "registry"]
# As a pod runs it: another user without capabilities or new privileges, who can write in /scratch only.
RUN = r"""
set -e
mount --bind "$0" "$0"
mount -o remount,bind,ro "$0"
mount -t tmpfs -o mode=1777 tmpfs "$0/scratch"
exec setpriv --no-new-privs chroot --userspec=10001:10001 --groups=10001 "$0" \
  /usr/local/bin/program /etc/helder/config/helder.toml
"""


def can_confine() -> bool:
    if os.getuid() != 0 or not os.path.exists("/usr/bin/setpriv"):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipIf(running.binaries() is None, "NOT RUN: the programs are not beside HELDER_BIN or in target/debug")
@unittest.skipUnless(os.path.exists("/usr/bin/dpkg-query"), "NOT RUN: images are made on Debian")
class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = running.temporary(cls)
        cls.secrets = running.make_secrets(cls.folder)
        for program in TRIED:
            subprocess.run(
                [ROOT / "scripts/image-root", running.binaries() / f"helder-{program}", cls.folder / program], check=True
            )

    def test_there_is_one_program_with_its_libraries_and_no_shell(self):
        for program in TRIED:
            root = self.folder / program
            files = [it.relative_to(root) for it in root.rglob("*") if it.is_file()]
            runnable = [str(it) for it in files if os.access(root / it, os.X_OK) and ".so" not in it.name]
            self.assertEqual(runnable, ["usr/local/bin/program"])
            loose = [it for it in root.rglob("*") if not it.is_symlink() and it.stat().st_mode & 0o6022]
            self.assertEqual([it.name for it in loose], ["tmp"], "nothing is for others to write, or setuid")
            described = {it.name for it in (root / "var/lib/dpkg/status.d").iterdir()}
            self.assertTrue({"libc6", "libgcc-s1", "ca-certificates"} <= described, described)
            beside = sum((root / it).stat().st_size for it in files) - (root / runnable[0]).stat().st_size
            self.assertLess(beside, 16 << 20, f"{program}: bytes beside the program")
            print(f"{program}: {len(files)} files, {beside / 2**20:.1f} MiB beside the program")

    @unittest.skipUnless(can_confine(), "NOT RUN: only root can mount a file system read-only here")
    def test_a_program_runs_in_it_as_somebody_else_and_read_only(self):
        found = render(merged(case("minimal"), values(self.folder / "keys.yaml")))
        for program in TRIED:
            root = self.folder / program
            (root / "scratch").mkdir()
            (root / "etc/helder/config").mkdir(parents=True)
            settings = found.of("ConfigMap")[f"helder-{program}"]["data"]["helder.toml"]
            (root / "etc/helder/config/helder.toml").write_text(settings)
            (container,) = found.of("Deployment")[f"helder-{program}"]["spec"]["template"]["spec"]["containers"]
            variables = running.environment(container, self.secrets, "/scratch")
            command = ["unshare", "--mount", "bash", "-c", RUN, str(root)]
            ended, served, log = running.start_and_stop(command, {"PATH": os.environ["PATH"]} | variables)
            self.assertTrue(served, log)
            self.assertEqual(ended, 0, log)


class Dockerfile(unittest.TestCase):
    def test_images_are_for_the_user_and_the_programs_of_the_chart(self):
        text = (ROOT / "Dockerfile").read_text()
        self.assertIn("\nFROM scratch\n", text)
        self.assertIn("\nUSER 10001:10001\n", text)
        pod = release("minimal").of("Deployment")["helder-gateway"]["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"]["runAsUser"], 10001)
        for called in release("minimal").of("Deployment"):
            self.assertIn(called, text, "the list of programs")
