"""cordon start: the order of its start, what it refuses, what it says, and what it sets for its process."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import CORDON, DEADLINE, CliTest, eventually, free_port, is_open, main


class Start(CliTest):
    def test_serves_health_from_the_moment_it_listens(self):
        self.write_config(self.route())
        self.assertFalse(is_open(self.port))
        daemon = self.start(env={"KEY": "k"})
        status, headers, body = daemon.health()
        self.assertEqual((status, json.loads(body)), (200, {"status": "ok"}))
        self.assertRegex(headers["Cordon-Instance"], r"^project-[0-9a-f]{8}$")
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(is_open(self.port))

    def test_connections_are_refused_until_the_secrets_are_there(self):
        gate = self.root / "gate"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["sh", "-c", "while ! [ -e {gate} ]; do sleep 0.01; done; echo k"]'))
        daemon = self.start(ready=False)
        for _ in range(10):
            time.sleep(0.03)
            self.assertFalse(is_open(self.port))
        self.assertEqual(list(self.config_home.glob("**/*.pem")), [])
        gate.touch()
        self.assertEqual(daemon.wait_ready()[0], 200)

    def test_listens_on_ipv4_loopback_only(self):
        self.write_config()
        self.start()
        with open("/proc/net/tcp", encoding="ascii") as table:
            local = [line.split()[1] for line in table if line.split()[3] == "0A" and line.split()[1].endswith(f":{self.port:04X}")]
        self.assertTrue(local)
        self.assertEqual(set(local), {f"0100007F:{self.port:04X}"})
        table = pathlib.Path("/proc/net/tcp6")  # a kernel without IPv6 has none
        self.assertNotIn(f":{self.port:04X} ", table.read_text(encoding="ascii") if table.exists() else "")

    def test_log_names_address_and_routes(self):
        self.write_config(self.route("stripe", "api.stripe.com"))
        daemon = self.start(env={"KEY": "the-value-of-the-key"})
        daemon.stop()
        self.assertRegex(daemon.text(), rf"project-[0-9a-f]{{8}} listens on 127\.0\.0\.1:{self.port}")
        self.assertIn("route stripe: api.stripe.com:443, secret from environment variable KEY", daemon.text())
        self.assertIn("SIGTERM: stopping", daemon.text())
        self.assertNotIn("the-value-of-the-key", daemon.text())

    def test_log_level_and_format(self):
        self.write_config(self.route())
        daemon = self.start("--log-format", "json", env={"KEY": "k"})
        daemon.stop()
        lines = [json.loads(line) for line in daemon.text().splitlines()]
        self.assertTrue(any(f"127.0.0.1:{self.port}" in json.dumps(line) for line in lines))
        quiet = self.start("--log-level", "error", env={"KEY": "k"})
        quiet.stop()
        self.assertEqual(quiet.text(), "")

    def test_config_warnings_are_logged(self):
        self.write_config()
        daemon = self.start()
        daemon.stop()
        self.assertIn(f"{self.project}/cordon.toml", daemon.text())

    def test_serves_from_a_config_that_is_named(self):
        path = self.write_config(path="services/cordon.toml")
        daemon = self.start("-c", str(path), cwd=self.root)
        self.assertRegex(daemon.health()[1]["Cordon-Instance"], r"^services-[0-9a-f]{8}$")

    def test_closed_standard_streams_are_not_taken_by_sockets(self):
        self.write_config()
        process = self.popen("start", preexec_fn=lambda: os.closerange(0, 3))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        eventually(lambda: is_open(self.port))
        for descriptor in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{descriptor}"), "/dev/null")


class Refusal(CliTest):
    """Everything that ends a start: nothing is ever open, no file is left."""

    def refused(self, *texts, code=1, env=None):
        """Starts, and knocks on the port all the while."""
        opened, over = [], threading.Event()

        def knock():
            while not over.is_set():
                if is_open(self.port):
                    opened.append(time.monotonic())
                time.sleep(0.002)
        knocker = threading.Thread(target=knock)
        knocker.start()
        try:
            done = self.cordon("start", env=env)
        finally:
            over.set()
            knocker.join()
        self.assert_error(done, *texts, "hint: ", code=code)
        self.assertEqual(opened, [])
        self.assertEqual(list(self.config_home.glob("**/*.pem")), [])
        return done

    def test_three_config_faults_at_once(self):
        self.write_config("one = 1\n[tls]\nenabled = 3\n[env]\nno_proxy = 7\n")
        self.refused(":2:1: one: ", "tls.enabled: ", "env.no_proxy: ", "3 faults")

    def test_two_broken_secrets_at_once(self):
        slow = 'source = "command"\nargv = ["sh", "-c", "sleep 0.2; echo the-thing-it-said >&2; exit 3"]'
        self.write_config(self.route("one", "a.example.com") + self.route("two", "b.example.com", slow) +
                          self.route("three", "c.example.com", 'source = "env"\nvariable = "GOOD"'))
        done = self.refused("one", "KEY", "two", "nothing was started", env={"GOOD": "fine-and-well"})
        self.assertEqual(done.err.count("error:"), 2)
        self.assertNotIn("fine-and-well", done.err)
        self.assertNotIn("the-thing-it-said", done.err)

    def test_unusable_secret_is_named_and_not_shown(self):
        """H9: line ends, NUL, too long, empty."""
        for value in ("line-one-of-it\nline-two-of-it", "before-the-return\rafter", "x" * 65537, ""):
            with self.subTest(value[:20]):
                (self.project / "key").write_text(value)
                (self.project / "key").chmod(0o600)
                self.write_config(self.route("shown", secret='source = "file"\npath = "key"'))
                done = self.refused("shown")
                self.assertNotIn("line-one", done.err)
                self.assertNotIn("before-the", done.err)
                self.assertNotIn("xxxxxxxxxxxx", done.err)

    def test_store_that_does_not_answer_is_status_4(self):
        self.write_config(self.route("slow", secret='source = "command"\nargv = ["sleep", "30"]\ntimeout = "200ms"'))
        self.refused("slow", "make the store available", code=4)

    def test_port_of_another_program_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
            self.write_config()
            with open("/proc/self/comm", encoding="ascii") as comm:
                program = comm.read().strip()
            self.assert_error(self.cordon("start"), f"port {self.port} is taken by {program} (pid {os.getpid()})", "`listen`")

    def test_same_instance_is_already_running(self):
        self.write_config()
        daemon = self.start()
        self.assert_error(self.cordon("start"), "already running: project-", f"127.0.0.1:{self.port}", f"pid {daemon.pid}",
                          "cordon stop", "cordon reload")
        self.assertEqual(daemon.health()[0], 200)

    def test_same_instance_is_found_before_secrets_are_fetched(self):
        self.write_config()
        self.start()
        begun = self.root / "begun"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["sh", "-c", "touch {begun}; echo k"]'))
        self.assert_error(self.cordon("start"), "already running: project-")
        self.assertFalse(begun.exists())

    def test_same_instance_without_a_control_socket_is_ended_by_a_signal(self):
        self.write_config()
        daemon = self.start()
        (self.certificates().parent / "control.sock").unlink()
        done = self.cordon("start")
        self.assert_error(done, "already running: project-", "its control socket does not answer")
        self.assertNotIn("cordon stop", done.err)
        if os.geteuid() == 0:
            self.assertIn(f"kill {daemon.pid}", done.err)

    def test_another_instance_on_the_port_is_named(self):
        self.write_config()
        daemon = self.start()
        self.write_config(path="other/cordon.toml")
        self.assert_error(self.cordon("start", "-c", "other/cordon.toml"), "taken by another instance, project-",
                          f"(pid {daemon.pid})", "other/cordon.toml")

    def test_unsafe_ca_key_is_refused_with_the_fix(self):
        """T6."""
        self.write_config()
        self.start().stop()
        key = self.certificates() / "ca-key.pem"
        key.chmod(0o644)
        self.assert_error(self.cordon("start"), str(key), "chmod")
        self.assertFalse(is_open(self.port))


class Hardening(CliTest):
    """L1: what the process sets for itself."""

    def test_limits_and_signals(self):
        self.write_config()
        daemon = self.start()
        limits = pathlib.Path(f"/proc/{daemon.pid}/limits").read_text(encoding="ascii")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        soft, hard = re.search(r"Max open files +(\d+) +(\d+)", limits).groups()
        self.assertEqual(soft, hard)
        status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
        ignored = int(re.search(r"SigIgn:\s+([0-9a-f]+)", status)[1], 16)
        self.assertTrue(ignored >> (signal.SIGPIPE - 1) & 1)

    def test_crash_leaves_no_core(self):
        self.write_config()
        daemon = self.start()
        daemon.signal(signal.SIGABRT)
        _, status = os.waitpid(daemon.pid, 0)
        daemon.process.returncode = -signal.SIGABRT
        self.assertEqual((os.WTERMSIG(status), os.WCOREDUMP(status)), (signal.SIGABRT, False))

    def prepare_another_user(self):
        """(the program, what Popen takes besides) to run it as a user for whom the kernel's protection of processes shows."""
        self.write_config()
        if os.geteuid() != 0:
            return CORDON, {}
        binary = shutil.copy(CORDON, self.root / "cordon-copy")
        os.chmod(self.root, 0o755)
        for path in [self.root, *self.root.rglob("*")]:
            os.chown(path, 65534, 65534)
        return binary, {"user": 65534, "group": 65534, "extra_groups": []}

    def launch(self, binary, *words, **more):
        process = subprocess.Popen([binary, *words], cwd=self.project, env=self.environment, stderr=-1, **more)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def owner_of_memory(self, process):
        """The kernel gives the /proc entries of a process that is not dumpable to root."""
        return os.stat(f"/proc/{process.pid}/mem").st_uid

    def test_not_dumpable(self):
        binary, more = self.prepare_another_user()
        process = self.launch(binary, "start", **more)
        eventually(lambda: is_open(self.port) or self.assertIsNone(process.poll()))
        self.assertEqual(self.owner_of_memory(process), 0)

    def test_run_is_not_dumpable_and_its_command_is(self):
        binary, more = self.prepare_another_user()
        process = self.launch(binary, "run", "--", "sleep", "60", **more)
        eventually(lambda: self.owner_of_memory(process) == 0)  # while it waits for the proxy
        self.launch(binary, "start", **more)
        eventually(lambda: self.owner_of_memory(process) == more.get("user", os.geteuid()))

    def test_helper_programs_see_ordinary_signals_and_no_supervisor(self):
        """L3: an allow-list of the environment; neither our signal mask nor our ignored SIGPIPE."""
        seen = self.root / "seen"
        script = f"cat /proc/self/status > {seen}; tr '\\\\0' '\\\\n' < /proc/self/environ >> {seen}; echo k"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["sh", "-c", "{script}"]'))
        supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(supervisor.close)
        supervisor.bind(str(self.root / "notify"))
        self.start(env={"NOTIFY_SOCKET": str(self.root / "notify"), "HTTPS_PROXY": "http://127.0.0.1:1", "OTHER_TOKEN": "canary-of-a-token"})
        text = seen.read_text(encoding="ascii")
        for line in ("SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"):
            self.assertIn(line, text)
        for name in ("NOTIFY_SOCKET", "HTTPS_PROXY", "OTHER_TOKEN"):
            self.assertNotIn(name, text)


