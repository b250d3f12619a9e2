"""`cordon status`, and the control socket behind it."""

import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import unittest

from harness import CORDON, CliTest, eventually, main


class Status(CliTest):
    def serve(self, **more):
        origin = self.origin()
        self.write_config(self.plain_route(origin))
        return origin, self.start(env={"KEY": "the-real-secret-value"}, **more)

    def socket_path(self):
        return pathlib.Path(json.loads(self.cordon("status", "--json").out)["socket"])

    def test_running(self):
        origin, daemon = self.serve()
        self.assertEqual(self.get(origin).status, 200)
        done = self.cordon("status")
        self.assert_done(done)
        for text in ("is running", f"127.0.0.1:{self.port}", str(daemon.pid), str(self.project / "cordon.toml"), "demo",
                     "environment variable KEY"):
            self.assertIn(text, done.out)
        self.assertNotIn("\x1b", done.out)
        self.assert_sealed("the-real-secret-value", done.out.encode(), done.err.encode())

    def test_json(self):
        origin, daemon = self.serve()
        self.assertEqual(self.get(origin).status, 200)

        def counted():  # a request is when it has ended, which is after its answer has come
            done = self.cordon("status", "--json")
            self.assert_done(done)
            return done if json.loads(done.out)["routes"][0].get("last_injection") else None
        done = eventually(counted, "the request's count")
        report = json.loads(done.out)
        self.assertEqual((report["running"], report["pid"], report["port"], report["reloads"]), (True, daemon.pid, self.port, 0))
        route = report["routes"][0]
        self.assertEqual((route["name"], route["port"], route["requests"], route["injected"]), ("demo", [origin.port], 1, 1))
        self.assertRegex(route["last_injection"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(route["secret"]["source"], "environment variable KEY")
        self.assert_sealed("the-real-secret-value", done.out.encode())

    def test_quiet(self):
        self.serve()
        done = self.cordon("status", "--quiet")
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))

    def test_options_that_contradict_each_other(self):
        self.write_config()
        for words in (("--all", "--config", "cordon.toml"), ("--all", "--scope", "user")):
            self.assert_error(self.cordon("status", *words), words[0], code=2)
        self.assert_error(self.cordon("status", "--quiet", "--json"), "--quiet", code=2, as_json=True)

    def test_not_running(self):
        self.write_config()
        self.assert_error(self.cordon("status"), "is not running", "cordon start", code=3)
        done = self.cordon("status", "--quiet")
        self.assertEqual((done.code, done.out, done.err), (3, "", ""))
        done = self.cordon("status", "--json")
        self.assertEqual((done.code, json.loads(done.out)["running"]), (3, False))

    def test_own_requests_are_logged_without_a_host(self):
        _, daemon = self.serve()
        daemon.health()
        self.assertIn(" - GET /health 200 ", eventually(lambda: "/health" in daemon.text() and daemon.text(), "the line"))

    def test_new_bindings_are_shown(self):
        origin, _ = self.serve()
        self.assertEqual(json.loads(self.cordon("status", "--json").out)["unapproved"], [])
        self.write_config(self.plain_route(origin).replace("127.0.0.1", "127.0.0.2"))
        done = self.cordon("status")
        self.assert_done(done)
        self.assertIn("new binding, not approved: demo", done.err)
        self.assertIn("cordon approve", done.err)
        self.assertIn("127.0.0.2", json.loads(self.cordon("status", "--json").out)["unapproved"][0])
        self.assertEqual(self.cordon("status", "--quiet").err, "")
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertEqual(self.cordon("status").err, "")

    def test_works_with_a_config_that_is_broken_or_gone_by_now(self):
        self.serve()
        self.write_config("nonsense = 1\n")
        self.assert_done(self.cordon("status"))
        (self.project / "cordon.toml").unlink()
        self.assert_done(self.cordon("status"))

    def test_elsewhere_lists_what_runs_with_the_command_for_it(self):
        _, daemon = self.serve()
        for arguments, folder in (((), self.root), (("--all",), self.project)):
            done = self.cordon("status", *arguments, cwd=folder)
            self.assert_done(done)
            self.assertIn(f"cordon status --config {self.project}/cordon.toml", done.out)
            self.assertIn(f"pid {daemon.pid}", done.out)
        listed = json.loads(self.cordon("status", "--all", "--json").out)["instances"]
        self.assertEqual([entry["pid"] for entry in listed], [daemon.pid])
        daemon.stop()
        self.assert_error(self.cordon("status", cwd=self.root), "no instance", code=3)

    def test_socket_is_the_owners_alone(self):
        self.serve()
        path = self.socket_path()
        self.assertEqual(stat.S_IMODE(path.lstat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_socket_goes_to_the_runtime_folder(self):
        runtime = self.root / "run"
        runtime.mkdir(mode=0o700)
        self.environment["XDG_RUNTIME_DIR"] = str(runtime)
        self.serve()
        self.assertEqual(self.socket_path().parent, runtime / "cordon")
        del self.environment["XDG_RUNTIME_DIR"]
        self.assertIn("is running", (self.cordon("status", env={"XDG_RUNTIME_DIR": str(runtime)})).out)

    def test_socket_of_a_long_path_is_found(self):
        self.environment["XDG_CONFIG_HOME"] = str(self.root / ("c" * 100))
        self.environment["TMPDIR"] = str(self.root)
        _, daemon = self.serve()
        self.assertEqual(self.socket_path().parent, self.root / f"cordon-{os.geteuid()}")
        self.assert_done(self.cordon("status"))
        daemon.stop()
        self.assert_error(self.cordon("status"), "is not running", code=3)

    def test_socket_of_a_killed_instance_is_replaced(self):
        _, daemon = self.serve()
        path = self.socket_path()
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        self.assertTrue(path.is_socket())
        self.assert_error(self.cordon("status"), "is not running", code=3)
        again = self.start(env={"KEY": "k"})
        self.assertEqual(json.loads(self.cordon("status", "--json").out)["pid"], again.pid)
        again.stop()
        self.assertFalse(path.exists())

    def test_link_in_place_of_the_socket_is_not_followed(self):
        """L7: the proxy works without, and says so."""
        _, daemon = self.serve()
        path = self.socket_path()
        daemon.stop()
        target = self.root / "precious"
        target.write_text("keep me")
        path.symlink_to(target)
        self.environment["TMPDIR"] = str(self.root)
        again = self.start("--log-level", "info", env={"KEY": "k"})
        socket_path = json.loads(self.cordon("status", "--json").out).get("socket")
        if socket_path is None:  # there was no other place
            again.expect("status, reload, stop and logs will not find this proxy")
        else:
            self.assertNotEqual(socket_path, str(path))
        self.assertEqual(target.read_text(), "keep me")
        self.assertTrue(path.is_symlink())
        self.assertEqual(again.stop(), 0)

    def test_state_folder_that_others_can_write_to_is_refused(self):
        """L6."""
        _, daemon = self.serve()
        daemon.stop()
        state = self.certificates().parent
        state.chmod(0o770)
        self.assert_error(self.cordon("start", env={"KEY": "k"}), str(state), "chmod 700")

    @unittest.skipUnless(os.geteuid() == 0, "only root can start a process of another user")
    def test_other_users_are_refused(self):
        """Root, too, is another user for an instance that is not root's."""
        binary = shutil.copy(CORDON, self.root / "cordon-copy")
        self.write_config()
        self.root.chmod(0o755)
        for path in [self.root, *self.root.rglob("*")]:
            os.chown(path, 65534, 65534)
        process = subprocess.Popen([binary, "start"], cwd=self.project, env=self.environment, stderr=subprocess.PIPE,
                                   user=65534, group=65534, extra_groups=[])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        path = eventually(lambda: list(self.config_home.glob("cordon/projects/*/control.sock")))[0]
        eventually(lambda: stat.S_IMODE(path.lstat().st_mode) == 0o600)
        done = self.cordon("stop")
        self.assertEqual(done.code, 1, done.err)
        self.assertIn("another user", done.err)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))  # nothing that it could say matters
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 403 "))
        self.assertIsNone(process.poll())


if __name__ == "__main__":
    main()
