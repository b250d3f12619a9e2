"""cordon integration list and disable, and what `cordon token rotate` does to the settings of programs."""

import json
import os

from harness import main
from setup_test import TOKEN, SetupTest, mode, tree


class Disable(SetupTest):
    def settings(self):
        return self.project / ".claude" / "settings.local.json"

    def test_gives_back_the_original_bytes(self):
        texts = (b'{}', b'{}\n', b'{\n}\n', b'', b'  \n', b'{"env":{}}', b'{ "env" : {"HTTPS_PROXY":"http://corp:1"} }',
                 b'{\r\n  "hooks": {"UserPromptSubmit": []},\r\n  "x": [1, 2,\r\n 3]\r\n}', b'// c\n{\n\t"a": 1, // d\n}\n')
        for text in texts:
            for bits in (0o644, 0o600, 0o640):
                with self.subTest((text, oct(bits))):
                    self.write(self.settings(), text, bits)
                    before = tree(self.project)
                    self.setup_tool("claude-code", "--yes")
                    self.setup_tool("claude-code", "--yes")
                    (self.project / "cordon.toml").unlink()
                    report = self.disable("claude-code")
                    self.assertEqual(tree(self.project), before)
                    self.assertEqual([file["undone"] for file in report["files"]], ["restored", "removed"])

    def test_removes_what_setup_made(self):
        self.write_config()
        before = tree(self.project)
        for tool in ("claude-code", "codex"):
            self.setup_tool(tool, "--yes")
            self.assertEqual({file["undone"] for file in self.disable(tool)["files"]}, {"removed"})
            self.assertEqual(tree(self.project), before)
        self.assertEqual(list(self.tokens()), ["default"])
        record = next(self.config_home.glob("cordon/projects/*/integrations.json"))
        self.assertEqual(json.loads(record.read_text())["tools"], [])

    def test_works_without_a_config(self):
        self.setup_tool("claude-code", "--yes")
        (self.project / "cordon.toml").unlink()
        self.disable("claude-code")
        self.assertEqual(list(self.project.iterdir()), [])

    def test_what_others_wrote_since_stays(self):
        self.write(self.settings(), '{\n  "env": {\n    "FOO": "1"\n  }\n}\n')
        self.setup_tool("claude-code", "--yes")
        text = self.settings().read_text().replace('"FOO": "1"', '"FOO": "2", // mine').replace('\n}\n', ',\n  "model": "x"\n}\n').replace(
            '// mine,', ' // mine')
        self.write(self.settings(), text, 0o600)
        report = self.disable("claude-code")
        self.assertEqual(report["files"][0]["undone"], "edited")
        self.assertEqual(report["files"][0]["left"], [])
        self.assertEqual(self.settings().read_text(), '{\n  "env": {\n    "FOO": "2"  // mine\n  },\n  "model": "x"\n}\n')
        self.assertEqual(mode(self.settings()), 0o600)  # it is not the file that had another
        self.assertTrue(os.path.exists(report["files"][0]["backup"]))

    def test_what_was_changed_since_is_left_and_named(self):
        self.write(self.settings(), '{"env": {"HTTPS_PROXY": "http://corp:1", "PIP_CERT": "/corp"}}')
        self.setup_tool("claude-code", "--yes")
        text = self.settings().read_text()
        value = json.loads(text)["env"]["HTTPS_PROXY"]
        self.write(self.settings(), text.replace(f'"HTTPS_PROXY": "{value}"', '"HTTPS_PROXY": "http://other:2"'), 0o600)
        done = self.cordon("integration", "disable", "claude-code")
        self.assert_done(done)
        self.assertIn(f"{self.settings()}: changed since, and left as it is: env.HTTPS_PROXY", done.err)
        self.assertIn("what was there before setup is still in", done.err)
        self.assertEqual(json.loads(self.settings().read_text()), {"env": {"HTTPS_PROXY": "http://other:2", "PIP_CERT": "/corp"}})

    def test_an_edited_skill_is_left(self):
        self.setup_tool("claude-code", "--yes")
        skill = self.project / ".claude" / "skills" / "cordon" / "SKILL.md"
        skill.write_text(skill.read_text() + "more\n")
        report = self.disable("claude-code")
        self.assertEqual([file["undone"] for file in report["files"]], ["removed", "left"])
        self.assertTrue(skill.exists())

    def test_files_that_are_gone(self):
        self.setup_tool("codex", "--yes")
        (self.project / ".codex" / ".env").unlink()
        self.assertEqual([file["undone"] for file in self.disable("codex")["files"]], ["gone", "removed", "removed"])

    def test_backups_are_never_overwritten(self):
        backup = self.write(self.settings().with_name("settings.local.json.cordon.bak"), "older")
        self.write(self.settings(), "{}")
        report = self.setup_tool("claude-code", "--yes")
        self.assertEqual(report["files"][0]["backup"], f"{backup}.2")
        self.assertEqual(backup.read_text(), "older")
        self.disable("claude-code")
        self.assertEqual((backup.read_text(), self.settings().read_text()), ("older", "{}"))

    def test_without_the_backup_the_settings_still_go(self):
        self.write(self.settings(), '{\n  "a": 1\n}\n')
        backup = self.setup_tool("claude-code", "--yes")["files"][0]["backup"]
        os.unlink(backup)
        self.disable("claude-code")
        self.assertEqual(self.settings().read_text(), '{\n  "a": 1\n}\n')

    def test_the_token_is_revoked_and_the_others_stay(self):
        self.setup_tool("claude-code", "--yes")
        self.setup_tool("codex", "--yes")
        before = self.tokens()
        self.disable("codex")
        self.assertEqual(self.tokens(), {name: before[name] for name in ("default", "claude-code")})

    def test_project_and_user_are_apart(self):
        self.setup_tool("claude-code", "--yes")
        self.setup_tool("claude-code", "--scope", "user", "--yes")
        user = tree(self.home)
        self.disable("claude-code")
        self.assertEqual(tree(self.home), user)
        self.disable("claude-code")  # now the user's
        self.assertEqual(tree(self.home), {})
        done = self.cordon("integration", "disable", "claude-code")
        self.assert_done(done)
        self.assertEqual(done.out, "Claude Code is already not set up for this folder's cordon.toml, nor for the user's\n")
        self.assertEqual(self.disable("claude-code"), {"disabled": "claude-code", "config": None, "files": []})

    def test_what_it_refuses(self):
        self.assert_error(self.cordon("integration", "disable", "emacs"), "no integration `emacs`", "cordon integration list", code=2)
        self.assert_error(self.cordon("integration", "disable"), "TOOL", code=2)
        self.setup_tool("codex", "--yes")
        (self.project / ".codex" / "config.toml").write_text('x = "s3cret\n')
        before = tree(self.root)
        done = self.cordon("integration", "disable", "codex")
        self.assert_error(done, "config.toml: line 1, column 12: a string that does not end")
        self.assertNotIn("s3cret", done.err)
        self.assertEqual({**tree(self.root), "project/.codex/.env": 0}, {**before, "project/.codex/.env": 0})

    def test_a_config_whose_folder_is_missing_is_told(self):
        for words in (("list",), ("disable", "codex")):
            self.assert_error(self.cordon("integration", *words, "--config", "nowhere/cordon.toml"), "nowhere does not exist")

    def test_a_broken_record_is_told(self):
        self.setup_tool("codex", "--yes")
        record = next(self.config_home.glob("cordon/projects/*/integrations.json"))
        for text in ("{", '{"version": 2, "tools": []}', '{"version": 1, "tools": [{}]}', '{"version": 1, "tools": [1]}'):
            record.write_text(text)
            for words in (("integration", "list"), ("integration", "disable", "codex"), ("setup", "codex", "--yes"), ("token", "rotate")):
                self.assert_error(self.cordon(*words), f"{record} is not what setup writes")


