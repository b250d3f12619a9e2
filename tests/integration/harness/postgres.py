"""A real PostgreSQL server with a data folder of its own, its roles, and the [[listeners]] that lead to it."""

import base64
import functools
import hashlib
import itertools
import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import canary, namespace

USER = "postgres"  # the system's; the server refuses to run as root
_ports = itertools.count(5432)  # the program has a network of its own
_listener_ports = itertools.count(15432)


@functools.cache
def programs():
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if not found:
        raise AssertionError("no PostgreSQL server below /usr/lib/postgresql: install the package postgresql")
    return found[-1].parent


@functools.cache
def _as_user():
    """What stands before a command to run it as another user than root: nothing but that user's ids, or, in a user namespace with
    a single user, one more namespace in which that one is called so."""
    account = pwd.getpwnam(USER)
    ids = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    try:
        subprocess.run(["true"], check=True, **ids)
        return [], ids
    except (PermissionError, OSError):
        return ["unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"], {}


def _run(*command, **options):
    prefix, ids = _as_user()
    done = subprocess.run([*prefix, *map(str, command)], **ids, cwd="/", capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{shlex.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def _give(path, mode):
    """To the server's user, where there is one."""
    path.chmod(mode)
    if _as_user()[1]:
        account = pwd.getpwnam(USER)
        os.chown(path, account.pw_uid, account.pw_gid)


@functools.cache
def _empty_cluster():
    """What initdb makes, once a program; each server starts from a copy."""
    namespace.folder().chmod(0o711)  # the server's user passes through it
    folder = namespace.folder() / "postgres-empty"
    folder.mkdir()
    _give(folder, 0o700)
    _run(programs() / "initdb", "--no-sync", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8",
         "--pgdata", folder)
    return folder


@dataclass(frozen=True)
class Role:
    name: str
    password: str


# A label, how its role may log in, and what it may do. The names are such that no other text has them by chance.
ROLES = {
    "scram": ("hostssl", "scram-sha-256", "CREATEDB REPLICATION"),
    "plain": ("hostnossl", "scram-sha-256", ""),
    "md5": ("host", "md5", ""),
    "password": ("host", "password", ""),
    "trust": ("host", "trust", ""),
    "cert": ("hostssl", "cert", ""),
    "limited": ("hostssl", "scram-sha-256", "CONNECTION LIMIT 1"),
    "rotated": ("hostssl", "scram-sha-256", ""),
    "disabled": ("hostssl", "scram-sha-256", "NOLOGIN"),
}
REJECTED = {"hostssl": "hostnossl", "hostnossl": "hostssl"}
DATABASE = "appdata"


def host_based_authentication(roles):
    lines = ["local all all trust"]
    for label, (kind, method, _) in ROLES.items():
        name = roles[label].name
        lines.append(f"{kind} all {name} all {method}")
        if kind in REJECTED:
            lines.append(f"{REJECTED[kind]} all {name} all reject")
    return "\n".join([*lines, f"hostssl replication {roles['scram'].name} all scram-sha-256", ""])


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Server:
    """`Server(world)` is started, has every role of ROLES and a database DATABASE of the role `scram`. `identity` None: no TLS."""

    def __init__(self, world, *names, address="127.0.0.1", port=None, identity=..., roles=None, settings=()):
        self.address, self.port = address, port or next(_ports)
        self.host = names[0] if names else "localhost"
        self.roles = roles or {label: Role(f"realrole_{label}", canary.make(f"pg{label}")) for label in ROLES}
        self.authority = world.authority
        if identity is ...:
            identity = world.authority.issue(*(names or ["localhost"]), label=f"postgres-{self.port}-{address}")
        self.identity = identity
        self.folder = namespace.folder() / f"postgres-{address}-{self.port}"
        self.log_path = self.folder / "log"
        self.data = self.folder / "data"
        self.process = None
        self._prepare(settings)
        self.start()
        self._make_roles()

    def _prepare(self, settings):
        empty = _empty_cluster()
        self.folder.mkdir()
        _give(self.folder, 0o711)
        _run("cp", "-a", empty, self.data)
        lines = [f"listen_addresses = '{self.address}'", f"port = {self.port}", f"unix_socket_directories = '{self.folder}'",
                 "fsync = off", "synchronous_commit = off", "full_page_writes = off", "log_connections = on", "log_disconnections = on",
                 "log_error_verbosity = verbose", "timezone = 'UTC'", "wal_level = logical", "max_wal_senders = 4", *settings]
        if self.identity:
            self.use_identity(self.identity)
            lines += ["ssl = on", "ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'", "ssl_ca_file = 'clients.crt'"]
        (self.data / "postgresql.conf").write_text("\n".join(lines) + "\n")
        (self.data / "pg_hba.conf").write_text(host_based_authentication(self.roles))

    def use_identity(self, identity):
        for name, source in (("server.crt", identity.certificate), ("server.key", identity.key), ("clients.crt", self.authority.root)):
            path = self.data / name
            path.write_bytes(source.read_bytes())
            _give(path, 0o600)

    def start(self, timeout=30):
        prefix, ids = _as_user()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*prefix, programs() / "postgres", "-D", self.data], cwd="/", stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, **ids)
        deadline = time.monotonic() + timeout
        asking = [programs() / "pg_isready", "-q", "-U", "postgres", "-h", self.folder, "-p", str(self.port)]
        while subprocess.run(asking, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start:\n{self.log()[-4000:]}")
            time.sleep(0.02)
        return self

    def stop(self, number=signal.SIGINT):
        """SIGINT is PostgreSQL's fast shutdown: sessions are ended. SIGQUIT: at once, as in a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        self.query("select pg_reload_conf()")

    def _make_roles(self):
        owner = self.roles["scram"].name
        statements = []
        for label, (_, method, more) in ROLES.items():
            kind = "md5" if method == "md5" else "scram-sha-256"
            role = self.roles[label]
            login = "" if "NOLOGIN" in more else "LOGIN"
            statements.append(f"set password_encryption = '{kind}'; create role {role.name} {login} {more} password {literal(role.password)};")
        self.query("\n".join(statements))
        self.query(f"create database {DATABASE} owner {owner}")

    def change_password(self, label, password):
        """@returns the role with its new password, which is the server's from now on"""
        role = Role(self.roles[label].name, password)
        self.query(f"alter role {role.name} password {literal(password)}")
        self.roles[label] = role
        return role

    def query(self, sql, database="postgres"):
        """The rows of `sql`, run by the superuser through the server's own socket; columns are parted by `|`."""
        done = subprocess.run([programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U", "postgres",
                               "-d", database], input=sql, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{sql[:200]}: {done.stderr}")
        return done.stdout.splitlines()

    def sessions(self, more="true"):
        """How many client sessions there are over TCP."""
        where = f"backend_type in ('client backend', 'walsender') and client_addr is not null and {more}"
        return int(self.query(f"select count(*) from pg_stat_activity where {where}")[0])

    def wait_for_sessions(self, count, more="true", timeout=10):
        deadline = time.monotonic() + timeout
        while (found := self.sessions(more)) != count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{found} sessions on the server, {count} expected:\n" + "\n".join(self.query(
                    "select pid, usename, datname, state, query from pg_stat_activity where client_addr is not null")))
            time.sleep(0.05)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def target(self, label="scram", database=DATABASE):
        """The way to this server without Cordon."""
        role = self.roles[label]
        tls = {"PGSSLMODE": "disable" if not self.identity or label == "plain" else "verify-full", "PGSSLROOTCERT": str(self.authority.root)}
        return Target(self.host, self.port, role.name, database, role.password, tls)

    def listener(self, name, label="scram", **more):
        role = self.roles[label]
        options = {"upstream": f"{self.host}:{self.port}", **more}
        return Listener(name, username=role.name, secret=role.password, **options)


