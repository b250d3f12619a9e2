"""Background services over the end of a systemd user manager and the start of another one, as a logout and a login are."""

import subprocess
import unittest

from harness import keyring
from harness.services import Project, ServiceTest


class Login(ServiceTest):
    def test_it_ends_with_the_last_session_and_starts_at_login(self):
        installed, disabled = Project(self), Project(self)
        self.install(installed, "installed")
        self.install(disabled, "disabled")
        self.manager.systemctl("disable", "cordon-disabled.service")
        pid = self.status(installed)["pid"]
        self.manager.log_out()
        self.assertEqual((installed.health(), disabled.health()), (None, None))
        self.manager.log_in()
        self.eventually(installed.health, "the start at login")
        status = self.status(installed)
        self.assertEqual((status["state"], status["restarts"], status["last_end"]), ("running", 0, None))
        self.assertNotEqual(status["pid"], pid)
        self.assertIsNone(disabled.health())

    def log_in_again(self):
        self.manager.log_out()
        self.manager.log_in()

    def store(self):
        """Puts the secret into the session's keyring. False until that is on the bus."""
        environment = {**self.manager.environment, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.manager.runtime}/bus"}
        return subprocess.run(["secret-tool", "store", "--label=x", "service", "cordon", "account", "demo"], input=b"the-secret",
                              env=environment, capture_output=True, check=False, timeout=30).returncode == 0

    def test_a_keyring_that_is_locked_at_login_is_tried_until_it_opens(self):
        """The session's own bus and keyring, which its manager starts. Nobody gives the password at the last login, as with an automatic one,
        until later."""
        control = self.manager.runtime / "keyring/control"
        keyring.unlock(control)  # makes it, which this daemon's bus does not get to see
        self.log_in_again()
        keyring.unlock(control)
        self.eventually(self.store, "the keyring")
        project = Project(self)
        project.write(project.text[:project.text.index("source =")] + 'source = "keyring"\naccount = "demo"\n')
        self.install(project, "api")

        self.log_in_again()
        self.eventually(lambda: self.status(project)["restarts"] >= 3, "the third try")
        self.assertIn(self.status(project)["state"], ("waiting", "starting"))
        self.assertIsNone(project.health())
        self.assertIn("is locked; unlock it by logging in to the desktop", self.done("service", "logs", "api").stdout)
        keyring.unlock(control)
        self.eventually(lambda: project.health() and self.status(project)["state"] == "running", "the start")
        shown = self.done("status", project=project).stdout
        self.assertRegex(shown, r"service +cordon-api.service: running for .*, \d+ restarts; starts at login")


if __name__ == "__main__":
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
