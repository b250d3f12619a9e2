"""Who gets the credential: the rows D of the catalogue of attacks, over real sockets."""

import socket
import ssl

from harness import Connection, CordonTest, Route, address_of, ask_connect, connect, host, main, open_tunnel
from harness.tls_bytes import client_hello, finish_handshake

RAW, OTHER, FREE = host("raw"), host("other"), host("free")
GET = "GET /path HTTP/1.1\r\nHost: {}\r\n\r\n"


class Destination(CordonTest):
    @classmethod
    def set_up_origins(cls):
        world = cls.world
        cls.raw, cls.other, cls.free = (world.origin(label) for label in ("raw", "other", "free"))
        cls.raw_8443 = world.origin("raw", port=8443)
        cls.other_8443 = world.origin("other", port=8443)
        cls.free_plain = world.origin("free", identity=None, port=80)
        cls.literal = world.origin("dead", identity=world.authority.issue("literal", f"IP:{cls.literal_address()}"))
        cls.moved = world.origin("api", redirect_script, port=9443)

    @classmethod
    def literal_address(cls):
        return address_of("dead")

    @classmethod
    def routes(cls):
        world = cls.world
        return [world.route("raw"), world.route("other", header="X-Other-Key", scheme="", port='"any"'),
                world.route("api", port="9443"),
                Route("literal", cls.literal_address(), world.secret("literal"))]

    def setUp(self):
        for origin in (self.raw, self.other, self.free, self.raw_8443, self.other_8443, self.free_plain, self.literal, self.moved):
            origin.forget()

    def secrets_seen(self, *places):
        for label in ("raw", "other", "literal", "api"):
            self.assert_sealed(self.world.secret(label), *places)

    def test_matched_request_gets_exactly_one_credential(self):
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).body, b"yes")
        self.assertEqual(self.raw.received.count(self.world.secret("raw").encode()), 1)
        self.assertIn(b"authorization: bearer " + self.world.secret("raw").encode(), self.raw.received.lower())

    def test_d1_unmatched_tunnel_with_a_routes_host_inside(self):
        with self.tunnel("free") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).body, b"yes")
        self.assertIn(f"Host: {RAW}".encode(), self.free.received)
        self.secrets_seen(self.free.received)
        self.assertEqual(self.raw.accepted, 0)

    def test_d1_another_routes_host_inside_a_matched_tunnel(self):
        with self.tunnel("other") as tunnel:
            answer = tunnel.request(GET.format(RAW))
            self.assert_refused(answer, 421, "misdirected")
            self.assertTrue(tunnel.is_closed())
        self.secrets_seen(answer.head, answer.body)
        self.assertEqual((self.raw.accepted, self.other.received), (0, b""))

    def test_d2_second_request_names_another_host(self):
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)
            self.assert_refused(tunnel.request(GET.format(OTHER)), 421, "misdirected")
            self.assertTrue(tunnel.is_closed())
        self.assertEqual(self.raw.received.count(b"GET /path"), 1)
        self.assertEqual(self.other.accepted, 0)

    def test_d2_inner_port_must_be_the_tunnels(self):
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW + ":443")).status, 200)
            self.assert_refused(tunnel.request(GET.format(RAW + ":444")), 421, "misdirected")

    def test_d3_other_sni_ends_the_handshake(self):
        for name in (OTHER, FREE, "no-such-name.origin.test"):
            with self.assertRaises(ssl.SSLError) as caught:
                self.tunnel("raw", sni=name)
            self.assertIn("UNRECOGNIZED_NAME", caught.exception.reason)
        self.assertEqual((self.raw.accepted, self.other.accepted), (0, 0))

    def test_d4_no_sni_serves_the_connect_name(self):
        with self.tunnel("raw", sni="") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)
            self.assertIn(("DNS", RAW), tunnel.stream.getpeercert()["subjectAltName"])

    def test_d4_route_to_an_ip_literal(self):
        address = self.literal_address()
        with open_tunnel(self.cordon.port, address, self.cordon_bundle()) as tunnel:
            self.assertEqual(tunnel.request(GET.format(address)).status, 200)
            self.assertIn(("IP Address", address), tunnel.stream.getpeercert()["subjectAltName"])
        self.assertIn(self.world.secret("literal").encode(), self.literal.received)

    def test_d6_one_policy_for_each_form_of_target(self):
        forms = {f"GET http://{RAW}/": (403, "plaintext_refused"), f"GET http://{RAW}:443/": (403, "plaintext_refused"),
                 f"GET https://{RAW}/": (400, "bad_request"), f"GET https://{FREE}/": (400, "bad_request"),
                 "GET http://10.1.2.3/": (403, "destination_denied"), "CONNECT 10.1.2.3:443": (403, "destination_denied"),
                 "GET http://private.origin.test/": (403, "destination_denied"),
                 "CONNECT private.origin.test:443": (403, "destination_denied")}
        for form, (status, code) in forms.items():
            with self.subTest(form), connect(self.cordon.port) as client:
                answer = client.request(f"{form} HTTP/1.1\r\nHost: {RAW}\r\n\r\n")
                self.assert_refused(answer, status, code)
                self.secrets_seen(answer.head + answer.body)
        self.assertEqual((self.raw.accepted, self.free.accepted), (0, 0))

    def test_d7_absolute_form_outranks_the_host_field(self):
        with connect(self.cordon.port) as client:
            self.assertEqual(client.request(f"GET http://{FREE}/a?b HTTP/1.1\r\nHost: {RAW}\r\n\r\n").body, b"yes")
        self.assertIn(b"GET /a?b HTTP/1.1\r\n", self.free_plain.received)
        self.assertIn(f"host: {FREE}\r\n".encode(), self.free_plain.received.lower())
        self.assertNotIn(RAW.encode(), self.free_plain.received)
        self.assertEqual(self.raw.accepted, 0)

    def test_d8_origin_form_is_never_proxied(self):
        for target in ("/", "/path", "*", "/metricsx"):
            with self.subTest(target), connect(self.cordon.port) as client:
                answer = client.request(f"GET {target} HTTP/1.1\r\nHost: {RAW}\r\n\r\n")
                self.assertIn(answer.status, (400, 404))
                self.secrets_seen(answer.body)
        self.assertEqual(self.raw.accepted, 0)

    def test_d19_health_and_metrics_answer_only_to_their_own_names(self):
        for path in ("/health", "/metrics"):
            for name, status in (("127.0.0.1", 200), ("localhost", 200), ("[::1]", 200), ("evil.example", 421), (RAW, 421)):
                with self.subTest(name, path=path), connect(self.cordon.port) as client:
                    answer = client.request(f"GET {path} HTTP/1.1\r\nHost: {name}:{self.cordon.port}\r\n\r\n")
                    self.assertEqual(answer.status, status)
                    if status == 421:
                        self.assert_refused(answer, 421, "misdirected")

    def test_d10_redirect_is_passed_on(self):
        with self.tunnel("api", destination_port=9443) as tunnel:
            answer = tunnel.request(GET.format(host("api") + ":9443"))
        self.assertEqual((answer.status, answer.get("location")), (302, f"https://{FREE}/elsewhere"))
        self.assertEqual(self.free.accepted, 0)

    def test_d13_one_canonical_form(self):
        for name in ("RAW.Origin.TEST", RAW + ".", "Raw.origin.test."):
            with self.subTest(name), open_tunnel(self.cordon.port, name, self.cordon_bundle(), sni=RAW) as tunnel:
                self.assertEqual(tunnel.request(GET.format(name)).status, 200)
        self.assertEqual(self.raw.received.count(self.world.secret("raw").encode()), 3)

    def test_d13_odd_names_are_refused(self):
        names = [RAW + "..", "raw..origin.test", f"[{RAW}]", RAW + "\0", "raw\0.origin.test", "%72aw.origin.test", "raw%2eorigin.test",
                 "a@" + RAW, "raw\u200b.origin.test", "raw\u3002origin.test", RAW + " ", " " + RAW, "." + RAW,
                 "raw_.origin.test#", "\u212aaw.origin.test"]
        for name in names:
            for form in (f"CONNECT {name}:443", f"GET http://{name}/"):
                with self.subTest(form=form), connect(self.cordon.port) as client:
                    client.send(f"{form} HTTP/1.1\r\nHost: {RAW}\r\n\r\n".encode())
                    answer = client.read_response()
                    self.assertGreaterEqual(answer.status, 400)
                    self.secrets_seen(answer.body)
        self.assertEqual(self.raw.received, b"")

    def test_d14_ipv6_literals_are_judged_by_class(self):
        for literal in ("::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "fe80::1%25eth0", "fe80::1%eth0", "fc00::1"):
            with self.subTest(literal):
                _, answer = ask_connect(self.cordon.port, f"[{literal}]:443")
                self.assertIn((answer.status, answer.reason), [(403, "destination_denied"), (400, "bad_request")])

    def test_d15_another_port_is_not_matched_and_the_log_says_so(self):
        with self.tunnel("raw", destination_port=8443) as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)
            self.assertEqual(tunnel.stream.getpeercert(True), ssl.PEM_cert_to_DER_cert(self.world.identity.certificate.read_text()))
        self.secrets_seen(self.raw_8443.received)
        self.cordon.wait_for_log("8443")
        self.assertRegex(self.cordon.log(), r"(?i)raw[^\n]*8443|8443[^\n]*raw")

    def test_d15_any_port_is_matched(self):
        with self.tunnel("other", destination_port=8443) as tunnel:
            self.assertEqual(tunnel.request(GET.format(OTHER + ":8443")).status, 200)
        self.assertIn(self.world.secret("other").encode(), self.other_8443.received)

    def test_d16_client_hello_in_the_segment_of_the_connect_head(self):
        for name in (RAW, FREE):
            with self.subTest(name):
                hello = client_hello(name, self.cordon_bundle())
                stream = socket.create_connection(("127.0.0.1", self.cordon.port), timeout=30)
                stream.sendall(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode() + hello.bytes)
                plain = Connection(stream)
                self.assertEqual(plain.read_response("CONNECT").status, 200)
                tls = finish_handshake(hello, plain)
                tls.write(GET.format(name).encode())
                self.assertTrue(tls.read().startswith(b"HTTP/1.1 200"))
                stream.close()

    def test_d17_proxy_headers_never_reach_an_origin(self):
        proxy_fields = "Proxy-Authorization: Basic dGVzdDpwcm94eS1zZWNyZXQ=\r\nProxy-Connection: keep-alive\r\n"
        connection, answer = ask_connect(self.cordon.port, f"{RAW}:443", proxy_fields)
        self.assertEqual(answer.status, 200)
        connection.start_tls(RAW, self.cordon_bundle())
        connection.request(f"GET / HTTP/1.1\r\nHost: {RAW}\r\n{proxy_fields}\r\n")
        connection.close()
        with connect(self.cordon.port) as client:
            client.request(f"GET http://{FREE}/ HTTP/1.1\r\nHost: {FREE}\r\n{proxy_fields}\r\n")
        for origin in (self.raw, self.free_plain):
            self.assertTrue(origin.received)
            self.assertNotIn(b"proxy-", origin.received.lower())
        self.assertNotIn("dGVzdDpwcm94eS1zZWNyZXQ", self.cordon.log())

    def test_http_1_0_connect_without_host_and_with_connection_close(self):
        for head in (f"CONNECT {RAW}:443 HTTP/1.0\r\n\r\n", f"CONNECT {RAW}:443 HTTP/1.1\r\nHost: {RAW}\r\nConnection: close\r\n\r\n"):
            with self.subTest(head), connect(self.cordon.port) as client:
                client.send(head)
                self.assertEqual(client.read_response("CONNECT").status, 200)
                client.start_tls(RAW, self.cordon_bundle())
                self.assertEqual(client.request(GET.format(RAW)).body, b"yes")

    def test_plaintext_inside_a_matched_tunnel_is_refused(self):
        client, answer = ask_connect(self.cordon.port, f"{RAW}:443")
        self.assertEqual(answer.status, 200)
        self.assert_refused(client.request(GET.format(RAW)), 403, "plaintext_refused")
        client.close()
        self.assertEqual(self.raw.accepted, 0)

    def test_plaintext_inside_an_unmatched_tunnel_passes(self):
        client, answer = ask_connect(self.cordon.port, f"{FREE}:80")
        self.assertEqual(answer.status, 200)
        self.assertEqual(client.request(GET.format(FREE)).body, b"yes")
        client.close()

    def test_host_is_optional_in_http_1_0_and_needed_in_1_1(self):
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request("GET / HTTP/1.0\r\n\r\n").status, 200)
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request("GET / HTTP/1.1\r\n\r\n").status, 400)


def redirect_script(visit):
    while visit.read_request():
        visit.send(f"HTTP/1.1 302 Found\r\nLocation: https://{FREE}/elsewhere\r\nContent-Length: 0\r\n\r\n".encode())


if __name__ == "__main__":
    main()
