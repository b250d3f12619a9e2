"""cordon setup claude-code, codex, hermes: what is written where, and what is left as it is."""

import json
import os
import subprocess
import tomllib

from harness import CORDON, main
from pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal
from setup_test import SetupTest, mode, tree

ODD_JSON = b"""// mine
{
\t"model" : "opus",   // keep this
\t"env": {
\t\t"FOO": "bar",
\t\t"HTTPS_PROXY": "http://corp.example:3128" /* at work */
\t},
\t"hooks": { "UserPromptSubmit": [ {"hooks": [{"type": "command", "command": "true"}]} ] },
\t"permissions": {"allow": ["Bash(ls:*)"]},
}
"""


class ClaudeCode(SetupTest):
    def settings(self):
        return self.project / ".claude" / "settings.local.json"

    def test_project_scope(self):
        report = self.setup_tool("claude-code", "--yes")
        settings = json.loads(self.settings().read_text())
        self.assertEqual(list(settings), ["env", "hooks"])
        self.assert_variables(settings["env"], self.tokens()["claude-code"], report["config"]["port"], self.certificates())
        self.assertNotIn("NODE_OPTIONS", settings["env"])
        self.assertNotIn("ANTHROPIC_API_KEY", settings["env"])
        self.assertEqual(mode(self.settings()), 0o600)
        skill = self.project / ".claude" / "skills" / "cordon" / "SKILL.md"
        self.assertTrue(skill.read_text().startswith("---\nname: cordon\ndescription: "))
        self.assertFalse((self.home / ".claude").exists())
        self.assertTrue([hint for hint in report["hints"] if "version control" in hint])

    def hook(self):
        [group] = json.loads(self.settings().read_text())["hooks"]["UserPromptSubmit"]
        [hook] = group["hooks"]
        self.assertEqual((hook["type"], hook["timeout"]), ("command", 10))
        return lambda: subprocess.run(["/bin/sh", "-c", hook["command"]], cwd="/", input=b"{}",
                                      env={**self.environment, "PATH": "/nowhere"},
                                      capture_output=True, timeout=30)

    def test_hook_blocks_while_the_proxy_does_not_run(self):
        self.write_config()
        self.setup_tool("claude-code", "--yes")
        run = self.hook()
        blocked = run()
        self.assertEqual((blocked.returncode, blocked.stdout), (2, b""))
        self.assertEqual(blocked.stderr.decode(), f"Cordon is not running. Start it with: cordon start --config {self.project}/cordon.toml\n")
        daemon = self.start()
        passed = run()
        self.assertEqual((passed.returncode, passed.stdout, passed.stderr), (0, b"", b""))
        daemon.stop()
        self.assertEqual(run().returncode, 2)

    def test_hook_finds_its_way_through_odd_paths(self):  # L4
        self.project = self.root / "it's a $HOME \"dir\" & <more> %s é"
        self.project.mkdir()
        self.write_config()
        self.setup_tool("claude-code", "--yes")
        self.assertEqual(self.hook()().returncode, 2)
        self.start()
        self.assertEqual(self.hook()().returncode, 0)

    def test_user_scope(self):
        self.setup_tool("claude-code", "--scope", "user", "--yes")
        settings = json.loads((self.home / ".claude" / "settings.json").read_text())
        self.assertRegex(settings["env"]["HTTPS_PROXY"], r"^http://user:cdn_")
        self.assertTrue((self.home / ".claude" / "skills" / "cordon" / "SKILL.md").exists())
        self.assertEqual(list(self.project.iterdir()), [])

    def test_user_scope_with_a_folder_of_its_own(self):
        self.setup_tool("claude-code", "--scope", "user", "--yes", env={"CLAUDE_CONFIG_DIR": str(self.root / "cc")})
        self.assertTrue((self.root / "cc" / "settings.json").exists())
        self.assertFalse((self.home / ".claude").exists())

    def test_existing_settings_keep_every_other_byte(self):
        file = self.write(self.settings(), ODD_JSON)
        report = self.setup_tool("claude-code", "--yes")
        backup = self.project / ".claude" / "settings.local.json.cordon.bak"
        self.assertEqual(report["files"][0], {"path": str(file), "target": str(file), "change": "changed", "backup": str(backup)})
        self.assertEqual((backup.read_bytes(), mode(backup), mode(file)), (ODD_JSON, 0o644, 0o600))
        text = file.read_bytes()
        for piece in (b'// mine\n{\n\t"model" : "opus",   // keep this\n\t"env": {\n\t\t"FOO": "bar",\n\t\t"HTTPS_PROXY": "http://',
                      b' /* at work */\n\t\t"HTTP_PROXY": "http://', b'"command": "true"}]}, {"hooks":',
                      b'\t"permissions": {"allow": ["Bash(ls:*)"]},\n}\n'):
            self.assertIn(piece, text)
        self.assertEqual(text.count(b'"HTTPS_PROXY"'), 1)
        self.assertNotIn(b"corp.example", text)

    def test_twice_changes_nothing(self):
        self.write(self.settings(), ODD_JSON)
        self.setup_tool("claude-code", "--yes")
        before = tree(self.root)
        report = self.setup_tool("claude-code")  # there is nothing to agree to
        self.assertEqual({file["change"] for file in report["files"]}, {"already"})
        self.assertEqual(tree(self.root), before)

    def test_hand_edits_survive(self):
        self.setup_tool("claude-code", "--yes")
        text = self.settings().read_text()
        edited = text.replace('"env": {\n', '"env": {\n    "MINE": "1", // mine\n').replace('"NODE_USE_ENV_PROXY": "1"', '"NODE_USE_ENV_PROXY": "0"')
        self.assertNotEqual(edited, text)
        self.write(self.settings(), edited)
        self.setup_tool("claude-code", "--yes")
        self.assertEqual(self.settings().read_text(), edited.replace('PROXY": "0"', 'PROXY": "1"'))
        self.assertFalse(list((self.project / ".claude").glob("*.bak*")))

    def test_an_edited_hook_is_not_doubled(self):
        self.setup_tool("claude-code", "--yes")
        edited = self.settings().read_text().replace('"timeout": 10', '"timeout": 3')
        self.write(self.settings(), edited, 0o600)
        self.setup_tool("claude-code", "--yes")
        self.assertEqual(self.settings().read_text(), edited)

    def test_dummy_key_where_there_is_a_route(self):
        self.write_config(self.route(host="api.anthropic.com"))
        self.setup_tool("claude-code", "--yes")
        self.assertEqual(json.loads(self.settings().read_text())["env"]["ANTHROPIC_API_KEY"], "dummy-replaced-by-cordon")
        self.write_config(self.route(host="api.example.com"))
        self.setup_tool("claude-code", "--yes")
        self.assertNotIn("ANTHROPIC_API_KEY", json.loads(self.settings().read_text())["env"])

    def test_malformed_settings_are_refused_untouched(self):
        for text, what in (('{"env": {"SECRET": "s3cret', "line 1, column 27: a string that does not end"),
                           ('{"env": 1}', "`env` is not an object"), ("[]", "the whole is not an object"),
                           ('{"hooks": {"UserPromptSubmit": {}}}', "`hooks.UserPromptSubmit` is not an array")):
            with self.subTest(text):
                self.write(self.settings(), text)
                before = tree(self.root)
                done = self.cordon("setup", "claude-code", "--yes")
                self.assert_error(done, f"{self.settings()}: {what}", "nothing was changed")
                self.assertNotIn("s3cret", done.err)
                self.assertEqual(tree(self.root), before)

    def test_links_in_a_project_are_refused(self):  # L7
        victim = self.write(self.root / "victim.json", "{}")
        self.settings().parent.mkdir()
        self.settings().symlink_to(victim)
        self.assert_error(self.cordon("setup", "claude-code", "--yes"), "is a symbolic link")
        self.assertEqual(victim.read_text(), "{}")

    def test_links_on_the_way_in_a_project_are_refused(self):  # L7
        elsewhere = self.write(self.root / "elsewhere" / "settings.local.json", "{}").parent
        for folder in (".claude", ".claude/skills", ".claude/skills/cordon"):
            with self.subTest(folder):
                link = self.project / folder
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(elsewhere)
                before = tree(elsewhere)
                self.assert_error(self.cordon("setup", "claude-code", "--yes"), f"{link} is a symbolic link; put the folder itself there")
                self.assertEqual(tree(elsewhere), before)
                self.assertEqual(list(self.config_home.iterdir()), [])
                link.unlink()

    def test_where_links_in_the_home_folder_lead_is_told(self):
        real = self.write(self.root / "dotfiles" / "settings.json", "{}\n")
        (self.home / ".claude").symlink_to(real.parent)
        path = self.home / ".claude" / "settings.json"
        done = self.cordon("setup", "claude-code", "--scope", "user")
        self.assert_error(done, f"it would write {path} (which is {real})", code=2)
        done = self.cordon("setup", "claude-code", "--scope", "user", "--yes")
        self.assertIn(f"which is: {real}", done.out)
        self.assertEqual(self.setup_tool("claude-code", "--scope", "user")["files"][0]["target"], str(real))

    def test_links_in_the_home_folder_stay_links(self):
        real = self.write(self.root / "dotfiles" / "claude.json", "{}\n")
        (self.home / ".claude").mkdir()
        (self.home / ".claude" / "settings.json").symlink_to(real)
        self.setup_tool("claude-code", "--scope", "user", "--yes")
        self.assertIn("HTTPS_PROXY", real.read_text())
        self.disable("claude-code", "--scope", "user")
        self.assertTrue((self.home / ".claude" / "settings.json").is_symlink())
        self.assertEqual(real.read_text(), "{}\n")

    def test_skill_of_the_persons_own_is_left(self):
        skill = self.write(self.project / ".claude" / "skills" / "cordon" / "SKILL.md", "mine")
        report = self.setup_tool("claude-code", "--yes")
        self.assertEqual(report["files"][1]["change"], "left")
        self.disable("claude-code")
        self.assertEqual(skill.read_text(), "mine")

    def test_older_variables_move_out_of_the_shared_settings(self):
        self.write_config()
        certs = f"{self.config_home}/cordon/projects/x-12345678/certs"
        shared = self.write(self.project / ".claude" / "settings.json",
                            '{\n  "model": "x",\n  "env": {\n    "HTTPS_PROXY": "http://127.0.0.1:6790",\n    "MINE": "1",\n'
                            f'    "SSL_CERT_FILE": "{certs}/combined-ca.pem",\n    "NODE_EXTRA_CA_CERTS": "{certs}/ca-cert.pem"\n  }}\n}}\n')
        report = self.setup_tool("claude-code", "--yes")
        self.assertEqual(report["files"][2]["change"], "removed")
        self.assertEqual(shared.read_text(), '{\n  "model": "x",\n  "env": {\n    "MINE": "1"\n  }\n}\n')
        self.assertEqual(mode(self.project / ".claude" / "settings.json.cordon.bak"), 0o600)
        self.assertIn("HTTPS_PROXY", self.settings().read_text())

    def test_a_persons_proxy_in_the_shared_settings_stays(self):
        shared = self.write(self.project / ".claude" / "settings.json", '{"env": {"HTTPS_PROXY": "http://127.0.0.1:8888"}}')
        before = shared.read_bytes()
        self.assertEqual(len(self.setup_tool("claude-code", "--yes")["files"]), 2)
        self.assertEqual(shared.read_bytes(), before)


