"""What is compared: one PostgreSQL server, and the ways to reach it, all without TLS."""

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness import Cordon, namespace, world
from harness.postgres import DATABASE, USER, Server, Target, programs, run_client

SETTINGS = ["log_connections = off", "log_disconnections = off", "shared_buffers = 512MB", "max_connections = 300", "autovacuum = off",
            "wal_level = minimal", "max_wal_senders = 0"]
SCALE = 1  # 100,000 accounts, 15 MB: all of them in memory, and soon in that of each server process
LINE = b"x" * 8191 + b"\n"  # a row of COPY's text format, 8 KiB
PGBOUNCER_PORT, HAPROXY_PORT = 6432, 7432
UNTIL_READY = 10

PGBOUNCER = """[databases]
{database} = host=127.0.0.1 port={port} dbname={database} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 100
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
ignore_startup_parameters = extra_float_digits
"""

HAPROXY = """global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen postgres
  bind 127.0.0.1:{own_port}
  server postgres 127.0.0.1:{port}
"""


@dataclass
class Way:
    name: str
    target: Target
    pid: int = 0  # of the proxy; 0: there is none

    def cpu_seconds(self):
        """What the proxy's threads have used so far."""
        if not self.pid:
            return 0.0
        return sum(map(nanoseconds_of, Path(f"/proc/{self.pid}/task").iterdir())) / 1e9


def nanoseconds_of(thread):
    try:
        return int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0  # ended meanwhile


class Setting:
    """The server, the proxies before it, and the data. `copy_mb` is what one COPY moves, `cores` the placement (places())."""

    def __init__(self, copy_mb, cores, real_time):
        need("pgbouncer", "haproxy", "setpriv")
        self.places = places(cores)
        self.processes, self.copy_size = [], copy_mb << 20
        self.awake = stay_awake()
        if real_time:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # inherited by all that is started from here on
        self.server = Server(world(), "127.0.0.1", identity=None, settings=SETTINGS)
        self.rows = namespace.folder() / "rows"
        self._fill()
        self.ways = [Way("direct", self.server.target("plain")), self._cordon(), self._pgbouncer(), self._haproxy()]
        self.trusted = Way("direct, no password", self.server.target("trust"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cordon.stop()
        for process in self.processes:
            process.terminate()
            process.wait(10)
        self.server.stop()

    def _fill(self):
        self.client(Target(str(self.server.folder), self.server.port, "postgres", DATABASE), "pgbench", "-i", "-q", "-s", str(SCALE))
        roles = ", ".join(self.server.roles[label].name for label in ("plain", "trust"))
        self.server.query(f"create table sink (row text); grant all on all tables in schema public to {roles}; vacuum analyze; checkpoint",
                          DATABASE)
        with open(self.rows, "wb") as file:
            for _ in range(self.copy_size >> 20):
                file.write(LINE * ((1 << 20) // len(LINE)))

    def client(self, target, *command):
        """@returns the output of a client program, which must end well."""
        done = run_client(target, *command, timeout=600)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} at port {target.port}: {done.stdout}{done.stderr}")
        return done.stdout

    def place(self, kind):
        """Moves the proxies, and all else in this process namespace, to the cores for a measurement of this kind."""
        of_proxies, of_others = self.places[kind]
        proxies = {way.pid for way in self.ways}
        for path in Path("/proc").glob("[0-9]*/task/[0-9]*"):
            try:
                os.sched_setaffinity(int(path.name), of_proxies if int(path.parts[2]) in proxies else of_others)
            except ProcessLookupError:
                pass  # ended meanwhile

    def _cordon(self):
        listener = self.server.listener("database", "plain", more='client_tls = "disable"\nupstream_tls = "disable"')
        self.cordon = Cordon(world().folder, [listener], log_level="info").start()
        return Way("cordon", listener.target(), self.cordon.process.pid)

    def _start(self, name, port, *command):
        log = namespace.folder() / f"{name}.log"
        with open(log, "wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd="/")
        self.processes.append(process)
        deadline = time.monotonic() + UNTIL_READY
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.02)
        return process.pid

    def _pgbouncer(self):
        role = self.server.roles["plain"]
        text = PGBOUNCER.format(database=DATABASE, port=self.server.port, user=role.name, password=role.password, own_port=PGBOUNCER_PORT)
        path = write_file("pgbouncer.ini", text)
        shutil.chown(path, USER)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]  # it refuses to run as root
        pid = self._start("pgbouncer", PGBOUNCER_PORT, *as_user, shutil.which("pgbouncer"), "--quiet", str(path))
        return Way("pgbouncer", Target("127.0.0.1", PGBOUNCER_PORT, "whoever", DATABASE, tls={"PGSSLMODE": "disable"}), pid)

    def _haproxy(self):
        path = write_file("haproxy.cfg", HAPROXY.format(own_port=HAPROXY_PORT, port=self.server.port))
        pid = self._start("haproxy", HAPROXY_PORT, shutil.which("haproxy"), "-db", "-f", str(path))
        role = self.server.roles["plain"]
        return Way("haproxy", Target("127.0.0.1", HAPROXY_PORT, role.name, DATABASE, role.password, {"PGSSLMODE": "disable"}), pid)


def need(*names):
    os.environ["PATH"] += ":/usr/sbin"
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}. cmake/debian-packages.txt names the packages, in its section [bench].")
    programs()


def places(cores):
    """@returns for a client that waits for each answer ("alone"), and for work that keeps all busy ("crowd"): the cores of the proxies,
    and those of the server and its clients."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2 and cores in ("apart", "either"):
        sys.exit("a proxy is measured alone on a core, so this takes two; --cores one and --cores any do without")
    one, apart, anywhere = (usable[-1:], usable[-1:]), (usable[:1], usable[1:]), (usable, usable)
    return {"either": {"alone": one, "crowd": apart}, "one": {"alone": one, "crowd": one}, "apart": {"alone": apart, "crowd": apart},
            "any": {"alone": anywhere, "crowd": anywhere}}[cores]


def stay_awake():
    """Keeps idle processors from sleeping, where the kernel can: a virtual one takes milliseconds to wake. @returns what holds it"""
    try:
        file = open("/dev/cpu_dma_latency", "wb", buffering=0)
        file.write(bytes(4))
        return file
    except OSError:
        return None


def write_file(name, text):
    path = namespace.folder() / name
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
