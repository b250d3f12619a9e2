"""How a session through a PostgreSQL listener is logged in, with real servers: methods of authentication, faults of the upstream,
tokens; rows PG8 and PG9 of the catalogue of attacks, and T5, K4, K7, K9 and F1 where they concern listeners."""

import re
import signal
import time

import test_peer
from harness import Cordon, canary, main, pki, world
from harness.postgres import DATABASE, Server, run_client
from harness.postgres_case import PostgresTest
from harness.postgres_origin import (AUTHENTICATION_OK, PostgresOrigin, Scram, backend_key_data, error_response, parameter_status,
                                     well_behaved)
from harness.postgres_wire import cancel, query, startup_message
from harness.raw_client import connect

WEAK = "allow_weak_auth = true"
PLAIN = 'upstream_tls = "disable"'
WHO = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()"


class Methods(PostgresTest):
    """Each method of pg_hba.conf, with and without allow_weak_auth, inside TLS and outside."""

    @classmethod
    def listeners(cls):
        server = cls.server
        found = [server.listener(label, label) for label in ("scram", "md5", "password", "trust", "cert", "plain", "disabled")]
        found += [server.listener(f"{label} weak", label, more=WEAK) for label in ("scram", "md5", "password", "trust", "cert")]
        found += [server.listener(f"{label} plain", label, more=PLAIN) for label in ("scram", "md5", "password", "trust", "plain")]
        found += [server.listener(f"{label} plain weak", label, more=f"{PLAIN}\n{WEAK}") for label in ("md5", "password", "trust", "plain")]
        return found

    def test_pg9_weak_methods_are_refused_by_default(self):
        for label in ("md5", "password", "trust", "md5 plain", "password plain", "trust plain"):
            with self.subTest(label):
                refused = self.assert_refused(("28000", "28P01"), label)
                self.assertIn("allow_weak_auth", refused.text + refused.error.fields.get("H", ""), "it names what would permit it")

    def test_scram_needs_no_permission(self):
        self.assertEqual(self.rows(WHO, "scram"), [["realrole_scram", "t"]])
        self.assertEqual(self.rows(WHO, "scram weak"), [["realrole_scram", "t"]])
        self.assertEqual(self.rows(WHO, "plain plain"), [["realrole_plain", "f"]])

    def test_weak_methods_with_permission(self):
        for label in ("md5", "password", "trust"):
            with self.subTest(label):
                self.assertEqual(self.rows(WHO, f"{label} weak"), [[f"realrole_{label}", "t"]])
        for label in ("md5", "trust", "plain"):
            with self.subTest(f"{label} plain"):
                self.assertEqual(self.rows(WHO, f"{label} plain weak"), [[f"realrole_{label}", "f"]])

    def test_cleartext_password_is_never_sent_outside_tls(self):
        self.assert_refused(("28000", "28P01"), "password plain weak")

    def test_server_that_wants_a_client_certificate(self):
        for name in ("cert", "cert weak"):
            with self.subTest(name):
                self.assert_refused("28000", name)

    def test_server_that_refuses_the_role_or_the_way(self):
        self.assert_refused("28000", "disabled")
        self.assert_refused("28000", "plain")  # the server takes it without TLS only
        self.assert_refused("28000", "scram plain")  # and this one inside TLS only


