"""cordon doctor on listeners: their servers, their ports and their secrets, each failing and passing."""

import json

from harness import eventually, free_port, main
from postgres_servers import SSL_REQUEST, RealServer, StandIn
from servers import tls_context
from test_doctor import SECRET, Doctor


class OfListeners(Doctor):
    def setUp(self):
        super().setUp()
        self.local = free_port()

    def listener(self, upstream, name="db", more="", port=None, secret='source = "env"\nvariable = "KEY"'):
        return (f'[[listeners]]\nname = "{name}"\nport = {port or self.local}\nupstream = "{upstream}"\n{more}[listeners.auth]\n'
                f'type = "password"\nusername = "u"\n[listeners.auth.secret]\n{secret}\n')

    def write_listener(self, upstream, **more):
        self.write_config(self.listener(upstream, **more))

    def certificate(self, **more):
        """Files origin.pem and origin.key, for which root.pem vouches."""
        self.tls_origin(**more).close()
        return self.root / "origin.pem", self.root / "origin.key"

    def own_roots(self):
        return f'upstream_ca_path = "{self.root}/root.pem"\n'

    def real_server(self, *files):
        server = RealServer(*files)
        self.addCleanup(server.close)
        return server

    def stand_in(self, answer, alpn=()):
        context = None
        if answer == b"S":
            context = tls_context(*self.certificate())
            context.set_alpn_protocols(alpn)
            context.num_tickets = 0  # unread, they would make the client's close a reset, and cost the server its last word
        server = StandIn(answer, context)
        self.addCleanup(server.close)
        return server


class OfServers(OfListeners):
    def test_real_server_is_verified_as_a_session_would(self):
        server = self.real_server(*self.certificate())
        upstream = f"localhost:{server.port}"
        self.write_listener(upstream, more=self.own_roots())
        self.assert_finding("postgres", "ok", f"{upstream} answers in ", "certificate valid until", subject="db")
        self.write_listener(upstream)
        self.assert_finding("postgres", "fail", f"{upstream}: upstream_tls: ", "not among the trusted roots",
                            fix=f"openssl s_client -starttls postgres -connect {upstream}", subject="db")
        self.write_listener(f"127.0.0.1:{server.port}", more=self.own_roots())
        self.assert_finding("postgres", "fail", "upstream_tls", "another address")
        # That it offers TLS is no fault where the listener does without.
        self.write_listener(f"127.0.0.1:{server.port}", more='upstream_tls = "disable"\n')
        self.assert_finding("postgres", "ok", f"127.0.0.1:{server.port} answers, without TLS, in ")

    def test_real_server_without_tls(self):
        server = self.real_server()
        self.write_listener(f"localhost:{server.port}")
        self.assert_finding("postgres", "fail", "upstream_tls: the server has no TLS (it answered SSLRequest with N)", fix="openssl s_client")
        self.write_listener(f"localhost:{server.port}", more='upstream_tls = "disable"\n')
        self.assert_finding("postgres", "ok", "answers, without TLS, in ")

    def test_roots_of_all_count_for_listeners(self):
        server = self.stand_in(b"S")
        self.write_config(self.trusting() + self.listener(f"localhost:{server.port}"))
        self.assert_finding("postgres", "ok", "certificate valid until")
        self.assertEqual(set(server.requests), {SSL_REQUEST})

    def test_http_is_not_offered(self):
        """From version 17 on a server ends the handshake when ALPN has other names than its own."""
        server = self.stand_in(b"S", alpn=("postgresql",))
        self.write_listener(f"localhost:{server.port}", more=self.own_roots())
        self.assert_finding("postgres", "ok")
        # A server's end of the handshake is the later one.
        eventually(lambda: server.protocols, "the server's end of the handshake")
        self.assertEqual(set(server.protocols), {"postgresql"})

    def test_certificate_near_its_end(self):
        certificate = self.certificate(days="3")
        server = self.real_server(*certificate)
        self.write_listener(f"localhost:{server.port}", more=self.own_roots())
        self.assertEqual([finding["verdict"] for finding in self.findings("postgres")], ["warn"])

    def test_roots_that_are_not_there(self):
        self.write_listener("localhost:1", more='upstream_ca_path = "nowhere.pem"\n')
        self.assert_finding("postgres", "fail", "nowhere.pem", fix="cordon listener edit db --upstream-ca-path FILE")

    def test_roots_that_others_can_write_to(self):
        roots = self.project / "roots.pem"
        roots.touch()
        roots.chmod(0o666)
        self.write_listener("localhost:1", more='upstream_ca_path = "roots.pem"\n')
        self.assert_finding("postgres", "fail", "roots.pem", fix="only you can write to, or name another: cordon listener edit db --upstream-ca-path FILE")

    def test_pg4_error_instead_of_an_answer(self):
        """PG4 (CVE-2024-10977): the text of one that is not verified is not shown."""
        server = self.stand_in(b"Eplease type your password into the wrong window")
        self.write_listener(f"localhost:{server.port}")
        found = self.assert_finding("postgres", "fail", "upstream_protocol: the server answered SSLRequest with an error")
        self.assertNotIn("password", json.dumps(found))

    def test_pg3_more_than_the_answer(self):
        """PG3 (CVE-2021-23222)."""
        for more in ("", 'upstream_tls = "disable"\n'):
            server = self.stand_in(b"SX")
            self.write_listener(f"localhost:{server.port}", more=more)
            self.assert_finding("postgres", "fail", "upstream_protocol: the server sent more than its answer")

    def test_something_else_than_postgresql(self):
        for answer, text in ((b"HTTP/1.1 400 Bad Request\r\n", "upstream_protocol: the server answered SSLRequest with neither S nor N"),
                             (b"", "upstream_connect: the server closed the connection upon SSLRequest")):
            server = self.stand_in(answer)
            for more in ("", 'upstream_tls = "disable"\n'):
                self.write_listener(f"localhost:{server.port}", more=more)
                self.assert_finding("postgres", "fail", text)

    def test_nothing_listens_and_no_such_host(self):
        self.write_config(self.listener("localhost:1") + self.listener("nowhere.invalid", "gone", port=free_port()))
        self.assert_finding("postgres", "fail", "localhost:1: upstream_connect", subject="db")
        self.assert_finding("postgres", "fail", "nowhere.invalid:5432: upstream_dns", subject="gone")
        self.write_listener("localhost:1", more='upstream_tls = "disable"\n')
        self.assert_finding("postgres", "fail", "upstream_connect", fix="pg_isready -h localhost -p 1")

    def test_without_listeners_nothing_is_said(self):
        self.write_config(self.route_to(1))
        self.assertEqual(self.findings("postgres") + self.findings("listener port"), [])


