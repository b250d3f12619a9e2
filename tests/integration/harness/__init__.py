"""The harness of the integration tests. A test program says

    from harness import CordonTest, main, world

and ends with `main()`, which moves it into namespaces of its own (namespace.py says why) before any test runs."""

import functools
import os
import subprocess
import time
import unittest

from . import canary, namespace, pki
from .cordon_process import BINARY, Cordon, Route
from .nginx import Nginx
from .origins import ANSWER, NameServer, Origin, echo_script, sse_script, tls_server_context
from .raw_client import Closed, Connection, ask_connect, connect, open_tunnel, tls_context

# AddressSanitizer keeps what was freed in a quarantine of 256 MiB, and ThreadSanitizer shadows each page that is touched.
SANITIZER_KIB = 384 * 1024 if os.environ.get("CORDON_TEST_SANITIZER") else 0
LOAD = os.environ.get("CORDON_LOAD")
FULL = os.environ.get("CORDON_TEST_FULL") == "1"  # the long forms: 1 GiB bodies, 10,000 repetitions

# Every name that a test may use, each with an address of its own.
HOSTS = ["api", "key", "basic", "git", "pip", "npm", "open", "echo", "sse", "ws", "raw", "other", "expired", "wrong", "self", "nosan",
         "old", "corp", "free", "dead", "cordonca", "asking", "upgrade"]
NGINX_HOSTS = ("api", "key", "basic", "git", "pip", "npm", "open")
NGINX_ADDRESS = "203.0.113.7"


def host(label):
    return f"{label}.origin.test"


def address_of(label):
    return NGINX_ADDRESS if label in NGINX_HOSTS else f"203.0.113.{20 + HOSTS.index(label)}"


class World:
    """What a test program's tests share: names, addresses, a root that the system trusts, and nginx once it is asked for."""

    def __init__(self):
        namespace.set_up_addresses()
        special = [("203.0.113.7", "mixed.origin.test"), ("10.1.2.3", "mixed.origin.test"), ("127.0.0.1", "loop.origin.test"),
                   ("10.1.2.3", "private.origin.test")]
        namespace.set_up_names([(address_of(label), host(label)) for label in HOSTS] + special)
        self.folder = namespace.folder()
        self.authority = pki.Authority(self.folder, "system")
        namespace.add_system_root(self.authority.root)
        self.names = NameServer()
        self.identity = self.authority.issue(*[host(label) for label in HOSTS], "IP:203.0.113.7", label="origins")
        self.canaries = {}
        self.origins = {}

    def secret(self, label):
        """The canary secret of `label`, the same each time."""
        return self.canaries.setdefault(label, canary.make(label))

    def route(self, label, **more):
        return Route(label, host(label), self.secret(label), **more)

    @functools.cached_property
    def nginx(self):
        sites = {host(label): ("authorization", f"Bearer {self.secret(label)}") for label in ("api", "pip", "npm")}
        sites[host("key")] = ("x_api_key", self.secret("key"))
        sites[host("git")] = ("authorization", Route("git", "", self.secret("git"), username="tester").value())
        sites[host("basic")] = ("authorization", Route("basic", "", self.secret("basic"), username="user").value())
        sites[host("open")] = ("authorization", "")  # answers only to a request that carries no credential
        return Nginx(self.folder / "nginx", NGINX_ADDRESS, self.identity, sites, (1 << 30) if FULL else (64 << 20))

    def origin(self, label, script=None, **options):
        """A recording TLS origin at the address of `label`, with a good certificate unless `identity=` says otherwise."""
        identity = options.pop("identity", self.identity)
        port = options.pop("port", 443)
        arguments = [script] if script else []
        if before := self.origins.pop((label, port), None):
            before.close()  # another class's
        self.origins[label, port] = Origin((address_of(label), port), identity, *arguments, **options)
        return self.origins[label, port]


@functools.cache
def world():
    return World()