class Parameters(PostgresTest):
    """PG8."""

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("replicas", more="allow_replication = true")]

    def test_pg8_user_is_replaced(self):
        for user in ("whoever", "postgres", "realrole_md5", "realrole_scram", "x" * 500, "üser"):
            with self.subTest(user):
                self.assertEqual(self.rows("select current_user, session_user", user=user), [["realrole_scram"] * 2])

    def test_pg8_database_passes(self):
        for database in (DATABASE, "postgres", "template1"):
            with self.subTest(database):
                self.assertEqual(self.rows("select current_database()", database=database), [[database]])

    def test_database_does_not_exist(self):
        refused = self.assert_refused("3D000", database="no such database")
        self.assertIn("no such database", refused.text, "the client's own word")

    def test_pg8_options_and_settings_pass(self):
        with self.open(options="-c work_mem=4321kB -c search_path=elsewhere", application_name="the test", DateStyle="German",
                       client_encoding="LATIN1") as session:
            self.assertEqual(session.query("show work_mem"), [["4321kB"]])
            self.assertEqual(session.query("show search_path"), [["elsewhere"]])
            self.assertEqual(session.query("show application_name"), [["the test"]])
            self.assertEqual(session.query("show client_encoding"), [["LATIN1"]])
            self.assertIn(["German, DMY"], session.query("show datestyle"))

    def test_parameter_status_reaches_the_client(self):
        with self.open(application_name="told") as session:
            told = dict(part.payload.decode().split("\0")[:2] for part in session.login if part.kind == "S")
        self.assertEqual(told["application_name"], "told")
        self.assertRegex(told["server_version"], r"^\d+")
        self.assertEqual(told["is_superuser"], "off")

    def test_bad_settings_are_refused_with_the_servers_code(self):
        self.assert_refused("22023", client_encoding="no such encoding")

    def test_pg8_replication_is_refused(self):
        before = self.server.log().count("connection received: host=127")
        for value in ("true", "on", "1", "yes", "database", "TRUE", "t", "oN", "DATABASE"):
            with self.subTest(value):
                self.assert_refused(("28000", "42501"), replication=value)
        self.assertEqual(self.server.log().count("connection received: host=127"), before, "the server is not asked")

    def test_pg8_replication_false_is_an_ordinary_session(self):
        for value in ("false", "off", "0", "no"):
            with self.subTest(value):
                self.assertEqual(self.rows("select 1", replication=value), [["1"]])

    def test_replication_when_allowed(self):
        with self.open("replicas", replication="true") as session:
            self.assertEqual(len(session.query("IDENTIFY_SYSTEM")), 1)
        with self.open("replicas", replication="database") as session:
            self.assertEqual(session.query("IDENTIFY_SYSTEM")[0][3], DATABASE)

    def test_base_backup_when_allowed(self):
        folder = self.cordon.folder / "backup"
        self.client(self.through("replicas"), "pg_basebackup", "-D", folder, "-X", "stream", "--checkpoint=fast", "-w")
        self.assertTrue((folder / "PG_VERSION").exists())
        refused = run_client(self.through(), "pg_basebackup", "-D", self.cordon.folder / "none", "-w")
        self.assertNotEqual(refused.returncode, 0)


