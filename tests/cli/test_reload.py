"""`cordon reload` and SIGHUP."""

import json
import os
import pathlib
import pty
import re
import resource
import signal
import socket
import subprocess
import unittest

from harness import DEADLINE, Daemon, CliTest, eventually, free_port, main


class Reload(CliTest):
    def headless(self, **more):
        """A proxy without a controlling terminal."""
        return self.start(start_new_session=True, **more)

    def names(self):
        return [route["name"] for route in json.loads(self.cordon("status", "--json").out)["routes"]]

    def test_new_config_is_in_place_once_it_returns(self):
        self.write_config(self.route("one", "a.example.com"))
        daemon = self.start(env={"KEY": "k"})
        self.write_config(self.route("one", "a.example.com") + self.route("two", "b.example.com"))
        done = self.cordon("reload")
        self.assert_done(done)
        self.assertIn("has reloaded", done.out)
        self.assertEqual(self.names(), ["one", "two"])
        daemon.expect("reloaded")
        self.assertEqual(json.loads(self.cordon("status", "--json").out)["reloads"], 1)

    def test_new_secret_is_used(self):
        origin = self.origin()
        (self.project / "key").write_text("old-secret-value")
        (self.project / "key").chmod(0o600)
        self.write_config(self.plain_route(origin, secret='source = "command"\nargv = ["cat", "key"]'))
        self.start()
        self.get(origin)
        (self.project / "key").write_text("new-secret-value")
        self.assert_done(self.cordon("reload"))
        self.get(origin)
        self.assertIn(b"Bearer new-secret-value", origin.received)

    def test_invalid_config_leaves_everything_and_says_every_fault(self):
        self.write_config(self.route("one", "a.example.com"))
        daemon = self.start(env={"KEY": "k"})
        file = self.write_config(self.route("two", "b.example.com") + "[tls]\nenabled = 7\n[nonsense]\n")
        done = self.cordon("reload")
        faults = re.findall(re.escape(str(file)) + r":\d+:\d+: \S+: ", done.err)
        self.assertEqual(len(faults), 2, done.err)
        self.assert_error(done, "tls.enabled", "nonsense", "goes on with what it had", "cordon reload")
        daemon.expect("everything stays as it was: 2 faults")
        daemon.expect("tls.enabled")
        self.assertEqual(self.names(), ["one"])

    def test_failing_secrets_leave_everything(self):
        self.write_config(self.route("one", "a.example.com"))
        self.start(env={"KEY": "k"})
        missing = 'source = "env"\nvariable = "MISSING"'
        self.write_config(self.route("two", "b.example.com", missing) + self.route("three", "c.example.com", missing))
        self.assert_error(self.cordon("reload"), "two", "three", "MISSING")
        self.assertEqual(self.names(), ["one"])
        slow = 'source = "command"\nargv = ["sleep", "30"]\ntimeout = "200ms"'
        self.write_config(self.route("two", "b.example.com", slow))
        self.assert_error(self.cordon("reload"), "make the store available", code=4)
        self.assertEqual(self.names(), ["one"])

    def test_files_that_are_not_safe_are_the_configs_fault(self):
        """What the proxy says of them is not taken for a fault of its socket."""
        self.write_config()
        daemon = self.start()
        for name in ("one", "two"):
            (self.project / name).write_text("k")
            (self.project / name).chmod(0o644)
        self.write_config(self.route("one", "a.example.com", 'source = "file"\npath = "one"')
                          + self.route("two", "b.example.com", 'source = "file"\npath = "two"'))
        self.assert_error(self.cordon("reload"), f"{self.project}/one", f"{self.project}/two",
                          "goes on with what it had; mend the above, then: cordon reload\n")
        self.assertEqual(self.names(), [])
        self.assertEqual(daemon.stop(), 0)

    def test_changed_port_takes_a_restart(self):
        self.write_config()
        daemon = self.start()
        self.write_config(port=free_port())
        done = self.cordon("reload")
        self.assert_done(done)
        self.assertIn("`listen` has changed", done.err)
        self.assertIn("cordon stop && cordon start", done.err)
        self.assertEqual(daemon.health()[0], 200)
        daemon.expect("reloaded")
        daemon.stop()
        self.assertEqual(daemon.text().count("`listen` has changed"), 1)

    def test_json(self):
        self.write_config()
        done = self.cordon("reload", "--json")
        self.assertEqual(done.code, 3)
        report = json.loads(done.out)
        self.assertEqual((report["reloaded"], report["errors"][0]["code"]), (False, "not_running"))
        self.start()
        self.write_config(port=free_port())
        report = json.loads(self.cordon("reload", "--json").out)
        self.assertEqual((report["reloaded"], len(report["warnings"])), (True, 3), report)  # no routes; the port, in two
        self.write_config("nonsense = 1\nrubbish = 2\n")
        done = self.cordon("reload", "--json")
        self.assertEqual(done.code, 1)
        report = json.loads(done.out)
        self.assertFalse(report["reloaded"])
        self.assertEqual([error["code"] for error in report["errors"]], ["config_invalid"] * 2)
        self.assertIn("goes on with what it had", done.err)

    def test_without_a_running_proxy(self):
        self.write_config()
        self.assert_error(self.cordon("reload"), "is not running", "cordon start", code=3)

    def test_hangup_reloads_without_a_terminal(self):
        self.write_config(self.route("one", "a.example.com"))
        daemon = self.headless(env={"KEY": "k"})
        self.write_config(self.route("two", "b.example.com"))
        daemon.signal(signal.SIGHUP)
        eventually(lambda: self.names() == ["two"], "the new route")
        self.write_config("nonsense = 1\n")
        daemon.signal(signal.SIGHUP)
        daemon.expect("everything stays as it was")
        self.assertEqual(self.names(), ["two"])
        self.assertEqual(daemon.stop(), 0)

    @unittest.skipIf(os.environ.get("CORDON_TEST_SANITIZER"), "sanitizers end a process whose address space is used up")
    def test_hangup_without_a_thread_for_it_is_told_of_in_the_log(self):
        self.write_config(self.route("one", "a.example.com"))
        daemon = self.headless(env={"KEY": "k"})
        self.write_config(self.route("two", "b.example.com", secret='source = "command"\nargv = ["echo", "k"]'))
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{daemon.pid}/status").read_text().splitlines())
        limits = resource.prlimit(daemon.pid, resource.RLIMIT_AS)
        room = 4 << 20  # less than a thread's stack
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, (int(status["VmSize"].split()[0]) * 1024 + room, limits[1]))
        daemon.signal(signal.SIGHUP)
        daemon.expect("not reloaded, everything stays as it was: 1 fault")
        daemon.expect("error the reload ran out of memory or threads")
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, limits)
        self.assertEqual(self.names(), ["one"])
        daemon.signal(signal.SIGHUP)
        eventually(lambda: self.names() == ["two"], "the new route")

    def test_hangup_stops_where_there_is_a_terminal(self):
        self.write_config()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        # setsid, then the first terminal that is opened becomes the controlling one.
        process = subprocess.Popen(
            ["setsid", "--ctty", os.environ.get("CORDON", "cordon"), "start"], cwd=self.project, env=self.environment,
            stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        daemon = Daemon(process, self.port)
        self.addCleanup(daemon.cleanup)
        daemon.wait_ready()
        os.kill(json.loads(self.cordon("status", "--json").out)["pid"], signal.SIGHUP)
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("SIGHUP: stopping", daemon.text())

    def test_supervisor_is_told(self):
        supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(supervisor.close)
        supervisor.settimeout(DEADLINE)
        supervisor.bind(str(self.root / "notify"))
        self.write_config()
        self.start(env={"NOTIFY_SOCKET": str(self.root / "notify")})
        self.assertEqual(supervisor.recv(4096), b"READY=1")
        for text in ("", "nonsense = 1\n"):  # a reload that fails is over, too
            self.write_config(text)
            self.cordon("reload")
            self.assertRegex(supervisor.recv(4096), rb"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
            self.assertEqual(supervisor.recv(4096), b"READY=1")

    def test_stop_during_a_reload_does_not_wait_for_its_secrets(self):
        self.write_config()
        daemon = self.start()
        begun = self.root / "begun"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["sh", "-c", "touch {begun}; sleep 60; echo k"]'))
        reload = self.popen("reload")
        self.addCleanup(reload.communicate)
        eventually(begun.exists)
        self.assert_done(self.cordon("stop"))
        self.assertEqual(daemon.wait(), 0)
        _, told = reload.communicate(timeout=DEADLINE)
        self.assertEqual(reload.returncode, 1)
        self.assertIn(b"whether it has reloaded is not known", told)
        self.assertNotIn(b"goes on with what it had", told)


if __name__ == "__main__":
    main()
