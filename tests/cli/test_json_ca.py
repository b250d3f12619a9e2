"""--json of `ca bundle`, `ca rotate`, `trust` and `untrust`: success, failure, and no question. The system's roots are changed in a
mount namespace only, as in test_trust.py."""

import json
import os
import shutil
import subprocess
import sys
import unittest

import test_trust
from harness import CORDON, CliTest, main
from pseudo_terminal import PseudoTerminal


class JsonTest(CliTest):
    def assert_report(self, *words, code=0):
        """The one object on standard output."""
        done = self.cordon(*words, "--json")
        self.assert_done(done, code)
        return json.loads(done.out)

    def assert_fails(self, *words, code, texts, hint):
        report = self.assert_report(*words, code=code)
        self.assertEqual(list(report), ["error"])
        for text in texts:
            self.assertIn(text, report["error"]["message"])
        self.assertIn(hint, report["error"]["hint"] or "")


class Ca(JsonTest):
    def setUp(self):
        super().setUp()
        self.write_config()

    def test_bundle(self):
        report = self.assert_report("ca", "bundle")
        self.assertEqual(report, {"bundle": str(self.certificates() / "combined-ca.pem")})
        self.assertEqual(self.cordon("ca", "bundle").out, report["bundle"] + "\n")

    def test_rotate(self):
        self.assert_report("ca", "bundle")
        before = self.assert_report("ca", "show")
        report = self.assert_report("ca", "rotate", "--yes")
        after = self.assert_report("ca", "show")
        self.assertEqual(report, {key: after[key] for key in ("instance", "certificate", "key", "sha256", "not_after")})
        self.assertNotEqual(report["sha256"], before["sha256"])

    def test_failures(self):
        self.assert_report("ca", "bundle")
        before = self.assert_report("ca", "show")
        self.assert_fails("ca", "rotate", code=2, texts=["the CA stays as it is"], hint="add --yes")
        self.assert_fails("trust", "--ca", "other.pem", code=1, texts=["not the one that --ca names"], hint="")
        self.assertEqual(self.assert_report("ca", "show"), before)
        (self.certificates() / "ca-key.pem").chmod(0o644)
        self.assert_fails("ca", "bundle", code=1, texts=["ca-key.pem"], hint="")

    def test_nobody_is_asked_on_a_terminal(self):
        self.assert_report("ca", "bundle")
        with PseudoTerminal([CORDON, "ca", "rotate", "--json"], cwd=self.project, env=self.environment) as terminal:
            self.assertEqual(terminal.wait(), 2, terminal.shown)
            self.assertNotIn("[y/N]", terminal.shown)

    def test_untrust_of_what_is_not_trusted(self):
        self.assert_report("ca", "bundle")
        instance = self.assert_report("ca", "show")["instance"]
        self.assertEqual(self.assert_report("untrust"), {"instance": instance, "trusted": False, "changed": False, "commands": []})


class PrivateStore(JsonTest):
    """Runs in a mount namespace with copies of the folders in place of the machine's own."""

    def setUp(self):
        super().setUp()
        for path in test_trust.STORE:
            copy = self.root / "store" / path.strip("/").replace("/", "-")
            shutil.copytree(path, copy, symlinks=True)
            subprocess.run(["mount", "--bind", copy, path], check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", path], check=True)
        self.write_config()

    def test_trust_and_untrust(self):
        self.assert_report("ca", "bundle")
        instance = self.assert_report("ca", "show")["instance"]
        certificate, anchor = self.certificates() / "ca-cert.pem", test_trust.ANCHORS / f"cordon-{instance}-0.crt"
        ran = [f"/usr/bin/install -m 0644 {certificate} {anchor}", "/usr/sbin/update-ca-certificates"]
        self.assertEqual(self.assert_report("trust", "--yes"), {"instance": instance, "trusted": True, "changed": True, "commands": ran})
        self.assertEqual(self.assert_report("trust"), {"instance": instance, "trusted": True, "changed": False, "commands": []})
        ran = [f"/usr/bin/rm -f {anchor}", "/usr/sbin/update-ca-certificates --fresh"]
        self.assertEqual(self.assert_report("untrust", "--yes"), {"instance": instance, "trusted": False, "changed": True, "commands": ran})
        self.assertFalse(anchor.exists())

    def test_roots_that_cannot_be_read_say_nothing(self):
        self.assert_report("ca", "bundle")
        os.truncate("/etc/ssl/certs/ca-certificates.crt", 1 << 30)
        for command in ("trust", "untrust"):
            self.assert_fails(command, "--yes", code=1, texts=["ca-certificates.crt"], hint="")

    def test_nobody_is_asked(self):
        for command in ("trust", "untrust"):
            self.assert_fails(command, code=2, texts=["the system's roots stay as they are"], hint="add --yes")
            with PseudoTerminal([CORDON, command, "--json"], cwd=self.project, env=self.environment) as terminal:
                self.assertEqual(terminal.wait(), 2, terminal.shown)
                self.assertNotIn("[y/N]", terminal.shown)
            self.assert_report("trust", "--yes")


class ForReal(unittest.TestCase):
    @unittest.skipIf(test_trust.why_not(), test_trust.why_not())
    def test_in_a_mount_namespace(self):
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, "-B", __file__, "PrivateStore"],
                              env={**os.environ, test_trust.PRIVATE: "1"}, check=False)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    if test_trust.PRIVATE in os.environ:
        main()
    else:
        unittest.main(argv=[sys.argv[0], "Ca", "ForReal"], verbosity=2)