class Verification(PostgresTest):
    """Which upstream is believed, and which is not: the password goes to no other."""

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        folder = cls.world.folder / "other-roots"
        folder.mkdir()
        cls.other = pki.Authority(folder, "unknown")
        identities = {"unknown root": cls.other.issue("localhost", label="good-name"), "self-signed": pki.self_signed(folder, "localhost"),
                      "wrong name": cls.world.authority.issue("elsewhere.test", label="pg-elsewhere"),
                      "expired": cls.world.authority.issue("localhost", label="pg-expired", days=-1), "no TLS": None}
        cls.origins = {name: PostgresOrigin(("127.0.0.1", 6001 + number), identity, cls.play if identity else cls.play_without_tls)
                       for number, (name, identity) in enumerate(identities.items())}
        cls.secret = canary.make("pgverify")

    @staticmethod
    def play(conversation):
        conversation.begin().authenticate(Scram(Verification.secret))
        conversation.be_ready()
        conversation.answer_queries()

    @staticmethod
    def play_without_tls(conversation):
        conversation.begin(tls=False).authenticate(Scram(Verification.secret))
        conversation.be_ready()
        conversation.answer_queries()

    @classmethod
    def listeners(cls):
        found = [cls.server.listener(name, upstream=f"localhost:{origin.address[1]}") for name, origin in cls.origins.items()]
        for listener in found:
            listener.secret = cls.secret
        believed = cls.server.listener("believed", upstream=f"localhost:{cls.origins['unknown root'].address[1]}",
                                       more=f'upstream_ca_path = "{cls.other.root}"')
        believed.secret = cls.secret
        by_address = cls.server.listener("by address", upstream=f"127.0.0.1:{cls.server.port}")  # its certificate has no address
        plain = cls.server.listener("plain", upstream=f"127.0.0.1:{cls.origins['no TLS'].address[1]}", more=PLAIN)
        plain.secret = cls.secret
        return [*found, believed, by_address, plain, cls.server.listener("system roots")]

    def test_t5_upstreams_that_do_not_verify(self):
        for name, origin in self.origins.items():
            with self.subTest(name):
                before = len(origin.conversations)
                self.assert_refused("08001", name)
                self.assertEqual([c.parameters for c in origin.conversations[before:]], [{}], "it was asked, and no StartupMessage is sent")
                self.assert_sealed(self.secret, origin.received)

    def test_address_that_the_certificate_does_not_have(self):
        self.assert_refused("08001", "by address")

    def test_roots_of_the_system_and_of_the_listener(self):
        self.assertEqual(self.rows("select 7", "system roots"), [["7"]])
        self.assertEqual(self.rows("hello", "believed"), [["hello"]])

    def test_upstream_tls_disable_sends_no_ssl_request(self):
        origin = self.origins["no TLS"]
        self.assertEqual(self.rows("hello", "plain"), [["hello"]])
        self.assertEqual(origin.conversations[-1].requests, [])
        self.assertEqual(origin.conversations[-1].parameters["user"], "realrole_scram")


class WrongPassword(PostgresTest):
    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.wrong = canary.make("pgwrong")
        cls.counter = cls.world.folder / "pg-fetches"
        cls.counter.write_text("")
        cls.store = cls.world.folder / "pg-wrong"
        cls.store.write_text(cls.wrong + "\n")

    @classmethod
    def listeners(cls):
        command = f'source = "command"\nargv = ["/bin/sh", "-c", "echo x >> {cls.counter}; cat {cls.store}"]'
        found = [cls.server.listener("file"), cls.server.listener("command", source=command), cls.server.listener("gone", "rotated")]
        for listener in found[:2]:
            listener.secret = cls.wrong
        return found

    def failures(self):
        return self.server.log().count("password authentication failed")

    def test_wrong_password_is_28p01(self):
        for name in ("file", "command"):
            with self.subTest(name):
                before = self.failures()
                self.assert_refused("28P01", name)
                self.assertIn(self.failures() - before, (1, 2), "one retry at most")

    def test_a_server_that_refuses_does_not_make_the_store_work(self):
        """Many connections with a value that stays wrong: the store is not asked for each of them."""
        before = self.counter.read_text().count("x")
        for _ in range(10):
            self.assert_refused("28P01", "command")
        self.assertLessEqual(self.counter.read_text().count("x") - before, 3)

    def test_f1_secret_that_is_gone(self):
        """Without the secret the server is not asked to log anybody in."""
        self.assertEqual(self.rows("select 1", "gone"), [["1"]])
        self.cordon.secret_file(self.listener("gone")).unlink()
        before = self.server.log().count("connection authenticated")
        refused = self.assert_refused(("28000", "28P01", "08001", "58000", "57P03"), "gone")
        self.assertNotIn(str(self.cordon.folder), refused.text)
        self.assertEqual(self.server.log().count("connection authenticated"), before)


class NoSecretAtStart(PostgresTest):
    @classmethod
    def setUpClass(cls):
        cls.world = world()
        cls.set_up_origins()

    def test_start_without_a_listeners_secret_is_refused(self):
        """Step 3 of the start: no port is bound, and the listener is named."""
        source = f'source = "file"\npath = "{self.world.folder}/no-such-secret"'
        listener = self.server.listener("nothing there", source=source)
        cordon = Cordon(self.world.folder, [listener]).spawn()
        self.assertIn(cordon.process.wait(20), (1, 4), cordon.log())
        self.assertIn("nothing there", cordon.log())
        for port in (cordon.port, listener.port):
            with self.assertRaises(ConnectionRefusedError):
                connect(port)


