"""curl, in the ways that applications use it."""

import os
import subprocess

from harness import FULL, CordonTest, host, main

SIZE = (1 << 30) if FULL else (64 << 20)


class Curl(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it

    @classmethod
    def routes(cls):
        return [cls.world.route("api"), cls.world.route("key", header="X-API-Key", scheme=""),
                cls.world.route("basic", username="user")]

    def curl(self, *arguments, status=0, data=None):
        done = subprocess.run(["curl", "-sS", *arguments], env=self.cordon.client_environment(), capture_output=True, input=data,
                              timeout=300, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.assert_sealed(self.world.secret("api"), done.stdout, done.stderr)
        return done

    def url(self, path, label="api"):
        return f"https://{host(label)}{path}"

    def test_gets_with_each_kind_of_credential(self):
        for label in ("api", "key", "basic"):
            self.assertEqual(self.curl(self.url("/small", label)).stdout, b'{"small":true}')

    def test_own_credentials_are_replaced(self):
        done = self.curl("-H", "Authorization: Bearer dummy", "-H", "authorization: Bearer other", self.url("/small"))
        self.assertEqual(done.stdout, b'{"small":true}')

    def test_keeps_one_connection_for_three_requests(self):
        done = self.curl("-v", self.url("/small"), self.url("/small"), self.url("/small"))
        self.assertEqual(done.stdout, b'{"small":true}' * 3)
        self.assertEqual(done.stderr.count(b"CONNECT api.origin.test:443"), 1)
        self.assertGreaterEqual(done.stderr.count(b"Re-using existing connection"), 2)

    def test_download(self):
        done = self.curl("-o", os.devnull, "-w", "%{http_code} %{size_download}", self.url("/big"))
        self.assertEqual(done.stdout, f"200 {SIZE}".encode())

    def test_upload_with_content_length(self):
        done = self.curl("-T", str(self.world.folder / "nginx/big"), self.url("/sink"))
        self.assertEqual(done.stdout, str(SIZE).encode())

    def test_upload_chunked(self):
        with open(self.world.folder / "nginx/big", "rb") as big:
            done = subprocess.run(["curl", "-sS", "-T", "-", self.url("/sink")], env=self.cordon.client_environment(), stdin=big,
                                  capture_output=True, timeout=300, check=False)
        self.assertEqual((done.stdout, done.stderr), (str(SIZE).encode(), b""))

    def test_posts_two_megabytes_after_100_continue(self):
        done = self.curl("-v", "-H", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary", "@-", self.url("/sink"),
                         data=b"z" * 2_000_000)
        self.assertEqual(done.stdout, b"2000000")
        self.assertIn(b"100 Continue", done.stderr)

    def test_sends_raw_utf8_in_the_query(self):
        done = self.curl(self.url("/target?q=caf\u00e9"))
        self.assertEqual(done.stdout, b"/target?q=caf%C3%A9")

    def test_http_1_0(self):
        done = self.curl("-0", "-i", self.url("/small"))
        self.assertTrue(done.stdout.endswith(b'{"small":true}'))
        self.assertNotIn(b"chunked", done.stdout.lower())

    def test_head(self):
        done = self.curl("-I", self.url("/big"))
        self.assertIn(f"content-length: {SIZE}".encode(), done.stdout.lower())

    def test_range(self):
        done = self.curl("-r", "10-19", "-w", "%{http_code}", self.url("/kib"))
        self.assertEqual(done.stdout, b"x" * 10 + b"206")

    def test_upper_case_and_trailing_dot_names(self):
        self.assertEqual(self.curl("https://API.Origin.Test/small").stdout, b'{"small":true}')
        self.assertEqual(self.curl("-k", "https://api.origin.test./small").stdout, b'{"small":true}')

    def test_proxy_given_by_option(self):
        done = self.curl("-x", f"http://127.0.0.1:{self.cordon.port}", "--proxy-anyauth", self.url("/small"))
        self.assertEqual(done.stdout, b'{"small":true}')

    def test_unmatched_host_gets_no_credential(self):
        self.assertEqual(self.curl(self.url("/small", "open")).stdout, b'{"small":true}')

    def test_refused_destination_is_told_by_its_number(self):
        done = self.curl("https://private.origin.test/", status=56)
        self.assertIn(b"403", done.stderr)


if __name__ == "__main__":
    main()
