"""The system's keyring as the store: a real gnome-keyring, `cordon start`, and the commands `cordon secret`."""

import base64
import fcntl
import itertools
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from harness import BINARY, Cordon, CordonTest, Route, canary, host, main, world
from harness.keyring import Keyring

GET = "GET / HTTP/1.1\r\nHost: {}\r\n\r\n"
_folders = itertools.count()


def new_keyring(**options):
    return Keyring(world().folder / f"keyring-{next(_folders)}", **options)


def keyring_route(label, secret, **more):
    keys = "".join(f'{key} = "{value}"\n' for key, value in {"account": label, **more}.items())
    return Route(label, host(label), secret, source='source = "keyring"\n' + keys)


class KeyringTest(CordonTest):
    """Cordon beside a keyring that has the secrets of `raw`, `other` and `api`. Nothing is kept: each request fetches."""

    @classmethod
    def set_up_origins(cls):
        cls.origins = {label: cls.world.origin(label) for label in ("raw", "other", "api")}
        cls.raw = cls.origins["raw"]
        cls.keyring = new_keyring()
        cls.addClassCleanup(cls.keyring.stop)
        cls.fill()

    @classmethod
    def fill(cls):
        secret = cls.world.secret
        cls.keyring.store(secret("raw") + "\n", service="cordon", account="raw")
        # As GitHub's `gh` does through go-keyring on Linux, and on macOS.
        cls.keyring.store(secret("other"), service="gh:github.com", username="other")
        coded = base64.b64encode(secret("api").encode()).decode()
        cls.keyring.store("go-keyring-base64:" + coded, service="elsewhere", account="api")

    @classmethod
    def routes(cls):
        secret = cls.world.secret
        return [keyring_route("raw", secret("raw")),
                keyring_route("other", secret("other"), service="gh:github.com", decode="go-keyring"),
                keyring_route("api", secret("api"), service="elsewhere", decode="go-keyring")]

    @classmethod
    def options(cls):
        return {"more": '[secrets]\ncache_ttl = "0s"\n', "environment": cls.keyring.environment}

    def setUp(self):
        self.raw.forget()

    def get(self, label):
        with self.tunnel(label) as tunnel:
            return tunnel.request(GET.format(host(label)))

    def status_becomes(self, status, timeout=20):
        """A failure is remembered for 2 s."""
        deadline = time.monotonic() + timeout
        while (seen := self.get("raw").status) != status:
            self.assertLess(time.monotonic(), deadline, f"{seen}\n{self.cordon.log()[-2000:]}")
            time.sleep(0.1)

    def assert_unavailable(self, text):
        """503 and the reason in the log; nothing is forwarded."""
        self.status_becomes(503)
        self.raw.forget()
        answer = self.get("raw")
        self.assert_refused(answer, 503, "secret_unavailable")
        self.assertEqual(self.raw.received, b"")
        self.cordon.wait_for_log(text)


class Injection(KeyringTest):
    def test_what_secret_tool_stored_is_injected(self):
        for label, origin in self.origins.items():
            with self.subTest(label):
                self.assertEqual(self.get(label).status, 200)
                self.assertIn(b"authorization: bearer " + self.world.secret(label).encode() + b"\r\n", origin.received.lower())

    def test_rotation_is_seen_by_the_next_request(self):
        for number in range(3):
            value = canary.make(f"rotated-{number}")
            self.keyring.store(value, service="cordon", account="raw")
            self.raw.forget()
            self.assertEqual(self.get("raw").status, 200)
            self.assertIn(value.encode(), self.raw.received)
            self.assert_sealed(value)
        self.keyring.store(self.world.secret("raw"), service="cordon", account="raw")

    def test_the_entry_that_changed_last_counts(self):
        time.sleep(1.1)  # times in a keyring are whole seconds
        value = canary.make("newer")
        self.keyring.store(value, service="cordon", account="raw", more="attributes")
        self.addCleanup(self.keyring.clear, service="cordon", account="raw", more="attributes")
        self.assertEqual(self.get("raw").status, 200)
        self.assertIn(value.encode(), self.raw.received)

    def test_f1_missing_entry(self):
        self.keyring.clear(service="cordon", account="raw")
        self.assert_unavailable("the keyring has no entry raw of service cordon")
        self.fill()
        self.status_becomes(200)

    def test_f1_locked_keyring_and_another_daemon(self):
        self.keyring.lock()
        self.assert_unavailable("is locked")
        self.keyring.stop_service()
        self.keyring.start_service()
        self.status_becomes(200)

    def test_f1_bus_that_goes_away_takes_nothing_with_it(self):
        self.assertEqual(self.get("raw").status, 200)
        self.keyring.stop_bus()
        self.assert_unavailable("no D-Bus session bus")
        self.assertIsNone(self.cordon.process.poll())
        self.keyring.start_bus()
        self.keyring.start_service()
        self.status_becomes(200)

    def test_no_second_tls_library_is_loaded(self):
        self.assertEqual(self.get("raw").status, 200)
        with open(f"/proc/{self.cordon.process.pid}/maps", encoding="utf-8") as maps:
            libraries = {line.split()[-1].rsplit("/", 1)[-1] for line in maps if ".so" in line}
        self.assertTrue([name for name in libraries if name.startswith("libsecret-1.so")], libraries)
        self.assertEqual([], [name for name in libraries if name.startswith(("libssl.so.3", "libcrypto.so.3", "libgnutls"))])

    def test_fetches_leave_no_descriptor_behind(self):
        self.assertEqual(self.get("raw").status, 200)
        before = self.cordon.descriptors()
        for _ in range(20):
            self.assertEqual(self.get("raw").status, 200)
        deadline = time.monotonic() + 10
        while self.cordon.descriptors() > before + 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(self.cordon.descriptors(), before + 3)


