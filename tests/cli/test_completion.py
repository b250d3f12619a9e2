"""`cordon completion`: real shells on a real terminal, in which a person types and presses Tab."""

import os
import pty
import select
import shutil
import signal
import time
import unittest

from harness import CORDON, DEADLINE, CliTest, main

# In the place of `cordon` on the PATH: answers questions of completion, and of everything else keeps what it was called with.
STAND_IN = """#!/bin/sh
[ "$1" != __complete ] || exec "$CORDON_REAL" "$@"
for word; do printf '%s\\0' "$word"; done > "$CORDON_TYPED.new"
mv "$CORDON_TYPED.new" "$CORDON_TYPED"
"""


class Shell(CliTest):
    """What all three shells must do. `command` runs one without its user's files; `start` is what a user's file would say."""

    command: tuple
    start = ""

    def setUp(self):
        super().setUp()
        self.assertTrue(shutil.which(self.command[0]), f"{self.command[0]} is not installed")
        self.bin = self.root / "bin"
        self.bin.mkdir()
        (self.bin / "cordon").write_text(STAND_IN)
        (self.bin / "cordon").chmod(0o755)
        self.typed = self.root / "typed"
        script = self.cordon("completion", self.name)
        self.assert_done(script)
        self.script = self.root / f"cordon.{self.name}"
        self.script.write_text(script.out)
        self.write_config(self.route(name="stripe") + self.route(name="git hub", host="github.com"))
        (self.project / "my config.toml").write_text("listen = 1\n")

    @property
    def name(self):
        return self.command[0]

    def type(self, keys):
        """The words that `cordon` is called with when `keys` are typed after it and Return is pressed."""
        self.typed.unlink(missing_ok=True)
        environment = {**self.environment, "PATH": f"{self.bin}:{os.environ['PATH']}", "TERM": "xterm", "CORDON_REAL": CORDON,
                       "CORDON_TYPED": str(self.typed), "XDG_DATA_HOME": str(self.root / "data"), "HISTFILE": ""}
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.project)
            os.execvpe(self.command[0], self.command, environment)
        self.screen = b""
        try:
            self.read_until(terminal, lambda: self.screen)  # a prompt, whichever
            for line in (*self.start.format(script=self.script).splitlines(), "cordon " + keys):
                seen = len(self.screen)
                os.write(terminal, line.encode() + b"\r")
                if not line.startswith("cordon "):
                    self.read_until(terminal, lambda: b"ready> " in self.screen[seen:])
            self.read_until(terminal, self.typed.exists)
        finally:
            os.kill(child, signal.SIGKILL)
            os.close(terminal)
            os.waitpid(child, 0)
        return self.typed.read_text().split("\0")[:-1]

    def read_until(self, terminal, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            if select.select([terminal], [], [], 0.02)[0]:
                try:
                    self.screen += os.read(terminal, 65536)
                except OSError:
                    self.fail(f"{self.name} ended: {self.screen}")
            self.assertLess(time.monotonic(), end, self.screen)

    def test_a_command(self):
        self.assertEqual(self.type("appr\t"), ["approve"])

    def test_a_command_of_a_group(self):
        self.assertEqual(self.type("token rev\t"), ["token", "revoke"])

    def test_a_command_after_help(self):
        self.assertEqual(self.type("help tok\trot\t"), ["help", "token", "rotate"])

    def test_an_option(self):
        self.assertEqual(self.type("start --log-f\t"), ["start", "--log-format"])

    def test_an_option_that_excludes_one_given_is_not_offered(self):
        self.assertEqual(self.type("check --scope user --c\tx"), ["check", "--scope", "user", "--cx"])

    def test_a_value(self):
        self.assertEqual(self.type("start --log-level de\t"), ["start", "--log-level", "debug"])

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.type("check --scope=us\t"), ["check", "--scope=user"])

    def test_an_argument(self):
        self.assertEqual(self.type("completion fi\t"), ["completion", "fish"])

    def test_a_file(self):
        self.assertEqual(self.type("check --config my\t"), ["check", "--config", "my config.toml"])

    def test_a_file_behind_an_equals_sign(self):
        self.assertEqual(self.type("check --config=my\t"), ["check", "--config=my config.toml"])

    def test_a_route(self):
        self.assertEqual(self.type("secret set str\t"), ["secret", "set", "stripe"])

    def test_a_tool(self):
        self.assertEqual(self.type("setup cl\t"), ["setup", "claude-code"])

    def test_a_route_with_a_blank_in_its_name(self):
        self.assertEqual(self.type("token create ci --route gi\t"), ["token", "create", "ci", "--route", "git hub"])

    def test_a_token_of_another_config(self):
        self.write_config(path="other/cordon.toml")
        self.assert_done(self.cordon("token", "create", "codex", "-c", "other/cordon.toml"))
        self.assertEqual(self.type("token revoke -c other/cordon.toml co\t"), ["token", "revoke", "-c", "other/cordon.toml", "codex"])

    def test_the_program_that_is_run(self):
        (self.bin / "frobnicate-all").write_text("#!/bin/sh\n")
        (self.bin / "frobnicate-all").chmod(0o755)
        self.assertEqual(self.type("run -- frobnicate-\t"), ["run", "--", "frobnicate-all"])

    def test_the_files_of_the_program_that_is_run(self):
        self.assertEqual(self.type("run --timeout 5s -- cat my\t"), ["run", "--timeout", "5s", "--", "cat", "my config.toml"])


