"""PostgreSQL servers for the tests of the command line: a real one, and stand-ins that answer as none of the real ones does.

The real one is started from a data folder of its own and accepts nobody: what is asked of it here comes before the login."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import DEADLINE, eventually, free_port
from servers import Server

SSL_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))


def programs():
    """The folder of the newest server that is installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[4]))
    if not found:
        raise AssertionError("no PostgreSQL server below /usr/lib/postgresql: install the package postgresql")
    return found[-1]


class RealServer:
    """`certificate` and `key` are PEM files; None: it has no TLS."""

    def __init__(self, certificate=None, key=None):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cordon-postgres-"))
        # It refuses to run as root.
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self.own(self.folder)
        data = self.folder / "data"
        # Of locales each machine has this one; the caller's may name another.
        self.run("initdb", "--no-sync", "--locale", "C", "--encoding", "UTF8", "--auth", "reject", "--pgdata", data)
        settings = [f"port = {self.port}", "listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self.folder}'", "fsync = off"]
        if certificate:
            for name, source in (("server.crt", certificate), ("server.key", key)):
                shutil.copy(source, data / name)
                self.own(data / name)
                (data / name).chmod(0o600)
            settings += ["ssl = on"]
        with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(settings) + "\n")
        self.process = subprocess.Popen([programs() / "postgres", "-D", data], **self.user, cwd="/", stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.answers, "the PostgreSQL server")

    def own(self, path):
        if self.user:
            account = pwd.getpwnam("postgres")
            os.chown(path, account.pw_uid, account.pw_gid)

    def run(self, program, *words):
        subprocess.run([programs() / program, *words], **self.user, cwd="/", check=True, capture_output=True)

    def answers(self):
        assert self.process.poll() is None, "the PostgreSQL server has ended"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as probe:
                probe.sendall(SSL_REQUEST)
                return probe.recv(1)
        except OSError:
            return b""

    def close(self):
        self.process.send_signal(signal.SIGINT)  # which waits for no client
        self.process.wait(DEADLINE)
        shutil.rmtree(self.folder)


class StandIn(Server):
    """Answers SSLRequest with `answer`, and goes through a TLS handshake after it where there is a `context`."""

    def __init__(self, answer, context=None):
        self.answer, self.context = answer, context
        self.requests = []
        self.protocols = []  # that the client offers by ALPN, as this server saw it chosen
        super().__init__()

    def converse(self, connection):
        self.requests.append(connection.recv(100))
        connection.sendall(self.answer)
        if self.context:
            with self.context.wrap_socket(connection, server_side=True) as wrapped:
                self.protocols.append(wrapped.selected_alpn_protocol())
                wrapped.recv(1)
        elif self.answer:
            connection.recv(100)  # until the client has seen it and goes
