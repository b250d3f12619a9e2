"""Java's HttpClient, with Cordon's CA in a trust store made by keytool."""

import os
import subprocess
from pathlib import Path

from harness import CordonTest, host, main

SOURCE = Path(__file__).parent / "clients/HttpClientTest.java"
# Java never uses Basic for a tunnel unless this list of schemes that it must not use is empty.
TOKENS_WORK = "-Djdk.http.auth.tunneling.disabledSchemes="


class Java(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it

    @classmethod
    def routes(cls):
        return [cls.world.route("api")]

    def java(self, *options, arguments=(), environment=None):
        """The first three lines that the client prints."""
        store = self.cordon.folder / "trust.p12"
        if not store.exists():
            subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "cordon", "-file", str(self.cordon.ca_certificate), "-keystore",
                            str(store), "-storepass", "changeit", "-storetype", "PKCS12"], check=True, capture_output=True)
        done = subprocess.run(["java", "-Xmx128m", f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit",
                               *options, str(SOURCE), str(self.cordon.port), f"https://{host('api')}", *arguments],
                              env={"PATH": os.environ["PATH"], "HOME": str(self.cordon.home), **(environment or {})}, capture_output=True,
                              text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split("\n")[:3]

    def test_t1_three_requests(self):
        self.assertEqual(self.java(), ['200 {"small":true}'] * 2 + ["200 200000"])


if __name__ == "__main__":
    main()
