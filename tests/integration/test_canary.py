"""R9, L3: with a route for each kind of store and tokens on, each refusal is driven, each command is run and each door is tried at the
most talkative level of the log; then all of it is searched for any 12 bytes of a secret or a token, plain or in base64."""

import base64
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import time
from pathlib import Path

import test_peer
from harness import BINARY, Closed, Cordon, CordonTest, Route, ask_connect, canary, connect, host, main, pki
from harness.stores import KINDS, environment_of

LABELS = dict(zip(KINDS, ("raw", "other", "echo", "sse", "ws"), strict=True))
CODES = {"token_required", "token_invalid", "token_malformed", "token_scope", "secret_unavailable", "binding_unapproved",
         "destination_denied", "misdirected", "upstream_dns", "upstream_connect", "upstream_tls", "upstream_protocol", "bad_request",
         "method_refused", "head_too_large", "tls_disabled", "plaintext_refused", "not_found"}


def drop(visit):
    visit.read_request()


class Canary(CordonTest):
    LOG_FORMAT = "text"

    @classmethod
    def set_up_origins(cls):
        world = cls.world
        cls.folder = world.folder / f"stores-{cls.__name__}"
        cls.folder.mkdir()
        cls.secrets = {kind: secrets.token_hex(24) for kind in (*KINDS, "basic", "gone", "faults", "unapproved")}
        cls.stores = {kind: store(cls.folder, cls.secrets[kind]) for kind, store in KINDS.items()}
        cls.addClassCleanup(cls.stores["keyring"].stop)
        cls.origins = {kind: world.origin(label) for kind, label in LABELS.items()}
        cls.origins["basic"] = world.origin("asking")
        world.origin("upgrade", drop)
        world.origin("self", identity=pki.self_signed(world.folder, host("self")))
        cls.unapproved = world.origin("corp")

    @classmethod
    def routes(cls):
        found = [Route(kind, host(label), cls.secrets[kind], source=cls.stores[kind].source) for kind, label in LABELS.items()]
        found.append(Route("basic", host("asking"), cls.secrets["basic"], username="user"))
        found.append(Route("gone", host("free"), cls.secrets["gone"]))
        found += [Route(f"fault-{label}", host(label), cls.secrets["faults"]) for label in ("self", "dead", "upgrade", "nowhere")]
        return found

    @classmethod
    def options(cls):
        # No value is kept, so that the helpers run while requests do.
        return {"more": '[secrets]\ncache_ttl = "0s"\n', "environment": {**environment_of(cls.stores), "TMPDIR": str(cls.folder / "tmp")},
                "log_format": cls.LOG_FORMAT}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.places, cls.codes = {}, {}
        cls.plant_tokens()
        cls.drive()

    # The parts of a run.

    @classmethod
    def plant_tokens(cls):
        for words in (["create", "named"], ["create", "scoped", "--route", "file"], ["create", "short-lived"], ["rotate", "named"],
                      ["revoke", "short-lived"], ["list"], ["list", "--json"]):
            cls.command("token", *words)
        path = cls.tokens_path()
        cls.issued = re.findall(r"cdn_[\w-]{43}", path.read_text())
        text = path.read_text()
        for value in cls.issued:
            text = text.replace(value, "cdn_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="))
        path.write_text(text)
        cls.tokens = dict(zip(re.findall(r'(?m)^name = "(.*)"$', text), re.findall(r"cdn_[\w-]{43}", text), strict=True))
        cls.audience = path.parent.name

    @classmethod
    def tokens_path(cls):
        return next(cls.cordon.home.glob(".config/cordon/projects/*/tokens.toml"))

    @classmethod
    def drive(cls):
        cls.good_requests()
        cls.received = {name: origin.received for name, origin in cls.origins.items()}
        cls.refusals()
        cls.odd_places()
        cls.door()
        cls.commands()
        cls.unapproved_binding()
        cls.without_tls()
        time.sleep(0.5)  # the log's own thread
        cls.places["log"] = cls.cordon.log_path.read_bytes()
        for part in ("cmdline", "environ"):
            cls.places[part] = Path(f"/proc/{cls.cordon.process.pid}/{part}").read_bytes()

    @classmethod
    def header(cls, name="default"):
        credential = base64.b64encode(f"{cls.audience}:{cls.tokens[name]}".encode()).decode()
        return f"Proxy-Authorization: Basic {credential}\r\n"

    @classmethod
    def open(cls, name, token="default"):
        connection, answer = ask_connect(cls.cordon.port, f"{name}:443", cls.header(token))
        if answer.status == 200:
            connection.start_tls(name, cls.cordon_bundle())
        return connection

    @classmethod
    def good_requests(cls):
        for kind, label in (*LABELS.items(), ("basic", "asking")):
            with cls.open(host(label)) as tunnel:
                for _ in range(2):
                    tunnel.request(f"GET /?q HTTP/1.1\r\nHost: {host(label)}\r\n{cls.header()}\r\n")
                cls.places[f"reply of {kind}"] = tunnel.received

    @classmethod
    def keep(cls, name, connection, data):
        """Sends `data` and keeps whatever comes back."""
        try:
            connection.send(data)
            answer = connection.read_response()
            cls.codes.setdefault(answer.reason, []).append(name)
        except (Closed, OSError, ssl.SSLError, ValueError, IndexError):
            pass  # closed without an answer, or one to what was not a request
        cls.places[f"reply to {name}"] = connection.received
        connection.close()

    @classmethod
    def outside(cls, name, data):
        cls.keep(name, connect(cls.cordon.port), data)

    @classmethod
    def inside(cls, name, label, data, token="default"):
        cls.keep(name, cls.open(host(label), token), data)

    @classmethod
    def refusals(cls):
        raw, good = host("raw"), cls.header()
        target = f"CONNECT {raw}:443 HTTP/1.1\r\nHost: {raw}\r\n"
        wrong = base64.b64encode(f"{cls.audience}:cdn_{secrets.token_urlsafe(32)}".encode()).decode()
        other = base64.b64encode(f"elsewhere:{cls.tokens['default']}".encode()).decode()
        outside = {
            "no token": target + "\r\n", "unknown token": f"{target}Proxy-Authorization: Basic {wrong}\r\n\r\n",
            "another audience": f"{target}Proxy-Authorization: Basic {other}\r\n\r\n", "two tokens": target + good + good + "\r\n",
            "a bare token": f"{target}Proxy-Authorization: {cls.tokens['default']}\r\n\r\n",
            "a bearer token": f"{target}Proxy-Authorization: Bearer {cls.tokens['default']}\r\n\r\n",
            "an unencoded token": f"{target}Proxy-Authorization: Basic {cls.audience}:{cls.tokens['default']}\r\n\r\n",
            "a cut token": f"{target}{good[:-9]}\r\n\r\n", "a denied address": f"CONNECT 10.0.0.1:443 HTTP/1.1\r\n{good}\r\n",
            "an unknown name": f"CONNECT missing.test:443 HTTP/1.1\r\n{good}\r\n",
            "plaintext": f"GET http://{raw}:443/ HTTP/1.1\r\nHost: {raw}\r\n{good}\r\n",
            "an https target": f"GET https://{raw}/ HTTP/1.1\r\nHost: {raw}\r\n{good}\r\n",
            "a large head": f"GET http://{raw}:443/ HTTP/1.1\r\nHost: {raw}\r\n" + good * 1000 + "\r\n",
            "a long target": f"GET /{cls.tokens['default'] * 2000} HTTP/1.1\r\nHost: {raw}\r\n\r\n",
            "no such page": f"GET /nothing HTTP/1.1\r\nHost: {raw}\r\n{good}\r\n",
            "another site's name": f"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n{good}\r\n",
            "metrics without a token": "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            "metrics": f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n{good}\r\n",
        }
        for name, data in outside.items():
            cls.outside(name, data)
        connection, answer = ask_connect(cls.cordon.port, f"{host('other')}:443", cls.header("scoped"))
        cls.places["reply to another route's token"] = connection.received
        cls.codes[answer.reason] = ["scoped"]
        connection.close()
        cls.cordon.secret_file(cls.cordon.routes[6]).unlink()
        for label in ("free", "self", "dead", "upgrade", "nowhere"):
            cls.inside(f"a request for {label}", label, f"POST / HTTP/1.1\r\nHost: {host(label)}\r\nContent-Length: 0\r\n\r\n")
        if os.geteuid() == 0:
            try:
                cls.places["reply to another user"] = test_peer.exchange(test_peer.OTHER, cls.cordon.port, (target + good).encode()).encode()
            except test_peer.unittest.SkipTest:
                pass  # a user namespace of a single user

    @classmethod
    def odd_places(cls):
        """A client that puts what it has where it does not belong: nothing of it may come back, or into the log. (A method, a host
        and a path are what the log is for.)"""
        raw = host("raw")
        for what, text in (("token", cls.tokens["named"]), ("secret", cls.secrets["file"])):
            inner = f"GET / HTTP/1.1\r\nHost: {raw}\r\n"
            outside = {
                "user of a target": f"GET http://{cls.audience}:{text}@{raw}/ HTTP/1.1\r\nHost: {raw}\r\n\r\n",
                "user of a CONNECT": f"CONNECT {cls.audience}:{text}@{raw}:443 HTTP/1.1\r\nHost: {raw}\r\n\r\n",
                "port": f"CONNECT {raw}:{text} HTTP/1.1\r\nHost: {raw}\r\n\r\n",
                "scheme": f"GET {text}://{raw}/ HTTP/1.1\r\nHost: {raw}\r\n\r\n",
                "version": f"GET http://{raw}/ HTTP/1.1{text}\r\nHost: {raw}\r\n\r\n",
                "line": f"{text}\r\n\r\n", "query": f"GET /health?{text} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                "fields": f"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {text}\r\nX-{text}: {text}\r\nOrigin: {text}\r\n\r\n",
                "Host": f"GET /health HTTP/1.1\r\nHost: {text}\r\n\r\n",
                "length": f"POST http://{raw}:443/ HTTP/1.1\r\nHost: {raw}\r\nContent-Length: {text}\r\n\r\n",
            }
            for name, data in outside.items():
                cls.outside(f"{what} as {name}", data)
            inside = {
                "inner Host": f"GET / HTTP/1.1\r\nHost: {text}\r\n\r\n",
                "trace": f"TRACE / HTTP/1.1\r\nHost: {raw}\r\nAuthorization: {text}\r\n\r\n", "inner query": inner.replace("/ ", f"/?{text} ") + "\r\n",
                "inner fields": f"{inner}Authorization: Bearer {text}\r\nCookie: {text}\r\n\r\n", "bad field": f"{inner}{text} : x\r\n\r\n",
                "coding": f"{inner}Transfer-Encoding: {text}\r\n\r\n", "chunk": f"{inner}Transfer-Encoding: chunked\r\n\r\n{text}\r\n",
                "expectation": f"{inner}Expect: {text}\r\n\r\n", "upgrade": f"{inner}Connection: upgrade\r\nUpgrade: {text}\r\n\r\n",
            }
            for name, data in inside.items():
                cls.inside(f"{what} as {name}", "raw", data)
            cls.keep(f"{what} in plaintext", ask_connect(cls.cordon.port, f"{raw}:443", cls.header())[0],
                     f"GET /?{text} HTTP/1.1\r\nHost: {text}\r\nX: {text}\r\n\r\n")
            connection, _ = ask_connect(cls.cordon.port, f"{raw}:443", cls.header())
            try:
                connection.start_tls(f"{text.replace('_', '-').strip('-')}.test", cls.cordon_bundle())
            except (OSError, ValueError):
                pass
            connection.close()

    @classmethod
    def door(cls):
        """The control socket, by hand."""
        path = json.loads(cls.command("status", "--json").stdout)["socket"]
        token, secret = cls.tokens["default"], cls.secrets["file"]
        requests = {"/status": "{}", "/reload": "{}", "/log": '{"format": "text"}', "/log ": '{"format": "json"}',
                    "/forget-secret": '{"name": "file"}', "/forget-secret ": json.dumps({"name": secret}), f"/{token}": "{}",
                    "/status ": json.dumps({"config": secret}), "/status  ": f"{token}", "/status   ": f'{{"{secret}": '}
        for operation, body in requests.items():
            with socket.socket(socket.AF_UNIX) as stream:
                stream.settimeout(20)
                stream.connect(path)
                stream.sendall(f"POST {operation.strip()} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
                               f"{body}".encode())
                answer = b""
                while piece := stream.recv(65536):
                    answer += piece
            cls.places[f"control socket: {operation} {body[:20]}"] = answer

    @classmethod
    def command(cls, *words, environment=None, value=None):
        done = subprocess.run([BINARY, *words, "--config", str(cls.cordon.config)], env={**cls.cordon.environment, **(environment or {})},
                              cwd=cls.cordon.project, capture_output=True, input=value, timeout=60, check=False)
        cls.places[f"command {' '.join(words)} ({len(cls.places)})"] = done.stdout + done.stderr
        return done

    @classmethod
    def commands(cls):
        for words in (["status"], ["status", "--json"], ["status", "--all"], ["check"], ["check", "--json"], ["secret", "check"],
                      ["secret", "check", "--json"], ["logs"], ["logs", "--json"], ["approve", "--yes"], ["approve", "--json"],
                      ["token", "list"], ["token", "list", "--json"], ["token", "create", "named"], ["token", "rotate", "nobody"],
                      ["wait"], ["reload"], ["run", "--", "true"], ["start"], ["secret", "set", "file"]):
            cls.command(*words)
        cls.command("secret", "set", "keyring", value=cls.secrets["keyring"].encode())
        for form in ("shell", "fish", "dotenv", "json"):  # the one command that prints a token
            done = cls.command("env", "--format", form)
            cls.places[f"command env {form}"] = cls.places.popitem()[1].replace(cls.tokens["default"].encode(), b"")
            if cls.tokens["default"].encode() not in done.stdout:
                raise AssertionError(f"cordon env is to carry the token: {done}")

    @classmethod
    def unapproved_binding(cls):
        user = cls.cordon.home / ".config/cordon/cordon.toml"
        user.write_text("listen = 1\n[secrets]\nrequire_approval = true\n")
        user.chmod(0o600)
        cls.cordon.routes[6:] = [Route("unapproved", host("corp"), cls.secrets["unapproved"])]
        cls.cordon.write_config(cls.options()["more"])
        cls.command("reload")
        cls.command("approve")
        cls.inside("an unapproved route", "corp", f"GET / HTTP/1.1\r\nHost: {host('corp')}\r\n\r\n")
        cls.command("approve", "--yes", "unapproved")

    @classmethod
    def without_tls(cls):
        with Cordon(cls.world.folder, [Route("plain", host("raw"), cls.secrets["file"])], tls="enabled = false") as cordon:
            connection, answer = ask_connect(cordon.port, f"{host('raw')}:443", cls.header())
            cls.codes.setdefault(answer.reason, []).append("no TLS")
            cls.places["reply without TLS"] = connection.received
            connection.close()
        cls.places["log without TLS"] = cordon.log_path.read_bytes()

    # What was found.

    def search(self, text, places):
        search = canary.Search(text)
        return [name for name, content in places.items() if search.count(content)]

    def files(self):
        """Every file of the instance by its path, but for the store of the route with a file."""
        return {str(path): path.read_bytes() + path.name.encode() for place in (self.cordon.home, self.cordon.project, self.folder / "tmp")
                for path in place.rglob("*") if path.is_file()}

    def test_every_refusal_was_driven(self):
        self.assertEqual(CODES - set(self.codes), set(), self.codes)
        self.assertGreater(len(self.places), 100)

    def test_r9_no_secret_is_anywhere(self):
        # Cordon's own environment is where the source `env` is, and nothing else.
        for kind, secret in self.secrets.items():
            with self.subTest(kind):
                self.assertEqual(self.search(secret, {**self.places, **self.files()}), ["environ"] if kind == "env" else [])

    def test_r9_no_token_is_anywhere_but_in_its_file(self):
        for name, token in [*self.tokens.items(), *((f"replaced {value[-4:]}", value) for value in self.issued)]:
            with self.subTest(name):
                self.assertEqual(self.search(token, self.places), [])
                self.assertEqual(self.search(token, self.files()), [str(self.tokens_path())] if name in self.tokens else [])

    def test_each_secret_reached_its_own_origin_and_no_token_any(self):
        for kind, received in self.received.items():
            with self.subTest(kind):
                told = {name for name, secret in self.secrets.items() if canary.Search(secret).count(received)}
                self.assertEqual(told, {kind})
                self.assertEqual(self.search(self.tokens["default"], {kind: received}), [])
        self.assertEqual(self.unapproved.received, b"")

    def test_l3_helpers_are_told_nothing(self):
        for kind in ("command", "1password"):
            notes = self.stores[kind].notes.read_bytes()
            self.assertGreaterEqual(notes.count(b"PATH"), 3, "it ran while requests did")
            for text in (*self.secrets.values(), *self.tokens.values()):
                self.assertEqual(self.search(text, {kind: notes}), [])

    def test_no_temporary_file_is_left(self):
        state = self.tokens_path().parent
        known = {"tokens.toml", "bindings.toml", "control.sock", "certs", "ca-cert.pem", "ca-key.pem", "combined-ca.pem"}
        self.assertEqual({path.name for path in state.rglob("*")} - known, set())
        self.assertEqual([path.name for path in self.cordon.project.iterdir()], ["cordon.toml"])

    def test_the_search_finds_what_is_planted(self):
        """Any 12 bytes of any form, in each place."""
        content = {name: len(data) for name, data in self.places.items()}
        for text, around in ((self.secrets["file"], f"user:{self.secrets['file']}"),
                             (self.tokens["default"], f"{self.audience}:{self.tokens['default']}")):
            forms = [text.encode()]
            for prefix in ("", "x", "xy"):
                coded = base64.b64encode((prefix + around).encode())
                begin = (len(prefix + around) - len(text) + 2) // 3 * 4
                forms.append(coded[begin:-4])
            for form in forms:
                for at in range(len(form) - canary.SLICE + 1):
                    planted = b"\0before " + form[at:at + canary.SLICE] + b" after\n"
                    self.assertEqual(self.search(text, {"place": planted}), ["place"], form[at:at + canary.SLICE])
            for name in content:
                self.assertEqual(self.search(text, {name: self.places[name] + forms[2][7:7 + canary.SLICE]}), [name])
            path = self.cordon.project / "planted"
            path.write_bytes(b"x" * 100_000 + forms[3][3:3 + canary.SLICE])
            try:
                self.assertIn(str(path), self.search(text, self.files()))
            finally:
                path.unlink()


class CanaryInJson(Canary):
    LOG_FORMAT = "json"


if __name__ == "__main__":
    main()