class Planted(SetupTest):
    """What a program that writes to the project put into the files' places since (L7)."""

    def setUp(self):
        super().setUp()
        self.write_config()
        self.key = self.write(self.home / ".ssh" / "id_ed25519", "PRIVATE KEY of the owner\n", 0o600)
        self.outside = self.root / "outside"
        self.outside.mkdir()

    def assert_refused(self, tool, *says, scope="project"):
        before = tree(self.home), tree(self.outside)
        for words in (("integration", "disable", tool, "--scope", scope), ("token", "rotate", tool, "--scope", scope)):
            self.assert_error(self.cordon(*words), *says)
        self.assertEqual((tree(self.home), tree(self.outside)), before)
        self.assertIn(says[0], self.cordon("integration", "list").err)

    def replace(self, path, target):
        path.unlink()
        path.symlink_to(target)

    def test_a_link_in_a_files_place_is_not_followed(self):
        self.setup_tool("codex", "--yes")
        env = self.project / ".codex" / ".env"
        self.replace(env, self.key)
        self.assert_refused("codex", f"{env} is a symbolic link")
        env.unlink()
        self.assertEqual(self.disable("codex")["files"][0]["undone"], "gone")

    def test_a_link_in_a_folders_place_is_not_followed(self):
        for tool, folder in (("codex", ".codex"), ("claude-code", ".claude")):
            self.setup_tool(tool, "--yes")
            place = self.project / folder
            place.rename(self.outside / folder)
            place.symlink_to(self.outside / folder)
            self.assert_refused(tool, f"{place} is a symbolic link")
        (self.project / ".agents" / "skills").rename(self.outside / "skills")
        (self.project / ".agents" / "skills").symlink_to(self.outside / "skills")
        self.assertTrue((self.outside / "skills" / "cordon" / "SKILL.md").exists())

    def test_the_users_own_settings_are_not_reached_from_the_project(self):
        self.setup_tool("claude-code", "--scope", "user", "--yes")
        settings = self.write(self.project / ".claude" / "settings.local.json", '{"env":{}}')
        self.setup_tool("claude-code", "--yes")
        self.write(settings.with_name("settings.local.json.cordon.bak"), '{"env":{"NO_PROXY":"*","no_proxy":"*"}}')
        self.replace(settings, self.home / ".claude" / "settings.json")
        self.assert_refused("claude-code", f"{settings} is a symbolic link")

    def test_a_backup_that_somebody_edited_is_not_restored(self):
        settings = self.write(self.project / ".claude" / "settings.local.json", '{"model": "x"}')
        backup = self.setup_tool("claude-code", "--yes")["files"][0]["backup"]
        with open(backup, "w", encoding="utf-8") as file:
            file.write('{"hooks": {"Stop": "evil"}, "env": {"NO_PROXY": "*"}}')
        done = self.cordon("integration", "disable", "claude-code")
        self.assert_done(done)
        self.assertIn(f"{backup} is not what setup wrote there, and was not used", done.err)
        self.assertEqual(json.loads(settings.read_text()), {"model": "x"})
        self.assertTrue(os.path.exists(backup))

    def test_a_backup_that_is_a_link_now_is_not_restored(self):
        settings = self.write(self.project / ".claude" / "settings.local.json", '{"model": "x"}')
        backup = self.setup_tool("claude-code", "--yes")["files"][0]["backup"]
        self.write(self.outside / "evil", '{"model": "x"}')
        os.unlink(backup)
        os.symlink(self.outside / "evil", backup)
        self.disable("claude-code")
        self.assertEqual(json.loads(settings.read_text()), {"model": "x"})
        self.assertTrue((self.outside / "evil").exists())

    def test_a_file_that_has_nothing_of_setups_stays_as_it_is(self):
        for text in ("", "{}", '{"mine": 1}'):
            self.setup_tool("claude-code", "--yes")
            settings = self.write(self.project / ".claude" / "settings.local.json", text, 0o640)
            inode = settings.stat().st_ino
            self.assertEqual(self.disable("claude-code")["files"][0]["undone"], "edited")
            self.assertEqual((settings.read_text(), mode(settings), settings.stat().st_ino), (text, 0o640, inode))
            settings.unlink()

    def test_only_the_original_text_gets_the_original_mode(self):
        settings = self.write(self.project / ".claude" / "settings.local.json", '{"a": 1}', 0o666)
        self.setup_tool("claude-code", "--yes")
        settings.write_text(settings.read_text().replace('"a": 1', '"a": "secret of the owner"'))
        self.disable("claude-code")
        self.assertEqual(json.loads(settings.read_text()), {"a": "secret of the owner"})
        self.assertEqual(mode(settings), 0o600)

    def test_links_in_the_home_folder_have_to_lead_where_they_led(self):
        real = self.write(self.root / "dotfiles" / "claude.json", "{}\n")
        link = self.home / ".claude" / "settings.json"
        link.parent.mkdir()
        link.symlink_to(real)
        self.setup_tool("claude-code", "--scope", "user", "--yes")
        other = self.write(self.outside / "other.json", real.read_text(), 0o600)
        self.replace(link, other)
        self.assert_refused("claude-code", f"{link} leads to {other} now, and setup wrote to {real}", scope="user")
        self.replace(link, real)
        self.disable("claude-code", "--scope", "user")
        self.assertEqual((real.read_text(), link.is_symlink()), ("{}\n", True))


