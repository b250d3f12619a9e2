"""cordon setup openclaw. `openclaw` itself is a stand-in that records how it is called and with which of the variables that the
gateway's service takes over. It answers as the real command does by its documentation (docs.openclaw.ai, "Gateway CLI" and
"Network proxy"): `gateway install --force` installs and starts the service with the TLS variables of its own environment,
`gateway restart` and `gateway status` print text, and each ends with 0, or with 1 and a sentence."""

import json
import os

from harness import main
from setup_test import SetupTest, mode, tree

STAND_IN = """#!/bin/sh
echo "$* ca=$NODE_EXTRA_CA_CERTS system=$NODE_USE_SYSTEM_CA" >> "$HOME/openclaw.calls"
[ "$*" = "$(cat "$HOME/openclaw.broken" 2>/dev/null)" ] && { echo "Gateway install blocked: no supported service manager" >&2; exit 1; }
echo done
"""

JSON5 = b"""{
  // gateway
  gateway: { mode: 'local', port: 18789, },
  proxy: {
    loopbackMode: 'gateway-only',
  },
}
"""


class Openclaw(SetupTest):
    def setUp(self):
        super().setUp()
        self.write(self.root / "bin" / "openclaw", STAND_IN, 0o755)
        self.environment["PATH"] = f"{self.root}/bin:{os.environ['PATH']}"
        self.folder = self.home / ".openclaw"
        self.folder.mkdir()

    def calls(self):
        file = self.home / "openclaw.calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def ca(self):
        return self.certificates() / "ca-cert.pem"

    def test_writes_the_proxy_and_installs_the_service_with_the_ca(self):
        report = self.setup_tool("openclaw", "--yes")
        settings = json.loads((self.folder / "openclaw.json").read_text())
        self.assertEqual(list(settings), ["proxy"])
        self.assertIs(settings["proxy"]["enabled"], True)
        self.assertRegex(settings["proxy"]["proxyUrl"],
                         rf"^http://\.openclaw-[0-9a-f]{{8}}:{self.tokens()['openclaw']}@127\.0\.0\.1:{report['config']['port']}$")
        self.assertEqual(mode(self.folder / "openclaw.json"), 0o600)
        self.assertEqual(report["config"]["path"], str(self.folder / "cordon.toml"))
        self.assertTrue((self.folder / "skills" / "cordon" / "SKILL.md").exists())
        self.assertEqual(self.calls(), [f"gateway install --force ca={self.ca()} system=1", f"gateway restart ca={self.ca()} system=1",
                                        f"gateway status ca={self.ca()} system=1"])

    def test_json5_keeps_every_other_byte_and_comes_back(self):
        file = self.write(self.folder / "openclaw.json", JSON5, 0o600)
        self.setup_tool("openclaw", "--yes")
        text = file.read_bytes()
        self.assertTrue(text.startswith(b"{\n  // gateway\n  gateway: { mode: 'local', port: 18789, },\n  proxy: {\n"
                                        b"    loopbackMode: 'gateway-only',\n    \"enabled\": true,\n    \"proxyUrl\": \"http://"), text)
        self.assertTrue(text.endswith(b'",\n  },\n}\n'), text)
        self.calls()
        self.disable("openclaw")
        self.assertEqual(file.read_bytes(), JSON5)
        self.assertEqual(self.calls(), ["gateway install --force ca= system=", "gateway restart ca= system=", "gateway status ca= system="])

    def test_disable_can_be_repeated_until_the_gateway_has_followed(self):
        self.setup_tool("openclaw", "--yes")
        self.calls()
        broken = self.home / "openclaw.broken"
        broken.write_text("gateway restart")
        token = self.tokens()["openclaw"]
        for _ in range(2):
            done = self.cordon("integration", "disable", "openclaw")
            self.assertEqual(done.code, 1)
            self.assertIn("openclaw gateway restart: ended with status 1", done.err)
            self.assertIn("run this again: cordon integration disable openclaw --config", done.err)
            self.assertEqual(self.tokens()["openclaw"], token)
            self.assertTrue(self.integrations()["openclaw"]["set_up"])
        report = json.loads(self.cordon("integration", "disable", "openclaw", "--json").out)
        self.assertIn("gateway restart", report["error"]["message"])
        self.calls()
        broken.unlink()
        self.disable("openclaw")
        self.assertEqual([call.split(" ca=")[0] for call in self.calls()], ["gateway install --force", "gateway restart", "gateway status"])
        self.assertNotIn("openclaw", self.tokens())
        self.assertFalse(self.integrations()["openclaw"]["set_up"])
        self.assertIn("OpenClaw is already not set up", self.cordon("integration", "disable", "openclaw").out)

    def test_not_installed_fails_before_anything_is_touched(self):
        (self.root / "bin" / "openclaw").unlink()
        before = tree(self.root)
        self.assert_error(self.cordon("setup", "openclaw", "--yes", env={"PATH": f"{self.root}/bin"}), "openclaw is not on the PATH")
        self.assertEqual(tree(self.root), before)

    def test_what_it_refuses_before_anything_is_touched(self):
        before = tree(self.root)
        for name, value in (("OPENCLAW_CONFIG_PATH", "/x.json"), ("OPENCLAW_STATE_DIR", "/x"), ("OPENCLAW_HOME", "/x"), ("OPENCLAW_PROFILE", "dev")):
            self.assert_error(self.cordon("setup", "openclaw", "--yes", env={name: value}), f"{name} is set")
        self.assert_error(self.cordon("setup", "openclaw", "--yes", "--scope", "user"), "takes no --scope", code=2)
        self.assertEqual(tree(self.root), before)
        self.folder.rmdir()
        self.assert_error(self.cordon("setup", "openclaw", "--yes"), "there is no folder", "openclaw onboard")

    def test_a_service_that_cannot_be_installed_is_told(self):
        (self.home / "openclaw.broken").write_text("gateway install --force")
        done = self.cordon("setup", "openclaw", "--yes")
        self.assertEqual(done.code, 1)
        self.assertIn("openclaw gateway install --force: ended with status 1: Gateway install blocked: no supported service manager", done.err)
        self.assertIn("the settings of OpenClaw are written", done.err)
        self.assertTrue((self.folder / "openclaw.json").exists())
        (self.home / "openclaw.broken").unlink()
        self.setup_tool("openclaw", "--yes")

    def test_again_it_disturbs_the_gateway_only_where_that_is_due(self):
        self.setup_tool("openclaw", "--yes")
        self.assertEqual(len(self.calls()), 3)
        self.setup_tool("openclaw")
        self.setup_tool("openclaw", "--yes")
        self.assertEqual(self.calls(), [])
        # Its settings are as they should be, and the gateway has not followed.
        (self.home / "openclaw.broken").write_text("gateway restart")
        (self.folder / "openclaw.json").unlink()
        self.setup_tool("openclaw", "--yes", code=1)
        self.calls()
        done = self.cordon("setup", "openclaw")
        self.assert_error(done, "setup of OpenClaw changes another program; --yes is missing", "it would install its gateway's service anew",
                          code=2)
        self.assertEqual(self.calls(), [])
        (self.home / "openclaw.broken").unlink()
        self.setup_tool("openclaw", "--yes")
        self.assertEqual(len(self.calls()), 3)

    def test_the_first_time_it_says_what_it_would_do_to_the_gateway(self):
        done = self.cordon("setup", "openclaw")
        self.assert_error(done, "changes files of another program; --yes is missing", "openclaw.json", "openclaw gateway install --force", code=2)
        self.assertEqual(self.calls(), [])

    def test_malformed_settings_are_refused_untouched(self):
        self.write(self.folder / "openclaw.json", "{ proxy: [ }")
        before = tree(self.root)
        self.assert_error(self.cordon("setup", "openclaw", "--yes"), "openclaw.json: line 1, column 12: a value should be here")
        self.assertEqual(tree(self.root), before)
        self.assertEqual(self.calls(), [])


if __name__ == "__main__":
    main()