class TokenDemandedLater(PostgresTest):
    """A reload that begins to ask for a token ends what came without one, as it does with tunnels."""

    def test_k4_sessions_without_one_end(self):
        self.assertEqual(self.cordon.run("token", "create", "later").returncode, 0)
        with self.open() as session, connect(self.listener().port) as silent:
            self.assertEqual(session.query("select 1"), [["1"]])
            text = self.cordon.config.read_text()
            self.cordon.config.write_text(text.replace("[listeners.auth]", "require_token = true\n[listeners.auth]", 1))
            reloaded = self.cordon.run("reload")
            self.assertEqual(reloaded.returncode, 0, reloaded.stderr)
            self.assertEqual(session.connection.read_to_end(), b"")
            silent.send(startup_message({"user": "whoever", "database": "appdata"}))
            self.assertEqual(silent.read_exactly(9), b"R\0\0\0\x08\0\0\0\x03", "one that had said nothing is asked, too")
        self.assert_refused("28P01", password="nonsense")


class Crowded(PostgresTest):
    """A server with room for two sessions."""

    @classmethod
    def set_up_origins(cls):
        cls.server = Server(cls.world, settings=["max_connections = 5", "superuser_reserved_connections = 3"])
        cls.addClassCleanup(cls.server.stop)

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("limited", "limited")]

    def setUp(self):
        self.server.wait_for_sessions(0)

    def test_max_connections_reached(self):
        with self.open(), self.open():
            self.assert_refused("53300")
        self.server.wait_for_sessions(0)
        self.assertEqual(self.rows("select 1"), [["1"]], "room again")

    def test_limit_of_the_role_reached(self):
        with self.open("limited"):
            self.assert_refused("53300", "limited")


class Ending(PostgresTest):
    """A server that is stopped, crashes and comes back."""

    @classmethod
    def set_up_origins(cls):
        cls.server = Server(cls.world)
        cls.addClassCleanup(cls.server.stop)

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("nowhere", upstream="missing.origin.test:5432"),
                cls.server.listener("nobody", upstream="localhost:9")]

    def test_unreachable_upstreams(self):
        for name in ("nowhere", "nobody"):
            with self.subTest(name):
                started = time.monotonic()
                self.assert_refused("08001", name)
                self.assertLess(time.monotonic() - started, 8)

    def test_server_restart_in_mid_session(self):
        session = self.open()
        self.assertEqual(session.query("select 1"), [["1"]])
        self.server.stop()
        ends = session.read_messages_to_end()
        self.assertEqual([part.code for part in ends], ["57P01"], "the server's own last word")
        session.close()
        self.assert_refused("08001")
        self.server.start()
        self.assertEqual(self.rows("select 2"), [["2"]], "the next connection, without a restart of Cordon")

    def test_server_crash_in_mid_session(self):
        session = self.open()
        self.server.stop(signal.SIGQUIT)
        ends = session.read_messages_to_end()
        self.assertLessEqual(len(ends), 1)
        session.close()
        self.server.start()
        self.assertEqual(self.rows("select 3"), [["3"]])

    def test_terminated_session(self):
        with self.open() as session:
            own = session.query("select pg_backend_pid()")[0][0]
            self.server.query(f"select pg_terminate_backend({own})")
            self.assertEqual([part.code for part in session.read_messages_to_end()], ["57P01"])


