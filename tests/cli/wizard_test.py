"""What the tests of `cordon route` and `cordon listener` on a terminal share."""

import tomllib

from harness import CORDON, CliTest
from pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal


class WizardTest(CliTest):
    command = ""  # route or listener
    name = ""  # of the one that `edit` changes
    OF_EDIT = ()  # what that asks, before "Write this?"

    def terminal(self, *words):
        terminal = PseudoTerminal([CORDON, self.command, *words], cwd=self.project, env={**self.environment, "NO_COLOR": "1"})
        self.addCleanup(terminal.__exit__)
        return terminal

    def edit(self, answers, *flags):
        """`edit` with the first questions answered."""
        terminal = self.terminal("edit", self.name, *flags)
        for question, answer in zip(self.OF_EDIT, answers):
            terminal.answer(question, answer)
        return terminal

    @property
    def file(self):
        return self.project / "cordon.toml"

    def config(self):
        return tomllib.loads(self.file.read_text())

    def assert_written(self, terminal):
        terminal.answer("Write this? [Y/n] ")
        self.assertEqual(terminal.wait(), 0, terminal.shown)

    def assert_interrupts_write_nothing(self, questions):
        """Ctrl+C and Ctrl+D at each of `add`'s questions, after the answers to those before it."""
        for key, code in ((CTRL_C, 130), (CTRL_D, 1)):
            for count, (question, _) in enumerate(questions):
                with self.subTest((key, question)):
                    terminal = self.terminal("add")
                    for asked, answer in questions[:count]:
                        terminal.answer(asked, answer)
                    terminal.expect(question)
                    terminal.type(key)
                    self.assertEqual(terminal.wait(), code, terminal.shown)
                    self.assertIn("nothing was changed", terminal.shown)
                    self.assertFalse(self.file.exists())
                    self.assertEqual(list(self.config_home.iterdir()), [])

    def assert_no_at_the_end_writes_nothing(self):
        before = self.file.read_text()
        terminal = self.edit([""] * len(self.OF_EDIT))
        terminal.answer("Write this? [Y/n] ", "n")
        self.assertEqual(terminal.wait(), 1)
        self.assertIn("nothing was changed", terminal.shown)
        self.assertEqual(self.file.read_text(), before)

    def assert_remove_asks(self, host):
        for answer, code in (("", 1), ("n", 1), (CTRL_C, 130), ("y", 0)):
            terminal = self.terminal("remove", self.name)
            terminal.answer(f"Remove {self.command} {self.name} ({host})? [y/N] ", answer)
            self.assertEqual(terminal.wait(), code, terminal.shown)
            self.assertEqual(f"{self.command}s" in self.config(), answer != "y")
