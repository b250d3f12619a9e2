"""Header handling and smuggling: the rows H of the catalogue of attacks, over real sockets and TLS."""

import base64
import hashlib
import time

from harness import ANSWER, Closed, Cordon, CordonTest, Route, ask_connect, connect, host, main, open_tunnel

RAW = host("raw")
HEAD = f"POST / HTTP/1.1\r\nHost: {RAW}\r\n"


class Framing(CordonTest):
    """Requests; the origin answers each well-framed request with a small 200."""

    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("raw")

    @classmethod
    def routes(cls):
        return [cls.world.route("raw"), cls.world.route("key", header="X-API-Key", scheme="")]

    def setUp(self):
        self.raw.forget()
        self.secret = self.world.secret("raw")

    def assert_rejected(self, data, statuses=(400,)):
        """The bytes get an error, the connection is closed, and the origin was not reached."""
        with self.tunnel("raw") as tunnel:
            tunnel.send(data)
            answer = tunnel.read_response()
            self.assertIn(answer.status, statuses)
            self.assertTrue(tunnel.is_closed())
        self.assert_sealed(self.secret, tunnel.received)
        self.assertEqual(self.raw.received, b"")

    def assert_all_rejected(self, cases, statuses=(400,)):
        for case in cases:
            with self.subTest(case[-200:]):
                self.assert_rejected(case, statuses)

    def test_h1_bare_line_ends_and_nul(self):
        head = HEAD.encode()
        self.assert_all_rejected([
            head + b"X: a\nAuthorization: evil\r\n\r\n",
            head + b"X: a\rAuthorization: evil\r\n\r\n",
            head + b"X: a\0b\r\n\r\n",
            f"GET / HTTP/1.1\nHost: {RAW}\n\n".encode(),
            f"GET /\0 HTTP/1.1\r\nHost: {RAW}\r\n\r\n".encode(),
        ])

    def test_h2_folding_and_odd_names(self):
        self.assert_all_rejected([HEAD.encode() + field + b"\r\n\r\n" for field in (
            b"X: a\r\n Authorization: evil", b"X : a", b": a", b"X\x01: a", b"no colon at all", b"Authorization\t: evil")])

    def test_h3_two_framings(self):
        body = b"0\r\n\r\n"
        smuggled = f"GET /smuggled HTTP/1.1\r\nHost: {RAW}\r\n\r\n".encode()
        self.assert_all_rejected([HEAD.encode() + fields + b"\r\n\r\n" + body + smuggled for fields in (
            b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nContent-Length: 5",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
            b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: chunked, identity",
            b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding : chunked",
            b"Transfer-Encoding:\r\n chunked")], (400, 501))
        self.assert_rejected(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

    def test_h4_content_lengths(self):
        self.assert_all_rejected([HEAD.encode() + b"Content-Length: " + value + b"\r\n\r\nabcde" for value in (
            b"", b"+5", b"0x5", b"5,5", b"5, 5", b"-1", b"18446744073709551616", b"5 5", b"five")])

    def test_h5_chunks(self):
        for body in (b"5;a=\rb\r\nabcde\r\n0\r\n\r\n", b"5\nabcde\n0\n\n", b"fffffffffffffffff\r\nabc", b"g\r\n", b"-5\r\nabcde\r\n",
                     b"5\r\nabcdeX0\r\n\r\n", b"0x5\r\nabcde\r\n0\r\n\r\n"):
            with self.subTest(body), self.tunnel("raw") as tunnel:
                self.raw.forget()
                tunnel.send(HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"GET /smuggled HTTP/1.1\r\n\r\n")
                received = tunnel.read_to_end()
                self.assertNotIn(b" 200 ", received)
                self.assertNotIn(b"smuggled", self.raw.received)

    def test_h5_trailers_with_credentials_are_dropped(self):
        with self.tunnel("raw") as tunnel:
            answer = tunnel.request(HEAD + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nabcde\r\n0\r\n"
                                    "Authorization: Bearer evil\r\nX-Sum: 1\r\nProxy-Authorization: Basic evil\r\n\r\n")
        self.assertEqual(answer.status, 200)
        self.assertNotIn(b"evil", self.raw.received)
        self.assertIn(b"abcde", self.raw.received)

    def test_h6_each_client_credential_is_replaced_by_one(self):
        with self.tunnel("raw") as tunnel:
            tunnel.request(f"GET / HTTP/1.1\r\nHost: {RAW}\r\nAuthorization: Bearer one\r\nX-Kept: yes\r\naUTHORIZATION: two\r\n"
                           "authorization: Basic three\r\n\r\n")
        received = self.raw.received.lower()
        self.assertEqual(received.count(b"authorization:"), 1)
        self.assertIn(b"bearer " + self.secret.encode(), received)
        self.assertIn(b"x-kept: yes", received)

    def test_h6_authorization_is_removed_beside_another_header(self):
        origin = self.world.origin("echo", port=10443)
        route = Route("echo", host("echo"), self.world.secret("echo"), header="X-API-Key", scheme="", port="10443")
        with Cordon(self.world.folder, [route]) as cordon:
            with open_tunnel(cordon.port, host("echo"), cordon.bundle, 10443) as tunnel:
                tunnel.request(f"GET / HTTP/1.1\r\nHost: {host('echo')}:10443\r\nAuthorization: Bearer mine\r\nx-api-key: a\r\n"
                               "X-API-KEY: b\r\n\r\n")
        received = origin.received.lower()
        self.assertNotIn(b"authorization", received)
        self.assertEqual(received.count(b"x-api-key:"), 1)
        self.assertIn(b"x-api-key: " + self.world.secret("echo").encode(), received)

    def test_h7_connection_listed_fields_go_first(self):
        with self.tunnel("raw") as tunnel:
            tunnel.request(f"GET / HTTP/1.1\r\nHost: {RAW}\r\nConnection: close, Authorization, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                           "TE: trailers\r\n\r\n")
        received = self.raw.received.lower()
        self.assertIn(b"authorization: bearer " + self.secret.encode(), received)
        for name in (b"x-hop", b"keep-alive:", b"\r\nte:"):
            self.assertNotIn(name, received)

    def test_h9_unusable_secrets_are_named_and_never_shown(self):
        for label, value in (("empty", ""), ("newline", "canary-abc\ncanary-def"), ("carriage", "canary-abc\rdef"),
                             ("nul", "canary-abc\0def"), ("long", "canary-" + "x" * 65536)):
            with self.subTest(label):
                cordon = Cordon(self.world.folder, [Route(label, RAW, value)])
                cordon.spawn()
                self.assertIn(cordon.process.wait(10), (1, 4))
                self.assertIn(label, cordon.log())
                self.assertNotIn("canary-abc", cordon.log())
                self.assertNotIn("xxxxxxxx", cordon.log())
                self.assertEqual([], list(cordon.home.rglob("*.pem")), "a failing secret leaves no CA behind")

    def test_h9_one_trailing_newline_is_trimmed(self):
        with Cordon(self.world.folder, [Route("raw", RAW, self.secret + "\n")]) as cordon:
            with open_tunnel(cordon.port, RAW, cordon.bundle) as tunnel:
                self.assertEqual(tunnel.request(f"GET / HTTP/1.1\r\nHost: {RAW}\r\n\r\n").status, 200)
        self.assertIn(self.secret.encode() + b"\r\n", self.raw.received)

    def test_h10_too_large_heads(self):
        before = self.cordon.resident_kib()
        get = f"GET / HTTP/1.1\r\nHost: {RAW}\r\n".encode()
        for data, status in ((get + b"X: " + b"a" * (1 << 20), 431), (get + b"X-Many: 1\r\n" * 10_000, 431),
                             (b"GET /" + b"u" * 100_000 + b" HTTP/1.1\r\n", 414)):
            with self.subTest(data[-20:]), self.tunnel("raw") as tunnel:
                try:
                    tunnel.send(data + b"\r\n\r\n")
                except OSError:
                    pass  # it need not read on
                self.assertEqual(tunnel.read_response().status, status)
            with self.subTest(data[-20:], outside=True), connect(self.cordon.port) as client:
                try:
                    client.send(data.replace(b"GET /", f"GET http://{RAW}/".encode(), 1) + b"\r\n\r\n")
                except OSError:
                    pass
                self.assertEqual(client.read_response().status, status)
        self.assertEqual(self.raw.received, b"")
        self.assert_memory_flat(before, 4096)

    def test_h11_pipelined_requests_are_answered_in_order(self):
        with self.tunnel("raw") as tunnel:
            tunnel.send(HEAD + f"Content-Length: 5\r\n\r\nabcdeGET /second HTTP/1.1\r\nHost: {RAW}\r\n\r\n")
            self.assertEqual([tunnel.read_response().status for _ in range(2)], [200, 200])
        received = self.raw.received
        self.assertLess(received.index(b"abcde"), received.index(b"GET /second"))
        self.assertEqual(received.count(self.secret.encode()), 2)

    def test_h12_other_upgrades_are_stripped(self):
        with self.tunnel("raw") as tunnel:
            answer = tunnel.request(f"GET / HTTP/1.1\r\nHost: {RAW}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
        self.assertEqual(answer.status, 200)
        for name in (b"upgrade", b"http2-settings", b"h2c"):
            self.assertNotIn(name, self.raw.received.lower())

    def test_h14_methods_that_are_refused(self):
        for method, target in (("TRACE", "/"), ("TRACK", "/"), ("CONNECT", f"{RAW}:443")):
            with self.subTest(method), self.tunnel("raw") as tunnel:
                tunnel.send(f"{method} {target} HTTP/1.1\r\nHost: {RAW}\r\n\r\n")
                answer = tunnel.read_response()
                self.assertIn(answer.status, (405,) if method != "TRACK" else (405, 400))
        self.assertEqual(self.raw.received, b"")


def websocket_accept(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def bad_answers(visit):
    """Answers by the last segment of the request's path."""
    while request := visit.read_request(body_unless="/final-at-once"):
        path = request.target.strip("/")
        key = (request.all("sec-websocket-key") or [""])[0]
        answer = {
            "cr-in-reason": b"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
            "bare-lf-field": b"HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n",
            "interim-flood": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000 + ANSWER,
            "unasked-101": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEXTRA",
            "both-framings": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
            "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nyes!",
            "not-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "long-head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n",
            "short-body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nyes",
            "long-body": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL",
            "head-body": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL",
            "no-answer": b"",
            "ws-wrong": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
            "ws-right": (f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         f"Sec-WebSocket-Accept: {websocket_accept(key)}\r\n\r\nfrom the origin").encode(),
            "final-at-once": b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno",
        }.get(path, ANSWER)
        visit.send(answer)
        if path == "ws-right":
            while data := visit.connection.stream.recv(4096):
                visit.connection.received += data
                visit.send(b"echo:" + data)
        if path in ("no-answer", "short-body", "not-http", "final-at-once"):
            return


class Answers(CordonTest):
    """What a broken or hostile origin can do to the client."""

    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("asking", bad_answers)

    @classmethod
    def routes(cls):
        return [cls.world.route("asking")]

    def setUp(self):
        self.raw.forget()

    def ask(self, tunnel, path, method="GET", more=""):
        tunnel.send(f"{method} /{path} HTTP/1.1\r\nHost: {host('asking')}\r\n{more}\r\n")

    def test_h13_nonsense_becomes_502(self):
        for path in ("cr-in-reason", "bare-lf-field", "unasked-101", "both-framings", "two-lengths", "not-http", "long-head", "no-answer",
                     "interim-flood"):
            with self.subTest(path), self.tunnel("asking") as tunnel:
                self.ask(tunnel, path)
                try:
                    answer = tunnel.read_response()
                except Closed:
                    answer = None
                if answer:
                    self.assert_refused(answer, 502, "upstream_protocol")
                for split in (b"evil", b"EXTRA"):
                    self.assertNotIn(split, tunnel.received)

    def test_h13_body_shorter_than_said(self):
        with self.tunnel("asking") as tunnel:
            self.ask(tunnel, "short-body")
            with self.assertRaises(Closed):
                tunnel.read_response()

    def test_h13_bytes_after_the_answer_are_no_answer(self):
        for path, method in (("long-body", "GET"), ("head-body", "HEAD")):
            with self.subTest(path), self.tunnel("asking") as tunnel:
                self.ask(tunnel, path, method)
                self.assertEqual(tunnel.read_response(method).status, 200)
                self.ask(tunnel, "good")
                self.assertEqual(tunnel.read_response().body, b"yes")
                self.assertNotIn(b"EVIL", tunnel.received)

    def test_h12_websocket_with_a_wrong_accept(self):
        with self.tunnel("asking") as tunnel:
            self.ask(tunnel, "ws-wrong", more="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
            self.assert_refused(tunnel.read_response(), 502, "upstream_protocol")

    def test_h12_early_websocket_bytes_are_kept(self):
        with self.tunnel("asking") as tunnel:
            self.ask(tunnel, "ws-right", more="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
            tunnel.send(b"early")
            self.assertEqual(tunnel.read_response().status, 101)
            self.assertEqual(tunnel.read_exactly(len("from the originecho:early")), b"from the originecho:early")

    def test_h15_final_answer_to_an_expectation(self):
        """The client that waits for 100 gets the final answer; so does one that does not wait."""
        for body in (b"", b"x" * 100_000):
            with self.subTest(len(body)), self.tunnel("asking") as tunnel:
                self.raw.forget()
                started = time.monotonic()
                self.ask(tunnel, "final-at-once", "POST", "Expect: 100-continue\r\nContent-Length: 100000\r\n")
                try:
                    tunnel.send(body)
                except OSError:
                    pass
                self.assertEqual(tunnel.read_response().status, 417)
                self.assertLess(time.monotonic() - started, 5)
            self.assertLessEqual(self.raw.received.count(b"x" * 1000), 100)


class TunnelFraming(CordonTest):
    """The outer request: the same rules before any tunnel."""

    def test_bad_connects_are_400_and_closed(self):
        for head in (f"CONNECT {RAW} HTTP/1.1\r\n\r\n", f"CONNECT {RAW}: HTTP/1.1\r\n\r\n", f"CONNECT {RAW}:0 HTTP/1.1\r\n\r\n",
                     f"CONNECT {RAW}:65536 HTTP/1.1\r\n\r\n", f"CONNECT {RAW}:443x HTTP/1.1\r\n\r\n", "CONNECT :443 HTTP/1.1\r\n\r\n",
                     f"CONNECT {RAW}:443 HTTP/1.1\nHost: {RAW}\n\n", f"CONNECT https://{RAW}:443 HTTP/1.1\r\n\r\n", "GET\r\n\r\n",
                     "\x16\x03\x01\x02\x00\x01", f"CONNECT {RAW}:443 HTTP/2.0\r\n\r\n"):
            with self.subTest(head), connect(self.cordon.port) as client:
                client.send(head.encode("latin-1") + b"\r\n\r\n")
                self.assertEqual(client.read_response().status, 400)
                self.assertTrue(client.is_closed())

    def test_a_refused_connect_says_whether_the_connection_lives(self):
        client, answer = ask_connect(self.cordon.port, "10.1.2.3:443")
        self.assert_refused(answer, 403, "destination_denied")
        if (answer.get("connection") or "").lower() == "close":
            self.assertTrue(client.is_closed())
        else:
            self.assertEqual(client.request("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200)
        client.close()


if __name__ == "__main__":
    main()
