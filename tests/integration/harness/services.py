"""What the tests of background services share: a real systemd user manager, a home in it with an odd name, and projects with a config.

Importing this runs the test program again where it may start such a manager (user_manager.enter)."""

import base64
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import unittest

from . import user_manager

BINARY = os.path.realpath(shutil.which(os.environ.get("CORDON", "cordon")) or os.environ.get("CORDON", "cordon"))
SKIPPED = user_manager.enter()
# A home that every file, command and message has to get right.
HOME = 'home of "J\u00fcrg" & 100% <$HOME>'
_numbers = itertools.count(1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Project:
    """A folder with a config; its one route's secret comes from the command `secret.sh`, which fails while `locked` exists."""

    def __init__(self, test, folder=None, config="cordon.toml", more=""):
        self.folder = folder or test.manager.folder / f"project {next(_numbers)}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / config
        self.port = free_port()
        self.locked = self.folder / "locked"
        helper = self.folder / "secret.sh"
        helper.write_text('#!/bin/sh\n[ ! -e "$(dirname "$0")/locked" ] && echo the-secret\n')
        helper.chmod(0o700)
        self.text = (f'listen = {self.port}\n{more}[[routes]]\nname = "demo"\n[routes.match]\nhost = "api.example.com"\n[routes.auth]\n'
                     'type = "header"\nheader_name = "X-Key"\n[routes.auth.secret]\nsource = "command"\n'
                     f"argv = [{json.dumps(str(helper), ensure_ascii=False)}]\n")
        self.write(self.text)

    def write(self, text):
        self.config.write_text(text)
        self.config.chmod(0o600)

    def health(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.getheader("Cordon-Instance") if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def takes(self, instance, token):
        """Whether the proxy lets a client with that token in: to its own metrics."""
        login = base64.b64encode(f"{instance}:{token}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/metrics", headers={"Authorization": f"Basic {login}"})
            return connection.getresponse().status == 200
        finally:
            connection.close()


@unittest.skipIf(SKIPPED, f"skipped: {SKIPPED}")
class ServiceTest(unittest.TestCase):
    manager = None

    @classmethod
    def setUpClass(cls):
        if ServiceTest.manager is None:
            ServiceTest.manager = user_manager.UserManager(HOME)
            # The only thing that differs from what users have: less waiting between two tries.
            drop_in = cls.manager.units / "cordon-.service.d/fast.conf"
            drop_in.parent.mkdir(parents=True)
            drop_in.write_text("[Service]\nRestartSec=200ms\n")
            cls.manager.systemctl("daemon-reload")

    def tearDown(self):
        for service in json.loads(self.cordon("service", "list", "--json").stdout)["services"]:
            self.cordon("service", "uninstall", service["name"])

    def cordon(self, *arguments, project=None, environment=None, binary=BINARY, timeout=90):
        return subprocess.run([binary, *arguments], env={**self.manager.environment, **(environment or {})}, capture_output=True, text=True,
                              cwd=project.folder if project else self.manager.folder, timeout=timeout, check=False)

    def done(self, *arguments, code=0, **more):
        """The command's result, whose exit status was `code`; None: any."""
        result = self.cordon(*arguments, **more)
        if code is not None:
            self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        return result

    def install(self, project, *arguments, **more):
        return self.done("service", "install", *arguments, project=project, **more)

    def status(self, project):
        return json.loads(self.done("service", "status", "--json", project=project, code=None).stdout)

    def eventually(self, condition, what, timeout=20):
        return self.manager.wait_for(condition, what, timeout)

    def units_left(self):
        """What is in the units' folder and is not this test's own."""
        return sorted(str(path.relative_to(self.manager.units)) for path in self.manager.units.rglob("*") if "cordon-.service.d" not in str(path))
