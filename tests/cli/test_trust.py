"""cordon trust and untrust: with the system's own update program in a mount namespace, so that the machine's list of roots is
never touched. T11: a CA that the system trusts is still none that Cordon trusts for origins."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness import CORDON, CliTest, eventually, free_port, is_open

STORE = ("/etc/ssl", "/etc/ca-certificates", "/usr/local/share/ca-certificates")
ANCHORS = pathlib.Path("/usr/local/share/ca-certificates")
PRIVATE = "CORDON_TEST_PRIVATE_STORE"


def why_not():
    """Why the system's own way cannot be tried here; empty when it can."""
    if os.geteuid() != 0:
        return "only root can change a list of roots, be it a copy"
    if not (ANCHORS.is_dir() and os.access("/usr/sbin/update-ca-certificates", os.X_OK)):
        return "no Debian; other layouts are tested with fixtures (unit_ca)"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        return "no mount namespace may be made here"
    return ""


class PrivateStore(CliTest):
    """Runs in a mount namespace with copies of the folders in place of the machine's own."""

    def setUp(self):
        super().setUp()
        for path in STORE:
            copy = self.root / "store" / path.strip("/").replace("/", "-")
            shutil.copytree(path, copy, symlinks=True)
            subprocess.run(["mount", "--bind", copy, path], check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", path], check=True)
        self.origin_port = free_port()
        self.write_config(self.route(host="localhost", match=f"port = {self.origin_port}"))
        self.environment["KEY"] = "k"

    def curl(self, *words):
        """(exit status, output) of a curl that knows the system's roots and nothing else."""
        done = subprocess.run(["curl", "-sS", *words, f"https://localhost:{self.origin_port}/"], env={"PATH": os.environ["PATH"]},
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def through(self):
        return self.curl("-x", f"http://127.0.0.1:{self.port}")

    def openssl(self, *words, **more):
        return subprocess.run(["openssl", *words], env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **more)

    def handshake(self):
        return self.openssl("s_client", "-connect", f"localhost:{self.origin_port}", "-servername", "localhost", "-proxy",
                            f"127.0.0.1:{self.port}", "-verify_return_error").returncode

    def anchors(self):
        return sorted(path.name for path in ANCHORS.glob("cordon-*"))

    def test_install_verify_uninstall_gone(self):
        self.start()
        certificate = self.certificates() / "ca-cert.pem"
        name = f"cordon-{self.certificates().parent.name}-0.crt"
        self.assertEqual(self.through()[0], 60)  # CURLE_PEER_FAILED_VERIFICATION
        self.assertNotEqual(self.handshake(), 0)

        done = self.cordon("trust", "--yes")
        self.assert_done(done)
        self.assertEqual(done.out, f"running: /usr/bin/install -m 0644 {certificate} {ANCHORS / name}\n"
                                   "running: /usr/sbin/update-ca-certificates\n"
                                   f"trusted: this system trusts the CA of {self.certificates().parent.name} now\n")
        self.assertEqual(self.anchors(), [name])
        code, text = self.through()
        self.assertEqual(code, 0)
        self.assertIn("upstream_connect", text)  # the proxy's own answer, inside TLS that curl believes
        self.assertEqual(self.handshake(), 0)
        self.assertEqual(self.openssl("verify", certificate).returncode, 0)
        self.assertIn('"system_trust": "trusted"', self.cordon("ca", "show", "--json").out)
        self.assertEqual(self.cordon("trust", "--yes").out[:15], "already trusted")

        done = self.cordon("untrust", "--yes")
        self.assert_done(done)
        self.assertIn(f"running: /usr/bin/rm -f {ANCHORS / name}\nrunning: /usr/sbin/update-ca-certificates --fresh\nnot trusted: ", done.out)
        self.assertEqual(self.anchors(), [])
        self.assertEqual([path.name for path in pathlib.Path("/etc/ssl/certs").glob("*cordon*")], [])
        self.assertEqual(self.through()[0], 60)
        self.assertNotEqual(self.handshake(), 0)
        self.assertNotEqual(self.openssl("verify", certificate).returncode, 0)
        done = self.cordon("untrust", "--yes")
        self.assert_done(done)
        self.assertNotIn("running:", done.out)

    def test_t11_a_trusted_cordon_ca_still_vouches_for_no_origin(self):
        self.assert_done(self.cordon("trust", "--yes"))
        folder, certs = self.root / "origin", self.certificates()
        folder.mkdir()
        (folder / "ext").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        made = self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                            "-out", "csr.pem", "-subj", "/CN=localhost", cwd=folder)
        signed = self.openssl("x509", "-req", "-in", "csr.pem", "-CA", certs / "ca-cert.pem", "-CAkey", certs / "ca-key.pem", "-days",
                              "1", "-extfile", "ext", "-out", "cert.pem", cwd=folder)
        self.assertEqual((made.returncode, signed.returncode), (0, 0), signed.stderr)
        server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{self.origin_port}", "-cert", "cert.pem", "-key",
                                   "key.pem", "-www", "-quiet"], cwd=folder, stdin=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        eventually(lambda: is_open(self.origin_port))
        self.assertEqual(self.curl()[0], 0)  # everybody else believes it
        self.start()
        code, text = self.through()
        self.assertEqual(code, 0)
        self.assertIn("upstream_tls", text)

    def test_instances_side_by_side(self):
        second = self.write_config(path="second/cordon.toml")
        self.assert_done(self.cordon("trust", "--yes"))
        self.assert_done(self.cordon("trust", "--yes", "--config", second))
        self.assertEqual(len(self.anchors()), 2)
        self.assert_done(self.cordon("untrust", "--yes"))
        self.assertEqual(len(self.anchors()), 1)
        self.assertIn("second-", self.anchors()[0])
        self.assertIn('"trusted"', self.cordon("ca", "show", "--json", "--config", second).out)

    def test_after_a_rotation_the_old_one_is_replaced(self):
        self.assert_done(self.cordon("trust", "--yes"))
        done = self.cordon("ca", "rotate", "--yes")
        self.assertIn("the system still trusts the old one; run: cordon trust", done.err)
        self.assertIn("trusts an older CA; run: cordon trust", self.cordon("ca", "show").out)
        self.assert_done(self.cordon("trust", "--yes"))
        self.assertEqual(len(self.anchors()), 1)
        self.assertIn('"trusted"', self.cordon("ca", "show", "--json").out)

    def test_doctor_tells_which_ca_the_system_trusts(self):
        def finding():
            checks = json.loads(self.cordon("doctor", "--json").out)["checks"]
            found, = [check for check in checks if check["check"] == "system trust"]
            return found["verdict"], found["fix"]

        self.assert_done(self.cordon("ca", "bundle"))
        self.assertEqual(finding(), ("skipped", "cordon trust"))
        self.assert_done(self.cordon("trust", "--yes"))
        self.assertEqual(finding(), ("ok", ""))
        self.assert_done(self.cordon("ca", "rotate", "--yes"))
        self.assertEqual(finding(), ("warn", "cordon trust"))
        self.assert_done(self.cordon("trust", "--yes"))
        self.assertEqual(finding(), ("ok", ""))

    def test_untrust_works_when_all_else_is_gone(self):
        self.assert_done(self.cordon("trust", "--yes"))
        shutil.rmtree(self.config_home)
        (self.project / "cordon.toml").unlink()
        self.config_home.mkdir()
        done = self.cordon("untrust", "--yes")
        self.assert_done(done)
        self.assertEqual(self.anchors(), [])

    def test_a_failing_update_leaves_nothing(self):
        """The commands' order and their undoing; the bundle is read-only, as on an immutable system."""
        certs = pathlib.Path("/etc/ssl/certs")
        subprocess.run(["mount", "--bind", "-o", "ro", certs, certs], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", certs], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", certs], check=True)
        done = self.cordon("trust", "--yes")
        self.assertEqual(done.code, 1)
        self.assertIn("/usr/sbin/update-ca-certificates failed: ", done.err)
        self.assertEqual(self.anchors(), [])

    def test_a_ca_that_the_config_names_has_to_be_named_by_the_owner_too(self):
        self.write_config(f'[tls]\nca_cert_path = "{self.root}/own/cert.pem"\nca_key_path = "{self.root}/own/key.pem"\n')
        self.assert_done(self.cordon("ca", "bundle"))
        certificate = self.root / "own/cert.pem"
        fingerprint = self.openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").stdout.split("=")[1].strip()
        self.assert_error(self.cordon("trust", "--yes"), "names a CA of its own", fingerprint, f"cordon trust --ca {certificate}")
        self.assert_error(self.cordon("trust", "--yes", "--ca", self.project / "cordon.toml"), "not the one that --ca names")
        self.assertEqual(self.anchors(), [])
        done = self.cordon("trust", "--yes", "--ca", certificate)
        self.assert_done(done)
        self.assertIn(f"{certificate}, O = Cordon local CA", done.err)
        self.assertIn(f"SHA-256 {fingerprint}", done.err)
        self.assertEqual(len(self.anchors()), 1)

    def test_no_question_can_be_asked(self):
        self.assert_error(self.cordon("trust"), "roots stay as they are", "--yes", code=2)
        self.assertEqual(self.anchors(), [])

    def test_without_root_the_commands_are_shown(self):
        binary = shutil.copy(CORDON, self.root / "cordon-copy")
        self.root.chmod(0o755)
        for path in (self.root / "home", self.config_home, self.project, self.project / "cordon.toml"):
            os.chown(path, 65534, 65534)
        for command, text in (("trust", "hint: run: sudo /usr/bin/install -m 0644 "), ("untrust", "not trusted: ")):
            done = subprocess.run([binary, command, "--yes"], cwd=self.project, env=self.environment, capture_output=True, text=True,
                                  user=65534, group=65534, extra_groups=[], check=False)
            self.assertIn(text, done.stdout + done.stderr)
            self.assertEqual(done.returncode, 1 if command == "trust" else 0)
        certificate = self.certificates() / "ca-cert.pem"
        (ANCHORS / f"cordon-{self.certificates().parent.name}-65534.crt").write_text(certificate.read_text())
        done = subprocess.run([binary, "untrust"], cwd=self.project, env=self.environment, capture_output=True, text=True,
                              user=65534, group=65534, extra_groups=[], check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"hint: run: sudo /usr/bin/rm -f \S+-65534.crt && sudo /usr/sbin/update-ca-certificates --fresh\n")


class ForReal(unittest.TestCase):
    @unittest.skipIf(why_not(), why_not())
    def test_in_a_mount_namespace(self):
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, "-B", __file__],
                              env={**os.environ, PRIVATE: "1"}, check=False)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main(defaultTest="PrivateStore" if PRIVATE in os.environ else "ForReal", verbosity=2)
