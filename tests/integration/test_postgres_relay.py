"""After the login: bytes pass as they are, in any amount and at any pace, until either side ends. Rows PG18, PG19 and PG20 of the catalogue
of attacks, Q3 to Q5 where they concern listeners."""

import hashlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import FULL, SANITIZER_KIB, Closed, canary, main
from harness.postgres import client_environment, programs
from harness.postgres_case import PostgresTest
from harness.postgres_origin import READY_FOR_QUERY, PostgresOrigin, Scram, backend_key_data, data_row, parameter_status
from harness.postgres_wire import SSL_REQUEST, message, open_wire, query, startup_message

BULK = (1 << 30) if FULL else (48 << 20)
QUIET = 3600 if FULL else 15  # seconds; 15 is over each of the short deadlines
REPEAT = 10_000 if FULL else 300
ROW = b"x" * 8191 + b"\n"  # a row of COPY's text format, 8 KiB
GROWTH = 4096  # KiB that a session's buffers, TLS and the allocator may take, however much passes


def reset(session):
    """Closes with a reset, whatever TLS would say."""
    stream = session.connection.stream
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(stream)


class Bulk(PostgresTest):
    """PG18, with a real server: for each way into Cordon."""

    @classmethod
    def options(cls):
        return {"log_level": "info"}

    def setUp(self):
        self.warm_up()
        self.peak, self.stop = 0, threading.Event()

    def watch(self):
        """The most memory that Cordon had until the test ends."""
        def run():
            while not self.stop.wait(0.05) and self.cordon.process.poll() is None:
                self.peak = max(self.peak, self.cordon.resident_kib())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.stop.set)
        return self.cordon.resident_kib()

    def assert_flat_since(self, before):
        self.peak = max(self.peak, self.cordon.resident_kib())
        self.assertLess(self.peak - before, GROWTH + SANITIZER_KIB, "growth of RSS in KiB")

    def ways(self):
        return {"plaintext": None, "TLS": self.cordon.ca_certificate}

    def test_pg18_copy_to_the_server(self):
        rows = BULK // len(ROW)
        for way, roots in self.ways().items():
            with self.subTest(way), self.open(roots=roots) as session:
                session.query("create temp table bulk (line text)")
                before = self.watch()
                session.send(query("copy bulk from stdin"))
                self.assertEqual(session.read_message().kind, "G")
                block = message("d", ROW) * 32
                for _ in range(rows // 32):
                    session.send(block)
                session.send(message("c"))
                done = session.read_until("Z")
                self.assertEqual([part.payload for part in done if part.kind == "C"], [b"COPY %d\0" % (rows // 32 * 32)])
                self.assert_flat_since(before)
                self.assertEqual(session.query("select count(*), sum(length(line)), count(distinct line) from bulk"),
                                 [[str(rows // 32 * 32), str(rows // 32 * 32 * 8191), "1"]])
                session.end()

    def test_pg18_copy_from_the_server(self):
        rows = BULK // 8192
        for way, roots in self.ways().items():
            with self.subTest(way), self.open(roots=roots) as session:
                before = self.watch()
                session.send(query(f"copy (select n, repeat(md5(n::text), 255) from generate_series(1, {rows}) n) to stdout"))
                self.assertEqual(session.read_message().kind, "H")
                count, digest = 0, None
                for row in session.copied():
                    count += 1
                    if count % 997 == 0:  # a sample, which is in its place and whole
                        number, digest = row.rstrip(b"\n").split(b"\t")
                        self.assertEqual((int(number), digest.decode()), (count, hashlib.md5(number).hexdigest() * 255))
                self.assertEqual(count, rows)
                self.assertIsNotNone(digest)
                session.read_until("Z")
                self.assert_flat_since(before)
                session.end()

    def test_pg18_slow_reader(self):
        """The server is held back: neither it nor Cordon keeps what the client has not read."""
        with self.open() as session:
            session.connection.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            before = self.watch()
            session.send(query("copy (select repeat('x', 8191) from generate_series(1, 10000000)) to stdout"))
            for _ in range(20):
                session.connection.stream.recv(8192)
                time.sleep(0.1)
            self.server.wait_for_sessions(1, "wait_event = 'ClientWrite'")
            self.assert_flat_since(before)
            reset(session)
        self.server.wait_for_sessions(0)

    def test_pg18_slow_server(self):
        """The client is held back by a server that does not read: here one whose process is stopped."""
        with self.open() as session:
            session.query("create temp table bulk (line text)")
            server_pid = int(session.query("select pg_backend_pid()")[0][0])
            session.send(query("copy bulk from stdin"))
            self.assertEqual(session.read_message().kind, "G")
            before, sent = self.watch(), 0
            os.kill(server_pid, signal.SIGSTOP)
            try:
                session.connection.stream.settimeout(1)
                with self.assertRaises(TimeoutError):
                    while sent < BULK * 4:
                        sent += session.connection.stream.send(message("d", ROW))
                self.assertLess(sent, 32 << 20)
                self.assert_flat_since(before)
            finally:
                os.kill(server_pid, signal.SIGCONT)
            reset(session)
        self.server.wait_for_sessions(0)

    def test_pg18_both_directions_at_once(self):
        """A client that sends on while it is being answered, and reads late: no deadlock, and everything in order."""
        count = 4000 if FULL else 1000
        with self.open() as session:
            def write():
                for number in range(count):
                    session.send(query(f"select {number}, repeat('y', 2000) -- {'z' * 2000}"))

            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            time.sleep(0.5)
            found = []
            while len(found) < count:
                found += [int(part.columns[0]) for part in session.read_until("Z") if part.kind == "D"]
            self.assertEqual(found, list(range(count)))
            writer.join(10)
            session.end()

    def test_backslash_copy_both_ways(self):
        """psql, with a file of 100,000 rows there and back."""
        folder = self.cordon.folder / "copies"
        folder.mkdir()
        source = folder / "source.txt"
        source.write_text("".join(f"{number}\t{hashlib.md5(str(number).encode()).hexdigest()}\n" for number in range(100_000)))
        script = f"create temp table t (n int, s text);\n\\copy t from '{source}'\n\\copy (select * from t order by n) to '{folder}/back.txt'\n"
        self.client(self.through(), "psql", "-Xqv", "ON_ERROR_STOP=1", input=script)
        self.assertEqual((folder / "back.txt").read_bytes(), source.read_bytes())


class Quiet(PostgresTest):
    @classmethod
    def options(cls):
        return {"log_level": "info"}

    def test_pg18_q4_idle_listen_stays(self):
        """An hour with CORDON_TEST_FULL=1. Then a notification arrives at once, without the client's having said a word."""
        with self.open() as plain, self.open(roots=self.cordon.ca_certificate) as inside_tls:
            for session in (plain, inside_tls):
                session.query("listen news")
            time.sleep(QUIET)
            self.server.query("select pg_notify('news', 'it stays')", "appdata")
            for session in (plain, inside_tls):
                told = session.read_message()
                self.assertEqual((told.kind, told.payload[4:]), ("A", b"news\0it stays\0"))
                self.assertEqual(session.query("select 1"), [["1"]])
                session.end()

    def test_notice_and_parameter_status_outside_a_query(self):
        with self.open() as session:
            session.query("set application_name to 'changed'")
            session.send(query("do $$ begin raise notice 'told'; end $$"))
            self.assertIn("N", [part.kind for part in session.read_until("Z")])
            session.end()


class Leftovers(PostgresTest):
    """PG19: a server that says much in one TLS record, or little in many, and is quiet after that."""

    SIZES = (8000, 8192, 8193, 12_000, 16_000, 16_384, 16_385, 40_000, 200_000)

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.secret = canary.make("pgleftover")
        cls.identity = cls.world.authority.issue("localhost", label="pg-leftover")
        cls.origin = PostgresOrigin(("127.0.0.1", 6300), cls.identity, cls.play)
        cls.plain = PostgresOrigin(("127.0.0.1", 6301), None, cls.play_in_plaintext)
        cls.ends = {}

    @classmethod
    def listeners(cls):
        found = [cls.server.listener("main", upstream="localhost:6300"),
                 cls.server.listener("plain", upstream="localhost:6301", more='upstream_tls = "disable"')]
        for listener in found:
            listener.secret = cls.secret
        return found

    @classmethod
    def play(cls, conversation):
        cls.go_on(conversation.begin())

    @classmethod
    def play_in_plaintext(cls, conversation):
        cls.go_on(conversation.begin(tls=False))

    @classmethod
    def go_on(cls, conversation):
        """The rest of the login and `size` bytes of rows in one write, which TLS makes into records of 16 KiB; or, after the login,
        whatever a Query asks for."""
        conversation.authenticate(Scram(cls.secret))
        action, _, size = conversation.parameters["database"].partition(":")
        ready = parameter_status("server_version", "15.0") + backend_key_data() + READY_FOR_QUERY
        if action == "with":
            conversation.send(ready + data_row("r" * (int(size) - 11)))
            return conversation.wait_for_end()
        conversation.send(ready)
        if action == "answers":
            conversation.answer_queries(lambda sql: data_row("r" * (int(sql) - 11)))
        elif action == "swallows":
            wanted = int(size)
            taken = conversation.connection.read_exactly(wanted)
            conversation.send(message("D", hashlib.sha256(taken).digest()))
            conversation.wait_for_end()
        elif action == "says":
            conversation.send(b"last words" * (int(size) // 10))  # and closes
        elif action == "half":
            cls.ends["half"] = conversation.connection.read_to_end()
            conversation.send(b"after your end")
        elif action == "resets":
            conversation.read_message()
            reset(conversation)

    def ways(self):
        for name in ("main", "plain"):
            for roots in (None, self.cordon.ca_certificate):
                with self.subTest(name, client_tls=bool(roots)):
                    yield name, roots

    def test_pg19_rows_in_the_record_of_ready_for_query(self):
        for name, roots in self.ways():
            for size in self.SIZES:
                with self.open(name, roots, database=f"with:{size}") as session:
                    session.connection.stream.settimeout(5)
                    row = session.read_message()
                    self.assertEqual((row.kind, len(row.payload)), ("D", size - 5))

    def test_pg19_long_answers_then_quiet(self):
        for name, roots in self.ways():
            with self.open(name, roots, database="answers") as session:
                session.connection.stream.settimeout(5)
                for size in self.SIZES:
                    self.assertEqual([len(row[0]) for row in session.query(str(size))], [size - 11])

    def test_pg19_long_writes_of_the_client_then_quiet(self):
        for name, roots in self.ways():
            for size in self.SIZES:
                with self.open(name, roots, database=f"swallows:{size}") as session:
                    session.connection.stream.settimeout(5)
                    data = os.urandom(size)
                    session.send(data)
                    self.assertEqual(session.read_message().payload, hashlib.sha256(data).digest())

    def test_bytes_are_not_looked_at(self):
        """What is no message of the protocol passes as well, in both directions."""
        for name, roots in self.ways():
            with self.open(name, roots, database="swallows:70000") as session:
                data = bytes(range(256)) * 273 + b"Z\0\0\0\5I" * 20
                session.send(data[:70000])
                self.assertEqual(session.read_message().payload, hashlib.sha256(data[:70000]).digest())

    def test_last_words_before_the_servers_end(self):
        """Everything that was said before the close arrives before it."""
        for name, roots in self.ways():
            for size in (10, 8200, 100_000, 3_000_000):
                with self.open(name, roots, database=f"says:{size}") as session:
                    self.assertEqual(session.connection.read_to_end(), b"last words" * (size // 10))

    def test_q3_half_close_of_the_client(self):
        """The server reads the client's end, and what it says after that still arrives."""
        for name in ("main", "plain"):
            with self.subTest(name), self.open(name, database="half") as session:
                session.send(b"before my end")
                session.connection.stream.shutdown(socket.SHUT_WR)
                answer = session.connection.read_to_end()
                self.assertEqual(self.ends.pop("half"), b"before my end")
                if name == "plain":  # the end of a TLS stream may be the end of both directions
                    self.assertEqual(answer, b"after your end")

    def test_pg20_reset_by_the_upstream(self):
        before = self.warm_up_here()
        for name, roots in self.ways():
            for _ in range(REPEAT // 10):
                with self.open(name, roots, database="resets") as session:
                    session.send(query("now"))
                    self.assertEqual(session.read_messages_to_end(), [])
        self.settle(before)

    def test_pg20_reset_by_the_client(self):
        before = self.warm_up_here()
        for name, roots in self.ways():
            for number in range(REPEAT // 4):
                session = self.open(name, roots, database="answers")
                if number % 3 == 1:
                    session.query("10000")
                elif number % 3 == 2:
                    session.send(query("3000000"))
                reset(session)
        self.settle(before)
        deadline = time.monotonic() + 10
        while open_ones := [c for c in self.origin.conversations + self.plain.conversations if c.connection.stream.fileno() >= 0]:
            self.assertLess(time.monotonic(), deadline, f"{len(open_ones)} connections to the upstream are still open")
            time.sleep(0.05)

    def warm_up_here(self):
        for name in ("main", "plain"):
            with self.open(name, database="answers") as session:
                session.query("100")
                session.end()
        time.sleep(0.3)
        return self.cordon.descriptors()


class Abandoned(PostgresTest):
    """PG20 with a real server: neither Cordon's descriptors nor the server's sessions stay behind."""

    @classmethod
    def options(cls):
        return {"log_level": "info"}

    def test_pg20_q3_clients_that_go(self):
        before = self.warm_up()
        roots = self.cordon.ca_certificate
        for number in range(REPEAT):
            session = self.open(roots=roots if number % 2 else None)
            kind = number // 2 % 6
            if kind == 0:
                reset(session)
            elif kind == 1:
                session.close()  # without Terminate
            elif kind == 2:
                session.send(query("select repeat('x', 1000000)"))
                reset(session)
            elif kind == 3:
                session.send(query("select pg_sleep(0.01)"))
                session.close()
            elif kind == 4:
                session.query("begin")
                reset(session)
            else:
                session.end()
        self.settle(before)
        self.server.wait_for_sessions(0)

    def test_pg20_clients_that_go_during_the_login(self):
        before = self.warm_up()
        first = startup_message({"user": "whoever", "database": "appdata"})
        for number in range(REPEAT):
            wire = open_wire(self.listener().port)
            wire.send((b"", SSL_REQUEST, first[:9], first)[number % 4])
            if number % 8 < 4:
                reset(wire)
            else:
                wire.close()
        self.settle(before)
        self.server.wait_for_sessions(0)

    def test_pg20_q3_servers_that_go(self):
        before = self.warm_up()
        for _ in range(REPEAT // 50):
            sessions = [self.open() for _ in range(10)]
            self.server.query("select pg_terminate_backend(pid) from pg_stat_activity where client_addr is not null")
            for session in sessions:
                self.assertEqual([part.code for part in session.read_messages_to_end()], ["57P01"])
                session.close()
        self.settle(before)

    def test_killed_client_program(self):
        """A psql that is killed in the middle of a statement: the server is told at once by the closed connection."""
        before = self.warm_up()
        environment = {**client_environment(), **self.through().environment()}
        client = subprocess.Popen([programs() / "psql", "-Xqc", "copy (select repeat('x', 8191) from generate_series(1, 10000000)) to stdout"],
                                  env=environment, stdout=subprocess.PIPE)
        client.stdout.read(1 << 20)
        client.send_signal(signal.SIGKILL)
        client.communicate()
        self.server.wait_for_sessions(0)
        self.settle(before)


class TerminatedSession(PostgresTest):
    def test_half_close_after_terminate(self):
        """`X`, then the end, in one go: as libpq does it."""
        before = self.warm_up()
        for roots in (None, self.cordon.ca_certificate):
            with self.open(roots=roots) as session:
                session.send(message("X"))
                with self.assertRaises(Closed):
                    session.connection.read_exactly(1)
        self.settle(before)
        self.server.wait_for_sessions(0)


if __name__ == "__main__":
    main()
