"""What is told of a listener's sessions (the log, status, metrics), what never is (R9), and how a listener begins and ends."""

import json
import socket
import time

from harness import Cordon, main
from harness.postgres import DATABASE, places_with_forms
from harness.postgres_case import PostgresTest, Refused
from harness.postgres_wire import open_session
from harness.raw_client import connect

WEAK = "allow_weak_auth = true"


class Record(PostgresTest):
    """One line a session, and what status and metrics tell."""

    LOG = "info"

    @classmethod
    def listeners(cls):
        return [cls.server.listener("ledger"), cls.server.listener("weak ledger", "md5")]

    @classmethod
    def options(cls):
        return {"log_level": cls.LOG}

    def lines(self, count=1):
        """The lines about sessions of the listener since `self.before`."""
        deadline = time.monotonic() + 5
        while len(found := [line for line in self.cordon.log()[self.before:].splitlines() if "ledger" in line]) < count:
            self.assertLess(time.monotonic(), deadline, f"{count} lines expected: {found}")
            time.sleep(0.02)
        time.sleep(0.2)
        return [line for line in self.cordon.log()[self.before:].splitlines() if "ledger" in line]

    def setUp(self):
        self.rows("select 1", "ledger")
        time.sleep(0.5)
        self.before = len(self.cordon.log())

    def test_one_line_a_session(self):
        with self.open("ledger", application_name="bookkeeping") as session:
            session.query("select 'entry in the ledger of sql', repeat('x', 100000)")
            session.end()
        found = self.lines()
        self.assertEqual(len(found), 1, found)
        self.assertIn(DATABASE, found[0])
        self.assertRegex(found[0], r"\d+(\.\d+)? ?ms|duration[^ ]*\d")
        self.assertRegex(found[0], r"\b10\d{4}\b", "the bytes that the client got")
        for absent in ("realrole", "whoever", "entry in", "select", "SELECT"):
            self.assertNotIn(absent, found[0])

    def test_a_refused_session_says_why(self):
        self.assert_refused(("28000", "28P01"), "weak ledger")
        found = self.lines()
        self.assertGreaterEqual(len(found), 1)
        self.assertIn(r"weak\x20ledger", " ".join(found))  # a space is escaped in the log
        self.assertNotIn("realrole", " ".join(found))

    def test_odd_database_names_do_not_break_the_line(self):
        for name in ("a\nb", "a\x1b[31mb", 'a" outcome="fine', "a" * 300, "é"):
            with self.subTest(name):
                self.before = len(self.cordon.log())
                self.assert_refused("3D000", "ledger", database=name)
                found = self.lines()
                self.assertNotIn("\x1b", "".join(found))
                self.assertNotIn('a" outcome="fine', "".join(found))

    def test_status_counts_sessions_by_listener(self):
        def counts():
            status = json.loads(self.cordon.run("status", "--json").stdout)
            entry = next(entry for entry in status["listeners"] if entry["name"] == "ledger")
            return sum(value for name, value in entry.items() if isinstance(value, int) and name != "port")

        before = counts()
        for _ in range(5):
            self.rows("select 1", "ledger")
        time.sleep(0.5)
        self.assertGreaterEqual(counts() - before, 5)

    def test_metrics_have_the_listener(self):
        with connect(self.cordon.port) as client:
            body = client.request(f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{self.cordon.port}\r\n\r\n").body.decode()
        lines = [line for line in body.splitlines() if 'listener="ledger"' in line]
        self.assertTrue(lines, body[-1500:])
        self.assertNotIn("realrole", body)


class Sealed(PostgresTest):
    """The password and what PostgreSQL makes of it, looked for after a run of everything at the most talkative level of the log."""

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("md5", "md5", more=WEAK), cls.server.listener("password", "password", more=WEAK),
                cls.server.listener("refused", "md5"), cls.server.listener("gone", upstream="localhost:9"),
                cls.server.listener("asking", more="require_token = true")]

    def test_r9_no_form_of_a_password_is_anywhere(self):
        places = []
        for name in ("main", "md5", "password"):
            with self.open(name) as session:
                session.query("select 1")
                places.append(session.connection.received)
        for name, options in (("refused", {}), ("gone", {}), ("main", {"database": "nothing"}), ("main", {"replication": "true"}),
                              ("asking", {"password": "wrong"}), ("asking", {"password": self.server.roles["scram"].password})):
            try:
                self.open(name, **options).close()
                self.fail(f"{name} {options} is to be refused")
            except Refused as refused:
                places += [part.payload for part in refused.messages]
        for words in (["status"], ["status", "--json"], ["check"], ["check", "--json"], ["listener", "list"], ["listener", "list", "--json"],
                      ["listener", "show", "main"], ["secret", "check"], ["doctor"], ["logs"], ["env", "--format", "json"]):
            done = self.cordon.run(*words)
            places += [done.stdout, done.stderr]
        with connect(self.cordon.port) as client:
            client.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            places.append(client.read_to_end())
        for child in (f"/proc/{self.cordon.process.pid}/{part}" for part in ("cmdline", "environ")):
            with open(child, "rb") as stream:
                places.append(stream.read())
        time.sleep(0.5)
        for role in self.server.roles.values():
            self.assertEqual(places_with_forms(role, self.server, *places, self.cordon.log_path, self.cordon.home, self.cordon.project), [])


class Bound(PostgresTest):
    def test_listener_is_on_loopback_only(self):
        with self.assertRaises(OSError):
            socket.create_connection(("203.0.113.1", self.listener().port), timeout=2).close()

    def test_port_in_use_is_said_and_ends_the_start(self):
        """Before anything is served; the other process is left alone."""
        second = Cordon(self.world.folder, [self.server.listener("second")])
        second.routes[0].port = self.listener().port
        second.write_config()
        second.spawn()
        self.assertEqual(second.process.wait(20), 1)
        self.assertIn(str(self.listener().port), second.log())
        self.assertEqual(self.rows("select 1"), [["1"]])

    def test_idle_sessions_do_not_hold_the_end(self):
        with Cordon(self.world.folder, [self.server.listener("ending")]) as cordon:
            session = open_session(cordon.routes[0].port)
            started = time.monotonic()
            self.assertEqual(cordon.stop(), 0)
            self.assertLess(time.monotonic() - started, 6)
            session.read_messages_to_end()
            session.close()


if __name__ == "__main__":
    main()
