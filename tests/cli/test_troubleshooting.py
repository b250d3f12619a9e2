"""docs/troubleshooting.md shows what the commands really print. With CORDON_SHOW set, the texts are printed for pasting."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import CliTest, main

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
REFUSALS = ("bad_request", "binding_unapproved", "destination_denied", "head_too_large", "method_refused", "misdirected", "not_found",
            "peer_refused", "plaintext_refused", "secret_unavailable", "tls_disabled", "token_invalid", "token_malformed",
            "token_required", "token_scope", "upstream_connect", "upstream_dns", "upstream_protocol", "upstream_timeout", "upstream_tls")
OF_LISTENERS = ("replication_refused", "tls_required", "too_many_connections", "upstream_auth", "upstream_login", "upstream_refused")


def load_keyring():
    spec = importlib.util.spec_from_file_location("keyring", ROOT / "tests/integration/harness/keyring.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Troubleshooting(CliTest):
    def neutral(self, text):
        """The text as it would be for a person called me, in a folder called shop."""
        text = text.replace(str(self.project), "/home/me/shop").replace(str(self.config_home), "/home/me/.config")
        text = text.replace(str(self.root), "/home/me")
        text = re.sub(r"\bproject-[0-9a-f]{8}", "shop-4a68c726", text)
        text = re.sub(r"\bother-[0-9a-f]{8}", "other-5f0c41aa", text)
        text = re.sub(r"\bpid \d+", "pid 4711", text)
        return re.sub(rf"\b{self.port}\b", "6790", text)

    def assert_shown(self, *words, code, text, prompt="$", **more):
        """The guide has the command with what it prints."""
        done = self.cordon(*words, **more)
        self.assertEqual(done.code, code, done)
        block = self.neutral(f"{prompt} {' '.join(('cordon', *words))}\n{done.out}{done.err}")
        self.assertIn(text, block)
        if "CORDON_SHOW" in os.environ:
            print("\n" + block)
        else:
            self.assertIn(block, GUIDE)

    def test_a_typo(self):
        self.assert_shown("strat", code=2, text="cordon start")

    def test_a_missing_config(self):
        self.assert_shown("start", code=1, text="there is no config file")

    def test_a_fault_in_the_config(self):
        self.write_config("[tls]\nenable = true\n")
        self.assert_shown("start", code=1, text="did you mean")

    def test_port_of_another_program(self):
        self.port = self.origin().port
        self.write_config()
        done = self.cordon("start")
        self.assertEqual(done.code, 1)
        # The test is a thread of Python; what it is called and whether it can be seen differs.
        shown = re.sub(r"is taken by .*", "is taken by python3 (pid 4711)", self.neutral(done.err))
        if "CORDON_SHOW" in os.environ:
            print("\n$ cordon start\n" + shown)
        else:
            self.assertIn("$ cordon start\n" + shown, GUIDE)

    def test_port_of_another_instance(self):
        self.write_config(path="../other/cordon.toml")
        self.start("--config", self.root / "other/cordon.toml")
        self.write_config()
        done = self.cordon("start")
        shown = re.sub(r"other-5f0c41aa( \(pid 4711\))?$", "other-5f0c41aa (pid 4711)", self.neutral(done.err), flags=re.M)
        if "CORDON_SHOW" in os.environ:
            print("\n$ cordon start\n" + shown)
        else:
            self.assertIn("$ cordon start\n" + shown, GUIDE)

    def test_already_running(self):
        self.write_config()
        self.start()
        self.assert_shown("start", code=1, text="already running")

    def test_a_missing_secret(self):
        self.write_config(self.route("stripe", "api.stripe.com", secret='source = "env"\nvariable = "STRIPE_KEY"'))
        self.assert_shown("start", code=1, text="STRIPE_KEY is not set")

    @unittest.skipUnless(shutil.which("gnome-keyring-daemon") and shutil.which("dbus-daemon"), "needs gnome-keyring and dbus")
    def test_a_locked_keyring(self):
        keyring = load_keyring().Keyring(self.root / "keyring")
        self.addCleanup(keyring.stop)
        keyring.store("value", service="cordon", account="stripe")
        keyring.lock()
        self.write_config(self.route("stripe", "api.stripe.com", secret='source = "keyring"\naccount = "stripe"'))
        self.assert_shown("start", code=4, text="is locked", env=keyring.environment)

    def test_a_ca_that_has_ended(self):
        self.write_config()
        self.assert_done(self.cordon("ca", "bundle"))
        cert, key = self.certificates() / "ca-cert.pem", self.certificates() / "ca-key.pem"
        subprocess.run(["openssl", "x509", "-in", cert, "-signkey", key, "-days", "-1", "-out", cert], check=True, capture_output=True)
        self.assert_shown("start", code=1, text="cordon ca rotate")

    def test_a_key_that_others_can_read(self):
        self.write_config()
        self.assert_done(self.cordon("ca", "bundle"))
        (self.certificates() / "ca-key.pem").chmod(0o644)
        self.assert_shown("start", code=1, text="chmod 600")

    def test_not_running(self):
        self.write_config()
        self.assert_shown("status", code=3, text="cordon start")

    def test_not_ready_in_time(self):
        self.write_config()
        self.assert_shown("wait", "--timeout", "1s", code=1, text="nothing listens")

    def test_not_approved(self):
        self.write_config("[secrets]\nrequire_approval = true\n" + self.route("stripe", "api.stripe.com"))
        self.assert_shown("approve", code=2, text="--yes")

    def test_no_tty_for_a_question(self):
        self.write_config()
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_shown("ca", "rotate", code=2, text="--yes")

    def test_every_refusal_has_its_row(self):
        for code in REFUSALS:
            self.assertRegex(GUIDE, rf"(?m)^\| `{code}` \| \d\d\d \| .+ \| .+ \|$")
        for code in OF_LISTENERS:
            self.assertRegex(GUIDE, rf"(?m)^\| `{code}` \| (28|53|the server's).* \| .+ \| .+ \|$")


if __name__ == "__main__":
    main()
