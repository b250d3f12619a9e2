"""The secret source `1password`, with a stand-in for `op` (tests/support/bin/op says what makes it like the real one)."""

import json
import os
import socket
import time
from pathlib import Path

from harness import Cordon, CordonTest, Route, host, main, world

STAND_INS = Path(__file__).resolve().parent.parent / "support/bin"
VAULT, ITEM, FIELD = "Engineering", "Stripe API Key", "secret_key"
SOURCE = f'source = "1password"\nvault = "{VAULT}"\nitem = "{ITEM}"\nfield = "{FIELD}"'
# Each request asks, so that what `op` does next is seen by the next request.
UNCACHED = '[secrets]\ncache_ttl = "0"\n[[secrets.providers]]\ntype = "1password"\ntimeout = "2s"\n'
GET = f"GET / HTTP/1.1\r\nHost: {host('raw')}\r\n\r\n"


class Op:
    """The stand-in's settings, in a folder of its own, and what it was called with."""

    def __init__(self, folder, value):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.value = value
        self.arrange()

    def arrange(self, **more):
        settings = {"vaults": {VAULT: {ITEM: {FIELD: self.value}}}, **more}
        whole = self.folder / "stand-in.json.new"
        whole.write_text(json.dumps(settings), encoding="utf-8")
        whole.rename(self.folder / "stand-in.json")

    def calls(self):
        log = self.folder / "stand-in-calls.jsonl"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []

    def environment(self, **more):
        return {"PATH": f"{STAND_INS}:{os.environ['PATH']}", "OP_CONFIG_DIR": str(self.folder), **more}


