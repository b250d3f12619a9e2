"""TLS on both legs: the rows T of the catalogue of attacks."""

import ssl
import subprocess
import time

from harness import Connection, Cordon, CordonTest, ask_connect, host, main, namespace, open_tunnel, pki
from harness import tls_server_context
from harness.tls_bytes import client_hello, finish_handshake, in_two_records

RAW = host("raw")
GET = "GET / HTTP/1.1\r\nHost: {}\r\n\r\n"


def der(pem_file):
    return ssl.PEM_cert_to_DER_cert(pem_file.read_text())


class Tls(CordonTest):
    @classmethod
    def set_up_origins(cls):
        world = cls.world
        cls.raw, cls.free = world.origin("raw"), world.origin("free")
        cls.corp_authority = pki.Authority(world.folder, "corporate")
        cls.corp = world.origin("corp", identity=cls.corp_authority.issue(host("corp")))
        old = (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)
        cls.bad = {
            "expired": world.origin("expired", identity=world.authority.issue(host("expired"), days=-1)),
            "wrong": world.origin("wrong", identity=world.authority.issue("another.origin.test", label="wrong")),
            "self": world.origin("self", identity=pki.self_signed(world.folder, host("self"))),
            "nosan": world.origin("nosan", identity=world.authority.issue(host("nosan"), san=False)),
            "old": world.origin("old", versions=old),
            "dead": world.origin("dead", identity=cls.corp_authority.issue(host("dead"))),  # a root of another route only
        }
        asking = tls_server_context(world.identity)
        asking.verify_mode = ssl.CERT_OPTIONAL
        asking.load_verify_locations(world.authority.root)
        cls.asking = world.origin("asking", context=asking)

    @classmethod
    def routes(cls):
        world = cls.world
        return [world.route(label) for label in ("raw", "asking", *cls.bad)] + [
            world.route("corp", more=f'upstream_ca_path = "{cls.corp_authority.root}"')]

    def s_client(self, *arguments, data="", label="raw"):
        done = subprocess.run(["openssl", "s_client", "-proxy", f"127.0.0.1:{self.cordon.port}", "-connect", f"{host(label)}:443",
                               "-servername", host(label), *arguments], input=data, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_t1_unmatched_shows_the_origins_own_certificate(self):
        with self.tunnel("free") as tunnel:
            self.assertEqual(tunnel.stream.getpeercert(True), der(self.world.identity.certificate))

    def test_t1_matched_shows_a_leaf_for_exactly_that_host(self):
        with self.tunnel("raw", roots=self.cordon.ca_certificate) as tunnel:
            certificate = tunnel.stream.getpeercert()
            leaf = self.cordon.folder / "leaf.pem"
            leaf.write_text(ssl.DER_cert_to_PEM_cert(tunnel.stream.getpeercert(True)))
        self.assertEqual(certificate["subjectAltName"], (("DNS", RAW),))
        done = pki.openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", self.cordon.ca_certificate, leaf, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = pki.openssl("verify", "-x509_strict", "-CAfile", self.cordon.ca_certificate, self.cordon.ca_certificate, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = pki.openssl("x509", "-in", leaf, "-noout", "-text").stdout
        for part in ("TLS Web Server Authentication", "Authority Key Identifier", "Subject Key Identifier", "prime256v1"):
            self.assertIn(part, text)
        seconds = ssl.cert_time_to_seconds
        self.assertLessEqual(seconds(certificate["notAfter"]) - time.time(), 7 * 86400 + 60)
        self.assertLessEqual(seconds(certificate["notBefore"]), time.time() - 3500)

    def test_t1_s_client_accepts(self):
        status, text = self.s_client("-x509_strict", "-verify_return_error", "-CAfile", str(self.cordon.ca_certificate))
        self.assertEqual(status, 0, text)
        self.assertIn("Verify return code: 0 (ok)", text)

    def test_t3_many_server_names(self):
        root = self.cordon.ca_certificate

        def try_name(number):
            with self.assertRaises(ssl.SSLError):
                self.tunnel("raw", sni=f"host-{number}.origin.test", roots=root)

        for number in range(100):
            try_name(number)
        before = self.cordon.resident_kib()
        for number in range(100, 1000):
            try_name(number)
        self.assert_memory_flat(before, 2048)
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)

    def deliver(self, send, name=RAW, alpn=None):
        """A whole exchange whose ClientHello `send(stream, bytes)` delivers."""
        client, answer = ask_connect(self.cordon.port, f"{name}:443")
        self.assertEqual(answer.status, 200)
        hello = client_hello(name, self.cordon_bundle(), alpn=alpn)
        send(client.stream, hello.bytes)
        tls = finish_handshake(hello, Connection(client.stream))
        tls.write(GET.format(name).encode())
        self.assertTrue(tls.read().startswith(b"HTTP/1.1 200"))
        client.close()
        return len(hello.bytes)

    def test_t4_client_hello_byte_by_byte(self):
        def slowly(stream, data):
            for position in range(len(data)):
                stream.sendall(data[position:position + 1])
                if position < 20:
                    time.sleep(0.002)

        for name in (RAW, host("free")):
            with self.subTest(name):
                self.deliver(slowly, name)

    def test_t4_client_hello_in_two_records(self):
        for name in (RAW, host("free")):
            with self.subTest(name):
                self.deliver(lambda stream, data: stream.sendall(in_two_records(data)), name)

    def test_t4_client_hello_of_many_kilobytes(self):
        protocols = ["http/1.1"] + [f"protocol-{number:04}" for number in range(300)]
        self.assertGreater(self.deliver(lambda stream, data: stream.sendall(data), alpn=protocols), 4096)

    def test_t5_origins_that_do_not_verify(self):
        for label, origin in self.bad.items():
            with self.subTest(label), self.tunnel(label) as tunnel:
                answer = tunnel.request(GET.format(host(label)))
                self.assert_refused(answer, 502, "upstream_tls")
                self.assertEqual(origin.received, b"", "nothing is written before the handshake is verified")
                self.assertGreater(origin.accepted, 0)
                self.assert_sealed(self.world.secret(label), tunnel.received)

    def test_upstream_ca_path_of_a_route(self):
        with self.tunnel("corp") as tunnel:
            self.assertEqual(tunnel.request(GET.format(host("corp"))).status, 200)

    def test_upstream_ca_path_of_all(self):
        route = self.world.route("corp")
        with Cordon(self.world.folder, [route], tls=f'upstream_ca_path = "{self.corp_authority.root}"') as cordon:
            with open_tunnel(cordon.port, host("corp"), cordon.bundle) as tunnel:
                self.assertEqual(tunnel.request(GET.format(host("corp"))).status, 200)

    def test_t9_no_client_certificate_is_sent(self):
        with self.tunnel("asking") as tunnel:
            self.assertEqual(tunnel.request(GET.format(host("asking"))).status, 200)
        self.assertIsNone(self.asking.visits[-1].connection.stream.getpeercert(True))

    def test_t9_no_compression_no_early_data(self):
        session = self.cordon.folder / "session.pem"
        roots = str(self.cordon.ca_certificate)
        status, text = self.s_client("-CAfile", roots, "-sess_out", str(session), "-ign_eof",
                                     data=f"GET / HTTP/1.1\r\nHost: {RAW}\r\nConnection: close\r\n\r\n")
        self.assertEqual(status, 0, text)
        self.assertIn("Compression: NONE", text)
        self.assertNotRegex(text, "Max Early Data: [1-9]")
        early = self.cordon.folder / "early"
        early.write_text(GET.format(RAW))
        if session.exists() and session.stat().st_size:
            _, text = self.s_client("-CAfile", roots, "-sess_in", str(session), "-early_data", str(early))
            self.assertNotIn("Early data was accepted", text)

    def test_t9_no_renegotiation(self):
        process = subprocess.Popen(["openssl", "s_client", "-proxy", f"127.0.0.1:{self.cordon.port}", "-connect", f"{RAW}:443",
                                    "-servername", RAW, "-tls1_2", "-legacy_renegotiation"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(1)
        process.stdin.write("R\n")
        process.stdin.flush()
        text, _ = process.communicate(timeout=20)
        self.assertIn("RENEGOTIATING", text)
        self.assertNotRegex(text.split("RENEGOTIATING")[1], "Verify return code")
        self.assertRegex(text.split("RENEGOTIATING")[1], "(?i)alert|no renegotiation|error|unexpected")

    def test_only_tls_1_2_and_1_3(self):
        for version, works in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_1, False)):
            with self.subTest(version):
                if works:
                    with self.tunnel("raw", versions=(version, version)) as tunnel:
                        self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)
                else:
                    status, text = self.s_client("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
                    self.assertNotEqual(status, 0, text)

    def test_t10_a_client_that_offers_only_h2(self):
        started = time.monotonic()
        try:
            with self.tunnel("raw", alpn=["h2"]) as tunnel:
                self.assertIsNone(tunnel.stream.selected_alpn_protocol())
        except ssl.SSLError as error:
            self.assertIn("no application protocol", str(error))
        self.assertLess(time.monotonic() - started, 5)

    def test_t10_http_1_1_is_chosen(self):
        with self.tunnel("raw", alpn=["h2", "http/1.1"]) as tunnel:
            self.assertEqual(tunnel.stream.selected_alpn_protocol(), "http/1.1")

    def test_sessions_are_resumed(self):
        context = ssl.create_default_context(cafile=str(self.cordon_bundle()))
        session = None
        for turn in range(2):
            client, _ = ask_connect(self.cordon.port, f"{RAW}:443")
            stream = context.wrap_socket(client.stream, server_hostname=RAW, session=session)
            stream.sendall(GET.format(RAW).encode())
            self.assertTrue(stream.recv(4096).startswith(b"HTTP/1.1 200"))
            session = stream.session
            self.assertEqual(stream.session_reused, turn == 1)
            stream.close()


class OwnAuthority(CordonTest):
    """T11: an origin that shows a leaf of Cordon's own CA is not trusted, whatever the environment or the system says."""

    @classmethod
    def routes(cls):
        return [cls.world.route("raw"), cls.world.route("cordonca")]

    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("raw")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        authority = object.__new__(pki.Authority)
        authority.folder, authority.name, authority.root = cls.world.folder, "cordon-made", cls.cordon.ca_certificate
        authority.key = cls.cordon.ca_certificate.parent / "ca-key.pem"
        cls.impostor = cls.world.origin("cordonca", identity=authority.issue(host("cordonca")))

    def assert_not_fooled(self):
        self.impostor.forget()
        with self.tunnel("cordonca") as tunnel:
            self.assert_refused(tunnel.request(GET.format(host("cordonca"))), 502, "upstream_tls")
        self.assertEqual(self.impostor.received, b"")
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET.format(RAW)).status, 200)

    def test_t11_with_the_environment_of_cordon_env(self):
        variables = self.cordon.environment_for_clients()
        self.assertIn(str(self.cordon.port), variables["HTTPS_PROXY"])
        self.cordon.stop()
        self.cordon.start({**variables, "SSL_CERT_DIR": str(self.cordon.ca_certificate.parent), "ALL_PROXY": variables["HTTPS_PROXY"]})
        self.assert_not_fooled()

    def test_t11_when_the_system_store_holds_it(self):
        bundle = next(path for path in namespace.folder().glob("etc-*") if path.name[4:] in
                      [place.rsplit("/", 1)[1] for place in namespace.ROOT_BUNDLES])
        before = bundle.read_bytes()
        with open(bundle, "ab") as file:  # in place: it is bind-mounted
            file.write(self.cordon.ca_certificate.read_bytes())
        try:
            self.cordon.stop()
            self.cordon.start()
            self.assert_not_fooled()
        finally:
            with open(bundle, "r+b") as file:
                file.write(before)
                file.truncate()


if __name__ == "__main__":
    main()
