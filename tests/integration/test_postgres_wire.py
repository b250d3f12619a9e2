"""PostgreSQL's protocol byte by byte, from the client's side: how a session begins, and CancelRequest. Rows PG1 to PG3, PG5 to PG7, PG13 and
PG17 of the catalogue of attacks, and Q1 where it concerns listeners."""

import resource
import socket
import ssl
import struct
import threading
import time

from harness import FULL, Closed, main
from harness.postgres_case import PostgresTest, Refused
from harness.postgres_origin import AUTHENTICATION_OK
from harness.postgres_wire import (GSSENC_REQUEST, PROTOCOL_2, PROTOCOL_3_0, PROTOCOL_3_2, SSL_REQUEST, as_server, cancel,
                                   open_session, open_wire, packet, query, startup_message, startup_payload)
from harness.raw_client import tls_context
from harness.tls_bytes import client_hello

ME = {"user": "whoever", "database": "appdata"}


class WireTest(PostgresTest):
    def wire(self, name="main"):
        wire = open_wire(self.listener(name).port)
        self.addCleanup(wire.close)
        return wire

    def assert_closed_unserved(self, wire):
        """It ends without a login; what is said before is at most one ErrorResponse or TLS's own alert."""
        rest = wire.connection.read_to_end()
        if rest and rest[0] != 0x15:
            self.assertEqual(rest[:1], b"E", rest)
            self.assertEqual(len(rest), 1 + struct.unpack("!i", rest[1:5])[0], rest)

    def assert_logged_in(self, wire):
        self.assertEqual(wire.query("select 1"), [["1"]])


