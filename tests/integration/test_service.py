"""`cordon service` over a real systemd user manager and a real journal (harness/user_manager.py)."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.parse
from pathlib import Path

from harness.services import BINARY, Project, ServiceTest

WEIRD = ["with space", "it's", 'say "hi"', "100%h%%n", "$HOME ${PATH}", "back\\slash\\n", "a&b<c>d", "b\u00e4r \u65e5\u672c", "a=b", "#x;y"]


class Lifecycle(ServiceTest):
    def test_installed_it_serves_and_uninstalled_nothing_is_left(self):
        project = Project(self)
        before = project.config.read_bytes()
        result = self.install(project)
        name = project.health()
        unit = f"cordon-{name}.service"
        self.assertIn(f"installed {name}: {unit} runs on 127.0.0.1:{project.port}", result.stdout)
        self.assertIn(f"cordon service logs {name}", result.stderr)
        self.assertIn("loginctl enable-linger", result.stderr)
        self.assertEqual(self.units_left(), [unit, "default.target.wants", f"default.target.wants/{unit}"])
        self.assertEqual(self.manager.systemctl("is-enabled", unit).stdout, "enabled\n")
        self.assertEqual(self.manager.show(unit)["ActiveState"], "active")
        status = self.done("status", project=project).stdout
        self.assertRegex(status, rf"service +{unit}: running for \d+ s; starts at login")
        report = json.loads(self.done("status", "--json", project=project).stdout)
        self.assertEqual((report["service"]["state"], report["service"]["pid"]), ("running", report["pid"]))
        removed = self.done("service", "uninstall", project=project)
        self.assertIn(f"removed {name}", removed.stdout)
        self.assertIsNone(project.health())
        self.assertEqual(self.units_left(), [])
        self.assertEqual(self.manager.show(unit)["LoadState"], "not-found")
        self.assertEqual(project.config.read_bytes(), before)
        self.assertIn("already not installed", self.done("service", "uninstall", name).stdout)

    def test_installed_again_it_is_left_alone(self):
        project = Project(self)
        self.install(project)
        pid = self.status(project)["pid"]
        again = self.install(project)
        self.assertIn("already installed", again.stdout)
        self.assertEqual(self.status(project)["pid"], pid)

    def test_a_named_one_is_installed_again_without_its_name(self):
        project = Project(self)
        self.install(project, "api")
        pid = self.status(project)["pid"]
        again = self.install(project)
        self.assertIn("already installed api", again.stdout)
        self.assertEqual(self.status(project)["pid"], pid)
        self.assertIn("already installed api", self.done("service", "install", "--config", str(project.config)).stdout)
        # What doctor advises for it works.
        self.manager.systemctl("disable", "cordon-api.service")
        self.assertFalse(self.status(project)["enabled"])
        fix, = (row["fix"] for row in json.loads(self.done("doctor", "--json", project=project, code=None).stdout)["checks"]
                if row["check"] == "service login")
        self.assertEqual(fix, "cordon service install")
        self.install(project)
        self.assertTrue(self.status(project)["enabled"])

    def test_a_changed_path_brings_the_unit_up_to_date(self):
        project = Project(self)
        self.install(project)
        before = self.status(project)
        result = self.install(project, environment={"PATH": "/opt/op dir/bin:" + self.manager.environment["PATH"]})
        self.assertIn("updated", result.stdout)
        after = self.status(project)
        self.assertNotEqual(after["pid"], before["pid"])
        environment = Path(f"/proc/{after['pid']}/environ").read_bytes().split(b"\0")
        self.assertTrue(any(line.startswith(b"PATH=/opt/op dir/bin:") for line in environment), environment)

    def test_stop_start_restart(self):
        project = Project(self)
        self.install(project, "api")
        self.assertRegex(self.done("service", "stop", "api").stdout, r"stopped cordon-api.service: stopped; starts at login")
        self.assertIsNone(project.health())
        self.done("service", "status", "api", code=3)
        shown = self.done("status", project=project, code=3)
        self.assertIn("cordon service start api", shown.stderr)
        self.done("service", "start", "api")
        first = self.status(project)["pid"]
        self.done("service", "start", "api")
        self.assertEqual(self.status(project)["pid"], first)
        self.done("service", "restart", "api")
        self.assertTrue(project.health())
        self.assertNotEqual(self.status(project)["pid"], first)

    def test_started_again_it_is_left_alone(self):
        project = Project(self)
        self.install(project, "api")
        pid = self.status(project)["pid"]
        again = self.done("service", "start", "api")
        self.assertTrue(again.stdout.startswith("already started: cordon-api.service: running"), again.stdout)
        self.assertEqual(self.status(project)["pid"], pid)
        self.assertTrue(self.done("service", "restart", "api").stdout.startswith("restarted cordon-api.service: running"))

    def test_killed_it_comes_back_and_status_tells(self):
        project = Project(self)
        self.install(project)
        pid = self.status(project)["pid"]
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: project.health() and self.status(project)["state"] == "running" and self.status(project)["pid"] != pid,
                        "the restart")
        self.assertEqual(self.status(project)["restarts"], 1)
        self.assertIn("1 restart;", self.done("status", project=project).stdout)
        self.assertEqual(json.loads(self.done("status", "--json", project=project).stdout)["service"]["restarts"], 1)

    def test_systemctl_reloads_it(self):
        project = Project(self)
        self.install(project, "api")
        project.write(project.text.replace('name = "demo"', 'name = "renamed"'))
        self.manager.systemctl("reload", "cordon-api.service")
        self.assertIn("renamed", self.done("status", project=project).stdout)
        project.write("nonsense")
        self.assertNotEqual(self.manager.systemctl("reload", "cordon-api.service", check=False).returncode, 0)
        self.assertEqual(self.manager.show("cordon-api.service")["ActiveState"], "active")
        self.assertIn("renamed", self.done("status", project=project).stdout)

    def test_it_is_hardened_and_still_knows_its_clients(self):
        project = Project(self)
        self.install(project)
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{self.status(project)['pid']}/status").read_text().splitlines())
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"], status["Umask"]), ("1", "2", "0077"))
        self.assertNotIn("peer_refused", self.done("service", "logs", project=project).stdout)
        self.assertTrue(project.health())  # refused if the kernel could not be asked whose connection it is

    def test_its_log_is_shown(self):
        project = Project(self)
        self.install(project, "api")
        shown = self.done("service", "logs", "api").stdout
        self.assertIn(f"listens on 127.0.0.1:{project.port}", shown)
        self.assertEqual(len(self.done("service", "logs", "api", "-n", "1").stdout.splitlines()), 1)
        lines = [json.loads(line)["line"] for line in self.done("service", "logs", "api", "--json").stdout.splitlines()]
        self.assertTrue(any("listens on" in line for line in lines), lines)
        with subprocess.Popen([BINARY, "service", "logs", "api", "-f"], env=self.manager.environment, stdout=subprocess.PIPE) as follower:
            self.done("reload", project=project)
            while b"reloaded" not in follower.stdout.readline():
                pass
            follower.terminate()


class Failures(ServiceTest):
    def test_l5_what_does_not_start_leaves_nothing(self):
        project = Project(self)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", project.port))
            taken.listen()
            result = self.install(project, "api", code=1)
        self.assertRegex(result.stderr, rf"cordon: log: .*port {project.port} is taken")
        self.assertIn("cordon-api.service ended with status 1", result.stderr)
        self.assertIn("then: cordon service install api", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.units_left(), [])
        self.assertEqual(self.manager.show("cordon-api.service")["LoadState"], "not-found")

    def test_l5_a_faulty_config_is_not_even_tried(self):
        project = Project(self)
        project.write("listen = 0\nnonsense = 1\n")
        result = self.install(project, code=1)
        self.assertIn("nonsense", result.stderr)
        self.assertEqual(self.units_left(), [])

    def test_l5_a_store_that_is_closed_at_install_leaves_nothing(self):
        project = Project(self)
        project.locked.touch()
        result = self.install(project, "api", code=4)
        self.assertIn("ended with status 4", result.stderr)
        self.assertIn("demo", result.stderr)
        self.assertEqual(self.units_left(), [])
        self.assertEqual(self.manager.show("cordon-api.service")["LoadState"], "not-found")

    def test_what_takes_too_long_is_told_with_the_time(self):
        project = Project(self)
        helper = project.folder / "secret.sh"
        text = helper.read_text()
        helper.write_text("#!/bin/sh\nsleep 5\n")
        result = self.install(project, "api", "--timeout", "700ms", code=1)
        self.assertIn(f"was not ready within 700ms: nothing listens on 127.0.0.1:{project.port}", result.stderr)
        self.assertEqual(self.units_left(), [])
        helper.write_text(text)
        self.install(project, "api")
        self.done("service", "stop", "api")
        helper.write_text("#!/bin/sh\nsleep 5\n")
        self.assertIn("was not ready within 700ms: nothing listens", self.done("service", "start", "api", "--timeout", "700ms", code=1).stderr)

    def test_l5_an_update_that_does_not_start_puts_the_old_one_back(self):
        project = Project(self)
        self.install(project, "api")
        unit = (self.manager.units / "cordon-api.service").read_bytes()
        project.locked.touch()
        self.install(project, "api", code=4, environment={"PATH": "/opt/new:" + self.manager.environment["PATH"]})
        self.assertEqual((self.manager.units / "cordon-api.service").read_bytes(), unit)
        self.assertEqual(self.manager.systemctl("is-enabled", "cordon-api.service").stdout, "enabled\n")
        project.locked.unlink()
        self.eventually(project.health, "the old service")

    def test_a_config_that_breaks_later_does_not_restart_for_ever(self):
        project = Project(self)
        self.install(project, "api")
        pid = self.status(project)["pid"]
        project.write("nonsense")
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: self.status(project)["state"] == "failed", "the end")
        restarts = self.status(project)["restarts"]
        time.sleep(1.5)  # seven times what it waits before a restart
        status = self.status(project)
        self.assertEqual((status["state"], status["restarts"], status["last_end"]), ("failed", restarts, {"exit_status": 1}))
        self.assertIn("not valid TOML", self.done("service", "logs", "api").stdout)
        shown = self.done("status", project=project, code=3).stderr
        self.assertIn("cordon service logs api", shown)
        # Its faults are shown instead of another start that cannot work.
        self.assertIn("not valid TOML", self.done("service", "start", "api", code=1).stderr)
        project.write(project.text)
        self.done("service", "start", "api")
        self.assertTrue(project.health())

    def test_a_store_that_is_closed_is_tried_until_it_opens(self):
        project = Project(self)
        self.install(project, "api")
        project.locked.touch()
        result = self.done("service", "restart", "api", code=4)
        self.assertIn("it is tried again and again", result.stderr)
        self.done("service", "stop", "api")
        self.assertIn("it is tried again and again", self.done("service", "start", "api", code=4).stderr)
        # More often than systemd's default limit of 5 starts in 10 s.
        self.eventually(lambda: self.status(project)["restarts"] >= 7, "the seventh try")
        self.assertIn(self.status(project)["state"], ("waiting", "starting"))
        project.locked.unlink()
        self.eventually(lambda: project.health() and self.status(project)["state"] == "running", "the start")

    def test_a_unit_that_somebody_removed_is_stopped(self):
        project = Project(self)
        self.install(project, "api")
        (self.manager.units / "cordon-api.service").unlink()
        self.assertIn("removed api", self.done("service", "uninstall", "api").stdout)
        self.assertIsNone(project.health())
        self.assertEqual(self.units_left(), [])

    def test_without_a_manager_it_says_what_to_do(self):
        project = Project(self)
        result = self.install(project, code=1, environment={"XDG_RUNTIME_DIR": "/nonexistent"})
        self.assertIn("there is no systemd user manager to talk to", result.stderr)
        self.assertIn("loginctl enable-linger", result.stderr)
        self.assertEqual(self.units_left(), [])

    def test_a_shell_without_a_session_finds_the_manager(self):
        project = Project(self)
        environment = {name: value for name, value in self.manager.environment.items() if name != "XDG_RUNTIME_DIR"}
        result = subprocess.run([BINARY, "service", "install"], env=environment, cwd=project.folder, capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_one_that_runs_in_a_terminal_is_not_disturbed(self):
        project = Project(self)
        with subprocess.Popen([BINARY, "start"], env=self.manager.environment, cwd=project.folder, stderr=subprocess.DEVNULL) as running:
            self.eventually(project.health, "/health")
            result = self.install(project, code=1)
            self.assertIn(f"pid {running.pid}", result.stderr)
            self.assertIn("cordon stop", result.stderr)
            self.assertTrue(project.health())
            running.terminate()
        self.assertEqual(self.units_left(), [])


class SideBySide(ServiceTest):
    def token(self, project):
        """Has the instance ask for tokens. Returns that of its clients."""
        which = ("--config", str(project.config))
        self.done("token", "rotate", *which)
        return urllib.parse.urlsplit(json.loads(self.done("env", "--format", "json", *which).stdout)["HTTPS_PROXY"]).password

    def test_two_projects_and_the_users_own(self):
        shutil.rmtree(self.manager.home / ".config/cordon", ignore_errors=True)  # what other tests' instances left
        first, second = Project(self), Project(self, config="api-cordon.toml")
        user = Project(self, folder=self.manager.home / ".config/cordon")
        self.install(first)
        self.install(second, "api-proxy", "--config", "api-cordon.toml")
        self.install(user, "--scope", "user")
        names = {project: project.health() for project in (first, second, user)}
        self.assertEqual(len(set(names.values())), 3)
        self.assertEqual(names[user], "user")
        services = json.loads(self.done("service", "list", "--json").stdout)["services"]
        self.assertEqual({service["name"] for service in services}, {names[first], "api-proxy", "user"})
        self.assertEqual({service["config"] for service in services}, {str(project.config) for project in names})
        self.assertIn("api-proxy", self.done("service", "list").stdout)
        state = self.manager.home / ".config/cordon"
        authorities = [path.read_bytes() for path in state.rglob("ca-cert.pem")]
        self.assertEqual(len(set(authorities)), 3)
        tokens = {project: self.token(project) for project in names}
        self.assertEqual(len(set(tokens.values())), 3)
        for project in names:
            with self.subTest(project.config):
                self.assertEqual([project.takes(names[project], token) for token in tokens.values()],
                                 [token == tokens[project] for token in tokens.values()])
        pids = {service["name"]: service["pid"] for service in services}
        self.done("service", "uninstall", project=first)
        self.assertIsNone(first.health())
        self.assertEqual((second.health(), user.health()), (names[second], "user"))
        left = json.loads(self.done("service", "list", "--json").stdout)["services"]
        self.assertEqual({service["name"]: service["pid"] for service in left}, {name: pids[name] for name in ("api-proxy", "user")})
        self.assertEqual([path.read_bytes() for path in state.rglob("ca-cert.pem")], authorities)
        for project in (second, user):
            self.assertTrue(project.takes(names[project], tokens[project]))
            self.assertFalse(project.takes(names[project], tokens[first]))
        # What was removed is the service: its config can be run again as the same instance.
        self.install(first)
        self.assertTrue(first.takes(names[first], tokens[first]))

    def test_a_name_belongs_to_one_config(self):
        first, second = Project(self), Project(self)
        self.install(first, "api")
        result = self.install(second, "api", code=1)
        self.assertIn(str(first.config), result.stderr)
        self.assertIn("cordon service uninstall api", result.stderr)
        result = self.install(first, "another", code=1)
        self.assertIn("cordon service uninstall api", result.stderr)
        self.assertTrue(first.health())

    def test_units_of_others_are_not_touched(self):
        project = Project(self)
        theirs = self.manager.units / "cordon-api.service"
        theirs.write_text("[Service]\nExecStart=/bin/true\n")
        self.addCleanup(theirs.unlink)
        self.assertIn("was not written by", self.install(project, "api", code=1).stderr)
        self.assertIn("was not written by", self.done("service", "uninstall", "api", code=1).stderr)
        self.assertEqual(theirs.read_text(), "[Service]\nExecStart=/bin/true\n")


class Paths(ServiceTest):
    def test_l4_programs_and_configs_in_odd_places_start(self):
        for name in WEIRD:
            with self.subTest(name):
                folder = self.manager.folder / "odd places" / name
                project = Project(self, folder=folder, config=f"{name}.toml")
                program = folder / "cordon"
                shutil.copy2(BINARY, program)
                self.install(project, "odd", "--config", str(project.config), binary=str(program))
                self.assertTrue(project.health())
                status = json.loads(self.done("service", "status", "odd", "--json").stdout)
                self.assertEqual((status["config"], status["program"]), (str(project.config), str(program)))
                self.assertEqual(os.readlink(f"/proc/{status['pid']}/exe"), str(program))
                verified = subprocess.run(["systemd-analyze", "verify", "--user", status["file"]], env=self.manager.environment,
                                          capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(verified.stderr, "")
                self.manager.systemctl("reload", "cordon-odd.service")
                self.done("service", "uninstall", "odd")

    def test_l4_line_breaks_are_refused(self):
        project = Project(self, folder=self.manager.folder / "line\nbreak")
        project.write(f"listen = {project.port}\n")
        self.assertIn("line breaks", self.install(project, "broken", code=1).stderr)
        self.assertEqual(self.units_left(), [])


if __name__ == "__main__":
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
