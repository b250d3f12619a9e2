"""L2: what is left of a secret in the process's memory, looked for by any 12 bytes of it: an allocator overwrites the first bytes
of what it is given back, so a search for the whole value would prove nothing."""

import base64
import os
import secrets
import time
import unittest

from harness import SANITIZER_KIB, CordonTest, Route, connect, host, main, open_tunnel

SLICE = 12
TTL = 8


def slices(text):
    """Every run of 12 bytes of `text`, and of its base64 at each alignment."""
    raw = text.encode()
    forms = [raw] + [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return {form[at:at + SLICE] for form in forms for at in range(len(form) - SLICE + 1)}


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
    """Each readable part of the process's memory, as (its line in maps, its bytes)."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            begin, end = (int(edge, 16) for edge in line.split()[0].split("-"))
            if line.split()[1].startswith("r") and "[v" not in line:  # not the kernel's own pages
                memory.seek(begin)
                yield line.strip(), memory.read(end - begin)


def traces(pid, text):
    """Where slices of `text` are in the process's memory."""
    wanted = slices(text)
    return [f"{where}: {sum(part in content for part in wanted)} slices" for where, content in memory_of(pid)
            if any(part in content for part in wanted)]


@unittest.skipIf(os.geteuid() != 0, "reading another process's memory takes root")
@unittest.skipIf(SANITIZER_KIB, "sanitizers keep copies of their own, and terabytes of shadow memory")
class Memory(CordonTest):
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
        kept = traces(self.cordon.process.pid, self.secret)
        self.assertTrue(kept, "while it is kept, the search must find it")
        hidden = left_out_of_cores(self.cordon.process.pid)
        self.assertEqual([where for where in kept if where.split()[0] not in hidden], [], "in a core that root takes")
        deadline = time.monotonic() + TTL + 70  # a value that nobody asks for is dropped by the next sweep
        while (left := traces(self.cordon.process.pid, self.secret)) and time.monotonic() < deadline:
            time.sleep(1)
        self.assertEqual(left, [])


if __name__ == "__main__":
    main()
