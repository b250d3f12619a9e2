"""`cordon logs`."""

import json
import os
import signal

from harness import DEADLINE, CliTest, eventually, main


class Logs(CliTest):
    def serve(self, *arguments, **more):
        origin = self.origin()
        self.write_config(self.plain_route(origin))
        return origin, self.start(*arguments, env={"KEY": "the-real-secret-value"}, **more)

    def follow(self, *arguments):
        """A `cordon logs -f` and what it has printed so far."""
        process = self.popen("logs", "-f", *arguments)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        os.set_blocking(process.stdout.fileno(), False)
        seen = bytearray()

        def text():
            seen.extend(process.stdout.read() or b"")
            return seen.decode()
        return process, text

    def test_last_lines_are_those_of_the_log(self):
        origin, daemon = self.serve()
        self.get(origin)
        daemon.expect(" injected")
        done = self.cordon("logs")
        self.assert_done(done)

        def without_times(text):
            return [line.split(" ", 1)[1] for line in text.splitlines()]
        self.assertEqual(without_times(done.out), without_times(daemon.text()))
        self.assert_sealed("the-real-secret-value", done.out.encode())

    def test_json(self):
        origin, _ = self.serve()
        self.get(origin)

        def told():
            records = [json.loads(line) for line in self.cordon("logs", "--json").out.splitlines()]
            return [record for record in records if record.get("route") == "demo" and record["injected"]]
        eventually(told, "the request's record")

    def test_requests_are_kept_at_every_log_level(self):
        origin, daemon = self.serve("--log-level", "error")
        self.get(origin)
        eventually(lambda: " injected" in self.cordon("logs").out, "the request's line")
        self.assertEqual(daemon.text(), "")

    def test_following_shows_new_lines_until_the_proxy_ends(self):
        origin, daemon = self.serve()
        process, text = self.follow()
        eventually(lambda: "listens on" in text(), "the old lines")
        self.get(origin)
        eventually(lambda: " injected" in text(), "the new line")
        daemon.stop()
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_following_ends_with_the_reader(self):
        self.serve()
        process, text = self.follow()
        eventually(lambda: "listens on" in text())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(DEADLINE), -signal.SIGINT)
        self.assert_done(self.cordon("status"))

    def test_killed_proxy_ends_it(self):
        _, daemon = self.serve()
        process, text = self.follow()
        eventually(lambda: "listens on" in text())
        daemon.signal(signal.SIGKILL)
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_without_a_running_proxy(self):
        self.write_config()
        self.assert_error(self.cordon("logs"), "is not running", code=3)


if __name__ == "__main__":
    main()
