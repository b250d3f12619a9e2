"""Tokens: the rows K of the catalogue of attacks, and real clients with nothing but the variables of `cordon env`."""

import base64
import os
import re
import subprocess
import time

import test_git
import test_java
import test_node
import test_python
from harness import CordonTest, ask_connect, canary, connect, host, main

RAW = host("raw")
GET = f"GET / HTTP/1.1\r\nHost: {RAW}\r\n\r\n"


class TokenTest(CordonTest):
    """A proxy whose tokens.toml appears while it runs. At the end no value stands anywhere but there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seen = set()
        cls.token("create", "named")

    @classmethod
    def token(cls, *words):
        done = cls.cordon.run("token", *words)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.seen.update(cls.values().values())

    @classmethod
    def path(cls):
        return next(cls.cordon.home.glob(".config/cordon/projects/*/tokens.toml"))

    @classmethod
    def values(cls):
        text = cls.path().read_text()
        return dict(zip(re.findall(r'(?m)^name = "(.*)"$', text), re.findall(r"cdn_[\w-]{43}", text), strict=True))

    @classmethod
    def credential(cls, name="default"):
        return f"{cls.path().parent.name}:{cls.values()[name]}"

    @classmethod
    def header(cls, name="default"):
        return f"Proxy-Authorization: Basic {base64.b64encode(cls.credential(name).encode()).decode()}\r\n"

    @classmethod
    def finish_cordon(cls):
        files = [path for place in (cls.cordon.home, cls.cordon.project) for path in place.rglob("*")
                 if path.is_file() and path.name != "tokens.toml"]
        super().finish_cordon()
        for value in cls.seen:
            hits = canary.places_with(value, cls.cordon.log_path, *files)
            if hits:
                raise AssertionError(f"a token is in {hits}")


class Enforcement(TokenTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it, for hosts without a route
        cls.raw = cls.world.origin("raw")
        cls.other = cls.world.origin("other")

    @classmethod
    def routes(cls):
        return [cls.world.route("raw"), cls.world.route("other")]

    def setUp(self):
        self.raw.forget()

    def connect_to(self, label, fields=""):
        return ask_connect(self.cordon.port, f"{host(label)}:443", fields)

    def open(self, label, fields):
        connection, answer = self.connect_to(label, fields)
        self.assertEqual(answer.status, 200, answer.reason)
        self.addCleanup(connection.close)
        connection.start_tls(host(label), self.cordon_bundle())
        return connection

    def test_d9_matched_request_without_a_token(self):
        for fields in ("", "Origin: https://elsewhere.example\r\n"):
            connection, answer = self.connect_to("raw", fields)
            self.assert_refused(answer, 407, "token_required")
            connection.close()
        self.assertEqual(self.raw.received, b"")

    def test_k3_the_retry_on_the_same_connection_succeeds(self):
        connection, answer = self.connect_to("raw")
        self.addCleanup(connection.close)
        self.assert_refused(answer, 407, "token_required")
        self.assertEqual(answer.get("proxy-authenticate"), 'Basic realm="cordon"')
        connection.send(f"CONNECT {RAW}:443 HTTP/1.1\r\nHost: {RAW}:443\r\n{self.header()}\r\n")
        self.assertEqual(connection.read_response("CONNECT").status, 200)
        connection.start_tls(RAW, self.cordon_bundle())
        self.assertEqual(connection.request(GET).status, 200)
        self.assert_sealed(self.values()["default"], self.raw.received)
        self.assertNotIn(b"proxy-authorization", self.raw.received.lower())

    def test_k2_malformed_is_407_never_500(self):
        good = self.header()
        for fields in (good + good, good.replace("Basic", "Bearer"), "Proxy-Authorization: Basic\r\n", "Proxy-Authorization: Basic %%\r\n",
                       "Proxy-Authorization: Basic bm9jb2xvbg==\r\n", "Proxy-Authorization: Basic OmVtcHR5\r\n",
                       "Proxy-Authorization: Basic YQA6Yg==\r\n"):
            with self.subTest(fields[:40]):
                connection, answer = self.connect_to("raw", fields)
                self.assert_refused(answer, 407, "token_malformed")
                self.assertNotIn(self.values()["default"], answer.body.decode())
                connection.close()

    def test_k4_a_revoked_token_ends_its_tunnels_within_a_second(self):
        self.token("create", "short-lived")
        fields = self.header("short-lived")
        matched = self.open("raw", fields)
        self.assertEqual(matched.request(GET).status, 200)
        opaque = self.open("open", fields)  # no route: the origin's own TLS
        kept = self.open("raw", self.header())
        began = time.monotonic()
        self.token("revoke", "short-lived")
        self.assertTrue(matched.is_closed())
        self.assertTrue(opaque.is_closed())
        self.assertLess(time.monotonic() - began, 1.5)  # the command included
        self.assertEqual(kept.request(GET).status, 200)
        self.assert_refused(self.connect_to("raw", fields)[1], 407, "token_invalid")

    def test_k7_token_for_route_a_on_route_b(self):
        self.token("create", "scoped", "--route", "raw")
        connection, answer = self.connect_to("other", self.header("scoped"))
        self.assert_refused(answer, 403, "token_scope")
        connection.close()
        self.assertEqual(self.open("raw", self.header("scoped")).request(GET).status, 200)
        deadline = time.monotonic() + 10
        while self.cordon.log().count("token=scoped ") < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertRegex(self.cordon.log(), r"GET raw\.origin\.test:443/ 200 .* token=scoped ")
        self.assertRegex(self.cordon.log(), r"CONNECT other\.origin\.test:443 403 .* token=scoped .* token_scope")

    def test_k8_right_token_wrong_audience(self):
        credential = base64.b64encode(f"elsewhere:{self.values()['default']}".encode()).decode()
        self.assert_refused(self.connect_to("raw", f"Proxy-Authorization: Basic {credential}\r\n")[1], 407, "token_invalid")

    def test_unmatched_hosts_need_none_but_take_no_bad_one(self):
        self.open("open", "").close()
        self.assert_refused(self.connect_to("open", "Proxy-Authorization: Basic eDp5\r\n")[1], 407, "token_invalid")

    def test_metrics_need_a_token_and_health_none(self):
        with connect(self.cordon.port) as client:
            self.assert_refused(client.request("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 407, "token_required")
            self.assertEqual(client.request(f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.header()}\r\n").status, 200)
            self.assertEqual(client.request("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status, 200)

    def test_f4_stays_closed_whatever_becomes_of_the_file(self):
        path, content, fields = self.path(), self.path().read_text(), self.header()

        def restore():
            path.write_text(content)
            path.chmod(0o600)

        mishaps = {"deleted": path.unlink, "truncated": lambda: path.write_text(""), "readable by all": lambda: path.chmod(0o644),
                   "cut": lambda: path.write_text(content[:len(content) // 2])}
        for name, happen in mishaps.items():
            with self.subTest(name):
                try:
                    happen()
                    self.assert_refused(self.connect_to("raw", fields)[1], 407, "token_invalid")
                    self.assert_refused(self.connect_to("raw")[1], 407, "token_required")
                    self.open("open", "").close()
                finally:
                    path.touch(mode=0o600)
                    restore()
                self.assertEqual(self.connect_to("raw", fields)[1].status, 200)
        self.assertEqual(self.raw.received, b"")
        self.assertIn("no token is accepted", self.cordon.log())

    def test_a_rotation_holds_for_the_next_request(self):
        before = self.header("named")
        self.token("rotate", "named")
        self.assert_refused(self.connect_to("raw", before)[1], 407, "token_invalid")
        self.assertEqual(self.connect_to("raw", self.header("named"))[1].status, 200)

    def test_h8_a_token_inside_the_tunnel_goes_nowhere(self):
        connection = self.open("raw", self.header())
        self.assertEqual(connection.request(GET.replace("\r\n\r\n", f"\r\n{self.header()}\r\n")).status, 200)
        self.assert_sealed(self.values()["default"], self.raw.received)


class Curl(TokenTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it

    @classmethod
    def routes(cls):
        return [cls.world.route("api")]

    def curl(self, *arguments, environment=None, status=0):
        done = subprocess.run(["curl", "-sS", *arguments], env=environment or self.cordon.client_environment(), capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def test_with_the_variables_of_env(self):
        self.assertEqual(self.curl(f"https://{host('api')}/small").stdout, b'{"small":true}')
        self.assertEqual(self.curl(f"https://{host('open')}/small").stdout, b'{"small":true}')

    def test_k3_after_a_407(self):
        done = self.curl("-v", "--proxy-anyauth", f"https://{host('api')}/small")
        self.assertEqual(done.stdout, b'{"small":true}')
        self.assertEqual(done.stderr.count(b"Trying 127.0.0.1"), 1)  # one connection
        self.assertIn(b"407 token_required", done.stderr)

    def test_without_a_token_the_status_is_told(self):
        environment = {**self.cordon.client_environment(), "https_proxy": f"http://127.0.0.1:{self.cordon.port}"}
        self.assertIn(b"407", self.curl(f"https://{host('api')}/small", environment=environment, status=56).stderr)

    def test_cordon_run_passes_the_token_in_the_environment_only(self):
        command = subprocess.run([self.cordon.environment.get("CORDON", os.environ["CORDON"]), "run", "--config", str(self.cordon.config),
                                  "--token", "named", "--", "sh", "-c", f"cat /proc/self/cmdline; curl -sS https://{host('api')}/small"],
                                 env=self.cordon.environment, capture_output=True, timeout=60, check=False)
        self.assertTrue(command.stdout.endswith(b'{"small":true}'), command.stderr)
        self.assertNotIn(self.values()["named"].encode(), command.stdout + command.stderr)


class Git(TokenTest, test_git.Git):
    """K3 with git itself, which shows its token only after the 407."""


class Python(TokenTest, test_python.Python):
    def test_t1_strict_verification(self):
        """http.client takes the token by hand."""
        script = test_python.STRICT.replace("set_tunnel(sys.argv[1])",
                                            "set_tunnel(sys.argv[1], headers={'Proxy-Authorization': sys.argv[3]})")
        printed = self.python("-c", script, host("api"), str(self.cordon.port), self.header()[len("Proxy-Authorization: "):].strip())
        self.assertEqual(printed.strip(), '{"small":true}')


class Node(TokenTest, test_node.Node):
    def test_t1_undici_proxy_agent(self):
        printed = self.node("fetch.mjs", f"https://{host('api')}", f"http://{self.credential()}@127.0.0.1:{self.cordon.port}")
        self.assertEqual(printed, ['200 {"small":true}'] * 3 + ["200 100000"])

    def test_t1_undici_proxy_agent_without_a_token(self):
        done = subprocess.run(["node", str(self.scripts / "fetch.mjs"), f"https://{host('api')}", f"http://127.0.0.1:{self.cordon.port}"],
                              env=self.cordon.client_environment(), capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("407", done.stdout + done.stderr)


class Java(TokenTest, test_java.Java):
    """An Authenticator gives the token, once the proxy asks; Java answers a refused one on its own, three times, then gives up."""

    def with_token(self, credential, *options):
        return self.java(*options, arguments=["TOKEN"], environment={"TOKEN": credential})

    def test_t1_three_requests(self):
        self.assertEqual(self.with_token(self.credential(), test_java.TOKENS_WORK), ['200 {"small":true}'] * 2 + ["200 200000"])

    def test_without_the_property_java_keeps_the_token_to_itself(self):
        for line in self.with_token(self.credential()):
            self.assertRegex(line, "407|authentication")

    def test_wrong_and_missing_tokens_are_refused(self):
        wrong = self.with_token(self.credential()[:-4] + "AAAA", test_java.TOKENS_WORK)
        for line in (*wrong, *self.java(test_java.TOKENS_WORK)):
            self.assertRegex(line, "407|authentication")
            self.assertNotIn("small", line)


if __name__ == "__main__":
    main()