class Codex(SetupTest):
    def folder(self):
        return self.project / ".codex"

    def variables(self, file):
        """As a reader of .env files has them."""
        return {name: value.strip("'") for name, value in
                (line.split("=", 1) for line in file.read_text().splitlines() if line and not line.startswith("#"))}

    def test_project_scope(self):
        report = self.setup_tool("codex", "--yes")
        port, token = report["config"]["port"], self.tokens()["codex"]
        self.assert_variables(self.variables(self.folder() / ".env"), token, port, self.certificates())
        policy = tomllib.loads((self.folder() / "config.toml").read_text())["shell_environment_policy"]
        self.assertEqual(list(policy), ["set"])
        self.assert_variables(policy["set"], token, port, self.certificates())
        self.assertEqual((mode(self.folder() / ".env"), mode(self.folder() / "config.toml")), (0o600, 0o600))
        self.assertTrue((self.project / ".agents" / "skills" / "cordon" / "SKILL.md").exists())
        self.assertTrue([hint for hint in report["hints"] if 'CODEX_HOME="$PWD/.codex"' in hint])

    def test_user_scope(self):
        self.setup_tool("codex", "--scope", "user", "--yes")
        self.assertTrue((self.home / ".codex" / ".env").exists())
        self.assertTrue((self.home / ".agents" / "skills" / "cordon" / "SKILL.md").exists())
        moved = self.root / "codex-home"
        self.setup_tool("codex", "--scope", "user", "--yes", env={"CODEX_HOME": str(moved)})
        self.assertTrue((moved / "config.toml").exists())

    def test_existing_files_keep_every_other_byte(self):
        env = self.write(self.folder() / ".env", "# keys\nexport OPENAI_API_KEY='x'\nSSL_CERT_FILE=/corp.pem # corp", 0o600)
        for before in ('model = "x" # m\n\n[shell_environment_policy]\ninherit = "core"\nset = { FOO = "bar" } # mine\n\n[tui]\nx = 1\n',
                       'model = "x"\r\n[shell_environment_policy.set]\r\nFOO = "bar"\r\n\r\n# next\r\n[tui]\r\n',
                       'shell_environment_policy.set.FOO = "bar"\n'):
            with self.subTest(before):
                toml = self.write(self.folder() / "config.toml", before.encode())
                self.setup_tool("codex", "--yes")
                after = tomllib.loads(toml.read_bytes().decode())
                expected = tomllib.loads(before)
                ours = {k: v for k, v in after["shell_environment_policy"]["set"].items() if k != "FOO"}
                self.assert_variables(ours, self.tokens()["codex"], self.setup_tool("codex")["config"]["port"], self.certificates())
                after["shell_environment_policy"]["set"] = {"FOO": "bar"}
                self.assertEqual(after, expected)
                text = env.read_text()
                self.assertTrue(text.startswith("# keys\nexport OPENAI_API_KEY='x'\nSSL_CERT_FILE=/"), text)
                self.assertIn("combined-ca.pem # corp\nHTTP_PROXY=http://", text)
                self.disable("codex")
                self.assertEqual(toml.read_bytes(), before.encode())
                self.assertEqual(env.read_text(), "# keys\nexport OPENAI_API_KEY='x'\nSSL_CERT_FILE=/corp.pem # corp")

    def test_twice_changes_nothing(self):
        self.setup_tool("codex", "--yes")
        before = tree(self.root)
        self.setup_tool("codex")
        self.assertEqual(tree(self.root), before)

    def test_a_link_to_a_folder_of_another_tool_is_refused(self):  # L7
        (self.home / ".codex").mkdir()
        (self.project / ".codex").symlink_to(self.home / ".codex")
        self.assert_error(self.cordon("setup", "codex", "--yes"), f"{self.project}/.codex is a symbolic link")
        self.assertEqual(tree(self.home / ".codex"), {})

    def test_malformed_toml_is_refused_untouched(self):
        self.write(self.folder() / "config.toml", 'key = "s3cret\n')
        before = tree(self.root)
        done = self.cordon("setup", "codex", "--yes")
        self.assert_error(done, f"{self.folder()}/config.toml: line 1, column 14: a string that does not end")
        self.assertNotIn("s3cret", done.err)
        self.assertEqual(tree(self.root), before)