class OfPorts(OfListeners):
    def test_free_and_taken(self):
        self.write_listener("localhost:1")
        self.assert_finding("listener port", "ok", f"{self.local} is free", subject="db")
        other = self.origin()
        self.write_listener("localhost:1", port=other.port)
        self.assert_finding("listener port", "fail", f"{other.port} is taken by ", fix="cordon listener edit db --port PORT", subject="db")

    def test_instance_that_runs_was_started_without_it(self):
        self.write_config(self.route_to(1))
        self.start()
        self.write_config(self.route_to(1) + self.listener("localhost:1"))
        self.assert_finding("listener port", "warn", "was started without it", fix="cordon stop && cordon start")

    def test_instance_that_runs_holds_it(self):
        """Whose it is, is told by the process that listens: here on what was `listen` when it started."""
        self.write_config(self.route_to(1))
        self.start()
        self.write_config(self.listener("localhost:1", port=self.port), port=free_port())
        self.assert_finding("listener port", "ok", f"{self.port} is held")

    def test_config(self):
        self.write_config(self.route_to(1) + self.listener("localhost:1"))
        self.assert_finding("config", "ok", "1 route, 1 listener")


class OfListenersSecrets(OfListeners):
    def test_secret(self):
        self.write_listener("localhost:1")
        self.assert_finding("secret", "skipped", "not approved, so not fetched", fix="cordon approve", subject="db")
        self.assert_done(self.cordon("approve", "--yes"))
        self.assert_finding("secret", "ok", "environment variable KEY", subject="db")
        self.assert_finding("secret", "fail", "is empty", fix="cordon secret check db", subject="db", KEY="")
        self.assertNotIn(SECRET, json.dumps(self.doctor()))

    def test_token_that_nobody_has(self):
        self.write_listener("localhost:1", more="require_token = true\n")
        self.assert_finding("tokens", "fail", "demands a token, and there is none", fix="cordon token rotate", subject="db")
        self.assert_done(self.cordon("token", "rotate"))
        self.assert_finding("tokens", "ok", "1 token: default")

    def test_token_limited_to_a_listener(self):
        self.write_listener("localhost:1")
        self.assert_done(self.cordon("token", "create", "ci", "--route", "db"))
        self.assert_finding("tokens", "ok", "2 tokens")
        self.write_config()
        self.assert_finding("tokens", "warn", "`db`", subject="ci")


if __name__ == "__main__":
    main()