@functools.cache
def shared_server():
    """The server that the classes of one program share, as `localhost`; its root is one of the system's."""
    from . import world
    return Server(world())


@dataclass(frozen=True)
class Target:
    """Where a client connects, and as whom."""
    host: str
    port: int
    user: str
    database: str
    password: str = ""
    tls: dict = field(default_factory=dict)

    def environment(self):
        """libpq's variables."""
        found = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGDATABASE": self.database, **self.tls,
                 "PGCONNECT_TIMEOUT": "30", "PGPASSFILE": "/nonexistent", "PGSERVICEFILE": "/nonexistent"}
        return {**found, "PGPASSWORD": self.password} if self.password else found


@dataclass
class Listener:
    """One [[listeners]] table; takes a Route's place in the list that Cordon is given. `more` is further lines of it."""
    name: str
    upstream: str
    username: str
    secret: str
    more: str = ""
    source: str = ""
    port: int = field(default_factory=lambda: next(_listener_ports))

    def toml(self, secret_file):
        lines = ["[[listeners]]", f'name = "{self.name}"', f"port = {self.port}", f'upstream = "{self.upstream}"', self.more,
                 "[listeners.auth]", 'type = "password"', f'username = "{self.username}"', "[listeners.auth.secret]",
                 self.source or f'source = "file"\npath = "{secret_file}"']
        return "\n".join(line for line in lines if line) + "\n"

    def target(self, user="whoever", database=DATABASE, tls="disable", roots=None, password=""):
        """The way to the server through Cordon: any user, and no password unless a token is asked for."""
        return Target("localhost" if roots else "127.0.0.1", self.port, user, database, password,
                      {"PGSSLMODE": tls, "PGSSLROOTCERT": str(roots or "/nonexistent")})


def forms_of(role, server=None):
    """What gives a role's password away beside itself: PostgreSQL's MD5 of it, and, as `server` stores them, the keys of SCRAM
    together with what they are made of. Each as text of which any 12 characters are looked for."""
    inner = hashlib.md5((role.password + role.name).encode()).hexdigest()
    found = [role.password, inner]
    stored = server and server.query(f"select rolpassword from pg_authid where rolname = {literal(role.name)}")[0]
    if match := re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)", stored or ""):
        salted = hashlib.pbkdf2_hmac("sha256", role.password.encode(), base64.b64decode(match[2]), int(match[1]))
        keys = [salted, *(base64.b64decode(match[number]) for number in (3, 4))]
        found += [form for key in keys for form in (key.hex(), base64.b64encode(key).decode().rstrip("="))]
    return found


def places_with_forms(role, server, *places):
    return [(form[:4] + "...", place) for form in forms_of(role, server) for place in canary.places_with(form, *places)]


def run_client(target, *command, timeout=120, environment=None, **options):
    """A client program to its end. Names such as `psql` are the newest server's."""
    program = programs() / command[0]
    words = [str(program if program.exists() else command[0]), *map(str, command[1:])]
    return subprocess.run(words, env={**client_environment(), **target.environment(), **(environment or {})}, capture_output=True, text=True,
                          timeout=timeout, check=False, **options)


def client_environment():
    return {"PATH": f"{programs()}:{os.environ.get('PATH', '/usr/bin:/bin')}", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PSQLRC": "/nonexistent",
            "PYTHONPATH": os.pathsep.join(sys.path[:1])}
