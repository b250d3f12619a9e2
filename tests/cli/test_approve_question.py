"""The question that `route edit` and `listener edit` ask on a terminal, once the file is written, of what nobody has approved (D18)."""

import json
import tomllib

from harness import CORDON, CliTest, free_port, main
from pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal

QUESTION = "Approve it? [y/N] "
CHANGES = {"route": ("--port", "8443"), "listener": ("--username", "other")}


class Question(CliTest):
    def setUp(self):
        super().setUp()
        (self.config_home / "cordon").mkdir(mode=0o700)
        (self.config_home / "cordon" / "cordon.toml").write_text("listen = 1\n[secrets]\nrequire_approval = true\n")
        self.environment["KEY"] = "value-of-key-1"
        self.names = {"route": "demo", "listener": "db"}
        self.file = self.write_config(
            self.route(host="evil.example") + f'[[listeners]]\nname = "db"\nport = {free_port()}\nupstream = "db.evil.example:5432"\n'
            '[listeners.auth]\ntype = "password"\nusername = "u"\n[listeners.auth.secret]\nsource = "env"\nvariable = "KEY"\n')

    def edit(self, kind, typed, *more):
        """(exit status, what the terminal shows) of an edit of which the one question is answered with `typed`."""
        words = [CORDON, kind, "edit", self.names[kind], *CHANGES[kind], *more]
        with PseudoTerminal(words, cwd=self.project, env={**self.environment, "NO_COLOR": "1"}) as terminal:
            terminal.expect(QUESTION)
            terminal.type(typed)
            code = terminal.wait()
            self.assertTrue(terminal.is_restored())
            return code, terminal.shown

    def is_approved(self, kind):
        return json.loads(self.cordon(kind, "show", self.names[kind], "--json").out)["approved"]

    def assert_written(self, kind):
        config = tomllib.loads(self.file.read_text())
        if kind == "route":
            self.assertEqual(config["routes"][0]["match"]["port"], 8443)
        else:
            self.assertEqual(config["listeners"][0]["auth"]["username"], "other")

    def assert_left(self, kind, shown):
        """It is written and told of, not approved, and the command that approves it is named."""
        self.assert_written(kind)
        name = self.names[kind]
        before, after = shown.split(QUESTION)
        self.assertIn("evil.example", before)
        self.assertIn(f"hint: it is not approved; to look at it and approve it: cordon approve {name}\n", after)
        self.assertIn(f"changed {kind} {name} (", after)
        self.assertFalse(self.is_approved(kind))

    def test_yes_approves(self):
        for kind, typed in (("route", "y\r"), ("listener", "YES\r")):
            with self.subTest(kind):
                code, shown = self.edit(kind, typed)
                self.assertEqual(code, 0, shown)
                self.assert_written(kind)
                self.assertTrue(self.is_approved(kind))
                self.assertNotIn("it is not approved", shown)
                self.assertIn(f"changed {kind} ", shown.split(QUESTION)[1])

    def test_yes_approves_that_one_only(self):
        self.edit("route", "y\r")
        self.assertFalse(self.is_approved("listener"))

    def test_no_leaves_it_unapproved(self):
        for kind, typed in (("route", "n\r"), ("listener", "\r")):
            with self.subTest(kind):
                code, shown = self.edit(kind, typed)
                self.assertEqual(code, 0, shown)
                self.assert_left(kind, shown)

    def test_interrupt_is_a_no_and_the_status_is_its_own(self):
        for kind in CHANGES:
            with self.subTest(kind):
                code, shown = self.edit(kind, CTRL_C)
                self.assertEqual(code, 130, shown)
                self.assert_left(kind, shown)

    def test_end_of_input_is_a_no(self):
        for kind in CHANGES:
            with self.subTest(kind):
                code, shown = self.edit(kind, CTRL_D)
                self.assertEqual(code, 0, shown)
                self.assert_left(kind, shown)

    def test_what_is_neither_is_asked_again(self):
        code, shown = self.edit("listener", "sure\r\r")
        self.assertEqual((code, shown.count(QUESTION)), (0, 2), shown)
        self.assertFalse(self.is_approved("listener"))

    def test_hint_names_the_config(self):
        code, shown = self.edit("listener", CTRL_C, "--config", str(self.file))
        self.assertEqual(code, 130, shown)
        self.assertIn(f"to look at it and approve it: cordon approve --config {self.file} db\n", shown)

    def test_what_is_not_approved_is_not_put_to_use(self):
        """Whatever the rule: where approval is only advised, a reload would use what was just refused."""
        for rule in ("true", "false"):
            (self.config_home / "cordon" / "cordon.toml").write_text(f"listen = 1\n[secrets]\nrequire_approval = {rule}\n")
            daemon = self.start()
            for kind, typed, status in (("route", CTRL_C, 130), ("route", "n\r", 1), ("listener", "\r", 1), ("listener", CTRL_D, 1)):
                with self.subTest(rule, kind=kind, typed=typed):
                    self.file.write_text(self.file.read_text().replace("evil.example", f"{len(typed)}{status}.evil.example"))
                    code, shown = self.edit(kind, typed, "--reload")
                    self.assertEqual(code, status, shown)
                    self.assertNotIn("has reloaded", shown)
                    self.assertNotIn("cordon reload", shown)
                    self.assertEqual("nothing was reloaded: " in shown, status == 1)
                    self.assertEqual(json.loads(self.cordon("status", "--json").out)["reloads"], 0)
            daemon.stop()

    def test_where_nobody_can_be_asked_it_is_a_no(self):
        self.start()
        self.file.write_text(self.file.read_text().replace("evil.example", "other.evil.example"))
        for kind in CHANGES:
            done = self.cordon(kind, "edit", self.names[kind], *CHANGES[kind], "--reload")
            self.assertEqual(done.code, 1)
            self.assertIn(f"error: nothing was reloaded: {self.names[kind]} is not approved\n", done.err)
            self.assert_written(kind)
            self.assertEqual(json.loads(self.cordon("status", "--json").out)["reloads"], 0)
            report = json.loads(self.cordon(kind, "edit", self.names[kind], *CHANGES[kind], "--reload", "--json").out)
            self.assertEqual((report["reload"]["reloaded"], report["reload"]["errors"][0]["code"]), (False, "binding_unapproved"))

    def test_where_nothing_runs_there_is_nothing_to_reload(self):
        self.file.write_text(self.file.read_text().replace("evil.example", "other.evil.example"))
        done = self.cordon("route", "edit", "demo", *CHANGES["route"], "--reload", "--json")
        self.assert_done(done)
        self.assertIsNone(json.loads(done.out)["reload"])
        self.assertNotIn("cordon start", done.err)


if __name__ == "__main__":
    main()
