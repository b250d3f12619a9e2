"""Help, version, unknown commands and options."""

import re
import subprocess

from harness import CORDON, CliTest, main
from pseudo_terminal import PseudoTerminal

COMMANDS = ("demo", "setup", "check", "start", "wait", "run", "env", "status", "doctor", "reload", "stop", "logs", "approve", "trust", "untrust",
            "completion")
GROUPS = ("route", "secret", "token", "ca", "service", "integration")


class Usage(CliTest):
    def test_version(self):
        for option in ("--version", "-V"):
            done = self.cordon(option)
            self.assertRegex(done.out, r"^cordon \d+\.\d+\.\d+\n$")
            self.assertEqual((done.code, done.err), (0, ""))

    def test_help_lists_every_command(self):
        texts = {self.cordon(*words).out for words in (("help",), ("--help",), ("-h",), ("help", "help"))}
        self.assertEqual(len(texts), 1)
        text = texts.pop()
        for command in (*COMMANDS, *GROUPS, "help"):
            self.assertRegex(text, rf"(?m)^  {command} +\S")

    def test_no_command_shows_help_and_is_a_usage_error(self):
        done = self.cordon()
        self.assertEqual((done.code, done.out), (2, ""))
        self.assertIn("Usage: cordon COMMAND", done.err)

    def test_help_of_a_command_has_options_and_examples(self):
        for command in COMMANDS:
            with self.subTest(command):
                helped = self.cordon("help", command)
                self.assertEqual((helped.code, helped.err), (0, ""))
                self.assertEqual(helped.out, self.cordon(command, "--help").out)
                self.assertIn(f"Usage: cordon {command} [OPTIONS]", helped.out)
                self.assertRegex(helped.out, rf"(?m)^Examples:\n(  .*\n)*  .*cordon {command}")
                self.assertFalse([line for line in helped.out.splitlines() if len(line) > 100], helped.out)

    def test_help_names_no_command_that_does_not_exist(self):
        text = "".join(self.cordon("help", command).out for command in ("help", *COMMANDS, *GROUPS))
        named = set(re.findall(r"cordon ([a-z]+)", text)) - {"is"}
        self.assertLessEqual(named, {*COMMANDS, *GROUPS, "help"})

    def test_unknown_command_suggests_the_nearest(self):
        for word, meant in (("chek", "check"), ("strat", "start"), ("evn", "env"), ("demoo", "demo"), ("hlep", "help")):
            with self.subTest(word):
                self.assert_error(self.cordon(word), f"there is no command `{word}`", f"did you mean `cordon {meant}`?", code=2)
        self.assert_error(self.cordon("frobnicate"), "`cordon help` lists the commands", code=2)
        self.assert_error(self.cordon("help", "chek"), "did you mean `cordon check`?", code=2)

    def test_options_before_the_command_are_explained(self):
        self.assert_error(self.cordon("--config", "x", "check"), "options follow the command", code=2)

    def test_config_and_scope_exclude_each_other(self):
        self.write_config()
        for command in ("check", "start", "wait", "env", "run"):
            with self.subTest(command):
                tail = ["--", "true"] if command == "run" else []
                done = self.cordon(command, "-c", "cordon.toml", "--scope", "user", *tail)
                self.assert_error(done, "--config", "--scope", f"`cordon help {command}`", code=2)

    def test_wrong_options_are_usage_errors(self):
        for words in (["check", "--frob"], ["check", "extra"], ["start", "--scope", "galaxy"], ["start", "--log-level", "loud"],
                      ["start", "--log-format", "xml"], ["env", "--format", "csh"], ["wait", "--timeout", "60"],
                      ["wait", "--timeout", "-1s"], ["wait", "--interval", "soon"], ["run"], ["run", "--"], ["run", "--frob", "true"],
                      ["demo", "extra"], ["check", "--config"]):
            with self.subTest(words):
                self.assert_error(self.cordon(*words), f"cordon: error: {words[0]}: ", "hint: ", code=2)

    def test_a_secret_among_the_arguments_is_not_shown(self):
        self.write_config(self.route())
        for words in (("secret", "set", "demo", "sk_live_5ecret"), ("secret", "set", "demo", "--value", "sk_live_5ecret"),
                      ("secret", "set", "demo", "--value=sk_live_5ecret"), ("secret", "set", "demo", "-psk_live_5ecret"),
                      ("route", "edit", "demo", "--password", "sk_live_5ecret")):
            with self.subTest(words):
                for more in ((), ("--json",)):
                    done = self.cordon(*words, *more)
                    self.assert_error(done, f"{words[0]} {words[1]}: ", "`cordon help ", code=2, as_json=bool(more))
                    self.assertNotIn("5ecret", done.out + done.err)
                    self.assertEqual("`--value`" in done.err, "--value" in words[-2] + words[-1])

    def test_a_secret_before_the_command_is_not_shown(self):
        for words in (("-psk_live_5ecret",), ("--token=sk_live_5ecret",), ("token", "-psk_live_5ecret"), ("token", "--value=sk_live_5ecret")):
            with self.subTest(words):
                done = self.cordon(*words)
                self.assert_error(done, "there is no option `-", code=2)
                self.assertNotIn("5ecret", done.err)

    def test_mistyped_option_suggests_the_nearest(self):
        self.assert_error(self.cordon("start", "--log-levl", "info"), "start: there is no option `--log-levl`; did you mean `--log-level`?",
                          code=2)
        self.assert_error(self.cordon("start", "--frobnicate"), "start: there is no option `--frobnicate`\n", code=2)
        self.assert_error(self.cordon("start", "a", "b"), "start: takes no further argument, but was given 2\n", code=2)

    def test_missing_config_says_what_to_do(self):
        for command in ("check", "start", "wait", "env"):
            with self.subTest(command):
                self.assert_error(self.cordon(command), f"there is no config file {self.project}/cordon.toml", "--config PATH")

    def test_config_in_a_missing_folder_is_an_error(self):
        self.assert_error(self.cordon("check", "-c", "nowhere/cordon.toml"), "nowhere")

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([CORDON, "help"], stdout=full, stderr=subprocess.PIPE, env=self.environment, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output cannot be written to", done.stderr)

    def test_closed_streams_are_no_crash(self):
        script = f'exec <&- >&- 2>&-; exec "{CORDON}" help'
        self.assertEqual(subprocess.run(["sh", "-c", script], env=self.environment, check=False).returncode, 0)

    def test_removed_working_directory_is_an_error(self):
        gone = self.root / "gone"
        gone.mkdir()
        script = f'cd "{gone}" && rmdir "{gone}" && exec "{CORDON}" check'
        done = subprocess.run(["sh", "-c", script], env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("working directory", done.stderr)

    def test_colour_only_on_a_terminal_and_never_with_no_color(self):
        for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)):
            with self.subTest(extra):
                self.assertEqual("\x1b[31m" in self.on_a_terminal("nonsense", env=extra), coloured)
        self.assertNotIn("\x1b", self.cordon("nonsense").err)

    def on_a_terminal(self, *words, env):
        """What the command writes to a pseudo terminal."""
        with PseudoTerminal([CORDON, *words], env={**self.environment, "TERM": "xterm", **env}) as terminal:
            terminal.wait()
            return terminal.shown


if __name__ == "__main__":
    main()
