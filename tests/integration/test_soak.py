"""Many keep-alive clients for a while: no failed request, no growth. 1,000 clients for 5 minutes with CORDON_TEST_FULL=1."""

import json
import time

from harness import FULL, SANITIZER_KIB, CordonTest, main

CLIENTS, SECONDS, INTERVAL = (1000, 300, 5) if FULL else (200, 15, 1)
PER_CONNECTION_KIB = 64


class Soak(CordonTest):
    @classmethod
    def set_up_origins(cls):
        cls.need_load()
        cls.world.nginx  # noqa: B018 - starts it

    @classmethod
    def routes(cls):
        return [cls.world.route("api")]

    @classmethod
    def options(cls):
        return {"log_level": "warn"}

    def sample(self, process, started):
        """Rows of (seconds, RSS in KiB, descriptors) until the load ends."""
        rows = []
        print(f"\n{'seconds':>8} {'RSS KiB':>8} {'descriptors':>12}", flush=True)
        while process.poll() is None:
            rows.append((time.monotonic() - started, self.cordon.resident_kib(), self.cordon.descriptors()))
            print(f"{rows[-1][0]:8.0f} {rows[-1][1]:8} {rows[-1][2]:12}", flush=True)
            time.sleep(INTERVAL)
        return rows

    def test_a_few_clients_leave_no_growth(self):
        """What a request leaves behind shows with few connections: 100,000 requests and more, flat memory."""
        def run(seconds):
            report = json.loads(self.load("api", "/kib", "--connections", "8", "--duration", f"{seconds}s").communicate()[0])
            self.assertEqual((report["errors"], report["not_200"]), (0, 0), report)

        run(3)
        warm = self.cordon.resident_kib()
        run(SECONDS // 2)
        self.assert_memory_flat(warm, 768)

    def test_keep_alive_clients(self):
        before = self.cordon.descriptors()
        process = self.load("api", "/kib", "--connections", str(CLIENTS), "--duration", f"{SECONDS}s")
        rows = self.sample(process, time.monotonic())
        report = json.loads(process.stdout.read())
        print(json.dumps(report, indent=1))
        self.assertEqual(process.returncode, 0, "every request is answered with 200")
        self.assertEqual((report["not_200"], report["errors"]), (0, 0))
        self.assertGreater(report["ok"], CLIENTS)
        warm = [row for row in rows if row[0] > SECONDS / 3]
        # Chance decides how many requests are under way at once, and with it how many connections to the origin are open:
        # each takes a descriptor and its TLS state. What is asked is that nothing grows beside them.
        more = max(0, max(row[2] for row in warm) - warm[0][2])
        self.assertLess(warm[-1][1], warm[0][1] * 1.03 + 1024 + more * PER_CONNECTION_KIB + SANITIZER_KIB, "growth of RSS (KiB) after the first third")
        self.assertLessEqual(max(row[2] for row in rows), before + 2 * CLIENTS + 16, "one connection to the origin a client at most")
        deadline = time.monotonic() + 40  # pooled connections to the origin are kept for 30 s
        while self.cordon.descriptors() > before + 4 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertLessEqual(self.cordon.descriptors(), before + 4, "descriptors come back")

    def test_new_connections(self):
        for more in ([], ["--resume"]):
            with self.subTest(more):
                process = self.load("api", "/kib", "--connections", "16", "--duration", "3s", "--new-connections", *more)
                report = json.loads(process.communicate()[0])
                self.assertEqual((process.returncode, report["errors"], report["not_200"]), (0, 0, 0), report)
                self.assertEqual(report["resumed"] > 0, bool(more))

    def test_uploads(self):
        process = self.load("api", "/sink", "--method", "POST", "--body-size", "1000000", "-c", "8", "-d", "3s")
        report = json.loads(process.communicate()[0])
        self.assertEqual((process.returncode, report["errors"], report["not_200"]), (0, 0, 0), report)


if __name__ == "__main__":
    main()
