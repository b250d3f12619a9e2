"""docs/cli.md against the commands themselves: it has each of them with each option and an example, and every exit status. And the
pages of docs/integrations: what they tell to type works."""

import pathlib
import re
import shutil
import subprocess
import unittest

from commands import all_commands, options_of
from harness import CORDON, CliTest, main
from test_troubleshooting import load_keyring

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = DOCS / "cli.md"
PAGES = sorted((DOCS / "integrations").glob("*.md"))


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


# What stands for a command that asks a person, or that goes on until it is ended.
STAND_INS = (
    (r"^cordon setup ", "cordon setup --yes "),
    (r"^cordon route add(?! --host)", "cordon route add --host api.github.com --auth-type header --header-name Authorization --scheme Bearer --source env --variable KEY"),
    (r"^cordon (start|service install)\b", "cordon check"),
    (r"^cordon run --.*", ":"),
    (r"^cordon secret set .*", r"echo the-key | \g<0>"),
)


@unittest.skipUnless(shutil.which("gnome-keyring-daemon") and shutil.which("dbus-daemon"), "needs gnome-keyring and dbus")
class Integrations(CliTest):
    def setUp(self):
        super().setUp()
        self.home = self.root / "home"
        for folder in ("my-project", ".openclaw", ".hermes", "bin"):
            (self.home / folder).mkdir()
        (self.home / "bin/cordon").symlink_to(CORDON)
        for program in ("claude", "codex", "hermes", "openclaw", "jq"):
            (self.home / "bin" / program).write_text("#!/bin/sh\n[ -t 0 ] || cat > /dev/null\n")
            (self.home / "bin" / program).chmod(0o755)
        keyring = load_keyring().Keyring(self.root / "keyring")
        self.addCleanup(keyring.stop)
        self.environment |= {**keyring.environment, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.config_home),
                             "PATH": f"{self.home}/bin:{self.environment['PATH']}"}

    def test_what_the_pages_tell_to_type_works(self):
        self.assertEqual(len(PAGES), 5)
        for page in PAGES:
            blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", page.read_text(encoding="utf-8"))
            self.assertTrue(blocks, page)
            for block in blocks:
                for pattern, stand_in in STAND_INS:
                    block = re.sub(pattern, stand_in, block, flags=re.M)
                with self.subTest(page=page.name, block=block):
                    folder = self.home if block.startswith("cd ") else self.home / "my-project"
                    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], env=self.environment, cwd=folder, text=True,
                                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
                    self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