class ClientTls(WireTest):
    """PG1, PG2, PG3, PG5: how a session begins, for each value of client_tls."""

    @classmethod
    def listeners(cls):
        return [cls.server.listener(mode, more=f'client_tls = "{mode}"') for mode in ("accept", "require", "disable")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roots = cls.cordon.ca_certificate

    def test_pg1_exactly_one_byte_answers_ssl_request(self):
        for name, answer in (("accept", b"S"), ("require", b"S"), ("disable", b"N")):
            with self.subTest(name):
                wire = self.wire(name)
                wire.send(SSL_REQUEST)
                self.assertEqual(wire.connection.read_exactly(1), answer)
                wire.connection.stream.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    wire.connection.fill()

    def test_pg1_plaintext_after_s_is_not_served(self):
        for name in ("accept", "require"):
            with self.subTest(name):
                wire = self.wire(name)
                wire.send(SSL_REQUEST)
                self.assertEqual(wire.connection.read_exactly(1), b"S")
                wire.send(startup_message(ME))
                rest = wire.connection.read_to_end()
                self.assertIn(rest[:1], (b"", b"\x15"), "nothing, or an alert of TLS")

    def test_pg1_plaintext_when_tls_is_required(self):
        self.assert_refused("28000", "require")
        self.assertEqual(self.rows("select 1", "require", roots=self.roots), [["1"]])

    def test_plaintext_when_tls_is_accepted_or_disabled(self):
        for name in ("accept", "disable"):
            self.assertEqual(self.rows("select 1", name), [["1"]])

    def test_plaintext_after_n(self):
        wire = self.wire("disable")
        wire.send(SSL_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"N")
        wire.log_in(ME)
        self.assert_logged_in(wire)

    def test_pg2_gssenc_request_first(self):
        wire = self.wire("accept")
        wire.send(GSSENC_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"N")
        wire.ask_for_tls(self.roots)
        wire.log_in(ME)
        self.assert_logged_in(wire)

    def test_pg2_gssenc_request_then_plaintext(self):
        wire = self.wire("accept")
        wire.send(GSSENC_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"N")
        wire.log_in(ME)
        self.assert_logged_in(wire)
        wire = self.wire("require")
        wire.send(GSSENC_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"N")
        with self.assertRaises(Refused) as caught:
            wire.log_in(ME)
        self.assert_own_error(caught.exception, "28000")

    def test_pg2_gssenc_request_after_n(self):
        wire = self.wire("disable")
        for request in (SSL_REQUEST, GSSENC_REQUEST):
            wire.send(request)
            self.assertEqual(wire.connection.read_exactly(1), b"N")
        wire.log_in(ME)
        self.assert_logged_in(wire)

    def test_pg2_at_most_one_of_each(self):
        for name, requests in (("accept", [GSSENC_REQUEST] * 2), ("disable", [SSL_REQUEST] * 2),
                               ("disable", [GSSENC_REQUEST, SSL_REQUEST, GSSENC_REQUEST]), ("disable", [SSL_REQUEST, GSSENC_REQUEST, SSL_REQUEST])):
            with self.subTest(name, requests=len(requests)):
                wire = self.wire(name)
                for request in requests[:-1]:
                    wire.send(request)
                    self.assertEqual(wire.connection.read_exactly(1), b"N")
                wire.send(requests[-1])
                self.assert_closed_unserved(wire)

    def test_pg2_requests_inside_tls(self):
        for request in (SSL_REQUEST, GSSENC_REQUEST):
            wire = self.wire("accept")
            wire.ask_for_tls(self.roots)
            wire.send(request)
            if request == GSSENC_REQUEST and wire.connection.fill() and wire.connection.buffer == b"N":
                continue  # the one that it may ask for
            self.assert_closed_unserved(wire)

    def test_pg3_bytes_after_ssl_request(self):
        hello = client_hello("localhost", self.roots).bytes
        for name in ("accept", "require"):
            for more in (startup_message(ME), b"x", hello, SSL_REQUEST, b"\0" * 20000):
                with self.subTest(name, more=more[:8]):
                    wire = self.wire(name)
                    wire.send(SSL_REQUEST + more)
                    rest = wire.connection.read_to_end()
                    self.assertIn(rest[:1], (b"", b"S", b"E"))
                    self.assertNotIn(AUTHENTICATION_OK, rest)
                    self.assertLess(len(rest), 300, "no handshake either")

    def test_pg3_nothing_from_before_tls_is_read_inside_it(self):
        """Plaintext that stands behind SSLRequest is not taken for the client's, even when a handshake follows."""
        wire = self.wire("accept")
        wire.send(SSL_REQUEST + startup_message({"user": "attacker", "database": "appdata"}))
        try:
            self.assertEqual(wire.connection.read_exactly(1), b"S")
            wire.connection.start_tls("localhost", self.roots)
            wire.connection.stream.settimeout(1)
            self.assertFalse(wire.connection.fill(), "no answer to a StartupMessage that came outside")
        except (Closed, OSError):
            pass

    def test_pg5_direct_tls(self):
        for name in ("accept", "require"):
            with self.subTest(name):
                wire = self.wire(name)
                stream = wire.connection.start_tls("localhost", self.roots, alpn=["postgresql"])
                self.assertEqual(stream.selected_alpn_protocol(), "postgresql")
                wire.log_in(ME)
                self.assert_logged_in(wire)

    def test_pg5_direct_tls_without_the_protocols_name(self):
        for alpn in (None, ["http/1.1"], ["h2", "http/1.1"], ["postgres"], ["POSTGRESQL"]):
            with self.subTest(alpn):
                wire = self.wire("accept")
                try:
                    wire.connection.start_tls("localhost", self.roots, alpn=alpn)
                    wire.send(startup_message(ME))  # in TLS 1.3 the client may have finished before the server's alert arrives
                except (OSError, ssl.SSLError):
                    continue
                self.assertEqual(wire.connection.read_to_end(), b"")

    def test_pg5_direct_tls_when_tls_is_off(self):
        wire = self.wire("disable")
        with self.assertRaises((OSError, ssl.SSLError)):
            wire.connection.start_tls("localhost", self.roots, alpn=["postgresql"])

    def test_pg5_ssl_request_inside_direct_tls(self):
        wire = self.wire("accept")
        wire.connection.start_tls("localhost", self.roots, alpn=["postgresql"])
        wire.send(SSL_REQUEST)
        self.assert_closed_unserved(wire)

    def test_alpn_after_ssl_request(self):
        """libpq 17 names the protocol there too; older clients name none."""
        for alpn in (["postgresql"], None):
            wire = self.wire("accept")
            wire.ask_for_tls(self.roots, alpn=alpn)
            wire.log_in(ME)
            self.assert_logged_in(wire)

    def test_certificate_is_for_loopback_whatever_is_asked_for(self):
        for name in ("localhost", "127.0.0.1", "db.example.com"):
            with self.subTest(name):
                wire = self.wire("accept")
                wire.send(SSL_REQUEST)
                self.assertEqual(wire.connection.read_exactly(1), b"S")
                stream = wire.connection.start_tls(name, self.roots, verify_name=name != "db.example.com")
                names = {value for _, value in stream.getpeercert()["subjectAltName"]}
                self.assertLessEqual({"localhost", "127.0.0.1"}, names)
                self.assertNotIn("db.example.com", names)

    def test_tls_1_2_works_and_older_does_not(self):
        wire = self.wire("accept")
        wire.ask_for_tls(self.roots, versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
        wire.log_in(ME)
        self.assert_logged_in(wire)
        wire = self.wire("accept")
        wire.send(SSL_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"S")
        context = tls_context(None, versions=(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that it is the other side that refuses
        with self.assertRaisesRegex(ssl.SSLError, "ALERT"):
            context.wrap_socket(wire.connection.stream, server_hostname="localhost")

    def test_other_protocols_on_the_port(self):
        for data in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\n" * 8, b"SSH-2.0-x\r\n", b"\xff" * 64):
            with self.subTest(data[:8]):
                wire = self.wire("accept")
                wire.send(data)
                self.assert_closed_unserved(wire)


class NoTls(WireTest):
    """The whole proxy without TLS towards clients."""

    @classmethod
    def options(cls):
        return {"tls": "enabled = false"}

    def test_ssl_request_is_answered_with_n(self):
        wire = self.wire()
        wire.send(SSL_REQUEST)
        self.assertEqual(wire.connection.read_exactly(1), b"N")
        wire.log_in(ME)
        self.assertEqual(wire.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()"), [["t"]], "the way to the server has TLS")


class Startup(WireTest):
    """PG6, PG7: the StartupMessage."""

    def answer_to(self, data):
        wire = self.wire()
        wire.send(data)
        started = time.monotonic()
        found = wire.read_messages_to_end()
        self.assertLess(time.monotonic() - started, 5, "at once, not at a deadline")
        return Refused(found)

    def test_pg6_lengths(self):
        before = self.cordon.resident_kib()
        for length in (0, 1, 4, 5, 7, 10_001, 65_536, 1 << 30, (1 << 31) - 1, -(1 << 31), -1):
            with self.subTest(length):
                refused = self.answer_to(struct.pack("!i", length) + struct.pack("!i", PROTOCOL_3_0) + b"user\0x\0\0")
                self.assert_own_error(refused, "08P01")
        self.assert_memory_flat(before, 1024)

    def test_pg6_lengths_are_judged_before_the_rest_arrives(self):
        for length in (7, 10_001, -1):
            with self.subTest(length):
                self.assert_own_error(self.answer_to(struct.pack("!i", length)), "08P01")

    def test_pg6_parameters_that_are_not_pairs_of_strings(self):
        head = struct.pack("!i", PROTOCOL_3_0)
        rows = {"no NUL": b"user", "no NUL after a value": b"user\0whoever", "no last NUL": b"user\0whoever\0", "nothing": b"",
                "a name without a value": b"user\0whoever\0database\0\0", "more after the last NUL": b"user\0whoever\0\0database\0x\0\0",
                "user twice": b"user\0whoever\0user\0other\0\0", "database twice": b"user\0a\0database\0postgres\0database\0appdata\0\0",
                "not UTF-8 in a name": b"user\0whoever\0\xff\xfe\0x\0\0"}
        for name, body in rows.items():
            with self.subTest(name):
                refused = self.answer_to(packet(head + body))
                if name == "not UTF-8 in a name":
                    self.assertIsNotNone(refused.error, "the server's to judge, or ours")
                    continue
                self.assert_own_error(refused, "08P01")

    def test_long_startup_message_works(self):
        with self.open(application_name="x" * 9000) as session:
            self.assertEqual(len(session.query("show application_name")[0][0]), 63)

    def test_pg7_protocol_2_and_others_are_refused(self):
        for version in (PROTOCOL_2, 4 << 16, 1 << 16, 0, 80877104 + 1, 99 << 16):
            with self.subTest(version >> 16):
                refused = self.answer_to(packet(startup_payload(ME, version)))
                self.assert_own_error(refused, ("0A000", "08P01"))

    def test_pg7_newer_minor_versions_are_negotiated_by_the_server(self):
        """PostgreSQL before 18 has 3.0 only and says so; the client gets that, and the session works."""
        for version in (PROTOCOL_3_2, PROTOCOL_3_0 + 99):
            with self.subTest(version & 0xFFFF):
                with self.open(version=version) as session:
                    self.assertEqual(session.query("select 1"), [["1"]])
                    told = [part for part in session.login if part.kind == "v"]
                    server = int(self.server.query("show server_version_num")[0])
                    if server < 180000:
                        self.assertEqual([struct.unpack("!i", part.payload[:4])[0] & 0xFFFF for part in told], [0])

    def test_pg7_unknown_protocol_options_are_negotiated_by_the_server(self):
        with self.open(**{"_pq_.x": "y"}) as session:
            told = [part for part in session.login if part.kind == "v"]
            self.assertEqual(len(told), 1)
            self.assertIn(b"_pq_.x\0", told[0].payload)
            self.assertEqual(session.query("select 1"), [["1"]])

    def test_nothing_that_comes_with_the_startup_message_is_lost(self):
        """A client may send its first Query without waiting."""
        with self.wire() as wire:
            wire.send(startup_message(ME) + query("select 'early'"))
            found = wire.read_until("Z") + wire.read_until("Z")
            self.assertEqual([part.columns for part in found if part.kind == "D"], [["early"]])

    def test_startup_message_in_pieces(self):
        data = startup_message(ME)
        with self.wire() as wire:
            for position in range(len(data)):
                wire.send(data[position:position + 1])
                time.sleep(0.005)
            wire.read_until("Z")
            self.assert_logged_in(wire)

    def test_order_of_the_login(self):
        """As the manual has it: Ok, ParameterStatus, BackendKeyData, ReadyForQuery."""
        with self.open() as session:
            kinds = "".join(part.kind for part in session.login)
        self.assertRegex(kinds, "^RS+KZ$")


class Cancel(WireTest):
    """PG13."""

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("require", more='client_tls = "require"')]

    def setUp(self):
        self.server.wait_for_sessions(0)

    def asleep(self, session):
        """Begins a statement that takes long."""
        session.send(query("select pg_sleep(60)"))
        self.server.wait_for_sessions(1, "query like '%pg_sleep(60)%' and state = 'active'")

    def assert_canceled(self, session):
        self.assertEqual([part.code for part in session.read_until("Z") if part.kind == "E"], ["57014"])
        self.assertEqual(session.query("select 1"), [["1"]], "the session goes on")

    def assert_sleeps_on(self, session):
        session.connection.stream.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            session.connection.fill()
        session.connection.stream.settimeout(30)

    def end(self, session):
        cancel(self.listener().port, session.process_id, session.key)
        self.assert_canceled(session)
        session.end()

    def test_pg13_right_key(self):
        session = self.open()
        self.asleep(session)
        self.assertEqual(cancel(self.listener().port, session.process_id, session.key), b"", "nothing is answered")
        self.assert_canceled(session)
        self.asleep(session)
        self.end(session)

    def test_pg13_right_key_inside_tls(self):
        roots = self.cordon.ca_certificate
        session = self.open("require", roots=roots)
        self.asleep(session)
        self.assertEqual(cancel(self.listener("require").port, session.process_id, session.key, roots), b"")
        self.assert_canceled(session)
        session.close()

    def test_pg13_right_key_in_plaintext_where_tls_is_required(self):
        """libpq before 17 sends its CancelRequest outside TLS whatever the session had."""
        session = self.open("require", roots=self.cordon.ca_certificate)
        self.asleep(session)
        self.assertEqual(cancel(self.listener("require").port, session.process_id, session.key), b"")
        self.assert_canceled(session)
        session.close()

    def test_pg13_wrong_keys_are_ignored(self):
        session = self.open()
        other = self.open()
        self.asleep(session)
        flipped = bytes([session.key[0] ^ 1]) + session.key[1:]
        for process_id, key in ((session.process_id, flipped), (session.process_id ^ 1, session.key), (session.process_id, other.key),
                                (other.process_id, session.key), (0, b"\0\0\0\0"), (session.process_id, b""), (session.process_id, session.key[:-1]),
                                (session.process_id, session.key + b"\0"), (session.process_id, b"x" * 300)):
            with self.subTest(process_id=process_id, key=key[:8]):
                answer = cancel(self.listener().port, process_id, key)
                self.assertNotIn(b"R", answer[:1])
                self.assert_sleeps_on(session)
        other.end()
        self.end(session)

    def test_pg13_after_the_session_ended(self):
        session = self.open()
        process_id, key = session.process_id, session.key
        session.end()
        self.server.wait_for_sessions(0)
        second = self.open()
        self.asleep(second)
        self.assertEqual(cancel(self.listener().port, process_id, key), b"")
        self.assert_sleeps_on(second)
        self.end(second)

    def test_pg13_keys_are_cordons_own(self):
        with self.open() as first, self.open() as second:
            self.assertEqual((len(first.key), len(second.key)), (4, 4), "as long as the server's")
            self.assertNotEqual((first.process_id, first.key), (second.process_id, second.key))
            own = int(first.query("select pg_backend_pid()")[0][0])
            self.assertEqual(own, first.process_id, "what the server says of the session is true of it")

    def test_many_cancels_leave_nothing(self):
        before = self.warm_up()
        with self.open() as session:
            for _ in range(200):
                cancel(self.listener().port, session.process_id, session.key)
            for _ in range(200):
                cancel(self.listener().port, session.process_id, b"none")
            while True:  # a late one may still hit
                try:
                    self.assertEqual(session.query("select 1"), [["1"]])
                    break
                except Refused as refused:
                    self.assertEqual(refused.code, "57014")
            session.end()
        self.settle(before)


class Slow(WireTest):
    """PG17 and Q1: who begins and does not go on."""

    HALF_OPEN = 10_000 if FULL else 3_000
    BOUND = 2_048  # at most so many may wait at one listener

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("asking", more="require_token = true")]

    @classmethod
    def options(cls):
        return {"log_level": "info"}

    def test_pg17_q1_slow_beginnings_are_ended_at_10_seconds(self):
        hello = client_hello("localhost", self.cordon.ca_certificate).bytes
        waiting = {"silent": b"", "a byte at a time": None, "after SSLRequest": SSL_REQUEST, "half a ClientHello": SSL_REQUEST,
                   "half a direct ClientHello": hello[:100], "a length alone": struct.pack("!i", 100), "no password": startup_message(ME)}
        wires = {name: self.wire("asking" if name == "no password" else "main") for name in waiting}
        stop = threading.Event()
        self.addCleanup(stop.set)
        for name, data in waiting.items():
            if data is None:
                slow_message = startup_message({**ME, "application_name": "x" * 60})
                threading.Thread(target=wires[name].connection.drip, args=(slow_message, 0.5, stop), daemon=True).start()
            else:
                wires[name].send(data)
        self.assertEqual(wires["half a ClientHello"].connection.read_exactly(1), b"S")
        wires["half a ClientHello"].send(hello[:100])

        def ask():
            self.assertEqual(good.query("select 1"), [["1"]])
            self.rows("select 1")
        with self.open() as good:
            self.assert_ended_at_ten_seconds({name: wire.connection for name, wire in wires.items()}, ask, quick=1.5)

    def test_pg17_half_open_connections_are_bounded(self):
        """Past the bound a connection is told 53300, or closed; those before it do not grow memory without end; and all of it passes."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        count = min(self.HALF_OPEN, hard - 200)
        before, memory = self.warm_up(), self.cordon.resident_kib()
        streams = []
        try:
            for _ in range(count):
                stream = socket.create_connection(("127.0.0.1", self.listener().port), timeout=10)
                stream.send(b"\0\0")
                streams.append(stream)
            time.sleep(1)
            held = self.cordon.descriptors() - before
            self.assertLessEqual(held, self.BOUND)
            self.assertGreater(held, 50, "a few slow ones do not lock others out")
            self.assert_memory_flat(memory, 64 * self.BOUND)
            told = self.last_words(streams)
            self.assertGreater(len(told), count - self.BOUND - 1)
            self.assertLessEqual({word for word in told if word}, {"53300"})
        finally:
            for stream in streams:
                stream.close()
        self.settle(before)
        self.assertEqual(self.rows("select 1"), [["1"]])

    def last_words(self, streams):
        """The SQLSTATE (or nothing) of each of those that are closed."""
        found = []
        for stream in streams:
            stream.setblocking(False)
            wire = as_server(stream)
            stream.setblocking(False)
            try:
                wire.connection.read_to_end()
            except BlockingIOError:
                continue
            data = wire.connection.received
            found.append(data.split(b"\0C")[1][:5].decode() if b"\0C" in data else "")
        return found


class Together(WireTest):
    """Many at once."""

    def test_many_sessions(self):
        before = self.warm_up()
        port = self.listener().port
        sessions = [open_session(port, {**ME, "application_name": f"number {number}"}) for number in range(60)]
        for session in sessions:
            session.send(query("show application_name"))
        found = [[part.columns[0] for part in session.read_until("Z") if part.kind == "D"] for session in sessions]
        self.assertEqual(found, [[f"number {number}"] for number in range(60)])
        keys = {(session.process_id, session.key) for session in sessions}
        self.assertEqual(len(keys), 60)
        for session in sessions:
            session.end()
        self.settle(before)


if __name__ == "__main__":
    main()
