"""cordon(1): what the build writes with `cordon __manual`."""

import re
import shutil
import subprocess

from commands import all_commands, options_of
from harness import CliTest, main


class Manual(CliTest):
    def setUp(self):
        super().setUp()
        self.page = self.root / "cordon.1"
        done = self.cordon("__manual")
        self.assertEqual((done.code, done.err), (0, ""))
        self.page.write_text(done.out)

    def shown(self, *options):
        environment = {**self.environment, "MANWIDTH": "90", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""}
        done = subprocess.run(["man", *options, "-l", self.page], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return re.sub(r".\x08", "", done.stdout)

    def test_man_shows_it_without_a_warning(self):
        self.assertTrue(shutil.which("man"), "man-db is not installed")
        text = self.shown("--warnings")
        self.assertIn("cordon - local credential-injection proxy", text)
        self.assertIn("EXIT STATUS", text)

    def test_it_has_every_command_with_its_options_and_examples(self):
        text = self.shown()
        for name, helped in all_commands(self.cordon):
            with self.subTest(name):
                section = re.search(rf"(?ms)^   cordon {name}\n(.*?)^(   cordon |[A-Z])", text).group(1)
                for names in options_of(helped):
                    self.assertIn(", ".join(names), section)
                for example in re.findall(r"(?m)^  (.*cordon .*)$", helped.split("Examples:\n")[1]):
                    self.assertIn(example, section)


if __name__ == "__main__":
    main()