class Hermes(SetupTest):
    def test_its_own_config_and_env(self):
        (self.home / ".hermes").mkdir()
        self.write(self.home / ".hermes" / ".env", "OPENAI_API_KEY=mine\n", 0o600)
        report = self.setup_tool("hermes", "--yes")
        self.assertEqual(report["config"]["path"], str(self.home / ".hermes" / "cordon.toml"))
        text = (self.home / ".hermes" / ".env").read_text()
        self.assertTrue(text.startswith("OPENAI_API_KEY=mine\nHTTP_PROXY=http://"), text)
        self.assertIn(f":{self.tokens()['hermes']}@127.0.0.1:{report['config']['port']}\n", text)
        self.assertTrue((self.home / ".hermes" / "skills" / "devops" / "cordon" / "SKILL.md").exists())
        self.assertIn(f"cordon start --config {self.home}/.hermes/cordon.toml", report["next"])
        self.assertEqual(list(self.project.iterdir()), [])

    def test_dummy_keys_for_providers_with_a_route(self):
        (self.home / ".hermes").mkdir()
        self.write(self.home / ".hermes" / "cordon.toml",
                   f"listen = {self.port}\n" + self.route("a", "api.anthropic.com") + self.route("o", "openrouter.ai"))
        self.setup_tool("hermes", "--yes")
        text = (self.home / ".hermes" / ".env").read_text()
        self.assertTrue(text.endswith("ANTHROPIC_API_KEY=dummy-replaced-by-cordon\nOPENROUTER_API_KEY=dummy-replaced-by-cordon\n"), text)

    def test_what_it_refuses(self):
        self.assert_error(self.cordon("setup", "hermes", "--yes"), "there is no folder", "hermes setup")
        (self.home / ".hermes").mkdir()
        self.assert_error(self.cordon("setup", "hermes", "--yes", "--scope", "user"), "~/.hermes/cordon.toml, and takes no --scope", code=2)
        for name, value in (("HERMES_HOME", "/elsewhere"), ("HERMES_DATA_DIR_SUFFIX", "-x")):
            self.assert_error(self.cordon("setup", "hermes", "--yes", env={name: value}), f"{name} is set")
        user = self.config_home / "cordon" / "cordon.toml"
        self.assert_error(self.cordon("setup", "hermes", "--yes", "--config", str(user)), "~/.hermes/cordon.toml", code=2)
        self.assertEqual(list((self.home / ".hermes").iterdir()), [])
        self.setup_tool("hermes", "--yes", env={"HERMES_HOME": str(self.home / ".hermes")})

    def test_paths_that_env_files_cannot_carry_are_refused(self):
        self.config_home = self.root / "it's"
        (self.home / ".hermes").mkdir()
        self.assert_error(self.cordon("setup", "hermes", "--yes", env={"XDG_CONFIG_HOME": str(self.config_home)}), "single quote")
        self.assertEqual(list((self.home / ".hermes").iterdir()), [])
        self.assertFalse(os.path.exists(self.config_home))