class Failover(PostgresTest):
    """Two servers behind one name, each at an address of its own."""

    NAME = "cluster.pg.test"
    ADDRESSES = ("203.0.113.91", "203.0.113.92")

    @classmethod
    def set_up_origins(cls):
        port = 5999
        cls.first = Server(cls.world, cls.NAME, address=cls.ADDRESSES[0], port=port)
        cls.second = Server(cls.world, cls.NAME, address=cls.ADDRESSES[1], port=port, roles=cls.first.roles)
        cls.server = cls.first
        cls.addClassCleanup(cls.first.stop)
        cls.addClassCleanup(cls.second.stop)

    @classmethod
    def servers(cls):
        return [cls.first, cls.second]

    def setUp(self):
        self.world.names.answers[self.NAME] = list(self.ADDRESSES)

    def where(self):
        return self.rows("select host(inet_server_addr())")[0][0]

    def test_the_name_is_resolved_for_each_connection(self):
        for address in (*self.ADDRESSES, *self.ADDRESSES):
            self.world.names.answers[self.NAME] = [address]
            self.assertEqual(self.where(), address)

    def test_the_next_address_when_the_first_is_down(self):
        self.first.stop()
        try:
            self.assertEqual(self.where(), self.ADDRESSES[1])
        finally:
            self.first.start()
        self.assertIn(self.where(), self.ADDRESSES)

    def test_pg13_a_cancel_goes_to_the_address_of_its_session(self):
        """Even when the name leads elsewhere by then."""
        self.world.names.answers[self.NAME] = [self.ADDRESSES[0]]
        with self.open() as session:
            self.world.names.answers[self.NAME] = [self.ADDRESSES[1]]
            session.send(query("select pg_sleep(60)"))
            self.first.wait_for_sessions(1, "query like '%pg_sleep(60)%' and state = 'active'")
            self.assertEqual(cancel(self.listener().port, session.process_id, session.key), b"")
            self.assertEqual([part.code for part in session.read_until("Z") if part.kind == "E"], ["57014"])


