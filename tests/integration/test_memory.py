"""L2: what is left of a secret in the process's memory, looked for by any 12 bytes of it: an allocator overwrites the first bytes
of what it is given back, so a search for the whole value would prove nothing."""

import base64
import os
import re
import resource
import secrets
import signal
import subprocess
import sys
import time
import unittest

from harness import SANITIZER_KIB, CordonTest, Route, ask_connect, canary, connect, host, main, open_tunnel

TTL = 8


def left_out_of_cores(pid):
    """The mappings, as their first word in maps, that a core of the process leaves out, whoever takes it (MADV_DONTDUMP)."""
    found, current = set(), ""
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        for line in smaps:
            words = line.split()
            if not words[0].endswith(":"):
                current = words[0]
            elif words[0] == "VmFlags:" and "dd" in words:
                found.add(current)
    return found


def memory_of(pid):
    """Each readable part of the process's memory, as (its line in maps, its bytes), copied in a moment: a search takes seconds, in
    which what is kept would be dropped."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        found = []
        for line in maps:
            begin, end = (int(edge, 16) for edge in line.split()[0].split("-"))
            if line.split()[1].startswith("r") and "[v" not in line:  # not the kernel's own pages
                memory.seek(begin)
                found.append((line.strip(), memory.read(end - begin).strip(b"\0")))  # stacks are nearly empty
        return found


def traces(pid, *texts):
    """Where slices of `texts` are in the process's memory."""
    searches = [canary.Search(text) for text in texts]
    found = ((where, sum(search.count(content) for search in searches)) for where, content in memory_of(pid))
    return [f"{where}: {count} slices" for where, count in found if count]


def in_cores(pid, *texts):
    """Where slices are that a core which root takes would hold."""
    hidden = left_out_of_cores(pid)
    return [where for where in traces(pid, *texts) if where.split()[0] not in hidden]


