"""cordon wait and cordon run."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

from harness import CORDON, DEADLINE, CliTest, main


class Wait(CliTest):
    def test_returns_once_the_proxy_is_ready(self):
        self.write_config()
        with self.popen("wait", "--timeout", "40s") as waiting:
            time.sleep(0.2)
            self.assertIsNone(waiting.poll())
            self.start()
            out, err = waiting.communicate(timeout=DEADLINE)
        self.assertEqual((waiting.returncode, out, err), (0, b"", b""))

    def test_gives_up_at_its_timeout_and_says_how_to_start(self):
        path = self.write_config(path="my services/cordon.toml")
        begin = time.monotonic()
        done = self.cordon("wait", "--timeout", "150ms", "--interval", "10ms", "-c", "my services/cordon.toml")
        self.assertLess(time.monotonic() - begin, 10)
        self.assert_error(done, "was not ready within 150ms", f"nothing listens on 127.0.0.1:{self.port}",
                          "cordon start --config 'my services/cordon.toml'")
        self.assertTrue(path.exists())

    def test_json(self):
        self.write_config()
        done = self.cordon("wait", "--timeout", "0s", "--json")
        report = json.loads(done.out)
        self.assertEqual((done.code, report["ready"], report["error"]["code"]), (1, False, "timed_out"))
        self.assertIn("was not ready", done.err)
        self.start()
        done = self.cordon("wait", "--json")
        self.assert_done(done)
        report = json.loads(done.out)
        self.assertEqual((report["ready"], report["address"]), (True, f"127.0.0.1:{self.port}"))
        self.assertTrue(report["instance"].startswith("project-"))

    def test_another_instance_is_an_error_at_once(self):
        self.write_config()
        self.start()
        self.write_config(path="other/cordon.toml")
        begin = time.monotonic()
        done = self.cordon("wait", "-c", "other/cordon.toml")
        self.assertLess(time.monotonic() - begin, 10)
        self.assert_error(done, "another instance, project-", f"127.0.0.1:{self.port}", "`listen` port of its own")

    def test_another_program_is_an_error_at_once(self):
        self.origin()  # any HTTP server
        origin = self.origin()
        self.write_config(port=origin.port)
        self.assert_error(self.cordon("wait"), f"127.0.0.1:{origin.port} is not Cordon")

    def test_silent_listener_times_out(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.write_config(port=silent.getsockname()[1])
            self.assert_error(self.cordon("wait", "--timeout", "200ms"), "accepts connections and does not answer")

    def test_interrupt_ends_it(self):
        self.write_config()
        with self.popen("wait", restore_signals=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as waiting:
            time.sleep(0.2)
            waiting.send_signal(signal.SIGINT)
            waiting.communicate(timeout=DEADLINE)
        self.assertEqual(waiting.returncode, -signal.SIGINT)  # which a shell reports as 130


class Run(CliTest):
    def setUp(self):
        super().setUp()
        self.write_config()

    def test_command_gets_the_environment_and_its_arguments(self):
        self.start()
        done = self.cordon("run", "--", "sh", "-c", 'printf "%s\\n" "$HTTPS_PROXY" "$SSL_CERT_FILE" "$@"', "sh", "a b", "--timeout", "-c")
        self.assert_done(done)
        self.assertEqual(done.out.splitlines(), [f"http://127.0.0.1:{self.port}", str(self.certificates() / "combined-ca.pem"),
                                                 "a b", "--timeout", "-c"])

    def test_dashes_may_be_left_out(self):
        self.start()
        self.assertEqual(self.cordon("run", "--timeout", "5s", "echo", "-c", "--help", "--").out, "-c --help --\n")

    def test_its_exit_status_and_signals_are_the_commands(self):
        self.start()
        self.assertEqual(self.cordon("run", "sh", "-c", "exit 42").code, 42)
        self.assertEqual(self.cordon("run", "--", "sh", "-c", "kill -TERM $$").code, -signal.SIGTERM)
        with self.popen("run", "--", "sh", "-c", "echo $$; read line") as running:
            self.assertEqual(int(running.stdout.readline()), running.pid)
            running.communicate()

    def test_standard_input_is_the_commands(self):
        self.start()
        done = self.popen_with_input(b"hello", "run", "--", "cat")
        self.assertEqual(done, b"hello")

    def popen_with_input(self, data, *words):
        read, write = socket.socketpair()
        with read, write:
            write.sendall(data)
            write.shutdown(socket.SHUT_WR)
            return subprocess.run([CORDON, *words], stdin=read, stdout=subprocess.PIPE, env=self.environment, cwd=self.project,
                                  timeout=DEADLINE, check=True).stdout

    def test_command_that_does_not_exist(self):
        self.start()
        self.assert_error(self.cordon("run", "--", "no-such-program-here"), "no-such-program-here cannot be run", code=127)

    def test_command_that_does_not_exist_beside_a_folder_that_is_closed(self):
        self.start()
        closed = self.root / "closed"
        closed.mkdir(mode=0)
        # To root no folder is closed, but for these.
        as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        path = {"PATH": f"{closed}:/usr/bin:/bin"}
        done = subprocess.run([*as_others, CORDON, "run", "--", "no-such-program-here"], cwd=self.project, env={**self.environment, **path},
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (127, "cordon: error: no-such-program-here cannot be run: No such file or directory\n"))

    def test_command_that_cannot_be_executed(self):
        self.start()
        file = self.project / "data"
        file.write_text("")
        self.assert_error(self.cordon("run", "--", "./data"), "./data cannot be run", code=126)

    def test_without_a_proxy_nothing_is_run(self):
        mark = self.root / "ran"
        self.assert_error(self.cordon("run", "--timeout", "100ms", "touch", str(mark)), "was not ready within 100ms")
        self.assertFalse(mark.exists())

    def test_waits_for_a_proxy_that_starts_later(self):
        results = []
        thread = threading.Thread(target=lambda: results.append(self.cordon("run", "--timeout", "40s", "echo", "through")))
        thread.start()
        time.sleep(0.2)
        self.start()
        thread.join(DEADLINE)
        self.assertEqual((results[0].code, results[0].out), (0, "through\n"))


if __name__ == "__main__":
    main()
