"""cordon setup without a program: config, CA, bundle, tokens; and what all programs have in common."""

import json
import socket
import tomllib

from harness import main
from setup_test import SetupTest, mode, tree


class Setup(SetupTest):
    def test_makes_all_that_a_start_needs(self):
        done = self.cordon("setup")
        self.assert_done(done)
        config = self.project / "cordon.toml"
        port = tomllib.loads(config.read_text())["listen"]
        certs = self.certificates()
        self.assertEqual(mode(config), 0o644)
        self.assertIn(f"config    {config}, port {port}  made\n", done.out)
        self.assertIn(f"CA        {certs}/ca-cert.pem  made\n", done.out)
        self.assertIn(f"bundle    {certs}/combined-ca.pem  up to date\n", done.out)
        self.assertIn("tokens    default  made\n", done.out)
        for command in ("cordon route add", "cordon start", "cordon service install", "cordon run -- COMMAND"):
            self.assertIn(f"  {command} ", done.out)
        self.assertEqual(list(self.tokens()), ["default"])
        self.assertTrue((certs / "combined-ca.pem").read_text().endswith((certs / "ca-cert.pem").read_text()))
        self.start(port=port).stop()

    def test_scaffold_is_valid_and_says_how_to_go_on(self):
        self.setup_tool()
        self.assert_done(self.cordon("check"))
        self.assertIn("cordon route add", (self.project / "cordon.toml").read_text())

    def test_twice_changes_nothing(self):
        self.setup_tool()
        before = tree(self.root)
        report = self.setup_tool()
        self.assertEqual(tree(self.root), before)
        self.assertEqual((report["config"]["made"], report["ca"]["made"], report["tokens"]["made"]), (False, False, []))

    def test_existing_config_stays_as_it_is(self):
        config = self.write_config("# mine\n" + self.route())
        before = config.read_bytes()
        report = self.setup_tool()
        self.assertEqual(config.read_bytes(), before)
        self.assertEqual(report["config"], {"path": str(config), "port": self.port, "made": False})
        self.assertNotIn("cordon route add", report["next"])

    def test_invalid_config_is_told_and_nothing_made(self):
        self.write_config('lisen = 1\n')
        before = tree(self.root)
        self.assert_error(self.cordon("setup"), "lisen")
        self.assertEqual(tree(self.root), before)

    def test_a_port_that_is_taken_is_left_alone(self):
        taken = self.setup_tool()["config"]["port"]
        (self.project / "cordon.toml").unlink()
        with socket.create_server(("127.0.0.1", taken)):
            self.assertNotEqual(self.setup_tool()["config"]["port"], taken)

    def test_ports_of_other_configs_are_left_alone_while_they_do_not_run(self):
        user = self.setup_tool("--scope", "user")["config"]["port"]
        self.assertNotEqual(self.setup_tool()["config"]["port"], user)

    def test_projects_that_do_not_run_have_ports_of_their_own(self):
        """Each begins the search at a port of its own: of 6 among 200, all are different in 9 cases of 10."""
        ports = []
        for name in "abcdef":
            (self.project / name).mkdir()
            ports.append(self.setup_tool("--config", f"{name}/cordon.toml")["config"]["port"])
        self.assertGreaterEqual(len(set(ports)), 4, ports)
        self.assertTrue(all(6790 <= port <= 6989 for port in ports), ports)
        (self.project / "a/cordon.toml").unlink()
        self.assertEqual(self.setup_tool("--config", "a/cordon.toml")["config"]["port"], ports[0])

    def test_ports_of_services_are_left_alone_while_they_do_not_run(self):
        port = self.setup_tool()["config"]["port"]
        config = self.project / "cordon.toml"
        config.rename(self.write_config(path="other/cordon.toml", port=port))
        unit = self.config_home / "systemd/user/cordon-other.service"
        self.write(unit, f'[Service]\n\n[X-Cordon]\nProgram="/usr/bin/cordon"\nConfig="{self.project}/other/cordon.toml"\n')
        self.assertNotEqual(self.setup_tool()["config"]["port"], port)
        config.unlink()
        route = ("route", "add", "--host", "api.github.com", "--auth-type", "header", "--header-name", "Authorization", "--scheme", "Bearer",
                 "--source", "env", "--variable", "KEY")
        self.assert_done(self.cordon(*route))
        self.assertNotIn(f"listen = {port}\n", config.read_text())

    def test_user_scope(self):
        report = self.setup_tool("--scope", "user")
        self.assertEqual(report["config"]["path"], str(self.config_home / "cordon" / "cordon.toml"))
        self.assertEqual(mode(self.config_home / "cordon"), 0o700)
        self.assertTrue((self.config_home / "cordon" / "user" / "certs" / "ca-key.pem").exists())
        self.assertEqual(list(self.project.iterdir()), [])
        self.assertIn("cordon start --scope user", report["next"])

    def test_without_tls_there_is_no_ca(self):
        self.write_config("[tls]\nenabled = false\n")
        self.assertIsNone(self.setup_tool()["ca"])
        self.assertEqual(list(self.config_home.glob("**/*.pem")), [])

    def test_a_running_proxy_is_not_to_be_started(self):
        self.write_config()
        self.start()
        self.assertFalse([step for step in self.setup_tool()["next"] if "start" in step or "install" in step])

    def test_unknown_program(self):
        self.assert_error(self.cordon("setup", "codx"), "does not know `codx`", "cordon setup codex", code=2)
        self.assert_error(self.cordon("setup", "emacs"), "claude-code, codex, hermes, openclaw", code=2)

    def test_other_programs_files_are_not_changed_without_consent(self):
        for tool, file in (("claude-code", ".claude/settings.local.json"), ("codex", ".codex/.env")):
            self.assert_error(self.cordon("setup", tool), "--yes is missing", str(self.project / file), code=2)
        self.assertEqual(list(self.project.iterdir()), [])
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_report_as_json(self):
        report = self.setup_tool("claude-code", "--yes")
        self.assertEqual(report["tool"], "claude-code")
        self.assertEqual(report["tokens"], {"names": ["default", "claude-code"], "made": ["default", "claude-code"]})
        self.assertEqual([(file["change"], file["backup"]) for file in report["files"]], [("made", None), ("made", None)])
        record = json.loads(next(self.config_home.glob("cordon/projects/*/integrations.json")).read_text())
        self.assertEqual([tool["tool"] for tool in record["tools"]], ["claude-code"])
        self.assertEqual(mode(next(self.config_home.glob("cordon/projects/*/integrations.json"))), 0o600)

    def test_no_token_outside_of_the_settings(self):
        self.setup_tool("claude-code", "--yes")
        self.setup_tool("codex", "--yes")
        for token in self.tokens().values():
            holders = [str(path.relative_to(self.root)) for path in self.root.rglob("*")
                       if path.is_file() and token.encode() in path.read_bytes()]
            for holder in holders:
                self.assertEqual(mode(self.root / holder), 0o600, holder)
                self.assertRegex(holder, r"tokens\.toml$|settings\.local\.json$|\.codex/(\.env|config\.toml)$")


if __name__ == "__main__":
    main()
