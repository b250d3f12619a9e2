"""wget: no ALPN, Proxy-Connection inside the tunnel, the reason phrase of a refused CONNECT in its message."""

import subprocess

from harness import CordonTest, echo_script, host, main


class Wget(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it
        cls.echo = cls.world.origin("echo", echo_script({f"Bearer {cls.world.secret('echo')}": "<echo>"}))

    @classmethod
    def routes(cls):
        return [cls.world.route("api"), cls.world.route("echo")]

    def wget(self, *arguments, status=0):
        # Debian's wget is made with GnuTLS, which reads no variable for its roots.
        done = subprocess.run(["wget", "-q", "--tries=1", f"--ca-certificate={self.cordon_bundle()}", "-O", "-", *arguments],
                              env=self.cordon.client_environment(), capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_get_and_post(self):
        self.assertEqual(self.wget(f"https://{host('api')}/small").stdout, b'{"small":true}')
        self.assertEqual(self.wget("--post-data=abcde", f"https://{host('api')}/sink").stdout, b"5")

    def test_proxy_headers_stay_here(self):
        self.wget("--header=Proxy-Authorization: Basic dGVzdDp0ZXN0", f"https://{host('echo')}/")
        self.assertNotIn(b"proxy-", self.echo.received.lower())

    def test_refused_destination_is_told_by_its_reason(self):
        done = subprocess.run(["wget", "--tries=1", "-O", "-", "https://private.origin.test/"],
                              env=self.cordon.client_environment(), capture_output=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"destination_denied", done.stderr)


if __name__ == "__main__":
    main()
