"""What `cordon doctor` says of a server or an origin whose certificate's issuer is not known: the command that names its roots, which
mends it, and the one that shows more."""

import json
import shlex

from harness import main
from test_doctor_listeners import OfListeners


class Roots(OfListeners):
    def follow(self, fix):
        """Does what the first part of a fix says, FILE being the roots."""
        command, rest = fix.split(", where FILE ", 1)
        words = [str(self.root / "root.pem") if word == "FILE" else word for word in shlex.split(command)]
        self.assertEqual(words.pop(0), "cordon")
        self.assert_done(self.cordon(*words))
        return rest

    def test_server_of_a_listener(self):
        server = self.stand_in(b"S")
        upstream = f"localhost:{server.port}"
        self.write_listener(upstream, name="prod db")
        fix = self.assert_finding("postgres", "fail", "not among the trusted roots", subject="prod db",
                                  fix="cordon listener edit 'prod db' --upstream-ca-path FILE, ")["fix"]
        rest = self.follow(fix)
        self.assertTrue(rest.endswith(f"; to see what it shows: openssl s_client -starttls postgres -connect {upstream}"), fix)
        self.assert_finding("postgres", "ok", "certificate valid until")

    def test_origin_of_a_route(self):
        origin = self.tls_origin()
        self.write_config(self.route_to(origin.port))
        fix = self.assert_finding("upstream", "fail", "not among the trusted roots",
                                  fix="cordon route edit demo --upstream-ca-path FILE, ")["fix"]
        rest = self.follow(fix)
        self.assertTrue(rest.endswith(f"; to see what it shows: curl -v --noproxy '*' https://localhost:{origin.port}/"), fix)
        self.assert_finding("upstream", "ok", "certificate valid until")

    def test_it_is_for_the_config_that_is_named(self):
        server = self.stand_in(b"S")
        file = self.write_config(self.listener(f"localhost:{server.port}"))
        found = json.loads(self.cordon("doctor", "--json", "--config", str(file)).out)["checks"]
        fixes = [finding["fix"] for finding in found if finding["check"] == "postgres"]
        self.assertEqual(len(fixes), 1)
        self.assertIn(f"cordon listener edit --config {file} db --upstream-ca-path FILE, ", fixes[0])

    def test_roots_mend_no_other_fault(self):
        server = self.stand_in(b"S")
        self.write_listener(f"127.0.0.1:{server.port}", more=self.own_roots())
        fix = self.assert_finding("postgres", "fail", "another address")["fix"]
        self.assertEqual(fix, f"openssl s_client -starttls postgres -connect 127.0.0.1:{server.port}")
        self.write_listener("localhost:1")
        self.assertNotIn("--upstream-ca-path", self.assert_finding("postgres", "fail", "upstream_connect")["fix"])


if __name__ == "__main__":
    main()
