"""Reload while requests run: 1,000 clients and 100 reloads with CORDON_TEST_FULL=1. What stays is not disturbed, what is gone is closed."""

import json

from harness import FULL, CordonTest, Route, ask_connect, host, main, open_tunnel
from harness.origins import echo_bytes

CLIENTS, RELOADS = (1000, 100) if FULL else (100, 10)


class Reload(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.need_load()
        cls.world.nginx  # noqa: B018 - starts it
        cls.world.origin("free", echo_bytes, identity=None, port=443)
        cls.world.origin("raw")

    @classmethod
    def routes(cls):
        return [cls.world.route("api"), cls.world.route("key", header="X-Api-Key", scheme="")]

    @classmethod
    def options(cls):
        return {"log_level": "info"}

    def setUp(self):
        self.cordon.routes = self.routes()
        self.reload()

    def reload(self, **more):
        """Reloads with the routes as they are now."""
        self.cordon.write_config(**more)
        done = self.cordon.run("reload")
        self.assertEqual(done.returncode, 0, done.stderr)

    def get(self, connection, label):
        return connection.request(f"GET /kib HTTP/1.1\r\nHost: {host(label)}\r\n\r\n").status

    def test_no_request_fails_on_a_route_that_stays(self):
        load = self.load("api", "/kib", "--connections", str(CLIENTS), "--duration", f"{max(6, RELOADS // 2)}s")
        both = self.cordon.routes
        reloads = 0
        while load.poll() is None and reloads < RELOADS:
            self.cordon.routes = both if reloads % 2 else both[:1]
            self.reload()
            reloads += 1
        report = json.loads(load.communicate()[0])
        print(reloads, "reloads;", json.dumps(report))
        self.assertEqual((load.returncode, report["errors"], report["not_200"]), (0, 0, 0), report)
        self.assertGreater(reloads, RELOADS // 2)
        self.assertGreater(report["ok"], CLIENTS)

    def test_connections_of_a_route_that_stays_stay(self):
        connection = self.tunnel("api")
        self.assertEqual(self.get(connection, "api"), 200)
        self.cordon.routes = self.cordon.routes[:1]
        self.reload()
        self.assertEqual(self.get(connection, "api"), 200)
        connection.close()

    def test_connections_of_a_route_that_is_gone_are_closed(self):
        connection = self.tunnel("key")
        self.assertEqual(self.get(connection, "key"), 200)
        self.cordon.routes = self.cordon.routes[:1]
        self.reload()
        self.assertTrue(connection.is_closed())

    def test_unmatched_tunnel_to_what_is_a_route_now_is_closed(self):
        tunnels = []
        for label in ("raw", "free"):
            tunnel, answer = ask_connect(self.cordon.port, f"{host(label)}:443")
            self.assertEqual(answer.status, 200)
            self.addCleanup(tunnel.close)
            tunnels.append(tunnel)
        self.cordon.routes.append(self.world.route("raw"))
        self.reload()
        self.assertTrue(tunnels[0].is_closed())
        tunnels[1].send(b"still here")
        self.assertEqual(tunnels[1].read_exactly(10), b"still here")

    def test_new_secret_and_changed_header_count_from_the_next_request(self):
        connection = self.tunnel("api")
        self.assertEqual(self.get(connection, "api"), 200)
        good = self.cordon.routes[0]
        self.cordon.routes[0] = Route("api", host("api"), "canary-not-the-right-one")
        self.reload()
        with self.tunnel("api") as again:
            self.assertEqual(self.get(again, "api"), 401)
        self.cordon.routes[0] = good
        self.reload()
        with self.tunnel("api") as again:
            self.assertEqual(self.get(again, "api"), 200)
        connection.close()

    def test_ca_is_read_again(self):
        certificate = self.cordon.ca_certificate
        before = certificate.read_bytes()
        for name in ("ca-cert.pem", "ca-key.pem"):
            (certificate.parent / name).unlink()
        self.reload()
        self.assertNotEqual(certificate.read_bytes(), before)
        with open_tunnel(self.cordon.port, host("api"), certificate) as connection:
            self.assertEqual(self.get(connection, "api"), 200)

    def test_config_that_others_can_write_is_refused(self):
        """L6."""
        roots = self.cordon_bundle()
        self.cordon.routes = self.cordon.routes[:1]
        self.cordon.write_config()
        self.cordon.config.chmod(0o666)
        done = self.cordon.run("reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("chmod", done.stderr)
        with self.tunnel("key", roots=roots) as connection:
            self.assertEqual(self.get(connection, "key"), 200)

    def test_state_folder_that_others_can_write_to_is_not_talked_to(self):
        """L6: what lies in it could be anybody's."""
        state = self.cordon.ca_certificate.parent.parent
        state.chmod(0o777)
        try:
            done = self.cordon.run("reload")
            self.assertEqual(done.returncode, 1)
            self.assertIn("chmod 700", done.stderr)
        finally:
            state.chmod(0o700)


if __name__ == "__main__":
    main()