class OnePassword(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("raw")
        cls.op = Op(cls.world.folder / "op", cls.world.secret("raw"))

    @classmethod
    def routes(cls):
        # A second source beside it, whose secret must not reach `op`.
        return [cls.world.route("raw", source=SOURCE),
                cls.world.route("other", source='source = "env"\nvariable = "OTHER_SECRET"')]

    @classmethod
    def options(cls):
        return {"more": UNCACHED,
                "environment": cls.op.environment(OTHER_SECRET=cls.world.secret("other"), OP_SESSION_my_team="a-session",
                                                  VAULT_TOKEN="not-for-op", HTTPS_PROXY="http://127.0.0.1:1",
                                                  SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt")}

    def setUp(self):
        self.op.arrange()
        self.raw.forget()
        self.addCleanup(self.op.arrange)

    def get(self):
        with self.tunnel("raw") as tunnel:
            return tunnel.request(GET)

    def wait_until_well(self):
        """A failure is remembered for 2 s, not longer."""
        deadline = time.monotonic() + 15
        while (status := self.get().status) == 503 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(status, 200)

    def test_value_is_injected(self):
        self.wait_until_well()
        self.raw.forget()
        self.assertEqual(self.get().status, 200)
        self.assertEqual(self.raw.received.count(f"Authorization: Bearer {self.world.secret('raw')}\r\n".encode()), 1)

    def test_rotated_value_is_injected(self):
        self.wait_until_well()
        self.addCleanup(setattr, self.op, "value", self.op.value)
        self.op.value = "canary-rotated-<&>\u00e9"
        self.op.arrange()
        self.raw.forget()
        self.assertEqual(self.get().status, 200)
        self.assertIn("Authorization: Bearer canary-rotated-<&>\u00e9\r\n".encode(), self.raw.received)
        self.assert_sealed(self.op.value)

    def test_f1_nothing_is_forwarded_until_it_is_mended(self):
        canary = "canary-that-op-prints"
        cases = {
            "locked": ({"state": "locked"}, "store_unavailable: 1Password is locked; unlock the 1Password app"),
            "signed out": ({"state": "signed out"}, "store_unavailable: 1Password is signed out"),
            "slow": ({"delay": 30}, "secret_timeout: `op` did not answer in time"),
            "garbage": ({"print": canary}, "secret_invalid: 1Password's `op` printed something else"),
            "half an answer": ({"print": '{"value":"' + canary}, "secret_invalid: 1Password's `op` printed something else"),
            "far too much": ({"print": canary * 100_000}, "secret_invalid: `op` printed far more"),
            "says the secret": ({"stderr": f"[ERROR] {canary}", "print": canary, "exit": 1}, "store_unavailable: 1Password's `op` ended"),
            "no such item": ({"vaults": {VAULT: {}}}, f"secret_missing: the 1Password vault {VAULT} has no item {ITEM}"),
        }
        for label, (settings, text) in cases.items():
            with self.subTest(label):
                self.wait_until_well()
                self.raw.forget()
                self.op.arrange(**settings)
                started = time.monotonic()
                answer = self.get()
                self.assertLess(time.monotonic() - started, 10)
                self.assert_refused(answer, 503, "secret_unavailable")
                self.assertEqual(self.raw.received, b"")
                self.cordon.wait_for_log(f"route raw: no secret: {text}")
                self.assert_sealed(canary, answer.body)
                self.op.arrange()
        self.wait_until_well()

    def test_q9_slow_op_delays_no_other_route(self):
        origin = self.world.origin("other")
        self.wait_until_well()
        self.op.arrange(delay=30)
        with self.tunnel("raw") as slow, self.tunnel("other") as quick:
            slow.send(GET)
            started = time.monotonic()
            answer = quick.request(f"GET / HTTP/1.1\r\nHost: {host('other')}\r\n\r\n")
            self.assertEqual(answer.status, 200)
            self.assertLess(time.monotonic() - started, 1.5)
            self.assertIn(self.world.secret("other").encode(), origin.received)
            self.assert_refused(slow.read_response(), 503, "secret_unavailable")

    def test_l3_op_is_told_no_secret(self):
        self.wait_until_well()
        calls = self.op.calls()
        self.assertTrue(calls)
        allowed = ("HOME", "PATH", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
                   "DBUS_SESSION_BUS_ADDRESS", "TERM", "DISPLAY")
        for call in calls:
            self.assertEqual(call["argv"], [str(STAND_INS / "op"), "item", "get", ITEM, f"--vault={VAULT}", f"--fields=label={FIELD}",
                                            "--format=json"])
            given = call["environment"]
            self.assertEqual([], [name for name in given if name not in allowed and not name.startswith("OP_")])
            self.assertEqual(given["OP_SESSION_my_team"], "a-session")
            for label in ("raw", "other"):
                self.assert_sealed(self.world.secret(label), json.dumps(call))


class Rotation(CordonTest):
    """With the default time that a value is kept."""

    @classmethod
    def set_up_origins(cls):
        cls.op = Op(cls.world.folder / "op-rotation", cls.world.secret("raw"))
        cls.raw = cls.world.origin("raw", cls.answer_by_credential)

    @classmethod
    def answer_by_credential(cls, visit):
        while request := visit.read_request():
            good = request.all("authorization") == [f"Bearer {cls.op.value}"]
            visit.send(f"HTTP/1.1 {200 if good else 401} Judged\r\nContent-Length: 0\r\n\r\n".encode())

    @classmethod
    def routes(cls):
        return [cls.world.route("raw", source=SOURCE)]

    @classmethod
    def options(cls):
        return {"environment": cls.op.environment()}

    def test_401_brings_the_new_value_to_the_next_request(self):
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET).status, 200)
            self.op.value = "canary-rotated-later"
            self.op.arrange()
            self.assertIn(tunnel.request(GET).status, (200, 401))  # 401: the value that was kept
            self.assertEqual(tunnel.request(GET).status, 200)
        self.assert_sealed(self.op.value)


class StartUp(CordonTest):
    @classmethod
    def setUpClass(cls):
        cls.world = world()

    def refused_start(self, settings=None, environment=None, provider=""):
        """`cordon start` while `op` does as `settings` say: the exit status and the log."""
        op = Op(self.world.folder / f"op-{self.id()}", self.world.secret("raw"))
        op.arrange(**(settings or {}))
        more = f'[[secrets.providers]]\ntype = "1password"\ntimeout = "2s"\n{provider}\n'
        cordon = Cordon(self.world.folder, [Route("raw", host("raw"), "unused", source=SOURCE)], more=more,
                        environment={**op.environment(), **(environment or {})})
        cordon.spawn()
        status = cordon.process.wait(20)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", cordon.port), timeout=1)
        self.assertEqual([], list(cordon.home.rglob("*.pem")))
        self.assertNotIn(self.world.secret("raw"), cordon.log())
        self.assertIn("raw", cordon.log())
        return status, cordon.log()

    def test_f1_store_that_may_come_back_ends_with_4(self):
        cases = {"locked": (dict(settings={"state": "locked"}), "1Password is locked"),
                 "signed out": (dict(settings={"state": "not signed in"}), "`eval $(op signin)`"),
                 "no app": (dict(settings={"state": "app not there"}), "does not reach the 1Password app"),
                 "slow": (dict(settings={"delay": 30}), "did not answer in time"),
                 "no op": (dict(environment={"PATH": "/nonexistent"}), "install the 1Password CLI"),
                 "wrong path": (dict(provider='path = "/nonexistent/op"'), "/nonexistent/op")}
        for label, (arguments, text) in cases.items():
            with self.subTest(label):
                status, log = self.refused_start(**arguments)
                self.assertEqual(status, 4, log)
                self.assertIn(text, log)

    def test_f1_what_a_retry_cannot_mend_ends_with_1(self):
        cases = {"no vault": ({"vaults": {}}, "`op vault list`"),
                 "no item": ({"vaults": {VAULT: {}}}, f"`op item list --vault {VAULT}`"),
                 "no field": ({"vaults": {VAULT: {ITEM: {}}}}, f"has no field {FIELD}"),
                 "no value": ({"vaults": {VAULT: {ITEM: {FIELD: ""}}}}, "has no value"),
                 "garbage": ({"print": "canary-garbage"}, "`op --version`")}
        for label, (settings, text) in cases.items():
            with self.subTest(label):
                status, log = self.refused_start(settings)
                self.assertEqual(status, 1, log)
                self.assertIn(text, log)
                self.assertNotIn("canary-garbage", log)


if __name__ == "__main__":
    main()
