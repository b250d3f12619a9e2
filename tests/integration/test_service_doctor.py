"""What `cordon doctor` says of a background service, over a real systemd user manager: each of its rows failing and passing."""

import json
import os
import shutil
import signal
import unittest

from harness.services import BINARY, Project, ServiceTest


class Doctor(ServiceTest):
    def doctor(self, project, **more):
        result = self.cordon("doctor", "--json", project=project, **more)
        report = json.loads(result.stdout)
        self.assertEqual((result.returncode, result.stderr), (0 if report["ok"] else 1, ""))
        return report

    def assert_finding(self, project, check, verdict, detail, fix="", **more):
        """The check's one finding. A fix is said just where one is expected."""
        report = self.doctor(project, **more)
        found = [finding for finding in report["checks"] if finding["check"] == check]
        self.assertEqual([finding["verdict"] for finding in found], [verdict], found)
        self.assertIn(detail, found[0]["detail"])
        self.assertIn(fix, found[0]["fix"])
        self.assertEqual(bool(found[0]["fix"]), bool(fix), found)
        if verdict == "fail":
            self.assertFalse(report["ok"])

    def test_installed(self):
        project = Project(self)
        self.assert_finding(project, "service", "skipped", "not installed", fix="cordon service install")
        self.install(project, "api")
        self.assert_finding(project, "service", "ok", "cordon-api.service: running")

    def test_running(self):
        project = Project(self)
        self.install(project, "api")
        self.done("service", "stop", "api")
        self.assert_finding(project, "service", "warn", "cordon-api.service: stopped", fix="cordon service start api")
        self.done("service", "start", "api")
        self.assert_finding(project, "service", "ok", "cordon-api.service: running")

    def test_failed(self):
        project = Project(self)
        self.install(project, "api")
        pid = self.status(project)["pid"]
        project.write("nonsense")
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: self.status(project)["state"] == "failed", "the end")
        # Its config cannot be used, which is why, and is told of beside it.
        self.assert_finding(project, "service", "fail", "failed, after exit status 1", fix="cordon service logs api")
        self.assert_finding(project, "config", "fail", "not valid TOML", fix="cordon check")
        project.write(project.text)
        self.done("service", "start", "api")
        self.assert_finding(project, "service", "ok", "running")

    def test_waiting_for_a_store(self):
        project = Project(self)
        self.install(project, "api")
        project.locked.touch()
        # It is asked about between two tries, which would be over in a moment otherwise.
        slow = self.manager.units / "cordon-api.service.d/slow.conf"
        slow.parent.mkdir()
        slow.write_text("[Service]\nRestartSec=1h\n")
        self.addCleanup(shutil.rmtree, slow.parent)
        self.manager.systemctl("daemon-reload")
        os.kill(self.status(project)["pid"], signal.SIGKILL)
        self.eventually(lambda: self.status(project)["state"] == "waiting", "the wait for another try")
        self.assert_finding(project, "service", "fail", "waiting for its next try, after signal 9", fix="cordon service logs api")
        project.locked.unlink()
        self.done("service", "restart", "api")
        self.assert_finding(project, "service", "ok", "running")

    def test_enabled(self):
        project = Project(self)
        self.install(project, "api")
        self.assert_finding(project, "service login", "ok", "starts at login")
        self.manager.systemctl("disable", "cordon-api.service")
        self.assert_finding(project, "service login", "warn", "does not start at login", fix="cordon service install")
        self.install(project, "api")
        self.assert_finding(project, "service login", "ok", "starts at login")

    def test_its_program_is_there(self):
        project = Project(self)
        program = project.folder / "cordon"
        shutil.copy2(BINARY, program)
        self.install(project, "api", binary=str(program))
        self.assert_finding(project, "service files", "ok", "its program and its config are there")
        program.unlink()
        self.assert_finding(project, "service files", "fail", f"its program {program} is not there any more", fix="cordon service install")
        self.done("service", "uninstall", "api")
        self.install(project, "api")
        self.assert_finding(project, "service files", "ok", "its program and its config are there")

    def test_its_config_is_there(self):
        project = Project(self)
        self.install(project, "api")
        project.config.rename(project.folder / "elsewhere.toml")
        self.assert_finding(project, "service files", "fail", f"its config {project.config} is not there any more",
                            fix="cordon service uninstall api")
        self.assert_finding(project, "config", "fail", "does not exist", fix="cordon check")
        (project.folder / "elsewhere.toml").rename(project.config)
        self.assert_finding(project, "service files", "ok", "its program and its config are there")

    def test_without_a_config_and_a_service_there_is_nothing_to_look_at(self):
        project = Project(self)
        project.config.unlink()
        result = self.done("doctor", project=project, code=1)
        self.assertIn(f"there is no config file {project.config}", result.stderr)

    def test_linger(self):
        """logind, which loginctl asks, takes a system manager: loginctl is a stand-in that says what the real one prints."""
        project = Project(self)
        self.install(project, "api")
        self.assert_finding(project, "service linger", "skipped", "cannot be told here")
        folder = project.folder / "bin"
        folder.mkdir()
        path = {"PATH": f"{folder}:{self.manager.environment['PATH']}"}
        for answer, verdict, detail, fix in (("no", "skipped", "only while you are logged in", "loginctl enable-linger"),
                                             ("yes", "ok", "while you are not logged in", "")):
            (folder / "loginctl").write_text(f'#!/bin/sh\n[ "$*" = "show-user {os.getuid()} --property=Linger --value" ] && echo {answer}\n')
            (folder / "loginctl").chmod(0o700)
            self.assert_finding(project, "service linger", verdict, detail, fix=fix, environment=path)

    def test_without_a_manager_to_ask(self):
        project = Project(self)
        self.install(project, "api")
        nobody = {"XDG_RUNTIME_DIR": "/nonexistent"}
        self.assert_finding(project, "service", "skipped", "there is no systemd user manager to talk to", environment=nobody)
        self.assert_finding(project, "service login", "skipped", "cannot be told", environment=nobody)
        self.assert_finding(project, "service files", "ok", "are there", environment=nobody)


if __name__ == "__main__":
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