class OnATerminal(SetupTest):
    def terminal(self, *words):
        return PseudoTerminal([CORDON, "setup", *words], cwd=self.project, env={**self.environment, "NO_COLOR": "1"})

    def test_asks_before_it_changes_another_programs_files(self):
        for typed, code in (("n\r", 1), (CTRL_C, 130), (CTRL_D, 1)):
            with self.terminal("claude-code") as terminal:
                terminal.expect(f"  {self.project}/.claude/settings.local.json\n")
                terminal.expect("Go on? [Y/n] ")
                terminal.type(typed)
                self.assertEqual(terminal.wait(), code)
                self.assertIn("nothing was changed", terminal.shown)
            self.assertEqual(list(self.project.iterdir()), [])

    def test_offers_to_add_a_route(self):
        with self.terminal("claude-code") as terminal:
            terminal.answer("Go on? [Y/n] ")
            terminal.answer("Add a route now? [Y/n] ", "n")
            self.assertEqual(terminal.wait(), 0)
        self.assertTrue((self.project / ".claude" / "settings.local.json").exists())

    def test_asks_nothing_when_there_is_nothing_to_do(self):
        self.write_config(self.route())
        self.setup_tool("claude-code", "--yes")
        with self.terminal("claude-code") as terminal:
            self.assertEqual(terminal.wait(), 0)
            self.assertNotIn("[Y/n]", terminal.shown)


if __name__ == "__main__":
    main()
