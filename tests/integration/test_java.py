"""Java's HttpClient, with Cordon's CA in a trust store made by keytool."""

import os
import subprocess
from pathlib import Path

from harness import CordonTest, host, main

SOURCE = Path(__file__).parent / "clients/HttpClientTest.java"


class Java(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.nginx  # noqa: B018 - starts it

    @classmethod
    def routes(cls):
        return [cls.world.route("api")]

    def test_t1_three_requests(self):
        store = self.cordon.folder / "trust.p12"
        subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "cordon", "-file", str(self.cordon.ca_certificate), "-keystore",
                        str(store), "-storepass", "changeit", "-storetype", "PKCS12"], check=True, capture_output=True)
        done = subprocess.run(["java", "-Xmx128m", f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit",
                               str(SOURCE), str(self.cordon.port), f"https://{host('api')}"],
                              env={"PATH": os.environ["PATH"], "HOME": str(self.cordon.home)}, capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split("\n")[:3], ['200 {"small":true}'] * 2 + ["200 200000"])


if __name__ == "__main__":
    main()