class CordonTest(unittest.TestCase):
    """A test case whose class starts one Cordon with `routes()`."""

    maxDiff = None
    SPARE = 4  # descriptors of connections that Cordon may keep for later

    def assert_memory_flat(self, before, allowed_kib):
        """Cordon's memory has grown by less than `allowed_kib` since it was `before`."""
        self.assertLess(self.cordon.resident_kib() - before, allowed_kib + SANITIZER_KIB, "growth of RSS in KiB")

    def settle(self, descriptors):
        """Cordon's descriptors come back to `descriptors`, or a few more: before the 10 s after which a silent connection is given up."""
        deadline = time.monotonic() + 9
        while (now := self.cordon.descriptors()) > descriptors + self.SPARE:
            self.assertLess(time.monotonic(), deadline, f"{now} descriptors, {descriptors} before")
            time.sleep(0.05)

    def assert_ended_at_ten_seconds(self, waiting, ask, quick):
        """Each Connection of the dict `waiting` was begun just now, and is ended 10 s later; `ask()`, again and again meanwhile, never
        takes `quick` seconds."""
        ends, worst, started = {}, 0.0, time.monotonic()
        for connection in waiting.values():
            connection.stream.settimeout(0.01)
        while len(ends) < len(waiting) and time.monotonic() - started < 20:
            asked = time.monotonic()
            ask()
            worst = max(worst, time.monotonic() - asked)
            for name, connection in waiting.items():
                if name not in ends and connection.is_ended():
                    ends[name] = time.monotonic() - started
        self.assertEqual(sorted(ends), sorted(waiting), "all are ended within 20 s")
        for name, seconds in ends.items():
            with self.subTest(name):
                self.assertGreater(seconds, 9)
                self.assertLess(seconds, 13)
        self.assertLess(worst, quick, "others are served meanwhile")

    @classmethod
    def routes(cls):
        return []

    @classmethod
    def options(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        cls.world = world()
        cls.cordon = None
        cls.set_up_origins()
        cls.cordon = Cordon(cls.world.folder, cls.routes(), **cls.options()).start()
        cls.addClassCleanup(cls.finish_cordon)

    @classmethod
    def set_up_origins(cls):
        pass

    @classmethod
    def finish_cordon(cls):
        """Whatever a class did, its proxy is alive at the end, ends well, and has no secret in its log or its files."""
        alive = cls.cordon.process.poll() is None
        status = cls.cordon.stop()
        log = cls.cordon.log()
        if not alive or status != 0:
            raise AssertionError(f"cordon ended by itself or badly (status {status}):\n{log[-6000:]}")
        for route in cls.cordon.routes:
            hits = canary.places_with(route.secret, cls.cordon.log_path, cls.cordon.home, cls.cordon.project)
            if hits:
                raise AssertionError(f"the secret of {route.name} is in {hits}")

    def assert_sealed(self, secret, *places):
        """`secret` occurs in no spelling in `places` (bytes, text, files, folders), nor in the log."""
        self.assertEqual([], canary.places_with(secret, self.cordon.log_path, *places))

    def load(self, label, path, *arguments):
        """The load client (bench/load), started: requests for `path` of a host, and its report as JSON on standard output."""
        return subprocess.Popen([LOAD, "--proxy", f"127.0.0.1:{self.cordon.port}", "--ca", str(self.cordon_bundle()), "--url",
                                 f"https://{host(label)}{path}", "--json", *arguments], stdout=subprocess.PIPE, text=True)

    @staticmethod
    def need_load():
        if not LOAD:
            raise AssertionError("CORDON_LOAD must name the load client (build the target cordon-load)")

    def tunnel(self, label, **options):
        return open_tunnel(self.cordon.port, host(label), options.pop("roots", self.cordon_bundle()), **options)

    @classmethod
    def cordon_bundle(cls):
        if not hasattr(cls, "_bundle") or cls._bundle[0] is not cls.cordon:
            cls._bundle = (cls.cordon, cls.cordon.bundle)
        return cls._bundle[1]

    def assert_refused(self, response, status, code):
        """The answer is Cordon's own: the code is the reason phrase, in the JSON body and in Proxy-Status."""
        self.assertEqual((response.status, response.reason), (status, code))
        self.assertIn(f'"error":"{code}"'.encode(), response.body.replace(b" ", b""))
        self.assertIn(f'details="{code}"', response.get("proxy-status") or "")


def main():
    namespace.enter()
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