class Supervisor(CliTest):
    """sd_notify(3)."""

    def told(self, address):
        supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(supervisor.close)
        supervisor.settimeout(DEADLINE)
        supervisor.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self.write_config(self.route())
        daemon = self.start(env={"NOTIFY_SOCKET": address, "KEY": "k"}, ready=False)
        self.assertEqual(supervisor.recv(4096), b"READY=1")
        self.assertEqual(daemon.health()[0], 200)
        daemon.signal()
        self.assertEqual(supervisor.recv(4096), b"STOPPING=1")
        self.assertEqual(daemon.wait(), 0)

    def test_socket_in_the_file_system(self):
        self.told(str(self.root / "notify"))

    def test_abstract_socket(self):
        self.told(f"@cordon-cli-test-{os.getpid()}-{random.getrandbits(32)}")

    def test_supervisor_that_is_gone_does_not_matter(self):
        self.write_config()
        self.assertEqual(self.start(env={"NOTIFY_SOCKET": "/nowhere/at/all"}).stop(), 0)


class Crash(CliTest):
    def test_kill_at_any_moment_leaves_nothing_in_the_way(self):
        """T7: also when it happens while the CA is made."""
        self.write_config(self.route())
        for _ in range(15):
            shutil.rmtree(self.config_home / "cordon", ignore_errors=True)
            with self.popen("start", env={"KEY": "k"}) as process:
                time.sleep(random.uniform(0, 0.06))
                process.kill()
                process.communicate()
            for key in self.config_home.glob("**/*key*"):
                self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            self.start(env={"KEY": "k"}).stop()

    def test_restart_takes_the_same_port_and_ca(self):
        self.write_config(port=(port := free_port()))
        first = self.start(port=port)
        certificate = (self.certificates() / "ca-cert.pem").read_bytes()
        first.signal(signal.SIGKILL)
        first.wait()
        self.start(port=port)
        self.assertEqual((self.certificates() / "ca-cert.pem").read_bytes(), certificate)


if __name__ == "__main__":
    main()
