"""Reflection and logging: every refusal and every upstream fault once, at trace level, and the secret is nowhere."""

import base64
import ssl
import time

from harness import Closed, CordonTest, Route, connect, host, main, open_tunnel, pki
from harness.canary import places_with

RAW = host("raw")
MARKER = "marker-5f1c9e"


def drop(visit):
    """Takes the request and closes."""
    visit.read_request()


class Leaks(CordonTest):
    @classmethod
    def set_up_origins(cls):
        world = cls.world
        cls.raw = world.origin("raw")
        cls.dropping = world.origin("other", drop)
        cls.wrong = world.origin("self", identity=pki.self_signed(world.folder, host("self")))

    @classmethod
    def routes(cls):
        nowhere = Route("nowhere", "nowhere.origin.test", cls.world.secret("nowhere"))
        return [cls.world.route(label) for label in ("raw", "other", "self", "dead")] + [nowhere]

    def replies(self):
        """(name, (status, the bytes that came back)) of each refusal."""
        more = f"Authorization: Bearer {MARKER}\r\nX-Marker: {MARKER}\r\nCookie: {MARKER}\r\nProxy-Authorization: Basic {MARKER}\r\n"
        outer = {
            "not_found": f"GET /?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n{more}\r\n",
            "bad_request": f"GET https://{RAW}/?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n{more}\r\n",
            "framing": f"POST http://{RAW}/ HTTP/1.1\r\nHost: {RAW}\r\nContent-Length: {MARKER}\r\n{more}\r\n",
            "plaintext": f"GET http://{RAW}:443/?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n{more}\r\n",
            "denied": f"CONNECT 10.0.0.1:443 HTTP/1.1\r\n{more}\r\n",
            "dns": f"CONNECT missing.test:443 HTTP/1.1\r\n{more}\r\n",
            "connect": f"CONNECT 203.0.113.200:9 HTTP/1.1\r\n{more}\r\n",
            "head_too_large": f"GET http://{RAW}/ HTTP/1.1\r\nX-Long: {MARKER * 10000}\r\n\r\n",
            "rebinding": f"GET /health HTTP/1.1\r\nHost: evil.example\r\n{more}\r\n",
        }
        for name, data in outer.items():
            with connect(self.cordon.port) as client:
                yield name, self.exchange(client, data)
        inner = {
            "misdirected": (RAW, f"GET /?{MARKER} HTTP/1.1\r\nHost: elsewhere.test\r\n{more}\r\n"),
            "method": (RAW, f"TRACE /?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n{more}\r\n"),
            "framing_inside": (RAW, f"GET / HTTP/1.1\r\nHost: {RAW}\r\nX : {MARKER}\r\n{more}\r\n"),
            "upstream_protocol": (host("other"), f"POST /?{MARKER} HTTP/1.1\r\nHost: {host('other')}\r\n{more}\r\n"),
            "upstream_tls": (host("self"), f"GET /?{MARKER} HTTP/1.1\r\nHost: {host('self')}\r\n{more}\r\n"),
            "upstream_connect": (host("dead"), f"GET /?{MARKER} HTTP/1.1\r\nHost: {host('dead')}\r\n{more}\r\n"),
            "upstream_dns": ("nowhere.origin.test", f"GET /?{MARKER} HTTP/1.1\r\nHost: nowhere.origin.test\r\n{more}\r\n"),
            "good": (RAW, f"GET /?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n{more}\r\n"),
        }
        for name, (where, data) in inner.items():
            with open_tunnel(self.cordon.port, where, self.cordon_bundle()) as tunnel:
                yield name, self.exchange(tunnel, data)

    def exchange(self, connection, data):
        try:
            connection.send(data)
        except OSError:
            pass
        try:
            answer = connection.read_response()
        except (Closed, OSError, ssl.SSLError):
            self.fail(f"no answer to {data[:60]!r}")
        if answer.status != 200:
            self.assertIn(b'"error":', answer.body)
        return answer.status, connection.received

    def test_r9_r10_no_refusal_repeats_what_was_sent_or_injected(self):
        seen = dict(self.replies())
        statuses = {name: status for name, (status, _) in seen.items()}
        self.assertEqual(statuses, {"not_found": 404, "bad_request": 400, "framing": 400, "plaintext": 403, "denied": 403, "dns": 502,
                                    "connect": 502, "head_too_large": 431, "rebinding": 421, "misdirected": 421, "method": 405,
                                    "framing_inside": 400, "upstream_protocol": 502, "upstream_tls": 502, "upstream_connect": 502,
                                    "upstream_dns": 502, "good": 200})
        for name, (_, data) in seen.items():
            with self.subTest(name):
                self.assertNotIn(MARKER.encode(), data)
        time.sleep(0.3)  # the log's own thread
        for route in self.cordon.routes:
            for place in (*(data for _, data in seen.values()), self.cordon.log_path, self.cordon.home, self.cordon.project, self.wrong.received):
                self.assertEqual([], places_with(route.secret, place))
        self.assertNotIn(MARKER, self.cordon.log(), "no query, no header value, no credential of the client is logged")

    def test_the_secret_is_in_no_argument_and_no_environment(self):
        for part in ("cmdline", "environ"):
            content = open(f"/proc/{self.cordon.process.pid}/{part}", "rb").read()
            for route in self.cordon.routes:
                self.assertEqual([], places_with(route.secret, content))

    def test_the_log_has_one_line_a_request(self):
        with self.tunnel("raw") as tunnel:
            tunnel.request(f"GET /logged/path?{MARKER} HTTP/1.1\r\nHost: {RAW}\r\n\r\n")
        self.cordon.wait_for_log("injected")
        self.assertRegex(self.cordon.log(), rf"raw.*GET.*{RAW.replace('.', '[.]')}.*200.*injected")

    def test_each_alignment_of_base64_is_found(self):
        """The search itself: a secret hidden in a basic credential is found."""
        secret = self.world.secret("raw")
        for prefix in ("", "u", "us", "use"):
            hidden = base64.b64encode(f"{prefix}{secret}:x".encode())
            self.assertEqual(len(places_with(secret, b"Authorization: Basic " + hidden)), 1, prefix)


if __name__ == "__main__":
    main()