class Start(KeyringTest):
    """Starts that fail. The class's own Cordon only gives the surroundings."""

    def start(self, route, environment):
        cordon = Cordon(self.world.folder, [route], environment=environment)
        cordon.spawn()
        try:
            return cordon.process.wait(60), cordon.log()
        finally:
            cordon.stop()

    def test_f1_missing_entry_is_named_with_the_way_to_store_it(self):
        code, log = self.start(keyring_route("free", "-"), self.keyring.environment)
        self.assertEqual(code, 1)
        self.assertIn("the keyring has no entry free of service cordon; store it with `cordon secret set`", log)

    def test_f1_locked_keyring_and_missing_bus_are_status_4(self):
        keyring = new_keyring()
        self.addCleanup(keyring.stop)
        keyring.store("value", service="cordon", account="free")
        keyring.lock()
        for environment, text in ((keyring.environment, "is locked"), ({}, "no D-Bus session bus"),
                                  ({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.world.folder}/none"}, "no D-Bus session bus")):
            with self.subTest(text):
                code, log = self.start(keyring_route("free", "-"), environment)
                self.assertEqual(code, 4, log)
                self.assertIn(text, log)
                self.assertIn("make the store available", log)


class Terminal:
    """A `cordon` command on a terminal of its own."""

    def __init__(self, test, *words, environment=None):
        self.leader, self.follower = pty.openpty()
        test.addCleanup(self.close)
        self.seen = b""
        self.before = termios.tcgetattr(self.follower)
        self.process = subprocess.Popen([BINARY, *words, "--config", str(test.cordon.config)], stdin=self.follower, stdout=self.follower,
                                        stderr=self.follower, cwd=test.cordon.project, preexec_fn=self.take_terminal,
                                        env={**test.cordon.environment, **(environment or {})})

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.follower, termios.TIOCSCTTY, 0)

    def expect(self, text, times=1, timeout=30):
        deadline = time.monotonic() + timeout
        while self.seen.count(text) < times:
            if not select.select([self.leader], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} did not come: {self.seen!r}")
            self.seen += os.read(self.leader, 4096)

    def type(self, data):
        while data:
            data = data[os.write(self.leader, data[:1024]):]

    def wait(self):
        code = self.process.wait(60)
        while select.select([self.leader], [], [], 0.2)[0]:
            self.seen += os.read(self.leader, 4096)
        return code

    def is_restored(self):
        return termios.tcgetattr(self.follower) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)
        os.close(self.follower)


