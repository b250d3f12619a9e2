"""How `cordon start` ends (Q6)."""

import json
import signal
import socket
import threading
import time

from harness import CORDON, DEADLINE, CliTest, eventually, is_open, main
from pseudo_terminal import PseudoTerminal


class Stop(CliTest):
    def serve(self, answer=None, **more):
        """A proxy with one route to an origin that answers with `answer`."""
        origin = self.origin(answer)
        self.write_config(self.plain_route(origin))
        return origin, self.start(env={"KEY": "k"}, **more)

    def request_in_flight(self, origin):
        """A request that the origin has got: its socket."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.sendall(f"GET http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: 127.0.0.1:{origin.port}\r\n\r\n".encode())
        self.assertTrue(origin.requested.wait(DEADLINE))
        return connection

    def test_each_signal_ends_an_idle_proxy_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                self.write_config()
                daemon = self.start()
                idle = socket.create_connection(("127.0.0.1", self.port))
                idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertIn(b'{"status":"ok"}', idle.recv(4096))
                begin = time.monotonic()
                daemon.signal(number)
                self.assertEqual(daemon.wait(), 0)
                self.assertLess(time.monotonic() - begin, 3.5)  # a request would get 4 s
                self.assertEqual(idle.recv(1), b"")
                idle.close()

    def test_running_request_is_finished(self):
        go_on = threading.Event()

        def answer(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nhalf")
            go_on.wait(DEADLINE)
            connection.sendall(b"done")
        origin, daemon = self.serve(answer)
        connection = self.request_in_flight(origin)
        daemon.signal()
        eventually(lambda: not is_open(self.port), "the end of accepting")
        self.assertIsNone(daemon.process.poll())
        go_on.set()
        received = b""
        while piece := connection.recv(4096):
            received += piece
        self.assertTrue(received.endswith(b"halfdone"), received)
        self.assertEqual(daemon.wait(), 0)

    def test_request_that_does_not_end_gets_four_seconds(self):
        origin, daemon = self.serve(lambda connection: time.sleep(30))
        connection = self.request_in_flight(origin)
        begin = time.monotonic()
        daemon.signal()
        self.assertEqual(daemon.wait(), 0)
        self.assertGreater(time.monotonic() - begin, 3.5)
        self.assertLess(time.monotonic() - begin, 15)  # the origin takes 30 s
        connection.recv(4096)

    def test_second_signal_of_the_same_kind_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                origin, daemon = self.serve(lambda connection: time.sleep(30))
                self.request_in_flight(origin)
                daemon.signal(number)
                daemon.expect(f"{number.name}: stopping")
                time.sleep(0.4)  # until then it could be the same one, come by another way
                self.assertIsNone(daemon.process.poll())
                begin = time.monotonic()
                daemon.signal(number)
                self.assertEqual(daemon.wait(), -number)
                self.assertLess(time.monotonic() - begin, 3)  # the request would get 4 s

    def test_signal_that_comes_by_two_ways_is_one(self):
        """timeout(1) sends it to the process and to its group."""
        origin, daemon = self.serve(lambda connection: time.sleep(30))
        self.request_in_flight(origin)
        begin = time.monotonic()
        daemon.signal()
        daemon.signal()
        self.assertEqual(daemon.wait(), 0)
        self.assertGreater(time.monotonic() - begin, 3.5)

    def test_signal_of_another_kind_does_not_cut_it_short(self):
        origin, daemon = self.serve(lambda connection: time.sleep(30))
        self.request_in_flight(origin)
        begin = time.monotonic()
        daemon.signal(signal.SIGINT)
        daemon.expect("SIGINT: stopping")
        time.sleep(0.4)
        daemon.signal(signal.SIGTERM)  # as foreman does
        self.assertEqual(daemon.wait(), 0)
        self.assertGreater(time.monotonic() - begin, 3.5)

    def test_signal_while_secrets_are_fetched_ends_at_once(self):
        begun = self.root / "begun"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["sh", "-c", "touch {begun}; sleep 60; echo k"]'))
        daemon = self.start(ready=False)
        eventually(begun.exists)
        daemon.signal(signal.SIGINT)
        self.assertEqual(daemon.wait(), -signal.SIGINT)

    def test_command_ends_it_and_returns_when_it_has_gone(self):
        self.write_config()
        daemon = self.start()
        done = self.cordon("stop")
        self.assert_done(done)
        self.assertIn("has stopped", done.out)
        self.assertFalse(is_open(self.port))
        self.assertEqual(list(self.config_home.glob("**/control.sock")), [])
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("cordon stop: stopping", daemon.text())
        self.assert_error(self.cordon("stop"), "nothing to stop: project-", "is not running", code=3)

    def test_command_tells_as_json(self):
        self.write_config()
        self.start()
        done = self.cordon("stop", "--json")
        self.assert_done(done)
        self.assertTrue(json.loads(done.out)["stopped"])
        done = self.cordon("stop", "--json")
        self.assertEqual(done.code, 3)
        report = json.loads(done.out)
        self.assertEqual((report["stopped"], report["error"]["code"]), (False, "not_running"))

    def test_command_lets_running_requests_finish(self):
        def answer(connection):
            time.sleep(1)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
        origin, daemon = self.serve(answer)
        connection = self.request_in_flight(origin)
        self.assert_done(self.cordon("stop"))
        self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(daemon.wait(), 0)

    def test_command_cuts_running_requests_when_its_time_is_up(self):
        origin, daemon = self.serve(lambda connection: time.sleep(30))
        self.request_in_flight(origin)
        begin = time.monotonic()
        self.assert_done(self.cordon("stop", "--timeout", "300ms"))
        self.assertLess(time.monotonic() - begin, 3.5)
        self.assertEqual(daemon.wait(), 0)

    def test_command_and_start_follow_each_other_at_once(self):
        self.write_config()
        for _ in range(3):
            self.start()
            self.assert_done(self.cordon("stop"))

    def test_hangup_is_ignored_where_it_is_ignored_from_outside(self):
        self.write_config()
        daemon = self.start(restore_signals=False, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        daemon.signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertEqual(daemon.health()[0], 200)
        self.assertEqual(daemon.stop(), 0)

    def on_a_terminal(self, script):
        """A terminal whose session's leader, a shell, runs `script` and tells nobody when the terminal goes away."""
        terminal = PseudoTerminal(["sh", "-c", f"trap : HUP; {script}"], cwd=self.project,
                                  env={**self.environment, "CORDON": CORDON, "KEY": "k"})
        self.addCleanup(terminal.__exit__)
        eventually(lambda: is_open(self.port), "the proxy")
        return terminal

    def test_the_end_of_its_terminal_ends_it_though_nobody_signals_it(self):
        origin = self.origin(lambda c: (time.sleep(1), c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")))
        self.write_config(self.plain_route(origin))
        terminal = self.on_a_terminal('"$CORDON" start')
        request = self.request_in_flight(origin)
        terminal.close_window()
        received = b""
        while not received.endswith(b"late"):
            piece = request.recv(4096)
            self.assertTrue(piece, received)
            received += piece
        eventually(lambda: not is_open(self.port), "the end")

    def test_put_into_the_background_it_outlives_its_terminal(self):
        self.write_config()
        terminal = self.on_a_terminal('set -m; "$CORDON" start & wait')
        terminal.close_window()
        time.sleep(0.5)  # what is not to happen would happen at once
        self.assertTrue(is_open(self.port))
        self.assert_done(self.cordon("stop"))

    def test_log_that_nobody_reads_does_not_hold_it_up(self):
        self.write_config()
        process = self.popen("start")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        eventually(lambda: is_open(self.port))
        process.stderr.close()  # the reader is gone
        for _ in range(3):
            self.assertTrue(is_open(self.port))
        process.stderr = open("/dev/null", "rb")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE), 0)


if __name__ == "__main__":
    main()
