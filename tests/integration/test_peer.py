"""Whose process a connection is from: K9 of the catalogue of attacks, with real processes of two users."""

import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

from harness import BINARY, Cordon, CordonTest, connect, host, main, world
from harness.raw_client import Connection

OTHER = 4242
RAW = host("raw")

# What another user's process does: connects, says so, sends what it was given, and passes on what it gets. Nothing is imported
# after the change: Python's own folders may be closed to that user.
CLIENT = """
import os, socket
os.setgroups([]); os.setresgid({uid}, {uid}, {uid}); os.setresuid({uid}, {uid}, {uid})
stream = socket.socket()
stream.connect(("127.0.0.1", {port}))
os.write(1, b"connected\\n")
os.read(0, 1)
try:
    stream.sendall({data!r})
    stream.settimeout(10)
    while data := stream.recv(65536):
        os.write(1, data)
except OSError as error:
    os.write(1, str(error).encode())
"""


def program_of(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


@functools.cache
def require(uid):
    """Skips the test where root cannot be another user: in a user namespace of a single user."""
    change = [sys.executable, "-c", f"import os; os.setresuid({uid}, {uid}, {uid})"]
    if subprocess.run(change, check=False, stderr=subprocess.DEVNULL).returncode != 0:
        raise unittest.SkipTest("this user namespace has no second user; run as root")


@contextlib.contextmanager
def client_of(uid, port, data):
    """A process of `uid` that is connected to `port`; it sends `data` when it gets a line."""
    require(uid)
    process = subprocess.Popen([sys.executable, "-c", CLIENT.format(uid=uid, port=port, data=data)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, bufsize=0)
    try:
        if process.stdout.readline() != b"connected\n":
            raise AssertionError("the client did not connect")
        yield process
    finally:
        process.kill()
        process.communicate()


def exchange(uid, port, data, wait=0.0):
    """What a process of `uid` gets for `data`."""
    with client_of(uid, port, data) as client:
        time.sleep(wait)
        return client.communicate(b"\n", timeout=20)[0].decode()


def get(path="/", authority=RAW):
    return f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n".encode()


CONNECT = f"CONNECT {RAW}:443 HTTP/1.1\r\nHost: {RAW}:443\r\n\r\n".encode()
CONNECT_FREE = f"CONNECT {host('free')}:7 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
ABSOLUTE = f"GET http://{host('open')}/ HTTP/1.1\r\nHost: {host('open')}\r\nConnection: close\r\n\r\n".encode()


class PeerTest(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.raw = cls.world.origin("raw")
        cls.free = cls.world.origin("free", lambda visit: visit.connection.stream.recv(1), identity=None, port=7)

    @classmethod
    def routes(cls):
        return [cls.world.route("raw")]

    def assert_peer_refused(self, text):
        self.assertTrue(text.startswith("HTTP/1.1 403 peer_refused\r\n"), text)
        self.assertIn('details="peer_refused"', text)
        self.assertIn('"error":"peer_refused"', text)


class Refused(PeerTest):
    def test_k9_another_users_process_is_refused_whatever_it_asks(self):
        require(OTHER)
        before = self.raw.accepted, self.free.accepted
        own = f"127.0.0.1:{self.cordon.port}"
        for data in (CONNECT, CONNECT_FREE, ABSOLUTE, get("/health", own), get("/metrics", own), b"", b"\x16\x03\x01 nonsense"):
            with self.subTest(data=data):
                self.assert_peer_refused(exchange(OTHER, self.cordon.port, data))
        self.assertEqual((self.raw.accepted, self.free.accepted), before, "no origin was contacted")
        self.assertTrue(self.cordon.is_healthy(), "others are served")

    def test_k9_the_answer_does_not_wait_for_a_request(self):
        """All of it is there before the client has sent anything, and so is the end."""
        started = time.monotonic()
        self.assert_peer_refused(exchange(OTHER, self.cordon.port, b""))
        self.assertLess(time.monotonic() - started, 8, "and not the time that a silent client has")

    def test_k9_the_log_names_user_process_and_program(self):
        with client_of(OTHER, self.cordon.port, CONNECT) as client:
            program = program_of(client.pid)
            self.cordon.wait_for_log(f"refused a connection from user id {OTHER} (pid {client.pid}, {program})")
            self.assertRegex(self.cordon.log(), " warn - - - 403 .* peer_refused\n")

    def test_k9_a_client_that_closed_at_once_is_refused(self):
        """Nobody can tell any more whose it was: uid 0 and inode 0 is what the kernel says then, also to a proxy of root's."""
        before = self.raw.accepted
        self.cordon.process.send_signal(signal.SIGSTOP)  # it closes before it is accepted
        try:
            client = connect(self.cordon.port)
            client.send(CONNECT)
            client.close()
        finally:
            self.cordon.process.send_signal(signal.SIGCONT)
        self.cordon.wait_for_log("refused a connection: the client has closed it already")
        self.assertEqual(self.raw.accepted, before)

    def test_k9_a_client_that_reset_at_once_is_refused(self):
        self.cordon.process.send_signal(signal.SIGSTOP)
        try:
            client = connect(self.cordon.port)
            client.send(CONNECT)
            client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        finally:
            self.cordon.process.send_signal(signal.SIGCONT)
        self.cordon.wait_for_log("refused a connection: the client's socket is gone")

    def test_a_half_closed_client_is_served(self):
        with Connection(socket.create_connection(("127.0.0.1", self.cordon.port))) as client:
            client.send(get("/health", f"127.0.0.1:{self.cordon.port}").decode())
            client.stream.shutdown(socket.SHUT_WR)
            self.assertEqual(client.read_response().status, 200)

    def test_a_dual_stack_client_is_served(self):
        with socket.socket(socket.AF_INET6) as stream:
            stream.connect(("::ffff:127.0.0.1", self.cordon.port))
            stream.sendall(get("/health", "localhost"))
            self.assertTrue(stream.recv(4096).startswith(b"HTTP/1.1 200 "))

    def test_the_request_log_names_the_program(self):
        """Looked up in the background: known by the time of a request that comes a little later."""
        deadline = time.monotonic() + 20
        with self.tunnel("raw") as tunnel:
            while not any("/named 200 " in line and f" peer={program_of('self')} " in line for line in self.cordon.log().splitlines()):
                self.assertLess(time.monotonic(), deadline, "no request of this connection was logged with its program")
                self.assertEqual(tunnel.request(f"GET /named HTTP/1.1\r\nHost: {RAW}\r\n\r\n").status, 200)
                time.sleep(0.05)


class Admitted(PeerTest):
    @classmethod
    def options(cls):
        return {"more": f"allow_uids = [{OTHER}]\n"}

    def test_allow_uids_admits_a_user(self):
        self.assertIn("HTTP/1.1 200 OK\r\n", exchange(OTHER, self.cordon.port, get("/health", "localhost")))
        self.assertIn("HTTP/1.1 200 Connection established\r\n", exchange(OTHER, self.cordon.port, CONNECT, wait=0.1)[:60])

    def test_allow_uids_admits_nobody_else(self):
        self.assert_peer_refused(exchange(OTHER + 1, self.cordon.port, CONNECT))
        self.assertTrue(self.cordon.is_healthy(), "our own user needs no entry")


class Reloaded(PeerTest):
    def test_a_reload_ends_the_connections_of_who_is_no_longer_admitted(self):
        with Cordon(self.world.folder, more=f"allow_uids = [{OTHER}]\n") as cordon:
            with client_of(OTHER, cordon.port, b"") as client:
                cordon.write_config()
                done = cordon.run("reload")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(client.communicate(b"\n", timeout=20)[0], b"", "it ends without an answer")
            self.assert_peer_refused(exchange(OTHER, cordon.port, CONNECT))
            self.assertTrue(cordon.is_healthy())


class Root(PeerTest):
    """Root is nobody special to a proxy of another user's."""

    @classmethod
    def setUpClass(cls):
        cls.world = world()

    def start_as_other(self, more=""):
        require(OTHER)
        cordon = Cordon(self.world.folder, more=more)
        self.world.folder.chmod(0o711)
        program = shutil.copy(BINARY, self.world.folder / "cordon")  # the build's folder may be closed to others
        cordon.log_path.touch()
        for path in (cordon.folder, *cordon.folder.rglob("*")):
            os.chown(path, OTHER, OTHER)
        with open(cordon.log_path, "ab") as log:
            cordon.process = subprocess.Popen([program, "start", "--config", str(cordon.config)], env=cordon.environment,
                                              cwd=cordon.project, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              user=OTHER, group=OTHER, extra_groups=[])
        self.addCleanup(cordon.stop)
        cordon.wait_for_log(f"listens on 127.0.0.1:{cordon.port}")
        return cordon

    def test_k9_root_is_refused_unless_listed(self):
        health = get("/health", "localhost")
        cordon = self.start_as_other()
        self.assertIn("HTTP/1.1 200 OK\r\n", exchange(OTHER, cordon.port, health))
        self.assert_peer_refused(exchange(0, cordon.port, health))
        cordon.wait_for_log("refused a connection from user id 0;")

    def test_allow_uids_admits_root(self):
        cordon = self.start_as_other("allow_uids = [0]\n")
        self.assertIn("HTTP/1.1 200 OK\r\n", exchange(0, cordon.port, get("/health", "localhost")))
        self.assert_peer_refused(exchange(OTHER + 1, cordon.port, CONNECT))


if __name__ == "__main__":
    main()
