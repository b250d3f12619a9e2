"""Destinations that a local client must not reach through the proxy: the rows S of the catalogue of attacks."""

from harness import CordonTest, ask_connect, connect, host, main

DENIED_V4 = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
             "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.168.0.1", "192.168.255.255", "198.18.0.1",
             "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
DENIED_V6 = ["::", "::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:a00:1", "::10.0.0.1",
             "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::192.168.0.1", "2002:7f00:1::", "2002:a00:1::1",
             "2001:0:0:0:0:0:f5ff:fffe"]
ODD_NUMBERS = ["0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "127.0.1", "0127.0.0.1", "017700000001", "127.0.0.1.", "1",
               "0x7f.0.0.0x1", "00000000177.0.0.1"]


class Ssrf(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.free = cls.world.origin("free")
        cls.free_plain = cls.world.origin("free", identity=None, port=80)

    def assert_denied(self, address, codes=((403, "destination_denied"),)):
        bracketed = f"[{address}]" if ":" in address else address
        with self.subTest(connect=address):
            client, answer = ask_connect(self.cordon.port, f"{bracketed}:443")
            client.close()
            self.assertIn((answer.status, answer.reason), codes)
        with self.subTest(absolute=address), connect(self.cordon.port) as client:
            answer = client.request(f"GET http://{bracketed}/ HTTP/1.1\r\nHost: {host('free')}\r\n\r\n")
            self.assertIn((answer.status, answer.reason), codes)

    def test_s1_every_denied_range(self):
        for address in DENIED_V4 + DENIED_V6:
            self.assert_denied(address)

    def test_s1_refusal_names_the_way_out(self):
        _, answer = ask_connect(self.cordon.port, "10.0.0.1:443")
        self.assert_refused(answer, 403, "destination_denied")
        self.assertIn(b"NO_PROXY", answer.body)

    def test_s2_odd_number_forms(self):
        for address in ODD_NUMBERS:
            self.assert_denied(address, ((403, "destination_denied"), (400, "bad_request")))

    def test_s3_private_addresses_of_a_name_are_skipped(self):
        plain = self.world.origin("raw", identity=None, port=8080)
        self.world.names.answers["several.test"] = ["10.1.2.3", plain.address[0], "192.168.1.1"]
        with connect(self.cordon.port) as client:
            self.assertEqual(client.request("GET http://several.test:8080/ HTTP/1.1\r\nHost: x\r\n\r\n").body, b"yes")

    def test_s3_a_name_with_private_addresses_only(self):
        self.world.names.answers["inside.test"] = ["10.1.2.3", "127.0.0.1"]
        for name in ("inside.test", "private.origin.test", "loop.origin.test", "localhost"):
            self.assert_denied(name)

    def test_s3_resolved_once_and_pinned(self):
        plain = self.world.origin("other", identity=None, port=8080)
        turns = iter([[plain.address[0]]] + [["127.0.0.1"]] * 100)
        self.world.names.answers["rebound.test"] = lambda: next(turns)
        with connect(self.cordon.port) as client:
            self.assertEqual(client.request("GET http://rebound.test:8080/ HTTP/1.1\r\nHost: x\r\n\r\n").body, b"yes")
        queries = [query for query in self.world.names.queries if query == ("rebound.test", 1)]
        self.assertEqual(len(queries), 1)
        # A tunnel, since a connection that was checked and is kept may serve another request.
        _, answer = ask_connect(self.cordon.port, "rebound.test:8080")
        self.assert_refused(answer, 403, "destination_denied")

    def test_s4_the_proxys_own_port(self):
        port = self.cordon.port
        for address in ("127.0.0.1", "localhost", "loop.origin.test", "203.0.113.1", "[::1]", "[2001:db8::7]"):
            with self.subTest(address):
                _, answer = ask_connect(port, f"{address}:{port}")
                self.assertEqual((answer.status, answer.reason), (403, "destination_denied"))
            with self.subTest(absolute=address), connect(port) as client:
                answer = client.request(f"GET http://{address}:{port}/health HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(answer.status, 403)

    def test_names_and_ports_that_fail(self):
        _, answer = ask_connect(self.cordon.port, "no-such-name.test:443")
        self.assert_refused(answer, 502, "upstream_dns")
        _, answer = ask_connect(self.cordon.port, "203.0.113.200:9")
        self.assert_refused(answer, 502, "upstream_connect")

    def test_documentation_addresses_are_allowed(self):
        client, answer = ask_connect(self.cordon.port, f"{self.free.address[0]}:443")
        self.assertEqual(answer.status, 200)
        client.close()


if __name__ == "__main__":
    main()