@unittest.skipIf(os.geteuid() != 0, "reading another process's memory takes root")
@unittest.skipIf(SANITIZER_KIB, "sanitizers keep copies of their own, and terabytes of shadow memory")
class Secrets(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.secret = secrets.token_hex(24)
        cls.dummy = secrets.token_hex(24)
        cls.store = cls.world.folder / "store"
        cls.store.touch(mode=0o600)
        cls.store.write_text(cls.secret + "\n")
        cls.raw = cls.world.origin("raw")

    @classmethod
    def routes(cls):
        return [Route("raw", host("raw"), cls.secret, source=f'source = "command"\nargv = ["cat", "{cls.store}"]\n')]

    @classmethod
    def options(cls):
        return {"more": f'[secrets]\ncache_ttl = "{TTL}s"\n'}

    def send_requests(self):
        """Keep-alive requests on two connections, in a tunnel that ends; one that is refused."""
        for _ in range(2):
            with open_tunnel(self.cordon.port, host("raw"), self.cordon_bundle()) as tunnel:
                for _ in range(5):
                    answer = tunnel.request(f"GET / HTTP/1.1\r\nHost: {host('raw')}\r\nAuthorization: Bearer {self.dummy}\r\n\r\n")
                    self.assertEqual(answer.status, 200)
        with connect(self.cordon.port) as client:
            client.send(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.dummy}\r\n\r\n")
            self.assertEqual(client.read_response().status, 404)
        self.assertIn(f"Bearer {self.secret}".encode(), self.raw.received)

    def test_l2_no_slice_is_left_after_a_secret_is_dropped(self):
        self.send_requests()
        self.assertTrue(traces(self.cordon.process.pid, self.secret), "while it is kept, the search must find it")
        self.assertEqual(in_cores(self.cordon.process.pid, self.secret), [])
        deadline = time.monotonic() + TTL + 70  # a value that nobody asks for is dropped by the next sweep
        while (left := traces(self.cordon.process.pid, self.secret)) and time.monotonic() < deadline:
            time.sleep(1)
        self.assertEqual(left, [])


@unittest.skipIf(os.geteuid() != 0, "reading another process's memory takes root")
@unittest.skipIf(SANITIZER_KIB, "sanitizers keep copies of their own, and terabytes of shadow memory")
class Tokens(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.world.origin("raw")
        cls.world.origin("other")

    @classmethod
    def routes(cls):
        return [cls.world.route("raw")]

    def tokens(self):
        """(the instance's audience, its tokens)"""
        path = next(self.cordon.home.glob(".config/cordon/projects/*/tokens.toml"))
        return path.parent.name, re.findall(r"cdn_[\w-]{43}", path.read_text())

    def connect(self, audience, token, label):
        credential = base64.b64encode(f"{audience}:{token}".encode()).decode()
        return ask_connect(self.cordon.port, f"{host(label)}:443", f"Proxy-Authorization: Basic {credential}\r\n")

    def test_l2_no_slice_of_a_token_is_in_a_core_that_root_takes(self):
        """Only digests are kept, and what clients send is overwritten, also while their connections stay."""
        self.assertEqual(self.cordon.run("token", "create", "named").returncode, 0)
        audience, tokens = self.tokens()
        wrong = "cdn_" + secrets.token_urlsafe(32)
        for token in [*tokens, wrong]:
            for label in ("raw", "other"):  # a route, and a tunnel that is passed through
                for stays in (False, True):
                    connection, answer = self.connect(audience, token, label)
                    self.addCleanup(connection.close)
                    self.assertEqual(answer.status, 407 if token == wrong else 200)
                    if label == "raw" and answer.status == 200:
                        connection.start_tls(host("raw"), self.cordon_bundle())
                        self.assertEqual(connection.request(f"GET / HTTP/1.1\r\nHost: {host('raw')}\r\n\r\n").status, 200)
                    if not stays:
                        connection.close()
        deadline = time.monotonic() + 5  # the ends of the connections
        while (left := in_cores(self.cordon.process.pid, *tokens, wrong)) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(left, [])

    def test_the_search_finds_a_planted_token(self):
        """In a helper process that holds one as a client would send it."""
        token = "cdn_" + secrets.token_urlsafe(32)
        script = f"import base64, time; kept = base64.b64encode(b'audience:{token}'); print(flush=True); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            self.assertTrue(in_cores(process.pid, token))
            process.kill()


class Abort(CordonTest):
    """L1, L2: a crash leaves no core, where the system writes cores and whoever started it wants them."""

    @classmethod
    def setUpClass(cls):
        kept = resource.getrlimit(resource.RLIMIT_CORE)
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except ValueError:
            raise unittest.SkipTest("the limit of cores cannot be raised here") from None
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_CORE, (kept[0], resource.RLIM_INFINITY))
        super().setUpClass()

    @classmethod
    def routes(cls):
        return [cls.world.route("raw")]

    @classmethod
    def finish_cordon(cls):
        pass  # it has crashed

    @staticmethod
    def leaves_core(process, folder):
        """Aborts it. @returns what the kernel says of a core, and the files that it left"""
        before = set(folder.iterdir())
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        return os.WCOREDUMP(status), [path.name for path in set(folder.iterdir()) - before]

    def test_l1_l2_sigabrt_leaves_no_core(self):
        folder = self.cordon.project
        dumped, files = self.leaves_core(self.cordon.process, folder)
        self.assertEqual(self.cordon.process.returncode, -signal.SIGABRT)
        self.assertEqual((dumped, files), (False, []))
        # The same signal in the same folder to another program: unless it leaves a core, the above has proved nothing.
        # What kernel.core_pattern says decides where; the kernel's word is the same for a file and for a program that takes it.
        other = subprocess.Popen(["sleep", "60"], cwd=folder)
        dumped, files = self.leaves_core(other, folder)
        if not dumped:
            self.skipTest("this system writes no core of any program")
        for name in files:
            (folder / name).unlink()


if __name__ == "__main__":
    main()
