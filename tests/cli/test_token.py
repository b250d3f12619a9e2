"""cordon token: the file, the commands' words, and that no value is shown where nobody needs it."""

import json
import pathlib
import re
import stat
import threading

from harness import CliTest, main

VALUE = re.compile(r"cdn_[A-Za-z0-9_-]{43}")
TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"


class Token(CliTest):
    def setUp(self):
        super().setUp()
        self.write_config(self.route("stripe") + self.route("git hub", host="github.example"))

    def token(self, *words, code=0):
        """The command's answer; no value is in it."""
        done = self.cordon("token", *words)
        self.assert_done(done, code)
        self.assertIsNone(VALUE.search(done.out + done.err), done)
        return done

    def report(self, *words):
        done = self.token(*words, "--json")
        self.assertEqual(done.err, "")
        return json.loads(done.out)

    def file(self):
        found = list(self.config_home.glob("cordon/projects/*/tokens.toml"))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def values(self):
        """Names and values, as the file has them."""
        text = self.file().read_text()
        return dict(zip(re.findall(r'(?m)^name = "(.*)"$', text), VALUE.findall(text), strict=True))

    def url(self, *words):
        done = self.cordon("env", "--format", "json", *words)
        self.assert_done(done)
        return json.loads(done.out)["HTTPS_PROXY"]

    def test_list_without_a_file(self):
        done = self.token("list")
        self.assertEqual(done.out, "")
        self.assertIn("cordon token rotate", done.err)
        report = self.report("list")
        self.assertEqual((report["enforced"], report["tokens"]), (False, []))
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_create_makes_the_file_with_the_default_token(self):
        done = self.token("create", "codex")
        self.assertEqual(done.out, "created codex, for all routes\n")
        self.assertIn("cordon env --token codex\n", done.err)
        self.assertIn("need a token from now on", done.err)
        self.assertEqual(stat.S_IMODE(self.file().stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.file().parent.stat().st_mode), 0o700)
        self.assertEqual(list(self.values()), ["default", "codex"])
        self.assertNotIn("from now on", self.token("create", "other").err)

    def test_rotate_makes_the_file_too(self):
        self.assertEqual(self.report("rotate"), {"rotated": ["default"], "file_made": True, "given": [], "skipped": []})
        self.assertEqual(list(self.values()), ["default"])

    def test_list_shows_names_times_and_routes(self):
        self.token("create", "ci", "--route", "stripe", "--route", "git hub")
        done = self.token("list")
        self.assertEqual(done.err, "")
        self.assertRegex(done.out, rf"\Aname     created               routes\ndefault  {TIME}  all\nci       {TIME}  stripe, git hub\n\Z")
        report = self.report("list")
        self.assertEqual((report["file"], report["enforced"]), (str(self.file()), True))
        self.assertEqual([(token["name"], token["routes"]) for token in report["tokens"]],
                         [("default", "all"), ("ci", ["stripe", "git hub"])])
        self.assertRegex(report["tokens"][0]["created_at"], TIME)

    def test_create_checks_that_the_routes_exist(self):
        done = self.cordon("token", "create", "ci", "--route", "strip", "--route", "nothing")
        self.assert_error(done, "no route or listener `strip`", "did you mean `stripe`?", "no route or listener `nothing`", "there are: ")
        self.assertEqual(list(self.config_home.iterdir()), [])
        self.assertEqual(self.report("create", "ci", "--route", "stripe"), {"created": "ci", "routes": ["stripe"], "file_made": True})

    def test_rotate_changes_one_or_all(self):
        self.token("create", "codex")
        before = self.values()
        self.assertEqual(self.token("rotate", "codex").out, "rotated codex\n")
        second = self.values()
        self.assertEqual((second["default"] == before["default"], second["codex"] == before["codex"]), (True, False))
        self.assertEqual(self.report("rotate", "--all"), {"rotated": ["default", "codex"], "file_made": False, "given": [],
                                                      "skipped": []})
        third = self.values()
        self.assertFalse({*second.values()} & {*third.values()})
        self.assert_error(self.cordon("token", "rotate", "codex", "--all"), "excludes", code=2)
        self.assert_error(self.cordon("token", "rotate", "other"), "no token `other`", "cordon token list")

    def test_revoke(self):
        self.token("create", "codex")
        self.assert_error(self.cordon("token", "revoke", "default"), "`default` stays", "cordon token rotate")
        self.assertEqual(self.token("revoke", "codex").out, "revoked codex\n")
        self.assertEqual(list(self.values()), ["default"])
        self.assert_error(self.cordon("token", "revoke", "codex"), "no token `codex`")
        there = ("--config", str(self.project / "cordon.toml"))
        for words, advised in ((("token", "revoke", "codex"), "token list"), (("token", "rotate", "codex"), "token list"),
                               (("token", "revoke", "default"), "token rotate"), (("env", "--token", "codex"), "token list")):
            done = self.cordon(*words, *there, cwd=self.root)
            self.assert_error(done, f"cordon {advised} {' '.join(there)}\n")
            self.assertNotRegex(done.err, rf"cordon {advised}$")
        self.token("create", "again")
        self.assertEqual(self.report("revoke", "again"), {"revoked": "again"})

    def test_names(self):
        for name in ("", "a b", "a/b", "x" * 65, "cdn_x", "\u00e9"):
            self.assert_error(self.cordon("token", "create", name), "letters, digits", code=2)
        self.token("create", "Claude-Code_1.x")
        self.assert_error(self.cordon("token", "create", "Claude-Code_1.x"), "already",
                          "to give it a new value: cordon token rotate Claude-Code_1.x\n")
        self.assert_error(self.cordon("token", "create"), "NAME", code=2)
        self.assert_error(self.cordon("token", "revoke"), "NAME", code=2)

    def test_env_carries_the_default_token_or_the_named_one(self):
        self.assertEqual(self.url(), f"http://127.0.0.1:{self.port}")
        self.token("create", "codex")
        audience = self.file().parent.name
        self.assertEqual(self.url(), f"http://{audience}:{self.values()['default']}@127.0.0.1:{self.port}")
        self.assertEqual(self.url("--token", "codex"), f"http://{audience}:{self.values()['codex']}@127.0.0.1:{self.port}")
        self.assert_error(self.cordon("env", "--token", "other"), "no token `other`", "cordon token list")

    def test_a_named_token_that_cannot_be_is_an_error_not_an_address_without(self):
        self.assert_error(self.cordon("env", "--token", "codex"), "there is no token `codex`: there are none")

    def test_k5_a_file_that_others_can_read_is_refused(self):
        self.token("rotate")
        self.file().chmod(0o644)
        for words in (("token", "list"), ("token", "rotate"), ("token", "create", "x"), ("env",)):
            self.assert_error(self.cordon(*words), "chmod 600", str(self.file()))

    def test_faults_are_told_with_their_line_and_without_any_value(self):
        self.token("create", "codex")
        value = self.values()["codex"]
        text = self.file().read_text()
        for damage, told in ((text.replace('name = "codex"', "name = codex"), ":9: not valid TOML"),
                             (text.replace(value, value[:-1]), ":10: `value` must be"),
                             (text + f'token = "{value}"\n', ":12: an unknown key"),
                             (text.replace("[[tokens]]", f"[[{value}]]"), "an unknown key"),
                             ("", ":1: there is no token in it")):
            with self.subTest(told):
                self.file().write_text(damage)
                for words in (("token", "list"), ("token", "rotate"), ("env",)):
                    done = self.cordon(*words)
                    self.assert_error(done, f"{self.file()}", told)
                    self.assert_sealed(value, done.err.encode())
                self.assertEqual(self.file().read_text(), damage)

    def test_l7_a_symlink_in_the_files_place_is_refused(self):
        self.token("rotate")
        moved = self.root / "elsewhere.toml"
        self.file().rename(moved)
        state = pathlib.Path(self.report_path())
        state.symlink_to(moved)
        self.assert_error(self.cordon("token", "rotate"), "symbolic link")
        self.assert_error(self.cordon("env"), "symbolic link")

    def report_path(self):
        return next(self.config_home.glob("cordon/projects/*")) / "tokens.toml"

    def test_l6_a_state_folder_that_others_can_write_is_refused(self):
        self.token("rotate")
        self.file().parent.chmod(0o770)
        self.assert_error(self.cordon("token", "rotate"), "chmod 700")

    def test_works_with_a_faulty_config_but_not_without_one(self):
        """Revoking a token must not wait for a config to be mended."""
        self.token("create", "codex")
        config = self.write_config("surprise = 1\n")
        self.token("revoke", "codex")
        config.unlink()
        self.assert_error(self.cordon("token", "list"), "there is no config file")

    def test_commands_at_the_same_time_lose_nothing(self):
        threads = [threading.Thread(target=self.cordon, args=("token", "create", f"t{i}")) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({*self.values()}, {"default", *(f"t{i}" for i in range(8))})


if __name__ == "__main__":
    main()