class List(SetupTest):
    def test_nothing_is_set_up(self):
        done = self.cordon("integration", "list", env={"PATH": "/nowhere"})
        self.assert_done(done)
        self.assertEqual(done.out, "claude-code  not installed; not set up\ncodex        not installed; not set up\n"
                                   "hermes       not installed; not set up\nopenclaw     not installed; not set up\n")
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_where_it_is_set_up(self):
        self.write(self.root / "bin" / "codex", "", 0o755)
        self.setup_tool("codex", "--yes")
        done = self.cordon("integration", "list", env={"PATH": f"{self.root}/bin"})
        self.assertIn(f"codex        {self.root}/bin/codex; set up for {self.project}/cordon.toml\n             {self.project}/.codex/.env\n", done.out)
        self.assertEqual(done.err, "")
        row = self.integrations()["codex"]
        self.assertEqual((row["set_up"], row["token"], row["drift"]), (True, "codex", []))
        self.assertEqual(self.integrations("--scope", "user")["codex"]["set_up"], False)

    def test_drift_is_mended_for_the_config_that_was_named(self):
        (self.home / ".hermes").mkdir()
        own = self.write_config(path="own/cordon.toml")
        self.setup_tool("hermes", "--yes", "--config", own)
        (self.home / ".hermes" / ".env").write_text("")
        self.assertIn(f"to write them again: cordon setup hermes --config {own}\n", self.cordon("integration", "list", "--config", own).err)

    def test_drift_is_shown_without_values(self):
        self.setup_tool("codex", "--yes")
        env = self.project / ".codex" / ".env"
        lines = env.read_text().splitlines(keepends=True)
        env.write_text("".join(lines[1:]).replace("NODE_USE_ENV_PROXY=1", "NODE_USE_ENV_PROXY=s3cret"))
        (self.project / ".codex" / "config.toml").unlink()
        row = self.integrations()["codex"]
        self.assertEqual(row["drift"][0], {"path": str(env), "changed": ["NODE_USE_ENV_PROXY"], "missing": ["HTTP_PROXY"], "problem": None})
        self.assertEqual(len(row["drift"][1]["missing"]), len(lines))
        done = self.cordon("integration", "list")
        self.assertIn("not as it was left", done.out)
        self.assertIn(f"{env}: changed: NODE_USE_ENV_PROXY; missing: HTTP_PROXY\n", done.err)
        self.assertIn("to write them again: cordon setup codex\n", done.err)
        self.assertNotIn("s3cret", done.out + done.err)
        self.setup_tool("codex", "--yes")
        self.assertEqual(self.integrations()["codex"]["drift"], [])


