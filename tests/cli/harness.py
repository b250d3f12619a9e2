"""What the tests of the command line share: a sandbox with its own home and project folder, and a running `cordon start`."""

import base64
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from dataclasses import dataclass

from servers import Origin

CORDON = os.environ.get("CORDON", "cordon")
DEADLINE = 40.0  # for what should take a moment, on a machine that is busy
PORTS = range(20000, 30000)  # below those that a system gives to clients, and to servers that take any
_reservations = []  # sockets, until this program ends

os.umask(0o022)  # whatever the caller's is: with 002 a config could be changed by its group


def free_port():
    """A port on which nothing listens, and which no other test program takes before this one has ended."""
    while True:
        port = random.choice(PORTS)
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # UDP's ports are others: nobody needs this one
        try:
            reservation.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return port


def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(DEADLINE)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition, what="it"):
    """The first true value of `condition()`."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come within {DEADLINE} s")


def slices(secret):
    """Every 12 bytes of the secret and of its base64: any of them in an output is a leak."""
    for form in (secret.encode(), base64.b64encode(secret.encode())):
        for start in range(len(form) - 11):
            yield form[start:start + 12]


@dataclass
class Done:
    code: int
    out: str
    err: str


class Daemon:
    """A `cordon start`. Its standard error is collected."""

    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.log = b""
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self):
        while piece := os.read(self.process.stderr.fileno(), 65536):
            self.log += piece

    @property
    def pid(self):
        return self.process.pid

    def health(self):
        """(status, headers, body) of /health, or None while nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except OSError:
            return None
        finally:
            connection.close()

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.text()}")
            return self.health()
        return eventually(ready, "/health")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=DEADLINE):
        """The exit status; the log is whole afterwards."""
        code = self.process.wait(timeout)
        self.reader.join(timeout)
        return code

    def stop(self):
        self.signal()
        return self.wait()

    def text(self):
        """What is logged so far. It comes by a thread: until the end of the process, wait for what is to be there by `expect`."""
        return self.log.decode(errors="replace")

    def expect(self, text):
        """Waits until the text is logged."""
        eventually(lambda: text in self.text(), f"{text!r} in the log")

    def cleanup(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()


class CliTest(unittest.TestCase):
    """A test with a folder of its own: home/, config/ (XDG_CONFIG_HOME) and project/, in which commands run."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cordon-cli-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.config_home = self.root / "config"
        self.project = self.root / "project"
        for path in (self.root / "home", self.config_home, self.project):
            path.mkdir(mode=0o700)
        self.environment = {"HOME": str(self.root / "home"), "XDG_CONFIG_HOME": str(self.config_home),
                            "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                            "RES_OPTIONS": "attempts:0"}  # no name server is asked: one that does not answer would hold each test up
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.port = free_port()

    def write_config(self, text="", path="cordon.toml", port=None):
        """A config that listens on the test's port, with `text` after it."""
        file = self.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"listen = {port or self.port}\n{text}")
        return file

    def route(self, name="demo", host="api.example.com", secret='source = "env"\nvariable = "KEY"', match="", route=""):
        return (f'[[routes]]\nname = "{name}"\n{route}\n[routes.match]\nhost = "{host}"\n{match}\n[routes.auth]\ntype = "header"\n'
                f'header_name = "Authorization"\nscheme = "Bearer"\n[routes.auth.secret]\n{secret}\n')

    def plain_route(self, origin, **more):
        """A route to an Origin, which is reached without TLS."""
        return self.route(host="127.0.0.1", match=f"port = {origin.port}", route="allow_plaintext = true", **more)

    def popen(self, *arguments, env=None, **more):
        more.setdefault("cwd", self.project)
        return subprocess.Popen([CORDON, *arguments], env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def cordon(self, *arguments, env=None, timeout=60, **more):
        with self.popen(*arguments, env=env, **more) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            finally:
                if process.poll() is None:
                    process.kill()
        return Done(process.returncode, out.decode(), err.decode())

    def start(self, *arguments, env=None, port=None, ready=True, **more):
        daemon = Daemon(self.popen("start", *arguments, env=env, **more), port or self.port)
        self.addCleanup(daemon.cleanup)
        if ready:
            daemon.wait_ready()
        return daemon

    def origin(self, answer=None):
        origin = Origin(answer)
        self.addCleanup(origin.close)
        return origin

    def get(self, origin, headers=None, timeout=DEADLINE):
        """A GET for the origin through the proxy: the response, read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        self.addCleanup(connection.close)
        connection.request("GET", f"http://127.0.0.1:{origin.port}/", headers=headers or {})
        response = connection.getresponse()
        response.text = response.read()
        return response

    def certificates(self):
        """The certs folder of the one project instance."""
        found = list(self.config_home.glob("cordon/projects/*/certs"))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def assert_done(self, done, code=0):
        self.assertEqual(done.code, code, f"stdout: {done.out}\nstderr: {done.err}")

    def assert_sealed(self, secret, *places):
        for place in places:
            for piece in slices(secret):
                self.assertNotIn(piece, place)

    def assert_error(self, done, *texts, code=1, as_json=False):
        """It failed with nothing on stdout, or `as_json` with the object that says so; each text on stderr, every line of it in the house
        style."""
        self.assertEqual(done.code, code, done.err)
        if as_json:
            self.assertEqual(list(json.loads(done.out)), ["error"])
        else:
            self.assertEqual(done.out, "", done.err)
        for text in texts:
            self.assertIn(text, done.err)
        for line in done.err.splitlines():
            self.assertRegex(line, r"^(cordon: (error: |warning: )?|hint: )\S")


def main():
    unittest.main(module="__main__", verbosity=2)
