"""Upstreams that no real server is: what they answer to SSLRequest, how they authenticate, what else they say before the first
ReadyForQuery. Rows PG3, PG4, PG7 and PG9 to PG12 of the catalogue of attacks."""

import base64
import time

from harness import Closed, canary, main
from harness.postgres_case import PostgresTest, Refused
from harness.postgres_origin import (AUTHENTICATION_OK, CLEARTEXT_PASSWORD, PLAIN, PLUS, READY_FOR_QUERY, PostgresOrigin, Scram, authentication,
                                     backend_key_data, end_point, error_response, md5_password, negotiate_protocol_version, sasl)
from harness.postgres_wire import PROTOCOL_3_0, PROTOCOL_3_2, cancel, cancel_request, startup_message
from harness.raw_client import connect


class Script(Scram):
    """SCRAM with one thing changed; what is left out is right."""

    def __init__(self, password, change_first=None, change_final=None, **options):
        super().__init__(password, **options)
        self.change_first, self.change_final = change_first, change_final

    def first(self, client_first):
        text = super().first(client_first)
        return self.change_first(text) if self.change_first else text

    def final(self, client_final):
        text = super().final(client_final)
        return self.change_final(text) if self.change_final else text


REFUSED = ("28000", "28P01", "08P01", "08001")
SALT = base64.b64encode(b"0123456789abcdef").decode()
# What is changed in the server's first message. PostgreSQL's own clients refuse each of these, or should.
FIRST_FAULTS = {
    "nonce of its own": {"extend": lambda _: "servers-own-nonce-0123456789"},
    "nonce not extended": {"extend": lambda nonce: nonce},
    "nonce cut": {"extend": lambda nonce: nonce[:-1]},
    "nonce in the end": {"extend": lambda nonce: "x" + nonce},
    "empty nonce": {"extend": lambda _: ""},
    "other case": {"extend": lambda nonce: nonce.swapcase() + "0123456789"},
    "empty salt": {"salt": b""},
    "salt not base64": {"change_first": lambda text: text.replace(SALT, "!!!!")},
    "salt cut": {"change_first": lambda text: text.replace(SALT, SALT[:-3])},
    "i=0": {"change_first": lambda text: text.replace("i=4096", "i=0")},
    "i=-1": {"change_first": lambda text: text.replace("i=4096", "i=-4096")},
    "i=10000001": {"change_first": lambda text: text.replace("i=4096", "i=10000001")},
    "i=2^31": {"change_first": lambda text: text.replace("i=4096", f"i={1 << 31}")},
    "i=2^32+4096": {"change_first": lambda text: text.replace("i=4096", f"i={(1 << 32) + 4096}")},
    "i=2^64+4096": {"change_first": lambda text: text.replace("i=4096", f"i={(1 << 64) + 4096}")},
    "i=4096x": {"change_first": lambda text: text.replace("i=4096", "i=4096x")},
    "i=+4096": {"change_first": lambda text: text.replace("i=4096", "i=+4096")},
    "no i": {"change_first": lambda text: text.replace(",i=4096", "")},
    "other order": {"change_first": lambda text: ",".join(reversed(text.split(",")))},
    "a mandatory extension": {"change_first": lambda text: "m=what," + text},
    "nothing": {"change_first": lambda _: ""},
    "an error": {"change_first": lambda _: "e=other-error"},
    "64 KiB": {"change_first": lambda text: text + "," + "x" * 65536},
}
FEW = {"i=1": {"iterations": 1}, "i=4095": {"iterations": 4095}}
SLOW = {"i=10000000": {"iterations": 10_000_000}}
FINAL_FAULTS = {
    "wrong signature": lambda _: "v=" + base64.b64encode(b"x" * 32).decode(),
    "one bit": lambda text: "v=" + base64.b64encode(bytes([base64.b64decode(text[2:])[0] ^ 1]) + base64.b64decode(text[2:])[1:]).decode(),
    "short signature": lambda text: "v=" + base64.b64encode(base64.b64decode(text[2:])[:16]).decode(),
    "long signature": lambda text: "v=" + base64.b64encode(base64.b64decode(text[2:]) + b"x").decode(),
    "empty signature": lambda _: "v=",
    "no signature": lambda _: "",
    "an error": lambda _: "e=invalid-proof",
}


