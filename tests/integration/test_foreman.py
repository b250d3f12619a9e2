"""Procfiles, with the two process managers that are called foreman: Ruby's and npm's `nf`, each on a terminal of its own."""

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from harness import Cordon, Route, canary, main, namespace, world
from harness.cordon_process import BINARY

PACKAGES = Path(os.environ.get("CORDON_TEST_NPM", Path(__file__).parent / "clients"))
DEADLINE = 30.0  # for what should take a moment, on a machine that is busy
PATIENCE = 5.0   # what foreman gives its processes

# The secret comes out of a store that opens when the file `gate` is there.
STORE = """#!/bin/sh
touch {folder}/asked
until [ -e {folder}/gate ]; do sleep 0.05; done
cat {folder}/value
"""

# What stands for the application: one request through the proxy, then it goes on until it is ended.
WEB = """#!/bin/sh
touch started
curl --silent --max-time 20 --noproxy '' --proxy "$1" "$2" > answer
touch answered
echo "web is up"
trap 'touch ended; exit 0' INT TERM
while :; do sleep 0.1; done
"""


class SlowOrigin:
    """A plain HTTP origin that keeps what it gets and answers `/slow` after 1.5 s, else at once."""

    def __init__(self):
        self.received = b""
        self.slow_asked = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            head = connection.recv(65536)
            self.received += head
            if b"/slow" in head:
                self.slow_asked.set()
                threading.Event().wait(1.5)  # longer than foreman's 0.8 s between SIGINT and SIGTERM
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole")