class Tokens(PostgresTest):
    """require_token: the client's password is a token of Cordon's."""

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.secret = canary.make("pgtokens")
        cls.origin = PostgresOrigin(("127.0.0.1", 6050), cls.world.authority.issue("localhost", label="pg-tokens"),
                                    well_behaved(lambda: Scram(cls.secret)))

    @classmethod
    def listeners(cls):
        recorded = cls.server.listener("recorded", upstream="localhost:6050", more="require_token = true")
        recorded.secret = cls.secret
        return [cls.server.listener("main"), cls.server.listener("asking", more="require_token = true"), recorded, cls.world.route("raw")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for words in (["create", "named"], ["create", "scoped", "--route", "raw"], ["create", "short-lived"]):
            done = cls.cordon.run("token", *words)
            if done.returncode != 0:
                raise AssertionError(done.stderr)
        path = next(cls.cordon.home.glob(".config/cordon/projects/*/tokens.toml"))
        text = path.read_text()
        cls.tokens = dict(zip(re.findall(r'(?m)^name = "(.*)"$', text), re.findall(r"cdn_[\w-]{43}", text), strict=True))
        cls.roots = cls.cordon.ca_certificate

    def test_right_token(self):
        for name in ("default", "named"):
            for roots in (None, self.roots):
                with self.subTest(name, tls=bool(roots)):
                    self.assertEqual(self.rows("select current_user", "asking", password=self.tokens[name], roots=roots), [["realrole_scram"]])

    def test_k7_token_that_is_for_a_route_only(self):
        self.assert_refused(("28P01", "28000"), "asking", password=self.tokens["scoped"])

    def test_wrong_tokens_are_28p01_and_the_server_is_not_contacted(self):
        before = self.origin.accepted
        right = self.tokens["named"]
        for wrong in ("", "no-token", right[:-1], right + "x", right[4:], right.upper(), "x" * 9000, "md5" + "0" * 32,
                      self.server.roles["scram"].password):
            with self.subTest(wrong[:12]):
                refused = self.assert_refused("28P01", "recorded", password=wrong)
                if wrong:
                    self.assertNotIn(wrong, refused.text)
        self.assertEqual(self.origin.accepted, before)

    def test_revoked_token(self):
        value = self.tokens["short-lived"]
        self.assertEqual(self.rows("select 1", "asking", password=value), [["1"]])
        self.assertEqual(self.cordon.run("token", "revoke", "short-lived").returncode, 0)
        self.assert_refused("28P01", "asking", password=value)

    def test_psql_with_and_without_a_token(self):
        with_token = self.through("asking", password=self.tokens["named"])
        self.assertEqual(self.client(with_token, "psql", "-XAtwc", "select current_user"), "realrole_scram\n")
        without = run_client(self.through("asking"), "psql", "-XAtwc", "select 1")
        self.assertEqual(without.returncode, 2)
        self.assertIn("password", without.stderr)

    def test_token_never_goes_further(self):
        self.assertEqual(self.rows("hello", "recorded", password=self.tokens["named"]), [["hello"]])
        for value in self.tokens.values():
            self.assert_sealed(value, self.origin.received, self.server.log_path)

    def test_listener_without_require_token_asks_for_nothing(self):
        with self.open() as session:
            self.assertEqual([part.authentication for part in session.login if part.kind == "R"], ["Ok"])


class ServersWords(PostgresTest):
    """What a server says before the first ReadyForQuery: its SQLSTATE passes, its words do not."""

    WORDS = "role realrole_scram of 10.1.2.3, said the server"
    CODES = ("28P01", "28000", "53300", "3D000", "57P03", "57P01", "42501", "XX000", "0A000", "58P01")

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.secret = canary.make("pgwords")
        identity = cls.world.authority.issue("localhost", label="pg-words")
        cls.origin = PostgresOrigin(("127.0.0.1", 6060), identity, cls.play)

    @classmethod
    def listeners(cls):
        found = cls.server.listener("main", upstream="localhost:6060")
        found.secret = cls.secret
        return [found]

    @classmethod
    def play(cls, conversation):
        """The database's name says when the error comes, and which. A real server sends each of these at one of these places: before
        it has asked anything (pg_hba.conf), in place of the answer to the proof (a wrong password), after it (no such database, too
        many connections), and among the ParameterStatus messages."""
        conversation.begin()
        place, code = conversation.parameters["database"].split(":")
        error = error_response(code, cls.WORDS)
        if place == "first":
            return conversation.send(error)
        scram = Scram(cls.secret if place != "proof" else "another password")
        if place == "proof":
            try:
                conversation.authenticate(scram)
            except ValueError:
                return conversation.send(error)
        conversation.authenticate(scram)
        if place == "late":
            conversation.send(parameter_status("server_version", "15.0") + backend_key_data())
        conversation.send(error)

    def test_code_passes_and_words_do_not(self):
        for place in ("first", "proof", "after", "late"):
            for code in self.CODES:
                with self.subTest(place, code=code):
                    refused = self.assert_refused(code, database=f"{place}:{code}")
                    self.assertNotIn("10.1.2.3", str(refused.error.fields))
                    self.assertNotIn("said", refused.text)

    def test_servers_words_are_not_in_the_log_with_the_role(self):
        self.assert_refused("28000", database="first:28000")
        time.sleep(0.3)
        self.assertNotIn("said the server", self.cordon.log())


class Peers(PostgresTest):
    OTHER = test_peer.OTHER

    def test_k9_another_users_process_is_refused(self):
        """Before anything is asked of the server."""
        test_peer.require(self.OTHER)
        self.rows("select 1")
        before = self.server.log().count("connection received: host=127")
        data = startup_message({"user": "whoever", "database": DATABASE})
        with test_peer.client_of(self.OTHER, self.listener().port, data) as client:
            answer = client.communicate(b"\n", timeout=20)[0]
        self.assertNotIn(AUTHENTICATION_OK, answer)
        self.assertNotIn(b"Z\0\0\0\5", answer)
        self.assertEqual(self.server.log().count("connection received: host=127"), before)
        self.cordon.wait_for_log(f"user id {self.OTHER}")
        self.assertEqual(self.rows("select 2"), [["2"]], "others are served")


if __name__ == "__main__":
    main()