class Commands(KeyringTest):
    QUESTION = b"keyring entry raw of service cordon (not shown): "

    def tearDown(self):
        self.fill()

    def secret(self, *words, value=None, **more):
        words = [BINARY, "secret", *words, "--config", str(self.cordon.config)]
        return subprocess.run(words, env=self.cordon.environment, cwd=self.cordon.project, input=value, capture_output=True, text=True,
                              timeout=60, check=False, **more)

    def stored(self):
        return self.keyring.look_up(service="cordon", account="raw")

    def ask(self):
        terminal = Terminal(self, "secret", "set", "raw")
        terminal.expect(self.QUESTION)
        return terminal

    def test_l9_secret_typed_on_a_terminal_is_not_echoed(self):
        value = canary.make("typed")
        terminal = self.ask()
        terminal.type(value.encode() + b"\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.stored(), value)
        self.assertIn(b"stored: keyring entry raw of service cordon", terminal.seen)
        self.assert_sealed(value, terminal.seen)
        self.assertTrue(terminal.is_restored())
        self.assertEqual(self.get("raw").status, 200)
        self.assertIn(value.encode(), self.raw.received)

    def test_typed_line_may_be_longer_than_a_terminals(self):
        value = canary.make("long") * 400  # over 4,095 bytes, where a line of the usual mode ends
        terminal = self.ask()
        terminal.type(value.encode() + b"\n")
        self.assertEqual(terminal.wait(), 0, terminal.seen)
        self.assertEqual(self.stored(), value)

    def test_typed_line_can_be_corrected(self):
        terminal = self.ask()
        terminal.type("wrong\x15rightX\u00e9\x7f\x7f\r".encode())
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.stored(), "right")

    def test_empty_line_is_refused(self):
        for typed in (b"\r", b"\x04"):
            terminal = self.ask()
            terminal.type(typed)
            self.assertEqual(terminal.wait(), 1)
            self.assertIn(b"is empty", terminal.seen)
        self.assertEqual(self.stored().strip(), self.world.secret("raw"))

    def test_l9_signals_leave_the_terminal_as_it_was(self):
        for number, send in ((signal.SIGINT, lambda t: t.type(b"half\x03")), (signal.SIGTERM, lambda t: t.process.terminate()),
                             (signal.SIGHUP, lambda t: t.process.send_signal(signal.SIGHUP))):
            with self.subTest(number):
                terminal = self.ask()
                send(terminal)
                self.assertEqual(terminal.wait(), -number)
                self.assertTrue(terminal.is_restored())
                self.assertNotIn(b"half", terminal.seen)
        self.assertEqual(self.stored().strip(), self.world.secret("raw"))

    def test_l9_stopped_and_continued_it_asks_again(self):
        value = canary.make("continued")
        terminal = self.ask()
        terminal.type(b"gone")
        terminal.process.send_signal(signal.SIGTSTP)  # what ^Z sends; an orphaned group takes no notice of its default action
        terminal.expect(self.QUESTION, times=2)
        terminal.type(value.encode() + b"\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.stored(), value)
        self.assert_sealed(value, terminal.seen)

    def test_secret_from_standard_input(self):
        for value, kept in (("from-a-pipe\n", "from-a-pipe"), (" spaces stay ", " spaces stay "), ("crlf\r\n", "crlf"),
                            ("x" * 65536, "x" * 65536)):
            done = self.secret("set", "raw", value=value)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, "stored: keyring entry raw of service cordon (the secret of route raw)\n")
            self.assertEqual(self.stored(), kept)
        report = json.loads(self.secret("set", "raw", "--json", value="again").stdout)
        self.assertEqual(report, {"name": "raw", "secret": "keyring entry raw of service cordon", "outcome": "stored"})

    def test_h9_bad_values_are_refused_and_not_shown(self):
        before = self.stored()
        for value in ("", "\n", "canary-one\ncanary-two\n", "canary\rcanary", "canary\0canary", "c" * 65537, "c" * 200000):
            done = self.secret("set", "raw", value=value)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("route raw: ", done.stderr)
            self.assertNotIn("canary", done.stderr)
            self.assertNotIn("cccc", done.stderr)
        self.assertEqual(self.stored(), before)

    def test_set_replaces_what_secret_tool_stored(self):
        self.assertEqual(self.secret("set", "raw", value="replaced").returncode, 0)
        self.assertEqual(self.keyring.tool("search", "--all", "service", "cordon", "account", "raw").stdout.count("secret = "), 1)

    def test_delete(self):
        done = self.secret("delete", "raw")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "deleted: keyring entry raw of service cordon (the secret of route raw)\n")
        self.assertEqual(self.stored(), "")
        again = self.secret("delete", "raw", "--json")
        self.assertEqual((again.returncode, json.loads(again.stdout)["outcome"]), (0, "already absent"))
        self.assert_unavailable("no entry raw")
        self.fill()
        self.status_becomes(200)

    def test_entries_of_other_programs_are_left_to_them(self):
        for words in (("set", "other"), ("delete", "other")):
            done = self.secret(*words, value="x")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("belongs to the program that wrote it", done.stderr)
        self.assertEqual(self.keyring.look_up(service="gh:github.com", username="other"), self.world.secret("other"))

    def test_check_tells_and_shows_nothing(self):
        done = self.secret("check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^ok +raw +\d+m?s +keyring entry raw of service cordon$")
        self.keyring.clear(service="cordon", account="raw")
        some = self.secret("check", "raw", "api")
        self.assertEqual(some.returncode, 1)
        self.assertRegex(some.stdout, r"(?m)^failed +raw ")
        self.assertRegex(some.stdout, r"(?m)^ok +api ")
        self.assertIn("route raw: the keyring has no entry raw", some.stderr)
        rows = json.loads(self.secret("check", "--json").stdout)["secrets"]
        self.assertEqual([(row["name"], row["ok"]) for row in rows], [("raw", False), ("other", True), ("api", True)])
        self.assertEqual(rows[0]["error"]["code"], "secret_missing")
        for label in self.origins:
            self.assert_sealed(self.world.secret(label), done.stdout, done.stderr, some.stdout, some.stderr)

    def test_locked_keyring_is_status_4(self):
        self.keyring.lock()
        try:
            for words in (("check", "raw"), ("set", "raw"), ("delete", "raw")):
                done = self.secret(*words, value="x")
                self.assertEqual(done.returncode, 4)
                self.assertIn("is locked", done.stderr)
        finally:
            self.keyring.stop_service()
            self.keyring.start_service()

    def doctor(self):
        """What `cordon doctor` says of the keyring and of its secrets: subjects with verdicts, and the fixes."""
        done = self.cordon.run("doctor", "--json")
        checks = [check for check in json.loads(done.stdout)["checks"] if check["check"] in ("store", "secret")]
        for label in self.origins:
            self.assert_sealed(self.world.secret(label), done.stdout, done.stderr)
        return {check["subject"]: check["verdict"] for check in checks}, {check["fix"] for check in checks}

    def test_doctor_tells_of_the_keyring_and_its_entries(self):
        self.assertEqual(self.doctor(), ({"raw": "ok", "other": "ok", "api": "ok", "keyring": "ok"}, {""}))
        self.keyring.clear(service="cordon", account="raw")
        verdicts, fixes = self.doctor()
        self.assertEqual(verdicts, {"raw": "fail", "other": "ok", "api": "ok", "keyring": "ok"})  # it answers: it has no such entry
        self.assertIn(f"cordon secret set --config {self.cordon.config} raw", fixes)
        self.keyring.lock()
        try:
            verdicts, fixes = self.doctor()
            self.assertEqual(set(verdicts.values()), {"fail"})
            self.assertTrue(any("unlock the keyring" in fix for fix in fixes), fixes)
        finally:
            self.keyring.stop_service()
            self.keyring.start_service()

    def test_no_keyring_to_store_in_is_status_4(self):
        empty = new_keyring(unlocked=False)
        self.addCleanup(empty.stop)
        words = [BINARY, "secret", "set", "raw", "--config", str(self.cordon.config)]
        done = subprocess.run(words, env={**self.cordon.environment, **empty.environment}, input="x", capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("there is no default keyring", done.stderr)


class Kept(KeyringTest):
    """`cordon secret` beside a proxy that keeps values for long: it is told, and two routes that share a secret both change."""

    @classmethod
    def routes(cls):
        return [keyring_route("raw", "-"), Route("twin", host("other"), "-", source='source = "keyring"\naccount = "raw"')]

    @classmethod
    def options(cls):
        return {**super().options(), "more": '[secrets]\ncache_ttl = "15m"\n'}

    def values_seen(self):
        """What the next request of each route carries."""
        for label in ("raw", "other"):
            self.origins[label].forget()
            self.assertEqual(self.get(label).status, 200)
        return [re.search(rb"Authorization: Bearer (\S+)", self.origins[label].received)[1].decode() for label in ("raw", "other")]

    def change(self, *words, value=None):
        done = subprocess.run([BINARY, "secret", *words, "--config", str(self.cordon.config)], env=self.cordon.environment, input=value,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_next_request_has_what_set_stored_and_none_after_delete(self):
        old = self.values_seen()
        self.keyring.store(canary.make("behind-its-back"), service="cordon", account="raw")
        self.assertEqual(self.values_seen(), old, "kept: only `secret set` tells the proxy")
        for _ in range(3):
            value = canary.make("set")
            self.change("set", "raw", value=value)
            self.assertEqual(self.values_seen(), [value, value])
            self.assert_sealed(value)
        self.change("delete", "twin")
        for label in ("raw", "other"):
            self.origins[label].forget()
            self.assert_refused(self.get(label), 503, "secret_unavailable")
            self.assertEqual(self.origins[label].received, b"")
        value = canary.make("again")
        self.change("set", "twin", value=value)  # at once: a failure is remembered for 2 s, but not beyond what mends it
        self.assertEqual(self.values_seen(), [value, value])


if __name__ == "__main__":
    main()