class Manager:
    """A process manager on a pseudo terminal, of which it is the session's leader, as in a terminal window."""

    def __init__(self, command, folder, environment):
        self.output = b""
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        self.status = None

    def read(self):
        try:
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.output += os.read(self.terminal, 65536)
        except OSError:
            pass  # the other end is closed: nobody is left to write

    def wait_until(self, condition, what, timeout=DEADLINE):
        end = time.monotonic() + timeout
        while not condition():
            self.read()
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come within {timeout} s:\n{self.text()}")

    def ended(self):
        if self.status is None:
            child, status = os.waitpid(self.child, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if child else None
        return self.status is not None

    def press(self, key):
        os.write(self.terminal, key)

    def hang_up(self):
        os.close(self.terminal)
        self.terminal = None

    def text(self):
        return re.sub(r"\x1b\[[0-9;]*m", "", self.output.decode(errors="replace"))

    def clean_up(self):
        if not self.ended():
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
        if self.terminal is not None:
            os.close(self.terminal)


class Procfile(unittest.TestCase):
    """What holds with either manager."""

    command: tuple
    web = 'cordon wait && sh web.sh "http://127.0.0.1:{port}" {url}/first'

    @classmethod
    def setUpClass(cls):
        world()  # brings up the loopback interface

    def setUp(self):
        self.assertTrue(shutil.which(self.command[0]), f"{self.command[0]} is not installed")
        self.folder = namespace.folder() / self.id()
        self.folder.mkdir()
        self.secret = canary.make("store")
        self.write_program("store", STORE.format(folder=self.folder))
        (self.folder / "value").write_text(self.secret)
        self.origin = SlowOrigin()
        port = self.origin.url.rsplit(":", 1)[1]
        route = Route("api", "127.0.0.1", self.secret, port=port, more="allow_plaintext = true",
                      source=f'source = "command"\nargv = ["{self.folder}/store"]')
        # It is the Procfile that starts it.
        self.cordon = Cordon(self.folder, [route])
        self.project = self.cordon.project
        (self.project / "web.sh").write_text(WEB)
        self.write_program("cordon", f'#!/bin/sh\nexec {BINARY} "$@"\n')
        self.write_procfile(self.web)

    def write_program(self, name, text):
        program = self.folder / name
        program.write_text(text)
        program.chmod(0o755)

    def write_procfile(self, web):
        web = web.format(port=self.cordon.port, url=self.origin.url)
        (self.project / "Procfile").write_text(f"proxy: cordon start --config cordon.toml\nweb: {web}\n")

    def open_gate(self):
        (self.folder / "gate").touch()

    def is_there(self, name):
        return (self.project / name).exists()

    def launch(self):
        environment = {**self.cordon.environment, "PATH": f"{self.folder}:{os.environ['PATH']}", "TERM": "xterm"}
        manager = Manager(self.command, self.project, environment)
        self.addCleanup(manager.clean_up)
        return manager

    def launch_whole(self):
        """With the gate open, until the application is up. @returns the manager and the proxy's process."""
        self.open_gate()
        manager = self.launch()
        manager.wait_until(lambda: self.is_there("answered"), "the application")
        return manager, int(re.search(r'"pid": (\d+)', self.cordon.run("status", "--json").stdout).group(1))

    def is_running(self, pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):  # before it is opened, or while it is read
            return False

    def port_is_free(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.cordon.port)) != 0

    def slow_request(self):
        """A request through the proxy that is under way when this returns; its answer comes into the list."""
        answer = []
        command = ["curl", "--silent", "--noproxy", "", "--proxy", f"http://127.0.0.1:{self.cordon.port}",
                   f"{self.origin.url}/slow"]
        client = threading.Thread(target=lambda: answer.append(subprocess.run(command, capture_output=True, check=False).stdout))
        client.start()
        self.addCleanup(client.join)
        self.assertTrue(self.origin.slow_asked.wait(DEADLINE))
        return client, answer

    def test_the_application_starts_once_the_credentials_are_loaded(self):
        manager = self.launch()
        manager.wait_until((self.folder / "asked").exists, "the question for the secret")
        end = time.monotonic() + 1.0  # twenty times the interval of `cordon wait`
        while time.monotonic() < end:
            manager.read()
        self.assertFalse(self.is_there("started"), manager.text())
        self.open_gate()
        manager.wait_until(lambda: self.is_there("answered"), "the application")
        self.assertEqual((self.project / "answer").read_text(), "whole")
        self.assertIn(f"Bearer {self.secret}".encode(), self.origin.received)
        self.assertNotIn(self.secret, manager.text())

    def test_ctrl_c_ends_both_and_running_requests_are_answered(self):
        manager, proxy = self.launch_whole()
        client, answer = self.slow_request()
        manager.press(b"\x03")
        manager.wait_until(manager.ended, "the end", PATIENCE)
        client.join(PATIENCE)
        self.assertEqual(answer, [b"whole"], manager.text())
        self.assertTrue(self.is_there("ended"))
        self.assertFalse(self.is_running(proxy))
        self.assertTrue(self.port_is_free())

    def test_a_faulty_config_ends_the_group_and_is_seen(self):
        self.cordon.config.write_text(self.cordon.config.read_text().replace("host =", "hots ="))
        manager = self.launch()
        manager.wait_until(manager.ended, "the end")
        self.assertIn("routes[0].match.hots: unknown key; did you mean `host`?", manager.text())
        self.assertFalse(self.is_there("started"))
        self.assertTrue(self.port_is_free())

    def test_a_secret_that_is_missing_ends_the_group_and_is_seen(self):
        self.write_program("store", "#!/bin/sh\necho 'no such entry' >&2; exit 1\n")
        manager = self.launch()
        manager.wait_until(manager.ended, "the end")
        self.assertIn('route "api"', manager.text())
        self.assertFalse(self.is_there("started"))

    def test_closing_the_terminal_leaves_nothing_behind(self):
        manager, proxy = self.launch_whole()
        manager.hang_up()
        end = time.monotonic() + PATIENCE
        while (self.is_running(proxy) or not self.port_is_free() or not manager.ended()) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse(self.is_running(proxy))
        self.assertTrue(self.port_is_free())
        self.assertTrue(manager.ended())


class RubyForeman(Procfile):
    command = ("foreman", "start")


class NodeForeman(Procfile):
    """`nf` signals its shells only, not what they run: an application that waits outlives a proxy that failed, unless it takes the
    shell's place."""

    command = (str(PACKAGES / "node_modules/.bin/nf"), "start")
    web = 'exec cordon run -- sh web.sh "http://127.0.0.1:{port}" {url}/first'

    def test_wait_in_a_shell_works_as_well(self):
        self.write_procfile(Procfile.web)
        manager, _ = self.launch_whole()
        manager.press(b"\x03")
        manager.wait_until(manager.ended, "the end", PATIENCE)
        self.assertTrue(self.is_there("ended"))
        self.assertTrue(self.port_is_free())


def load_tests(loader, _standard, _pattern):
    """All but the base class."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (RubyForeman, NodeForeman))


if __name__ == "__main__":
    main()
