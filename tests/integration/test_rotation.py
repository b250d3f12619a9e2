"""A rotation in each store, while the proxy runs: when the new value reaches the origin."""

import time

from harness import ANSWER, CordonTest, Route, canary, host, main
from harness.stores import KINDS, environment_of

LABELS = dict(zip(KINDS, ("raw", "other", "echo", "sse", "ws"), strict=True))
# Not "env": the environment of a process is fixed when it starts.
ROTATED = [kind for kind in KINDS if kind != "env"]
SECONDS = 2


class RotationTest(CordonTest):
    """One route for each kind of store. Its origin answers 200 to the value that the store holds now, and 401 to any other if STRICT."""

    TTL = ""
    STRICT = True

    @classmethod
    def set_up_origins(cls):
        folder = cls.world.folder / f"stores-{cls.__name__}"
        folder.mkdir()
        cls.values = {kind: canary.make(kind) for kind in KINDS}
        cls.stores = {kind: store(folder, cls.values[kind]) for kind, store in KINDS.items()}
        cls.addClassCleanup(cls.stores["keyring"].stop)
        cls.seen = {kind: [] for kind in KINDS}
        for kind, label in LABELS.items():
            cls.world.origin(label, cls.judge_of(kind))

    @classmethod
    def judge_of(cls, kind):
        def script(visit):
            while request := visit.read_request():
                cls.seen[kind] += request.all("authorization")
                good = not cls.STRICT or request.all("authorization") == [f"Bearer {cls.values[kind]}"]
                visit.send(ANSWER if good else b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")

        return script

    @classmethod
    def routes(cls):
        return [Route(kind, host(label), cls.values[kind], source=cls.stores[kind].source) for kind, label in LABELS.items()]

    @classmethod
    def options(cls):
        return {"more": f'[secrets]\ncache_ttl = "{cls.TTL}"\n', "environment": environment_of(cls.stores)}

    def rotate(self, kind):
        """@returns the value before, and the one from now on"""
        before = self.values[kind]
        self.values[kind] = canary.make(kind)
        self.stores[kind].rotate(self.values[kind])
        return before, self.values[kind]

    def get(self, kind):
        """@returns the status, and the value that reached the origin"""
        with self.tunnel(LABELS[kind]) as tunnel:
            status = tunnel.request(f"GET / HTTP/1.1\r\nHost: {host(LABELS[kind])}\r\n\r\n").status
        return status, self.seen[kind][-1].removeprefix("Bearer ")

    def tearDown(self):
        for value in self.values.values():
            self.assert_sealed(value)


class NothingKept(RotationTest):
    TTL = "0s"

    def test_each_store_on_the_very_next_request(self):
        for kind in ROTATED:
            for _ in range(3):
                with self.subTest(kind):
                    _, value = self.rotate(kind)
                    self.assertEqual(self.get(kind), (200, value))

    def test_variable_with_the_next_start(self):
        _, value = self.rotate("env")
        self.cordon.stop()
        self.cordon.start(self.stores["env"].environment)
        self.assertEqual(self.get("env"), (200, value))


class KeptForAMoment(RotationTest):
    TTL = f"{SECONDS}s"
    STRICT = False  # an origin that refuses the old value would end its time early

    def test_each_store_after_its_time(self):
        for kind in ROTATED:
            with self.subTest(kind):
                self.assertEqual(self.get(kind)[0], 200)
                before, after = self.rotate(kind)
                until = time.monotonic() + SECONDS
                self.assertIn(self.get(kind)[1], (before, after))
                time.sleep(max(0, until - time.monotonic()) + 0.02)
                self.assertEqual(self.get(kind), (200, after))


class KeptForLong(RotationTest):
    TTL = "15m"

    def test_each_store_with_the_request_after_a_401(self):
        for kind in ROTATED:
            with self.subTest(kind):
                self.assertEqual(self.get(kind)[0], 200)
                before, after = self.rotate(kind)
                self.assertEqual(self.get(kind), (401, before), "kept, so that the origin's refusal is what brings the new one")
                self.assertEqual(self.get(kind), (200, after))

    def test_each_store_with_a_reload(self):
        rotated = {kind: self.rotate(kind)[1] for kind in ROTATED}
        self.assertEqual(self.cordon.run("reload").returncode, 0)
        for kind, value in rotated.items():
            with self.subTest(kind):
                self.assertEqual(self.get(kind), (200, value))


if __name__ == "__main__":
    main()
