"""cordon route explain, beside what the proxy really does."""

import http.client
import json
import socket

from harness import DEADLINE, CliTest, main

KEY = "value-of-key-for-explain"


class Explain(CliTest):
    def explain(self, *words):
        return self.cordon("route", "explain", *words)

    def report(self, url):
        return json.loads(self.explain(url, "--json").out)

    def test_injected(self):
        self.write_config(self.route())
        self.assert_done(self.cordon("approve", "--yes"))
        done = self.explain("https://api.example.com/v1?q=1")
        self.assert_done(done)
        self.assertEqual(done.out, "https://api.example.com: injected\n  why      route demo is for this host and port\n  route    demo\n"
                                   "  adds     Authorization: Bearer <environment variable KEY>\n  removes  Authorization\n"
                                   "  binding  approved\n")

    def test_json(self):
        self.write_config(self.route())
        self.assert_done(self.cordon("approve", "--yes"))
        report = self.report("api.example.com")
        self.assertEqual(report, {
            "url": "https://api.example.com", "host": "api.example.com", "port": 443, "tls": True, "treatment": "injected", "refusal": None,
            "reason": "route demo is for this host and port", "route": "demo", "secret": "environment variable KEY",
            "adds": ["Authorization"], "removes": ["Authorization"], "scheme": "Bearer", "approved": True, "hides": [], "other_port": None,
            "needs_token": False})

    def test_why_not(self):
        self.write_config(self.route("a", "api.example.com") + self.route("b", "api.example.com", match='port = "any"'))
        self.assert_done(self.cordon("approve", "--yes"))
        for url, treatment, refusal, text in (
                ("https://other.example", "untouched", None, "no route is for this host; the tunnel is passed through unread"),
                ("http://api.example.com:443", "refused", "plaintext_refused", "route a has no allow_plaintext"),
                ("http://api.example.com", "refused", "plaintext_refused", "route b has no allow_plaintext"),
                ("https://10.0.0.1", "refused", "destination_denied", "NO_PROXY"),
                (f"http://127.0.0.1:{self.port}", "refused", "destination_denied", "the proxy's own port")):
            with self.subTest(url):
                done = self.explain(url)
                self.assertEqual((done.code, done.err), (1, ""))
                self.assertIn(text, done.out)
                report = self.report(url)
                self.assertEqual((report["treatment"], report["refusal"]), (treatment, refusal))
        self.assertEqual(self.report("https://api.example.com")["hides"], ["b"])
        self.assertIn("hides    b, which would cover it too", self.explain("api.example.com").out)
        self.assertEqual(self.report("https://api.example.com:99")["route"], "b")

    def test_other_port_and_tls_off(self):
        self.write_config(self.route())
        self.assertEqual(self.report("https://api.example.com:8443")["other_port"], "demo")
        self.write_config("[tls]\nenabled = false\n" + self.route())
        self.assertEqual(self.report("https://api.example.com")["refusal"], "tls_disabled")

    def test_what_is_not_approved(self):
        self.write_config("[secrets]\nrequire_approval = true\n" + self.route())
        done = self.explain("api.example.com")
        self.assertEqual(done.code, 1)
        self.assertIn("refused (binding_unapproved)", done.out)
        self.assertIn("binding  not approved yet", done.out)
        self.assertIn("cordon approve", done.err)

    def test_what_nobody_has_looked_at(self):
        self.write_config(self.route())
        done = self.explain("api.example.com")
        self.assert_done(done)
        self.assertIn("binding  not recorded yet", done.out)
        self.assertIn("cordon approve", done.err)
        self.assertFalse(self.report("api.example.com")["approved"])

    def test_tokens_are_told_of(self):
        self.write_config(self.route())
        self.assert_done(self.cordon("token", "rotate"))
        self.assertIn("token    needed", self.explain("api.example.com").out)
        self.assertTrue(self.report("api.example.com")["needs_token"])
        self.assertFalse(self.report("other.example")["needs_token"])

    def test_what_is_no_url(self):
        self.write_config()
        for url in ("ftp://x", "https://", "https://me@x", "https://x:0", "0x7f.1"):
            self.assert_error(self.explain(url), "route explain: ", code=2)
        self.assert_error(self.explain(), "URL", code=2)

    def test_missing_and_faulty_config(self):
        self.assert_error(self.explain("x.example"), "there is no config file")
        self.write_config("x = 1\n")
        self.assert_error(self.explain("x.example"), "x: unknown key")

    def ask_proxy(self, url):
        """The answer's reason phrase and whether the origin's credential came, by a plain request or by CONNECT."""
        report = self.report(url)
        if report["tls"]:
            with socket.create_connection(("127.0.0.1", self.port), DEADLINE) as connection:
                authority = f"{report['host']}:{report['port']}"
                connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
                return report, connection.recv(4096).split(b"\r\n")[0].decode().split(" ", 2)[2]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.request("GET", url)
        return report, connection.getresponse().reason

    def test_proxy_does_what_was_explained(self):
        self.environment["KEY"] = KEY
        origin = self.origin()
        self.write_config(self.plain_route(origin) + self.route("tls", "api.example.com"))
        self.start()
        for url in (f"http://127.0.0.1:{origin.port + 1 if origin.port < 65535 else 1024}/", "http://api.example.com/", "https://10.0.0.1/",
                    f"http://127.0.0.1:{self.port}/", "https://api.example.com:80/"):
            with self.subTest(url):
                report, reason = self.ask_proxy(url)
                self.assertEqual((report["treatment"], report["refusal"]), ("refused", reason))
        report, reason = self.ask_proxy("https://api.example.com/")
        self.assertEqual((report["treatment"], reason), ("injected", "Connection established"))
        report, reason = self.ask_proxy(f"http://127.0.0.1:{origin.port}/")
        self.assertEqual((report["treatment"], reason), ("injected", "OK"))
        self.assertIn(f"{report['adds'][0]}: {report['scheme']} {KEY}".encode(), origin.received)


if __name__ == "__main__":
    main()
