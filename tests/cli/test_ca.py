"""cordon ca: what it shows, the bundle, a new CA in place of the old (T7, T11)."""

import json
import ssl
import stat
import subprocess

from harness import CORDON, CliTest, main
from pseudo_terminal import CTRL_C, PseudoTerminal


class Ca(CliTest):
    def setUp(self):
        super().setUp()
        self.write_config()

    def report(self):
        done = self.cordon("ca", "show", "--json")
        self.assert_done(done)
        self.assertEqual(done.err, "")
        return json.loads(done.out)

    def file(self, name):
        return self.certificates() / name

    def openssl(self, *words):
        return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout

    def end_it(self):
        """Puts a CA in place that has ended, with Cordon's marker."""
        key, cert = self.file("ca-key.pem"), self.file("ca-cert.pem")
        request = self.openssl("req", "-new", "-key", key, "-subj", "/O=Cordon local CA/CN=ended")
        (self.root / "ca.ext").write_text("basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n")
        (self.root / "ca.csr").write_text(request)
        self.openssl("x509", "-req", "-in", self.root / "ca.csr", "-signkey", key, "-extfile", self.root / "ca.ext",
                     "-days", "-1", "-out", cert)

    def on_a_terminal(self, *words, answer=None):
        """(exit status, what a pseudo terminal shows)."""
        with PseudoTerminal([CORDON, *words], cwd=self.project, env={**self.environment, "NO_COLOR": "1"}) as terminal:
            if answer:
                terminal.answer("[y/N] ", answer)
            return terminal.wait(), terminal.shown

    def test_show_without_one_says_what_makes_it(self):
        self.assert_error(self.cordon("ca", "show"), "has no CA yet", "cordon ca bundle")
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_show_tells_what_openssl_tells(self):
        self.cordon("ca", "bundle")
        cert = self.file("ca-cert.pem")
        fingerprint = self.openssl("x509", "-in", cert, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
        report = self.report()
        self.assertEqual(report["sha256"], fingerprint)
        self.assertEqual((report["certificate"], report["key"]), (str(cert), str(self.file("ca-key.pem"))))
        self.assertEqual((report["key_mode"], report["key_ok"], report["bundle_state"]), ("0600", True, "current"))
        self.assertTrue(report["made_by_cordon"])
        self.assertEqual(report["subject"], self.openssl("x509", "-in", cert, "-noout", "-subject").removeprefix("subject=").strip())
        self.assertEqual(report["system_trust"], "absent")
        done = self.cordon("ca", "show")
        self.assert_done(done)
        for text in (fingerprint, str(cert), "mode 0600", "current", "3649 days left", "not trusted"):
            self.assertIn(text, done.out)
        self.assertEqual(done.err, "")

    def test_show_tells_what_is_wrong(self):
        self.cordon("ca", "bundle")
        self.file("combined-ca.pem").unlink()
        self.file("ca-key.pem").chmod(0o644)
        report = self.report()
        self.assertEqual((report["key_mode"], report["key_ok"], report["bundle_state"]), ("0644", False, "missing"))
        self.assertIn("chmod 600", report["key_error"])
        done = self.cordon("ca", "show")
        self.assert_done(done)
        self.assertIn("mode 0644", done.out)
        self.assertIn("chmod 600", done.err)
        self.file("ca-key.pem").unlink()
        self.assertEqual(self.report()["key_mode"], None)
        self.file("ca-cert.pem").write_text("nonsense")
        self.assert_error(self.cordon("ca", "show"), "no certificate in PEM form", "cordon ca rotate")

    def test_show_uses_the_files_that_the_config_names(self):
        self.write_config(f'[tls]\nca_cert_path = "{self.root}/own/cert.pem"\nca_key_path = "{self.root}/own/key.pem"\n')
        self.assert_done(self.cordon("ca", "bundle"))
        self.assertEqual(self.report()["certificate"], f"{self.root}/own/cert.pem")
        for command in (("ca", "bundle"), ("setup",)):
            done = self.cordon(*command)
            self.assert_done(done)
            self.assertIn(f"names a CA of its own, {self.root}/own/cert.pem (SHA-256 {self.report()['sha256']})", done.err)

    def test_bundle_prints_the_path_of_what_clients_can_use(self):
        done = self.cordon("ca", "bundle")
        self.assert_done(done)
        self.assertEqual((done.out, done.err), (f"{self.file('combined-ca.pem')}\n", ""))
        bundle = self.file("combined-ca.pem")
        self.assertEqual(stat.S_IMODE(bundle.stat().st_mode), 0o644)
        self.assertIn(self.file("ca-cert.pem").read_text(), bundle.read_text())
        self.assertGreater(len(ssl.create_default_context(cafile=bundle).get_ca_certs()), 100)

    def test_bundle_is_rebuilt_when_it_is_stale(self):
        self.cordon("ca", "bundle")
        bundle = self.file("combined-ca.pem")
        good = bundle.read_text()
        bundle.write_text(self.file("ca-cert.pem").read_text())
        self.assertEqual(self.report()["bundle_state"], "outdated")
        self.assert_done(self.cordon("ca", "bundle"))
        self.assertEqual(bundle.read_text(), good)

    def test_rotate_needs_a_yes(self):
        self.cordon("ca", "bundle")
        before = self.report()["sha256"]
        self.assert_error(self.cordon("ca", "rotate"), "the CA stays as it is", "--yes", code=2)
        code, shown = self.on_a_terminal("ca", "rotate", answer="n")
        self.assertEqual(code, 1)
        self.assertIn("the CA stays as it is", shown)
        self.assertEqual(self.report()["sha256"], before)
        with PseudoTerminal([CORDON, "ca", "rotate"], cwd=self.project, env=self.environment) as terminal:
            terminal.expect("[y/N] ")
            terminal.type(CTRL_C)
            self.assertEqual(terminal.wait(), 130)
            self.assertIn("the CA stays as it is", terminal.shown)
        code, shown = self.on_a_terminal("ca", "rotate", answer="y")
        self.assertEqual(code, 0, shown)
        self.assertNotEqual(self.report()["sha256"], before)

    def test_rotate_replaces_the_whole_and_says_what_to_do(self):
        daemon = self.start()
        before = self.report()
        done = self.cordon("ca", "rotate", "--yes")
        self.assert_done(done)
        report = self.report()
        self.assertNotEqual(report["sha256"], before["sha256"])
        self.assertIn(report["sha256"], done.out)
        self.assertEqual((report["key_ok"], report["key_mode"], report["bundle_state"]), (True, "0600", "current"))
        for text in ("cordon reload", "restart the programs"):
            self.assertIn(text, done.err)
        self.assertEqual(sorted(path.name for path in self.certificates().iterdir()), ["ca-cert.pem", "ca-key.pem", "combined-ca.pem"])
        self.assert_done(self.cordon("reload"))
        self.assertEqual(daemon.stop(), 0)

    def test_rotate_mends_a_ca_that_has_ended(self):
        self.cordon("ca", "bundle")
        self.end_it()
        self.assertIn("ended", self.cordon("ca", "show").out)
        for command in (("start",), ("env",), ("ca", "bundle"), ("trust", "--yes")):
            with self.subTest(command):
                self.assert_error(self.cordon(*command), "has ended", "cordon ca rotate")
        elsewhere = ("--config", f"{self.project}/cordon.toml")
        for command in (("start",), ("env",), ("ca", "bundle"), ("ca", "show"), ("setup",), ("trust", "--yes")):
            done = self.cordon(*command, *elsewhere, cwd=self.root)
            self.assertIn(f"cordon ca rotate {' '.join(elsewhere)}\n", done.err, command)
            self.assertNotRegex(done.err, r"cordon ca rotate$", command)
        done = self.cordon("ca", "rotate", "--yes")
        self.assert_done(done)
        self.assertNotIn("cordon reload", done.err)  # nothing runs
        self.assert_done(self.cordon("env"))

    def test_rotate_leaves_a_persons_own_ca_alone(self):
        own = self.root / "own"
        own.mkdir(mode=0o700)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", own / "key.pem",
                     "-out", own / "cert.pem", "-subj", "/CN=mine", "-addext", "keyUsage=critical,keyCertSign", "-days", "30")
        self.write_config(f'[tls]\nca_cert_path = "{own}/cert.pem"\nca_key_path = "{own}/key.pem"\n')
        before = (own / "cert.pem").read_text() + (own / "key.pem").read_text()
        self.assert_error(self.cordon("ca", "rotate", "--yes"), "was not made by Cordon", "ca_cert_path")
        self.assertEqual((own / "cert.pem").read_text() + (own / "key.pem").read_text(), before)

    def test_rotate_leaves_files_alone_that_are_no_ca(self):
        """A config that others edit may name any two files of the owner's."""
        mine = self.root / "home"
        (mine / "profile").write_text("alias a=b\n")
        (mine / "key").write_text("a private key of mine\n")
        (mine / "key").chmod(0o600)
        for cert, key in (("profile", "key"), ("profile", "missing"), ("missing", "key"), ("missing", "absent/missing")):
            with self.subTest((cert, key)):
                self.write_config(f'[tls]\nca_cert_path = "{mine}/{cert}"\nca_key_path = "{mine}/{key}"\n')
                self.assert_error(self.cordon("ca", "rotate", "--yes"), f"{mine}/{cert} and {mine}/{key} are not a CA of Cordon's",
                                  "take `ca_cert_path` and `ca_key_path` out")
                checks = json.loads(self.cordon("doctor", "--json").out)["checks"]
                self.assertNotIn("ca rotate", " ".join(check["fix"] for check in checks))
                self.assertEqual(sorted(path.name for path in mine.iterdir()), ["key", "profile"])
        self.assertEqual(((mine / "profile").read_text(), (mine / "key").read_text()), ("alias a=b\n", "a private key of mine\n"))

    def test_rotate_names_both_files(self):
        self.cordon("ca", "bundle")
        _, shown = self.on_a_terminal("ca", "rotate", answer="n")
        self.assertIn(f"{self.file('ca-cert.pem')} with the key {self.file('ca-key.pem')}?", shown.replace("\n", ""))

    def test_rotate_replaces_a_pair_of_its_own_where_the_config_has_it(self):
        self.write_config(f'[tls]\nca_cert_path = "{self.root}/own/cert.pem"\nca_key_path = "{self.root}/own/key.pem"\n')
        self.assert_done(self.cordon("ca", "bundle"))
        before = self.report()["sha256"]
        self.assert_done(self.cordon("ca", "rotate", "--yes"))
        self.assertNotEqual(self.report()["sha256"], before)

    def test_nothing_of_a_path_steers_a_terminal(self):
        self.write_config(f'[tls]\nca_cert_path = "{self.root}/own/c\\u009b31m.pem"\nca_key_path = "{self.root}/own/key.pem"\n')
        self.assert_done(self.cordon("ca", "bundle"))
        done = self.cordon("ca", "rotate", "--yes")
        self.assert_done(done)
        self.assertIn(r"c\xc2\x9b31m.pem", done.out)
        self.assertNotIn("\x9b", done.out + done.err)
        _, shown = self.on_a_terminal("ca", "show", "--json")
        self.assertIn(r"c\u009b31m.pem", shown)
        self.assertEqual(json.loads(shown), self.report())

    def test_a_persons_own_ca_is_not_to_be_rotated(self):
        own = self.root / "own"
        own.mkdir(mode=0o700)
        (own / "cert.pem").write_text("nonsense")
        (own / "key.pem").write_text("nonsense")
        (own / "key.pem").chmod(0o600)
        self.write_config(f'[tls]\nca_cert_path = "{own}/cert.pem"\nca_key_path = "{own}/key.pem"\n')
        for command in (("start",), ("env",), ("ca", "bundle"), ("ca", "show")):
            done = self.cordon(*command)
            self.assert_error(done, str(own), "put one that can be used in its place")
            self.assertNotIn("cordon ca rotate", done.err)

    def test_roots_of_origins_are_not_the_ca(self):
        (self.project / "roots.pem").write_text("nonsense")
        self.write_config('[tls]\nupstream_ca_path = "roots.pem"\n' + self.route())
        done = self.cordon("start", env={"KEY": "value"})
        self.assert_error(done, "roots.pem")
        self.assertNotIn("cordon ca rotate", done.err)

    def test_a_reload_that_finds_the_ca_ended_names_the_config(self):
        config = self.write_config()
        self.start()
        self.file("ca-cert.pem").write_text("nonsense")
        done = self.cordon("reload", "--config", config, cwd=self.root)
        self.assert_error(done, "no certificate in PEM form", f"cordon ca rotate --config {config}\n")

    def test_no_key_is_ever_shown(self):
        self.cordon("ca", "bundle")
        key = "".join(self.file("ca-key.pem").read_text().splitlines()[1:-1])
        shown = "".join(done.out + done.err for done in (self.cordon("ca", "show"), self.cordon("ca", "show", "--json"),
                                                         self.cordon("ca", "rotate", "--yes")))
        self.assert_sealed(key, shown.encode())


if __name__ == "__main__":
    main()