class Origins(PostgresTest):
    """Upstreams that no real server is. The database that the client names is the name of the script."""

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.secret = canary.make("pgplayed")
        cls.identity = cls.world.authority.issue("localhost", label="pg-played")
        cls.origin = PostgresOrigin(("127.0.0.1", 6100), cls.identity, cls.play)
        cls.plain = PostgresOrigin(("127.0.0.1", 6101), None, cls.play_in_plaintext)
        cls.taken = {}  # by script: what the client did
        cls.times = {}

    @classmethod
    def listeners(cls):
        tls, plain = {"upstream": "localhost:6100"}, {"upstream": "localhost:6101"}
        off, weak = 'upstream_tls = "disable"', "allow_weak_auth = true"
        found = [cls.server.listener("main", **tls), cls.server.listener("weak", more=weak, **tls), cls.server.listener("plain", more=off, **plain),
                 cls.server.listener("plain weak", more=f"{off}\n{weak}", **plain)]
        for listener in found:
            listener.secret = cls.secret
        return found

    def take(self, script):
        """What the client did: known to the server a moment later than the client knows of its refusal."""
        deadline = time.monotonic() + 10
        while script not in self.taken and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.taken.pop(script)

    @classmethod
    def play(cls, conversation):
        name = conversation.begin().parameters["database"]
        getattr(cls, "play_" + name.split(":")[0])(conversation, *name.split(":")[1:])

    @classmethod
    def play_in_plaintext(cls, conversation):
        name = conversation.begin(tls=False).parameters["database"]
        getattr(cls, "play_" + name.split(":")[0])(conversation, *name.split(":")[1:])

    def setUp(self):
        for origin in (self.origin, self.plain):
            origin.forget()

    def tearDown(self):
        self.assert_sealed(self.secret, self.origin.received, self.plain.received)

    # The scripts.

    @classmethod
    def go_on(cls, conversation, **ready):
        conversation.be_ready(**ready)
        conversation.answer_queries()

    @classmethod
    def play_good(cls, conversation):
        conversation.authenticate(Scram(cls.secret))
        cls.go_on(conversation)

    @classmethod
    def play_mechanisms(cls, conversation, *offered):
        """Notes the mechanism, the GS2 flag and the channel binding that the client sent."""
        scram = Scram(cls.secret)
        mechanism = conversation.authenticate(scram, offered)
        cls.taken["mechanisms"] = (mechanism, scram.gs2[0], scram.binding)
        cls.go_on(conversation)

    @classmethod
    def play_only(cls, conversation, *offered):
        conversation.send(sasl(*offered))
        cls.taken["only"] = conversation.wait_for_end()

    @classmethod
    def play_first(cls, conversation, fault):
        scram = Script(cls.secret, **{**FIRST_FAULTS, **FEW, **SLOW}[fault])
        conversation.send(sasl(PLAIN))
        first = authentication(11, scram.first(conversation.read_sasl_initial_response()[1]).encode())
        started = time.monotonic()
        conversation.send(first)
        try:
            cls.taken["first"] = conversation.read_sasl_response()
            conversation.send(authentication(12, scram.final(cls.taken["first"]).encode()) + AUTHENTICATION_OK)
            cls.go_on(conversation)
        except (Closed, OSError):
            cls.times.setdefault(fault, []).append(time.monotonic() - started)
            raise

    @classmethod
    def play_final(cls, conversation, fault):
        conversation.authenticate(Script(cls.secret, change_final=FINAL_FAULTS[fault]))
        cls.go_on(conversation)

    @classmethod
    def play_ok_without_final(cls, conversation):
        scram = Scram(cls.secret)
        conversation.send(sasl(PLAIN))
        conversation.send(authentication(11, scram.first(conversation.read_sasl_initial_response()[1]).encode()))
        conversation.read_sasl_response()
        conversation.send(AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_ok_in_place_of_continue(cls, conversation):
        conversation.send(sasl(PLAIN))
        conversation.read_sasl_initial_response()
        conversation.send(AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_ready_in_place_of_ok(cls, conversation):
        scram = Scram(cls.secret)
        conversation.send(sasl(PLAIN))
        conversation.send(authentication(11, scram.first(conversation.read_sasl_initial_response()[1]).encode()))
        conversation.send(authentication(12, scram.final(conversation.read_sasl_response()).encode()) + READY_FOR_QUERY)
        conversation.answer_queries()

    @classmethod
    def play_final_before_continue(cls, conversation):
        conversation.send(sasl(PLAIN))
        conversation.read_sasl_initial_response()
        conversation.send(authentication(12, b"v=" + base64.b64encode(b"x" * 32)) + AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_continue_at_once(cls, conversation):
        conversation.send(authentication(11, f"r=nonce,s={SALT},i=4096".encode()) + AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_final_at_once(cls, conversation):
        conversation.send(authentication(12, b"v=" + base64.b64encode(b"x" * 32)) + AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_continue_twice(cls, conversation):
        scram = Scram(cls.secret)
        conversation.send(sasl(PLAIN))
        first = authentication(11, scram.first(conversation.read_sasl_initial_response()[1]).encode())
        conversation.send(first + first)
        conversation.send(authentication(12, scram.final(conversation.read_sasl_response()).encode()) + AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_sasl_twice(cls, conversation):
        conversation.authenticate(Scram(cls.secret))
        conversation.authenticate(Scram(cls.secret))
        cls.go_on(conversation)

    @classmethod
    def play_weaker_after_sasl(cls, conversation):
        """Begins SCRAM, then asks for the password itself."""
        conversation.send(sasl(PLAIN))
        conversation.read_sasl_initial_response()
        conversation.send(CLEARTEXT_PASSWORD)
        cls.taken["weaker"] = conversation.wait_for_end()

    @classmethod
    def play_cleartext(cls, conversation):
        conversation.send(CLEARTEXT_PASSWORD)
        cls.taken["cleartext"] = conversation.read_password() == cls.secret
        conversation.connection.received = b""  # where it was permitted, it was sent
        conversation.send(AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_md5(cls, conversation):
        conversation.send(md5_password())
        cls.taken["md5"] = conversation.read_password()
        conversation.send(AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_nothing(cls, conversation):
        conversation.send(AUTHENTICATION_OK)
        cls.go_on(conversation)

    @classmethod
    def play_bytes(cls, conversation, coded):
        conversation.send(bytes.fromhex(coded))
        conversation.wait_for_end()

    @classmethod
    def play_bytes_after_ok(cls, conversation, coded):
        conversation.authenticate(Scram(cls.secret))
        conversation.send(bytes.fromhex(coded))
        conversation.wait_for_end()

    @classmethod
    def play_closes(cls, conversation, _place):
        conversation.send(sasl(PLAIN))
        conversation.read_sasl_initial_response()

    @classmethod
    def play_minor(cls, conversation, size):
        """Protocol 3.2 is taken as it is asked for; its cancel key is `size` bytes."""
        cls.taken["version"] = conversation.version
        conversation.authenticate(Scram(cls.secret))
        cls.go_on(conversation, process_id=99, key=bytes(range(int(size))))

    @classmethod
    def play_negotiate(cls, conversation):
        conversation.send(negotiate_protocol_version(PROTOCOL_3_0, "_pq_.one", "_pq_.two"))
        conversation.authenticate(Scram(cls.secret))
        cls.go_on(conversation)

    @classmethod
    def play_pieces(cls, conversation):
        send, conversation.send = conversation.send, lambda data: [send(data[at:at + 1]) for at in range(len(data))]
        cls.play_good(conversation)

    # The tests.

    def test_a_well_behaved_one_is_served(self):
        """The ground that the others stand on."""
        for name in ("main", "weak", "plain", "plain weak"):
            self.assertEqual(self.rows("hello", name, database="good"), [["hello"]])
        self.assertEqual(self.rows("hello", database="pieces"), [["hello"]])

    def test_pg12_plus_is_used_when_offered(self):
        for offered in ((PLAIN, PLUS), (PLUS, PLAIN), (PLUS,), ("OTHER", PLUS)):
            with self.subTest(offered):
                self.rows("x", database=":".join(["mechanisms", *offered]))
                gs2 = "p=tls-server-end-point"
                self.assertEqual(self.taken["mechanisms"], (PLUS, gs2, f"{gs2},,".encode() + end_point(self.identity)))

    def test_pg12_flag_when_it_is_not_offered(self):
        """`y` inside TLS: we could bind the channel, and think that the server cannot. `n` outside: there is none."""
        self.rows("x", database=f"mechanisms:{PLAIN}")
        self.assertEqual(self.taken["mechanisms"], (PLAIN, "y", b"y,,"))
        for offered in ((PLAIN,), (PLUS, PLAIN)):
            self.rows("x", "plain", database=":".join(["mechanisms", *offered]))
            self.assertEqual(self.taken["mechanisms"], (PLAIN, "n", b"n,,"))

    def test_unknown_mechanisms(self):
        for name, offered in (("main", ("SCRAM-SHA-1",)), ("main", ("OAUTHBEARER", "PLAIN")), ("main", ()), ("plain", (PLUS,)), ("weak", ("PLAIN",))):
            with self.subTest(name, offered=offered):
                self.assert_refused(REFUSED, name, database=":".join(["only", *offered]))
                self.assertEqual(self.take("only"), [], "nothing is sent to it")

    def test_pg10_first_message_of_the_server(self):
        for name in ("main", "weak"):
            for fault in FIRST_FAULTS:
                with self.subTest(name, fault=fault):
                    self.taken.pop("first", None)
                    self.assert_refused(REFUSED, name, database=f"first:{fault}")
                    self.assertNotIn("first", self.taken, "no proof is sent")

    def test_pg10_few_iterations(self):
        for fault in FEW:
            with self.subTest(fault):
                self.taken.pop("first", None)
                self.assert_refused(REFUSED, database=f"first:{fault}")
                self.assertNotIn("first", self.taken, "no proof is sent")
                self.assertEqual(self.rows("x", "weak", database=f"first:{fault}"), [["x"]], "where weak methods are permitted")

    def test_q9_an_origin_that_wants_seconds_of_hashing_holds_up_no_other(self):
        """Each listener has one derivation at a time: 20 logins of this one would keep all processors for a minute."""
        asking = []
        for number in range(20):
            stream = connect(self.listener().port)
            self.addCleanup(stream.close)
            stream.send(startup_message({"user": "whoever", "database": "first:i=10000000"}))
            asking.append(stream)
        begun = time.monotonic()
        self.assertEqual(self.rows("x", "plain", database="good"), [["x"]])
        self.assertLess(time.monotonic() - begun, 10, "and not when the others have timed out")

    def test_pg10_refused_in_no_time(self):
        for fault in ("i=2^31", "i=10000001", "i=2^64+4096", "empty salt", "nonce of its own", "i=1"):
            self.times.pop(fault, None)
            for _ in range(5):
                self.assert_refused(REFUSED, database=f"first:{fault}")
            # 10 ms on a quiet machine; the origin, the client and the scheduler have their part of what is measured here.
            self.assertLess(min(self.times[fault]), 0.05, fault)

    def test_pg11_last_message_of_the_server(self):
        for name in ("main", "weak"):
            for fault in FINAL_FAULTS:
                with self.subTest(name, fault=fault):
                    self.assert_refused(REFUSED, name, database=f"final:{fault}")

    def test_pg11_messages_that_are_left_out_or_out_of_order(self):
        for name in ("main", "weak"):
            for script in ("ok_without_final", "ok_in_place_of_continue", "ready_in_place_of_ok", "final_before_continue", "continue_at_once",
                           "final_at_once", "continue_twice", "sasl_twice", "weaker_after_sasl"):
                with self.subTest(name, script=script):
                    self.assert_refused(REFUSED, name, database=script)
        self.assertEqual(self.take("weaker"), [], "no password follows a SCRAM that was begun")

    def test_pg9_cleartext_md5_nothing(self):
        for name in ("main", "plain"):
            for script in ("cleartext", "md5", "nothing"):
                with self.subTest(name, script=script):
                    self.taken.clear()
                    self.assert_refused(REFUSED, name, database=script)
                    self.assertEqual(self.taken, {}, "nothing is sent to it")

    def test_pg9_cleartext_is_for_tls_only(self):
        self.assertEqual(self.rows("x", "weak", database="cleartext"), [["x"]])
        self.assertTrue(self.taken.pop("cleartext"))
        self.assert_refused(REFUSED, "plain weak", database="cleartext")
        self.assertNotIn("cleartext", self.taken)

    def test_pg9_md5_and_nothing_when_permitted(self):
        for name in ("weak", "plain weak"):
            self.assertEqual(self.rows("x", name, database="md5"), [["x"]])
            self.assertRegex(self.taken["md5"], "^md5[0-9a-f]{32}$")
            self.assertEqual(self.rows("x", name, database="nothing"), [["x"]])

    def test_odd_messages_in_the_login(self):
        rows = {"Kerberos": authentication(7), "SSPI": authentication(9), "GSSContinue": authentication(8, b"x"), "99": authentication(99),
                "no code": b"R\0\0\0\4", "half a code": b"R\0\0\0\6\0\0", "MD5 without a salt": authentication(5), "length 0": b"R\0\0\0\0",
                "length 3": b"R\0\0\0\3", "length -1": b"R\xff\xff\xff\xff", "length 2^31-1": b"R\x7f\xff\xff\xff", "1 MiB": b"R\0\x10\0\0",
                "type 0": b"\0\0\0\0\4", "DataRow": b"D\0\0\0\6\0\0", "CopyInResponse": b"G\0\0\0\7\0\0\0", "ReadyForQuery": READY_FOR_QUERY,
                "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n", "mechanisms without an end": authentication(10, b"SCRAM-SHA-256"),
                "ErrorResponse without an end": b"E\0\0\0\x09SFATA", "ErrorResponse of nothing": b"E\0\0\0\4", "key first": backend_key_data()}
        memory = self.cordon.resident_kib()
        for name in ("main", "weak"):
            for row, data in rows.items():
                with self.subTest(name, row=row):
                    started = time.monotonic()
                    refused = self.assert_refused((*REFUSED, "XX000"), name, database=f"bytes:{data.hex()}")
                    self.assertNotIn("HTTP", refused.text)
                    self.assertLess(time.monotonic() - started, 5)
        self.assert_memory_flat(memory, 2048)

    def test_odd_messages_between_ok_and_ready(self):
        rows = {"DataRow": b"D\0\0\0\6\0\0", "second Ok": AUTHENTICATION_OK, "asks again": CLEARTEXT_PASSWORD, "no key": b"K\0\0\0\4",
                "short key": b"K\0\0\0\6\0\0", "two keys": backend_key_data() + backend_key_data(5), "length 1": b"S\0\0\0\1",
                "ErrorResponse": error_response("XX000", "role realrole_scram")}
        for row, data in rows.items():
            with self.subTest(row):
                database = f"bytes_after_ok:{(data + READY_FOR_QUERY).hex()}"
                with self.assertRaises(Refused) as caught:
                    self.open(database=database)
                self.assertNotIn("Z", [part.kind for part in caught.exception.messages])
                self.assertEqual([part.kind for part in caught.exception.messages][-1], "E")

    def test_upstream_that_closes_in_the_login(self):
        self.assert_refused(REFUSED, database="closes:x")

    def test_pg7_long_cancel_keys(self):
        """Protocol 3.2: the key that the client gets is as long, and not the server's; and with it the server's is sent."""
        for size in (4, 32, 256):
            with self.subTest(size):
                before = len(self.origin.conversations)
                with self.open(version=PROTOCOL_3_2, database=f"minor:{size}") as session:
                    self.assertEqual(self.taken["version"], PROTOCOL_3_2)
                    self.assertEqual(len(session.key), size)
                    self.assertNotEqual(session.key, bytes(range(size)))
                    self.assertEqual(cancel(self.listener().port, 99, bytes(range(size))), b"", "the server's own key is nobody's here")
                    self.assertEqual(len(self.origin.conversations), before + 1)
                    cancel(self.listener().port, session.process_id, session.key)
                    deadline = time.monotonic() + 5
                    while cancel_request(99, bytes(range(size)))[4:] not in self.canceled(before):
                        self.assertLess(time.monotonic(), deadline, "the CancelRequest reaches the server, with its own key")
                        time.sleep(0.02)
                    self.assertEqual(session.query("x"), [["x"]])

    def canceled(self, before):
        return b"".join(conversation.connection.received for conversation in self.origin.conversations[before:])

    def test_pg7_negotiation_passes(self):
        with self.open(version=PROTOCOL_3_2, database="negotiate", **{"_pq_.one": "1", "_pq_.two": "2"}) as session:
            told = [part.payload for part in session.login if part.kind == "v"]
            self.assertEqual(told, [negotiate_protocol_version(PROTOCOL_3_0, "_pq_.one", "_pq_.two")[5:]])
            self.assertEqual(session.query("x"), [["x"]])
        self.assertEqual(self.origin.conversations[-1].parameters["_pq_.two"], "2")


class BeforeTheLogin(PostgresTest):
    """PG3, PG4: what an upstream answers to SSLRequest."""

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.secret = canary.make("pgbefore")
        identity = cls.world.authority.issue("localhost", label="pg-before")
        cls.scripts = {"bytes after S": b"S" + error_response("28000", "injected"), "one byte after S": b"Sx", "ErrorResponse": error_response(
            "XX000", "role realrole_scram at 10.9.8.7"), "E alone": b"E", "N": b"N", "another byte": b"Q", "two": b"SS", "nothing": b""}
        cls.origins = {name: PostgresOrigin(("127.0.0.1", 6201 + number), identity, cls.play(answer))
                       for number, (name, answer) in enumerate(cls.scripts.items())}

    @classmethod
    def play(cls, answer):
        def script(conversation):
            conversation.read_ssl_request().send(answer)
            if not answer:
                return
            if answer[:1] == b"S":
                conversation.connection.stream = conversation.context.wrap_socket(conversation.connection.stream, server_side=True)
            conversation.wait_for_end()

        return script

    @classmethod
    def listeners(cls):
        found = [cls.server.listener(name, upstream=f"localhost:{origin.address[1]}") for name, origin in cls.origins.items()]
        for listener in found:
            listener.secret = cls.secret
        return found

    def test_pg3_pg4_the_session_is_refused(self):
        for name, origin in self.origins.items():
            with self.subTest(name):
                refused = self.assert_refused(("08001", "08P01"), name)
                for word in ("injected", "10.9.8.7"):
                    self.assertNotIn(word, str(refused.error.fields))
                self.assertNotIn(b"user\0", origin.received, "no StartupMessage is sent")

    def test_pg3_bytes_before_tls_are_not_read_inside_it(self):
        """What was injected after `S` must not become the server's first message."""
        for _ in range(10):
            refused = self.assert_refused(("08001", "08P01"), "bytes after S")
            self.assertNotEqual(refused.code, "28000")

    def test_pg4_text_is_not_logged(self):
        self.assert_refused(("08001", "08P01"), "ErrorResponse")
        time.sleep(0.3)
        self.assertNotIn("10.9.8.7", self.cordon.log())


if __name__ == "__main__":
    main()