class Bash(Shell):
    command = ("bash", "--norc", "--noprofile", "-i")
    start = "PS1='rea''dy> '\nsource {script}"


class BashWithItsCompletions(Bash):
    start = "PS1='rea''dy> '\nsource /usr/share/bash-completion/bash_completion\nsource {script}"

    def test_the_options_of_the_program_that_is_run(self):
        self.assertEqual(self.type("run -- cordon check --js\t"), ["run", "--", "cordon", "check", "--json"])


class Zsh(Shell):
    command = ("zsh", "-f", "-i")
    start = "PROMPT='rea''dy> '\nautoload -U compinit; compinit -u -D\nsource {script}"

    def test_from_a_folder_of_fpath(self):
        shutil.copy(self.script, self.root / "_cordon")
        self.start = f"PROMPT='rea''dy> '\nfpath=({self.root} $fpath)\nautoload -U compinit; compinit -u -D"
        self.assertEqual(self.type("token rev\t"), ["token", "revoke"])


class Fish(Shell):
    command = ("fish", "--no-config", "--private", "-i")
    start = "function fish_prompt; printf 'rea%s' 'dy> '; end\nsource {script}"


class Words(CliTest):
    """What the scripts ask."""

    def offered(self, *words, code=0):
        done = self.cordon("__complete", *words)
        self.assertEqual((done.code, done.err), (code, ""))
        head, *lines = done.out.splitlines()
        return head, [line.split("\t")[0] for line in lines]

    def test_every_command_of_help_is_offered(self):
        listed = [line.split()[0] for line in self.cordon("help").out.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertEqual(self.offered(""), ("words", listed))
        self.assertEqual(self.offered("help", ""), ("words", listed[:-1]))

    def test_options_are_offered_once_begun_or_when_nothing_else_fits(self):
        self.assertEqual(self.offered("-")[1], ["--help", "--version"])
        self.assertIn("--json", self.offered("check", "")[1])
        self.assertNotIn("--json", self.offered("check", "--json", "")[1])
        self.assertIn("--route", self.offered("token", "create", "x", "--route", "y", "--")[1])  # it may be repeated

    def test_what_is_broken_offers_nothing(self):
        self.write_config("nonsense")
        for words in (("secret", "set", ""), ("frobnicate", ""), ("token", "frob", ""), ("check", "--frob="),
                      ("secret", "set", "-c", "nowhere/x.toml", ""), ("env", "--token", "")):
            with self.subTest(words):
                self.assertEqual(self.offered(*words), ("words", []))

    def test_tilde_in_a_path_is_home(self):
        home = self.root / "home" / "cordon.toml"
        home.write_text(f"listen = {self.port}\n" + self.route(name="at-home"))
        self.assertEqual(self.offered("secret", "set", "-c", "~/cordon.toml", ""), ("words", ["at-home"]))

    def test_programs_begin_where_the_options_end(self):
        self.assertEqual(self.offered("run", ""), ("program 1", []))
        self.assertEqual(self.offered("run", "--", "npm", "run", ""), ("program 2", []))
        self.assertEqual(self.offered("run", "--token", "x", "npm", "-"), ("program 3", []))
        self.assertEqual(self.offered("run", "--inter")[1], ["--interval"])

    def test_other_shells_are_a_usage_error(self):
        self.assert_error(self.cordon("completion", "csh"), "csh", "`cordon help completion`", code=2)
        self.assert_error(self.cordon("completion"), "SHELL", code=2)


def load_tests(loader, _standard, _pattern):
    """All but the base class."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (Bash, BashWithItsCompletions, Zsh, Fish, Words))


if __name__ == "__main__":
    main()
