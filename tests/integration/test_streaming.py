"""Bodies and streams as they come: server-sent events, chunked uploads, WebSockets by hand, interleaved routes (D12)."""

import json
import statistics
import threading
import time

from harness import FULL, CordonTest, echo_script, host, main, sse_script


class Streaming(CordonTest):
    @classmethod
    def set_up_origins(cls):
        world = cls.world
        cls.events = world.origin("sse", sse_script(f"Bearer {world.secret('sse')}"))
        cls.plain_events = world.origin("free", sse_script("Bearer open"))
        names = {f"Bearer {world.secret('raw')}": "<raw>", world.secret("other"): "<other>"}
        cls.raw, cls.other = world.origin("raw", echo_script(names)), world.origin("other", echo_script(names))
        cls.slow = world.origin("echo", slow_reader)

    @classmethod
    def routes(cls):
        world = cls.world
        return [world.route("sse"), world.route("raw"), world.route("other", header="X-Other-Key", scheme=""), world.route("echo")]

    def event_delays(self, label, more=""):
        with self.tunnel(label) as tunnel:
            tunnel.send(f"GET /events HTTP/1.1\r\nHost: {host(label)}\r\n{more}\r\n")
            self.assertEqual(tunnel.read_head().status, 200)
            delays = []
            while size := int(tunnel.read_until(b"\r\n"), 16):
                event = tunnel.read_exactly(size)
                delays.append(time.monotonic() - float(event.removeprefix(b"data: ")))
                tunnel.read_exactly(2)
        self.assertEqual(len(delays), 8)
        return delays

    def test_each_sse_event_arrives_before_the_next_is_sent(self):
        for label, more in (("sse", ""), ("free", "Authorization: Bearer open\r\n")):
            with self.subTest(label):
                delays = self.event_delays(label, more)
                # A busy machine may be slow; what must not be is an event that waits for the one behind it.
                print(f"\nevents of {label}: median {1000 * statistics.median(delays):.2f} ms after they were sent")
                self.assertLess(max(delays), 0.25)

    def test_upload_pieces_arrive_as_they_are_sent(self):
        with self.tunnel("echo") as tunnel:
            tunnel.send(f"POST / HTTP/1.1\r\nHost: {host('echo')}\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(8):
                piece = f"{time.monotonic():.6f}\n".encode()
                tunnel.send(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(0.25)
            tunnel.send(b"0\r\n\r\n")
            delays = json.loads(tunnel.read_response().body)
        self.assertEqual(len(delays), 8)
        print(f"\npieces of an upload: median {1000 * statistics.median(delays):.2f} ms after they were sent")
        self.assertLess(max(delays), 0.25)

    def test_large_header_sets_and_order_pass(self):
        fields = [(f"X-Field-{number}", "v" * 100) for number in range(100)]
        with self.tunnel("raw") as tunnel:
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
            answer = json.loads(tunnel.request(f"GET /a/../b;c=1?d=%20&e HTTP/1.1\r\nHost: {host('raw')}\r\n{lines}\r\n").body)
        self.assertEqual(answer["line"], "GET /a/../b;c=1?d=%20&e HTTP/1.1")
        self.assertEqual([field for field in answer["fields"] if field[0].startswith("X-")], [list(field) for field in fields])

    def test_d12_interleaved_routes_never_mix(self):
        """Four connections, turn and turn about, and all four at once."""
        turns = 2500 if FULL else 500
        labels = ["raw", "other", "raw", "other"]
        wrong = []

        def one(tunnel, label, count):
            for number in range(count):
                answer = json.loads(tunnel.request(f"GET /{number} HTTP/1.1\r\nHost: {host(label)}\r\nX-Mine: {label}\r\n\r\n").body)
                if answer["credential"] != [f"<{label}>"] or answer["line"] != f"GET /{number} HTTP/1.1":
                    wrong.append((label, answer))

        tunnels = [self.tunnel(label) for label in labels]
        for _ in range(turns // 2):
            for tunnel, label in zip(tunnels, labels):
                one(tunnel, label, 1)
        threads = [threading.Thread(target=one, args=(tunnel, label, turns // 2)) for tunnel, label in zip(tunnels, labels)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for tunnel in tunnels:
            tunnel.close()
        self.assertEqual(wrong, [])
        self.assertNotIn(self.world.secret("other").encode(), self.raw.received)
        self.assertNotIn(self.world.secret("raw").encode(), self.other.received)
        self.assertEqual(self.raw.received.count(b"GET /"), turns * 2)


def slow_reader(visit):
    """Answers an upload with how long each of its lines was under way."""
    visit.connection.read_until(b"\r\n\r\n")
    delays = []
    while size := int(visit.connection.read_until(b"\r\n"), 16):
        delays.append(time.monotonic() - float(visit.connection.read_exactly(size)))
        visit.connection.read_exactly(2)
    body = json.dumps(delays).encode()
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


if __name__ == "__main__":
    main()