class Rotate(SetupTest):
    def proxies(self):
        return json.loads((self.project / ".claude" / "settings.local.json").read_text())["env"]

    def test_a_programs_settings_get_its_new_token(self):
        self.setup_tool("claude-code", "--yes")
        before = self.tokens()
        done = self.cordon("token", "rotate", "claude-code")
        self.assert_done(done)
        self.assertIn("the settings of claude-code have the new value", done.err)
        self.assertIsNone(TOKEN.search(done.out + done.err))
        after = self.tokens()
        self.assertEqual(after["default"], before["default"])
        self.assertNotEqual(after["claude-code"], before["claude-code"])
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            self.assertIn(f":{after['claude-code']}@", self.proxies()[name])
        self.assertEqual(mode(self.project / ".claude" / "settings.local.json"), 0o600)
        self.assertEqual(self.integrations()["claude-code"]["drift"], [])

    def test_a_new_token_is_the_owners_alone(self):
        self.setup_tool("codex", "--yes")
        env = self.project / ".codex" / ".env"
        env.chmod(0o644)
        self.assert_done(self.cordon("token", "rotate", "codex"))
        self.assertEqual(mode(env), 0o600)

    def test_all(self):
        self.setup_tool("claude-code", "--yes")
        self.setup_tool("codex", "--yes")
        done = self.cordon("token", "rotate", "--all", "--json")
        self.assertEqual(json.loads(done.out)["given"], ["claude-code", "codex"])
        self.assertIn(self.tokens()["codex"], (self.project / ".codex" / "config.toml").read_text())
        self.assertIn(self.tokens()["claude-code"], self.proxies()["HTTPS_PROXY"])

    def test_other_tokens_touch_no_settings(self):
        self.setup_tool("claude-code", "--yes")
        before = tree(self.project)
        self.assert_done(self.cordon("token", "rotate"))
        self.assertEqual(tree(self.project), before)

    def test_settings_that_were_changed_are_left_and_named(self):
        self.setup_tool("claude-code", "--yes")
        file = self.project / ".claude" / "settings.local.json"
        file.write_text(file.read_text().replace('"HTTP_PROXY": "http://', '"HTTP_PROXY": "http://x'))
        done = self.cordon("token", "rotate", "claude-code")
        self.assert_done(done)
        self.assertIn(f"env.HTTP_PROXY in {file} has been changed by hand and was left", done.err)
        self.assertNotIn(self.tokens()["claude-code"], self.proxies()["HTTP_PROXY"])

    def test_settings_that_cannot_be_written_leave_the_token_and_the_others_as_they_were(self):
        self.setup_tool("codex", "--yes")
        (self.project / ".codex" / "config.toml").write_text("broken [")
        before = tree(self.root)
        done = self.cordon("token", "rotate", "codex")
        self.assert_error(done, "config.toml", "the token codex was not rotated")
        self.assertEqual(tree(self.root), before)

    def test_a_disabled_program_is_no_longer_known(self):
        self.setup_tool("claude-code", "--yes")
        self.disable("claude-code")
        self.assert_error(self.cordon("token", "rotate", "claude-code"), "there is no token `claude-code`")


if __name__ == "__main__":
    main()
