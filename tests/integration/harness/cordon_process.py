"""A real `cordon start` with a folder, a home and a configuration of its own."""

import itertools
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

BINARY = os.environ.get("CORDON", "cordon")
_ports = itertools.count(6790)
STOP_TIME = 60 if os.environ.get("CORDON_TEST_SANITIZER") else 10  # what a thread hashes is waited for


@dataclass
class Route:
    """One [[routes]] table. `header` and `scheme`, or `username` for basic; the secret comes from a file unless `source` says."""
    name: str
    host: str
    secret: str
    header: str = "Authorization"
    scheme: str = "Bearer"
    username: str = ""
    port: str = ""
    more: str = ""
    source: str = ""

    def value(self):
        """The credential header's value as the origin must see it."""
        if self.username:
            import base64
            return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()
        return f"{self.scheme} {self.secret}".strip()

    def toml(self, secret_file):
        lines = ["[[routes]]", f'name = "{self.name}"', self.more, "[routes.match]", f'host = "{self.host}"']
        lines += [f"port = {self.port}"] if self.port else []
        lines += ["[routes.auth]"]
        if self.username:
            lines += ['type = "basic"', f'username = "{self.username}"']
        else:
            lines += ['type = "header"', f'header_name = "{self.header}"'] + ([f'scheme = "{self.scheme}"'] if self.scheme else [])
        lines += ["[routes.auth.secret]", self.source or f'source = "file"\npath = "{secret_file}"']
        return "\n".join(line for line in lines if line) + "\n"


class Cordon:
    """`with Cordon(folder, [Route(...)]) as cordon:` starts it and waits until it is healthy."""

    def __init__(self, folder, routes=(), more="", environment=None, log_level="trace", port=None, tls="", log_format="text"):
        self.port = port or next(_ports)
        self.folder = Path(folder) / f"instance-{self.port}"
        self.home = self.folder / "home"
        self.project = self.folder / "project"
        for path in (self.home, self.project):
            path.mkdir(parents=True, exist_ok=True)
        self.routes = list(routes)
        self.config = self.project / "cordon.toml"
        self.log_path = self.folder / "log.txt"
        self.log_options = ["--log-level", log_level, "--log-format", log_format]
        self.process = None
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.home),
                            "XDG_CONFIG_HOME": str(self.home / ".config"), "LANG": "C.UTF-8", **sanitizer_environment(),
                            **(environment or {})}
        self.write_config(more, tls)

    def secret_file(self, route):
        return self.folder / f"secret-{route.name}"

    def write_config(self, more="", tls=""):
        parts = [f"listen = {self.port}\n", more, f"[tls]\n{tls}\n" if tls else ""]
        for route in self.routes:
            path = self.secret_file(route)
            path.touch(mode=0o600)
            if path.read_text() != route.secret:  # a running proxy may read it at any moment
                path.write_text(route.secret)
            parts.append(route.toml(path))
        self.config.write_text("\n".join(parts))
        self.config.chmod(0o600)

    def run(self, *arguments, timeout=60, environment=None):
        """Another `cordon` command for this instance, to its end."""
        return subprocess.run([BINARY, *arguments, "--config", str(self.config)], env={**self.environment, **(environment or {})},
                              cwd=self.project, capture_output=True, text=True, timeout=timeout, check=False)

    def spawn(self, environment=None):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([BINARY, "start", "--config", str(self.config), *self.log_options],
                                        env={**self.environment, **(environment or {})}, cwd=self.project, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        log.close()
        return self

    def start(self, environment=None, timeout=30):
        self.spawn(environment)
        deadline = time.monotonic() + timeout
        while not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"cordon start did not become healthy (status {self.process.poll()}):\n{self.log()}")
            time.sleep(0.01)
        return self

    def is_healthy(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as stream:
                stream.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode())
                return b" 200 " in stream.recv(4096)
        except OSError:
            return False

    def stop(self, number=signal.SIGTERM, timeout=STOP_TIME):
        """Ends the process; @returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"cordon did not stop within {timeout} s of signal {number}:\n{self.log()[-4000:]}") from None

    def environment_for_clients(self):
        """What `cordon env` tells an application to set."""
        done = self.run("env", "--format", "json")
        if done.returncode != 0:
            raise AssertionError(f"cordon env failed: {done.stderr}")
        variables = json.loads(done.stdout)
        return {name: value for name, value in variables.items() if isinstance(value, str)}

    def client_environment(self):
        """The whole environment of a client program: a plain one, and the variables of `cordon env`."""
        return {"PATH": self.environment["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **self.environment_for_clients()}

    @property
    def ca_certificate(self):
        return Path(self.environment_for_clients()["NODE_EXTRA_CA_CERTS"])

    @property
    def bundle(self):
        return Path(self.environment_for_clients()["SSL_CERT_FILE"])

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, text, timeout=5):
        deadline = time.monotonic() + timeout
        while text not in self.log():
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} is not in the log:\n{self.log()[-4000:]}")
            time.sleep(0.02)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop()


def sanitizer_environment():
    """A sanitizer's own settings reach the proxy; nothing else of the caller's environment does."""
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
