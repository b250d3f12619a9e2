"""Fail closed: the rows F of the catalogue of attacks, and the order of start-up."""

import json
import os
import socket
import time

from harness import Cordon, CordonTest, Route, connect, host, main, open_tunnel, world

RAW = host("raw")
GET = f"GET / HTTP/1.1\r\nHost: {RAW}\r\n\r\n"


class Refusals(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("raw")

    @classmethod
    def routes(cls):
        return [cls.world.route("raw"), cls.world.route("other"), cls.world.route("echo", port="[80, 443]")]

    def setUp(self):
        self.raw.forget()

    def test_f1_secret_that_vanishes_while_running(self):
        path = self.cordon.secret_file(self.cordon.routes[0])
        value = path.read_text()
        with self.tunnel("raw") as tunnel:
            self.assertEqual(tunnel.request(GET).status, 200)
            path.unlink()
            time.sleep(0.05)
            try:
                self.raw.forget()
                answer = tunnel.request(GET)
                self.assert_refused(answer, 503, "secret_unavailable")
                self.assertIn(b'"raw"', answer.body)
                self.assertEqual(self.raw.received, b"")
            finally:
                path.touch(mode=0o600)
                path.write_text(value)
            # A failure is remembered for 2 s, not longer.
            deadline = time.monotonic() + 10
            while (status := self.get_once()) == 503 and time.monotonic() < deadline:
                time.sleep(0.2)
            self.assertEqual(status, 200)

    def get_once(self):
        with self.tunnel("raw") as tunnel:
            return tunnel.request(GET).status

    def test_f2_running_proxy_keeps_its_ca(self):
        bundle = self.cordon.folder / "bundle-copy.pem"
        bundle.write_bytes(self.cordon.bundle.read_bytes())
        folder = self.cordon.ca_certificate.parent
        kept = {path: path.read_bytes() for path in folder.iterdir()}
        for path in kept:
            path.unlink()
        try:
            for label in ("raw", "other"):  # a leaf that exists, and one that does not
                with open_tunnel(self.cordon.port, host(label), bundle):
                    pass
        finally:
            for path, content in kept.items():
                path.touch(mode=0o600)
                path.write_bytes(content)

    def test_f3_refusal_while_a_body_arrives(self):
        with self.tunnel("raw") as tunnel:
            started = time.monotonic()
            try:
                tunnel.send("POST / HTTP/1.1\r\nHost: elsewhere.example\r\nContent-Length: 20000000\r\n\r\n")
                for _ in range(200):
                    tunnel.send(b"x" * 100_000)
            except OSError:
                pass  # closed, or drained to a bound
            self.assertLess(time.monotonic() - started, 10)
            try:
                self.assertEqual(tunnel.read_response().status, 421)
            except OSError:
                pass  # the reset may outrun the answer
        self.assertEqual(self.raw.received, b"")

    def test_f5_plaintext_to_a_route_is_refused(self):
        for form in (f"http://{RAW}/", f"http://{RAW}:443/", f"http://{host('echo')}/", f"http://{host('echo').upper()}./"):
            with self.subTest(form), connect(self.cordon.port) as client:
                answer = client.request(f"GET {form} HTTP/1.1\r\nHost: x\r\n\r\n")
                if form == f"http://{RAW}/":
                    self.assertIn(answer.status, (403, 502))  # port 80 is not this route's: no injection either way
                else:
                    self.assert_refused(answer, 403, "plaintext_refused")
        self.assertEqual(self.raw.received, b"")


class StartUp(CordonTest):
    """`cordon start` that must not start."""

    @classmethod
    def setUpClass(cls):
        cls.world = world()

    def refuse(self, cordon, statuses=(1, 4)):
        cordon.spawn()
        self.assertIn(cordon.process.wait(15), statuses)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", cordon.port), timeout=1)
        return cordon.log()

    def test_f1_all_missing_secrets_are_named_and_no_ca_is_left(self):
        routes = [Route("first", host("raw"), "x", source='source = "env"\nvariable = "NO_SUCH_VARIABLE_1"'),
                  Route("second", host("other"), "x", source='source = "file"\npath = "/nonexistent/secret"'),
                  Route("third", host("echo"), "x", source='source = "command"\nargv = ["/bin/false"]')]
        cordon = Cordon(self.world.folder, routes)
        log = self.refuse(cordon)
        for name in ("first", "second", "third"):
            self.assertIn(name, log)
        self.assertEqual([], list(cordon.home.rglob("*.pem")))

    def test_f1_command_that_hangs_or_prints_garbage(self):
        for label, script in (("hangs", "sleep 60"), ("garbage", r"printf 'canary-abc\000def'"), ("prints", "echo canary-xyz; exit 3")):
            with self.subTest(label):
                route = Route(label, RAW, "x", source=f'source = "command"\nargv = ["/bin/sh", "-c", {json.dumps(script)}]\ntimeout = "1s"')
                started = time.monotonic()
                log = self.refuse(Cordon(self.world.folder, [route]))
                self.assertLess(time.monotonic() - started, 10)
                self.assertIn(label, log)
                self.assertNotIn("canary-", log)

    def test_f2_unusable_ca(self):
        cordon = Cordon(self.world.folder, [self.world.route("raw")])
        cordon.start().stop()
        key = next(cordon.home.rglob("ca-key.pem"))
        good = key.read_bytes()
        damages = {"corrupt": lambda: key.write_bytes(b"nonsense"), "truncated": lambda: key.write_bytes(good[:60]),
                   "readable by all": lambda: key.chmod(0o644)}
        for label, damage in damages.items():
            with self.subTest(label):
                key.write_bytes(good)
                key.chmod(0o600)
                damage()
                log = self.refuse(cordon, (1,))
                self.assertIn("ca-key.pem", log)
                self.assertNotIn(good.decode().split("\n")[1], log)
        self.assertIn("chmod 600", cordon.log())

    def test_f7_each_fault_of_the_config_is_told_with_its_place(self):
        cordon = Cordon(self.world.folder, [])
        cordon.config.write_text('listen = "no"\nunknwon = 1\n\n[[routes]]\nname = "a"\n[routes.match]\nhost = "*.example.com"\n'
                                 '[routes.auth]\ntype = "header"\nheader_name = "Host"\n[routes.auth.secret]\nsource = "env"\n'
                                 'variable = "X"\n')
        log = self.refuse(cordon, (1,))
        for line in (1, 2, 7, 10):
            self.assertIn(f"cordon.toml:{line}:", log)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            cordon = Cordon(self.world.folder, [], port=port)
            cordon.spawn()
            self.assertEqual(cordon.process.wait(10), 1)
            self.assertIn(str(port), cordon.log())

    def test_only_loopback_listens(self):
        with Cordon(self.world.folder, []) as cordon:
            for address in ("203.0.113.1", "127.0.0.2"):
                with self.subTest(address), self.assertRaises(OSError):
                    socket.create_connection((address, cordon.port), timeout=1)

    def test_l1_no_core_dump(self):
        with Cordon(self.world.folder, []) as cordon:
            limits = open(f"/proc/{cordon.process.pid}/limits", encoding="ascii").read()
            self.assertRegex(limits, r"Max core file size\s+0\s+0")

    def test_state_files_are_private(self):
        with Cordon(self.world.folder, [self.world.route("raw")]) as cordon:
            key = next(cordon.home.rglob("ca-key.pem"))
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(key.parent.parent).st_mode & 0o077, 0)


if __name__ == "__main__":
    main()
