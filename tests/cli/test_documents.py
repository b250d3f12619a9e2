"""docs/cli.md against the commands themselves: it has each of them with each option and an example, and every exit status."""

import pathlib
import re

from commands import all_commands, options_of
from harness import CliTest, main

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/cli.md"


class Documents(CliTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.text = DOCUMENT.read_text(encoding="utf-8")
        self.sections = {title: body for title, body in re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", self.text)}

    def usage_of(self, name):
        """The usage line of a command: the first line of a section's first block that begins with it."""
        section = self.sections.get(name.split()[0], "")
        block = re.search(r"(?ms)^```\n(.*?)^```", section)
        self.assertTrue(block, f"docs/cli.md has no section `## {name.split()[0]}` that begins with its usage")
        lines = re.findall(rf"(?m)^cordon {name}(?= |$)(.*(?:\n  .*)*)", block.group(1))
        self.assertEqual(len(lines), 1, f"usage of `cordon {name}` in docs/cli.md")
        return lines[0]

    def test_every_command_and_option_is_there_and_no_other(self):
        for name, helped in all_commands(self.cordon):
            with self.subTest(name):
                usage = self.usage_of(name)
                written = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", usage))
                options = options_of(helped)
                for names in options:
                    self.assertTrue(written & set(names), f"{names} of `cordon {name}`: {usage}")
                self.assertLessEqual(written, {one for names in options for one in names}, name)

    def test_the_table_has_every_command(self):
        table = self.text.split("\n## ")[0]
        for name, _ in all_commands(self.cordon):
            self.assertIn(f"`{name.split()[0]}`", table)

    def test_every_command_has_an_example(self):
        for name, _ in all_commands(self.cordon):
            with self.subTest(name):
                section = self.sections.get(name.split()[0], "")
                self.assertRegex(section, rf"(?m)(^(\$ )?(\w+=\S+ )?|`|\()cordon {name}\b(?! \[)")

    def test_every_exit_status_of_the_manual_is_explained(self):
        statuses = re.search(r"(?s)\.SH EXIT STATUS\n(.*?)\.SH", self.cordon("__manual").out).group(1)
        for status in re.findall(r"(?m)^\.B (.+)$", statuses):
            self.assertRegex(self.text, rf"(?m)^\| {status} \|")


if __name__ == "__main__":
    main()
