"""The exit statuses of docs/cli.md: for each command that a row names, a case that ends with it, and none for others."""

import pathlib
import re

from commands import all_commands
from harness import CORDON, CliTest, main
from pseudo_terminal import CTRL_C, PseudoTerminal

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/cli.md"
NOT_A_STORE = 'source = "command"\nargv = ["/bin/false"]'
# These take a service manager, or a keyring: test_service.py and test_keyring.py in tests/integration.
ELSEWHERE = {"service install", "service start", "service restart", "secret set", "secret delete"}


def documented(status):
    """The commands that the row of that status names."""
    row, = re.findall(rf"(?m)^\| {status} \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"))
    return {name for name in re.findall(r"`([^`]+)`", row) if not name.startswith("-")}


class ExitStatus(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = "value-of-key-1"
        self.environment["XDG_RUNTIME_DIR"] = str(self.root / "run")  # whatever service manager the machine has
        (self.root / "run").mkdir(mode=0o700)

    def assert_statuses(self, cases, code):
        for name, words in cases.items():
            with self.subTest(name):
                self.assert_done(self.cordon(*name.split(), *words), code)

    def test_done(self):
        self.write_config(self.route())
        self.assert_statuses({"approve": ("--yes",)}, 0)
        self.assert_statuses({name: () for name in ("check", "env", "approve", "help", "token list", "route list", "ca bundle", "secret check",
                                                    "service list", "integration list")}, 0)

    def test_failed(self):
        self.write_config(self.route(host="nowhere.invalid"))
        cases = {"doctor": (), "wait": ("--timeout", "0s"), "run": ("--timeout", "0s", "--", "true")}
        self.assert_statuses(cases, 1)
        self.start().stop()
        self.write_config(self.route(host="elsewhere.invalid"))
        self.assert_statuses({"approve": ("--json",)}, 1)
        self.write_config("nonsense = 1\n")
        self.assert_statuses({"check": (), "start": ()}, 1)
        self.assertEqual({"doctor", "wait", "run", "approve", "check"}, documented(1))

    def test_wrong_usage(self):
        self.write_config(self.route())
        for name, _ in all_commands(self.cordon):
            with self.subTest(name):
                self.assert_done(self.cordon(*name.split(), "--no-such-option"), 2)
        # The last three would ask, on a terminal.
        self.assert_statuses({"nonsense": (), "route": (), "start": ("--log-level", "loud"), "route remove": ("demo",), "route add": (),
                              "approve": ()}, 2)

    def test_not_running(self):
        self.write_config()
        cases = {name: () for name in ("status", "reload", "stop", "logs", "service status")}
        self.assertEqual(set(cases), documented(3))
        self.assert_statuses(cases, 3)

    def test_store_not_available(self):
        self.write_config(self.route())
        self.start()
        self.write_config(self.route(secret=NOT_A_STORE) + self.route("two", "b.example.com"))
        self.assert_done(self.cordon("approve", "--yes"))  # or nothing would be reloaded after an edit
        cases = {"start": ("--config", "other/cordon.toml"), "secret check": (), "reload": (), "route edit": ("two", "--host", "c.example", "--reload"),
                 "route remove": ("two", "--yes", "--reload"),
                 "route add": ("--host", "d.example", "--auth-type", "header", "--header-name", "X", "--source", "env", "--variable", "KEY",
                               "--reload")}
        self.write_config(self.route(secret=NOT_A_STORE), path="other/cordon.toml")
        self.assert_statuses(cases, 4)
        self.assertEqual(set(cases) | ELSEWHERE, documented(4))

    def test_interrupted_question(self):
        self.write_config(self.route())
        with PseudoTerminal([CORDON, "route", "remove", "demo"], cwd=self.project, env=self.environment) as terminal:
            terminal.expect("Remove route demo")
            terminal.type(CTRL_C)
            self.assertEqual(terminal.wait(), 130)

    def test_run_has_that_of_the_program(self):
        self.write_config()
        self.start()
        file = self.root / "no-program"
        file.write_text("")
        for command, code in ((("sh", "-c", "exit 42"), 42), (("no-such-program-at-all",), 127), ((str(file),), 126)):
            self.assert_done(self.cordon("run", "--", *command), code)


if __name__ == "__main__":
    main()
