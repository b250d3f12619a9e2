"""--json of the commands that change routes and listeners: one object that says what became of the entry, and no question, be there a
terminal or not."""

import json
import subprocess

from harness import CORDON, CliTest, free_port, main
from pseudo_terminal import PseudoTerminal

KEY = ("--source", "env", "--variable", "KEY")
ROUTE = ("--host", "b.example", "--auth-type", "header", "--header-name", "X", *KEY)
LISTENER = ("--upstream", "db.example.com:5432", "--username", "u", *KEY)


class JsonTest(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = "value-of-key-1"
        self.file = self.project / "cordon.toml"

    def assert_report(self, *words, code=0):
        """The one object on standard output."""
        done = self.cordon(*words, "--json")
        self.assert_done(done, code)
        return json.loads(done.out), done.err


class Changes(JsonTest):
    def assert_life_of_an_entry(self, noun, add, edit):
        """`add` and `edit` are flags; the config has no entry called `two` yet."""
        def shown():
            return json.loads(self.cordon(noun, "show", "two", "--json").out)

        report, _ = self.assert_report(noun, "add", "--name", "two", *add)
        self.assertEqual(report, {"config": str(self.file), noun: shown(), "added": True, "reload": None})
        self.assertIs(report[noun]["approved"], True)
        for changed in (True, False):
            before = self.file.read_bytes()
            report, _ = self.assert_report(noun, "edit", "two", *edit)
            self.assertEqual(report, {"config": str(self.file), noun: shown(), "changed": changed, "reload": None})
            self.assertEqual(self.file.read_bytes() != before, changed)
        report, _ = self.assert_report(noun, "remove", "two", "--yes")
        self.assertEqual(report, {"config": str(self.file), noun: "two", "removed": True, "reload": None})
        self.assertNotIn("two", self.file.read_text())

    def test_a_route(self):
        self.assert_life_of_an_entry("route", ROUTE, ("--port", "8443"))

    def test_a_listener(self):
        self.assert_life_of_an_entry("listener", (*LISTENER, "--port", str(free_port())), ("--upstream", "other.example:5433"))

    def test_hints_stay_on_standard_error(self):
        report, err = self.assert_report("route", "add", "--host", "api.stripe.com", "--source", "keyring", "--account", "k")
        self.assertEqual(report["route"]["name"], "stripe")
        self.assertIn("hint: to store its secret: cordon secret set stripe\n", err)
        self.assertIn("hint: its secret is kept: ", self.assert_report("route", "remove", "stripe", "--yes")[1])

    def test_reload_is_what_reload_itself_prints(self):
        self.write_config(self.route())
        self.start()
        asked = json.loads(self.cordon("reload", "--json").out)
        self.assertIs(asked["reloaded"], True)
        for words in (("add", "--name", "two", *ROUTE), ("edit", "two", "--host", "c.example"), ("remove", "two", "--yes")):
            with self.subTest(words[0]):
                self.assertEqual(self.assert_report("route", *words, "--reload")[0]["reload"], asked)
        report, _ = self.assert_report("listener", "add", *LISTENER, "--port", str(free_port()), "--reload")
        self.assertIn("takes a restart", report["reload"]["warnings"][0])

    def test_a_reload_that_fails_is_told_beside_what_was_written(self):
        self.write_config(self.route())
        self.start()
        report, err = self.assert_report("route", "add", "--name", "two", *ROUTE[:-1], "MISSING", "--reload", code=1)
        self.assertNotIn("error", report)
        self.assertIs(report["added"], True)
        self.assertIs(report["reload"]["reloaded"], False)
        self.assertIn("MISSING is not set", report["reload"]["errors"][0]["message"])
        self.assertIn("goes on with what it had", err)
        self.assertIn("b.example", self.file.read_text())

    def test_without_a_proxy_there_is_nothing_to_tell_of_a_reload(self):
        self.write_config(self.route())
        report, err = self.assert_report("route", "edit", "demo", "--port", "8443", "--reload")
        self.assertIsNone(report["reload"])
        self.assertIn("is not running, so nothing was reloaded", err)

    def test_failures(self):
        self.write_config(self.route())
        before = self.file.read_bytes()
        for code, words, text in ((1, ("route", "add", "--name", "demo", *ROUTE), "demo"), (1, ("route", "edit", "dmo", "--port", "1"), "dmo"),
                                  (1, ("route", "remove", "dmo", "--yes"), "dmo"), (1, ("listener", "edit", "x", "--port", "1"), "x"),
                                  (1, ("listener", "remove", "x", "--yes"), "x"), (2, ("route", "add"), "missing: --host"),
                                  (2, ("route", "edit", "demo"), "say what to change"), (2, ("route", "remove", "demo"), "--yes"),
                                  (2, ("listener", "add"), "missing: --upstream")):
            with self.subTest(words):
                report, err = self.assert_report(*words, code=code)
                self.assertEqual(list(report), ["error"])
                self.assertIn(text, report["error"]["message"])
                self.assertIn(report["error"]["message"], err)
        self.assertEqual(self.file.read_bytes(), before)


class OnATerminal(JsonTest):
    """Where a person could be asked."""

    def run_there(self, *words):
        """(exit status, all that is on the terminal)."""
        with PseudoTerminal([CORDON, *words, "--json"], cwd=self.project, env={**self.environment, "NO_COLOR": "1"}) as terminal:
            return terminal.wait(), terminal.shown

    def test_nobody_is_asked(self):
        self.write_config(self.route())
        before = self.file.read_bytes()
        for words, text in ((("route", "add"), "missing: --host"), (("route", "edit", "demo"), "say what to change"),
                            (("route", "remove", "demo"), "give --yes"), (("listener", "add"), "missing: --upstream")):
            with self.subTest(words):
                code, shown = self.run_there(*words)
                self.assertEqual(code, 2, shown)
                self.assertIn(text, shown)
        self.assertEqual(self.file.read_bytes(), before)

    def test_what_was_never_approved_is_left_so(self):
        self.write_config("[secrets]\nrequire_approval = true\n" + self.route())
        code, shown = self.run_there("route", "edit", "demo", "--port", "8443")
        self.assertEqual(code, 0, shown)
        self.assertNotIn("Approve it?", shown)
        self.assertIn("to look at it and approve it: cordon approve demo\n", shown)
        self.assertIn('"approved": false', shown)
        self.assertIn("port = 8443", self.file.read_text())

    def test_standard_output_is_one_object(self):
        with PseudoTerminal([CORDON, "route", "add", *ROUTE, "--json"], stdout=subprocess.PIPE, cwd=self.project, env=self.environment) as terminal:
            self.assertEqual(terminal.wait(), 0, terminal.shown)
            self.assertIs(json.loads(terminal.process.stdout.read())["added"], True)


if __name__ == "__main__":
    main()
