"""PG21: real clients of PostgreSQL. Each program runs directly against the server and through Cordon, without a password there, and the
results are compared: there is no difference to explain."""

import base64
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

from harness import FULL, main
from harness.postgres import client_environment, programs, run_client
from harness.postgres_case import PostgresTest

CLIENTS = Path(__file__).parent / "clients"
PACKAGES = Path(os.environ.get("CORDON_TEST_NPM", CLIENTS))
DRIVER = Path("/usr/share/java/postgresql.jar")
MINUTES = 10


def without_chance(dump):
    """A dump without the key that newer pg_dump makes up for each."""
    return "\n".join(line for line in dump.splitlines() if not re.match(r"\\(un)?restrict ", line))


class ClientTest(PostgresTest):
    @classmethod
    def options(cls):
        return {"log_level": "info"}

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main"), cls.server.listener("require", more='client_tls = "require"'),
                cls.server.listener("main md5", "md5", more="allow_weak_auth = true"),
                cls.server.listener("require md5", "md5", more='client_tls = "require"\nallow_weak_auth = true'),
                cls.server.listener("encrypts", "plain", more='client_tls = "require"\nupstream_tls = "disable"')]

    def ways(self, label="scram", **options):
        """Directly, through Cordon in plaintext, and through it inside TLS that the client verifies; each as the role `label`."""
        roots, end = self.cordon.ca_certificate, "" if label == "scram" else f" {label}"
        return {"directly": self.direct(label, **options), "plaintext": self.through("main" + end, **options),
                "TLS": self.through("require" + end, tls="verify-full", roots=roots, **options)}

    def assert_same(self, *command, label="scram", environment=None, **options):
        """`command` prints the same each way. @returns it"""
        printed = {}
        for way, target in self.ways(label).items():
            with self.subTest(way):
                self.assertEqual("PGPASSWORD" in target.environment(), way == "directly")
                printed[way] = self.client(target, *command, environment=environment, **options)
        self.assertEqual(printed.get("plaintext"), printed["directly"])
        self.assertEqual(printed.get("TLS"), printed["directly"])
        return printed["directly"]


class Psql(ClientTest):
    def psql(self, script):
        return self.assert_same("psql", "-XAt", "-w", "-v", "ON_ERROR_STOP=1", input=script)

    def test_pg21_queries(self):
        printed = self.psql("select current_user, current_database();\n\\dt pg_catalog.pg_class\n\\l\n"
                            "select count(*) from generate_series(1, 100000);\nselect repeat('x', 100000);\nselect 1 as one \\gdesc\n")
        self.assertIn("realrole_scram|appdata", printed)

    def test_pg21_errors_and_notices(self):
        script = "select 1/0;\ndo $$ begin raise warning 'mind'; end $$;\nbegin;\nselect no_such_column;\nselect 1;\nrollback;\nselect 'after';\n"
        found = set()
        for target in self.ways().values():
            done = run_client(target, "psql", "-XAtwv", "VERBOSITY=verbose", input=script)
            found.add((done.returncode, done.stdout, done.stderr))
        self.assertEqual(len(found), 1, found)
        self.assertIn("22012", found.pop()[2])

    def test_pg21_backslash_copy_both_ways(self):
        folder = self.cordon.folder / "copy"
        folder.mkdir()
        (folder / "in.csv").write_text("".join(f'{number},"text, {number}"\n' for number in range(20_000)))
        self.psql(f"create temp table t (n int, s text);\n\\copy t from '{folder}/in.csv' csv\nselect count(*), sum(n) from t;\n"
                  f"\\copy t to '{folder}/out.csv' csv force quote s\n")
        self.assertEqual((folder / "out.csv").read_text(), (folder / "in.csv").read_text())

    def test_pg21_listen_notify(self):
        for way, target in self.ways().items():
            with self.subTest(way):
                printed = self.client(target, "psql", "-XAtw", input="listen news;\nnotify news, 'told';\nselect 1;\n")
                self.assertIn('Asynchronous notification "news" with payload "told" received', printed)

    def test_pg21_large_objects(self):
        folder = self.cordon.folder / "large"
        folder.mkdir()
        content = os.urandom(3 << 20)
        (folder / "in").write_bytes(content)
        for way, target in self.ways().items():
            with self.subTest(way):
                back = folder / f"out-{way}"
                script = f"\\lo_import '{folder}/in'\n\\lo_export :LASTOID '{back}'\n\\lo_unlink :LASTOID\n"
                self.client(target, "psql", "-Xqw", "-v", "ON_ERROR_STOP=1", input=script)
                self.assertEqual(back.read_bytes(), content)

    def test_connection_facts_are_what_the_listener_offers(self):
        target = self.through("require", tls="verify-full", roots=self.cordon.ca_certificate)
        self.assertIn("SSL connection", self.client(target, "psql", "-Xwc", "\\conninfo"))
        self.assertNotIn("SSL connection", self.client(self.through(), "psql", "-Xwc", "\\conninfo"))
        preferred = self.through("main", tls="prefer")
        self.assertIn("SSL connection", self.client(preferred, "psql", "-Xwc", "\\conninfo"))

    def test_plaintext_psql_where_tls_is_required(self):
        done = run_client(self.through("require"), "psql", "-Xwc", "select 1")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("realrole", done.stderr)

    def test_clients_that_insist_on_what_cordon_does_not_do(self):
        """They cannot work, and say so; nothing hangs. docs/databases.md names them."""
        for more in ({"PGCHANNELBINDING": "require"}, {"PGREQUIREAUTH": "scram-sha-256"}):
            target = self.through("require", tls="verify-full", roots=self.cordon.ca_certificate)
            version = int(re.search(r"(\d+)", self.client(target, "psql", "--version"))[1])
            if "PGREQUIREAUTH" in more and version < 16:
                continue  # libpq learned it in 16
            done = run_client(target, "psql", "-Xwc", "select 1", environment=more)
            self.assertEqual(done.returncode, 2, done.stdout)

    def test_pg21_pg13_control_c(self):
        """In a real terminal: the statement ends, the session goes on."""
        for way, target in self.ways().items():
            with self.subTest(way), Terminal(target, "psql", "-X") as terminal:
                terminal.wait_for("=>")
                terminal.type("select pg_sleep(60);\n")
                self.server.wait_for_sessions(1, "query like 'select pg_sleep(60)%' and state = 'active'")
                started = time.monotonic()
                terminal.type("\x03")
                terminal.wait_for("canceling statement due to user request")
                self.assertLess(time.monotonic() - started, 5)
                terminal.type("select 'the session ' || 'goes on';\n")
                terminal.wait_for("the session goes on")
                terminal.type("\\q\n")
                self.assertEqual(terminal.process.wait(10), 0)


class Terminal:
    """A program in a pseudo terminal of its own, whose foreground it is."""

    def __init__(self, target, *command):
        self.master, slave = pty.openpty()
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        environment = {**client_environment(), **target.environment(), "TERM": "dumb", "PAGER": "cat"}
        program = [sys.executable, "-c", "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
                   "os.execv(sys.argv[1], sys.argv[1:])", str(programs() / command[0]), *command[1:]]
        self.process = subprocess.Popen(program, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""

    def type(self, text):
        self.text = ""
        os.write(self.master, text.encode())

    def wait_for(self, text, timeout=20):
        deadline = time.monotonic() + timeout
        while text not in self.text:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} does not appear in the terminal: {self.text!r}")
            try:
                self.text += os.read(self.master, 4096).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                raise AssertionError(f"the program ended: {self.text!r}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class Programs(ClientTest):
    """The server's own programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_database()

    @classmethod
    def make_database(cls):
        """`source`, made through Cordon: tables, an index, a view, a function, a large object, odd characters."""
        target = cls.listener().target(database="postgres")
        for command in (["dropdb", "--if-exists", "-w", "source"], ["createdb", "-w", "source"]):
            done = run_client(target, *command)
            if done.returncode != 0:
                raise AssertionError(done.stderr)
        cls.server.query("""
            create table words (n int primary key, s text, b bytea, j jsonb);
            insert into words select n, 'wörd ' || n || E'\\t\\n', decode(md5(n::text), 'hex'), jsonb_build_object('n', n)
                from generate_series(1, 5000) n;
            create index on words (s);
            create view few as select * from words where n < 10;
            create function twice(int) returns int language sql as 'select $1 * 2';
            select lo_from_bytea(0, decode(repeat('00ff', 50000), 'hex'));
            grant select on all tables in schema public to public;
            """, "source")
        owner = cls.server.roles["scram"].name
        large = cls.server.query("select oid from pg_largeobject_metadata", "source")[0]
        cls.server.query(f"alter table words owner to {owner}; alter view few owner to {owner}; alter function twice owner to {owner};"
                         f"alter large object {large} owner to {owner};", "source")

    def on(self, database):
        return self.ways(database=database)

    def test_pg21_createdb_dropdb(self):
        for way, target in self.on("postgres").items():
            with self.subTest(way):
                name = f"made-{way}"
                self.client(target, "createdb", "-w", name)
                self.assertEqual(self.server.query(f"select pg_get_userbyid(datdba) from pg_database where datname = '{name}'"), ["realrole_scram"])
                self.client(target, "dropdb", "-w", name)

    def test_pg21_pg_dump_is_the_same(self):
        dumps = {way: without_chance(self.client(target, "pg_dump", "-w")) for way, target in self.on("source").items()}
        self.assertIn("CREATE TABLE public.words", dumps["directly"])
        self.assertGreater(len(dumps["directly"]), 300_000)
        self.assertEqual(dumps["plaintext"], dumps["directly"])
        self.assertEqual(dumps["TLS"], dumps["directly"])

    def test_pg21_pg_dump_and_pg_restore(self):
        """Out through Cordon and in again, with several connections at once; then both are the same."""
        wanted = without_chance(self.client(self.direct(database="source"), "pg_dump", "-w"))
        for way, target in self.on("source").items():
            with self.subTest(way):
                archive, name = self.cordon.folder / f"archive-{way}", f"restored-{way}"
                self.client(target, "pg_dump", "-w", "-Fd", "-j", "3", "-f", archive)
                self.client(target, "createdb", "-w", name)
                self.client(target, "pg_restore", "-w", "-j", "3", "--no-comments", "-d", name, archive)
                found = without_chance(self.client(self.direct(database=name), "pg_dump", "-w"))
                self.assertEqual(found, wanted)
                shutil.rmtree(archive)

    def test_vacuumdb_and_reindexdb(self):
        for way, target in self.on("source").items():
            with self.subTest(way):
                self.client(target, "vacuumdb", "-w", "-t", "words", "-j", "2", "source")
                self.client(target, "reindexdb", "-w", "-t", "words", "source")

    def test_pg_isready(self):
        self.assertIn("accepting connections", self.client(self.through(), "pg_isready"))


class PgBench(ClientTest):
    """pgbench -i, -S, -c 32; 10 minutes of it with CORDON_TEST_FULL=1."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = run_client(cls.listener().target(), "pgbench", "-i", "-s", "2", "-q")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def run_pgbench(self, target, *options, timeout=120):
        """@returns how many transactions there were; none failed, and no client was lost"""
        printed = self.client(target, "pgbench", "-n", *options, timeout=timeout)
        self.assertRegex(printed, r"number of failed transactions: 0 \(")
        return int(re.search(r"transactions actually processed: (\d+)", printed)[1])

    def test_pg21_initialised_through_the_listener(self):
        self.assertEqual(self.server.query("select count(*) from pgbench_accounts", "appdata"), ["200000"])

    def test_pg21_select_only(self):
        for way, target in self.ways().items():
            with self.subTest(way):
                self.assertEqual(self.run_pgbench(target, "-S", "-c", "4", "-t", "200"), 800)

    def test_pg21_protocols(self):
        for protocol in ("simple", "extended", "prepared"):
            with self.subTest(protocol):
                self.assertEqual(self.run_pgbench(self.through(), "-M", protocol, "-S", "-c", "2", "-t", "100"), 200)

    def test_pg21_a_connection_for_each_transaction(self):
        for way, target in self.ways().items():
            with self.subTest(way):
                self.assertEqual(self.run_pgbench(target, "-S", "-C", "-c", "4", "-t", "25"), 100)

    def test_pg21_pipelines(self):
        """Many statements in flight at once."""
        script = self.cordon.folder / "pipeline.sql"
        script.write_text("\\startpipeline\n" + "select abalance from pgbench_accounts where aid = 1;\n" * 50 + "\\endpipeline\n")
        self.assertEqual(self.run_pgbench(self.through(), "-M", "extended", "-f", script, "-c", "4", "-t", "20"), 80)

    def test_pg21_32_clients(self):
        descriptors = self.warm_up()
        before = self.cordon.resident_kib()
        for options, seconds in ((["-S"], 5), ([], MINUTES * 60 if FULL else 5)):
            processed = self.run_pgbench(self.through(), *options, "-c", "32", "-j", "2", "-T", str(seconds), timeout=seconds + 120)
            self.assertGreater(processed, 32)
        total = sum(int(row) for row in self.server.query("select sum(tbalance) from pgbench_tellers", "appdata"))
        self.assertEqual(self.server.query("select sum(abalance) from pgbench_accounts", "appdata"), [str(total)], "no transaction is half")
        self.settle(descriptors)
        self.assert_memory_flat(before, 32 * 128)


class Drivers(ClientTest):
    """One program a driver, the same each way."""

    def test_pg21_psycopg2(self):
        self.python("psycopg2")

    def test_pg21_psycopg(self):
        self.python("psycopg")

    def test_pg19_psycopg_reads_all_of_a_large_answer(self):
        """libpq's asynchronous reader, which psycopg waits with, misses what is left of a TLS record that is larger than what it reads at a
        time: 8 KiB. From a server in plaintext much comes at once."""
        target = self.through("encrypts", tls="verify-full", roots=self.cordon.ca_certificate)
        printed = self.client(target, sys.executable, "-B", CLIENTS / "postgres_large_answers.py", environment={"PYTHONPATH": ""}, timeout=60)
        self.assertEqual(printed, "500 answers\n")

    def test_pg21_asyncpg(self):
        self.python("asyncpg")

    def test_pg21_pg8000(self):
        """Debian's version knows no SCRAM: directly it needs a role with an MD5 password."""
        self.python("pg8000", "md5")

    def test_driver_without_scram(self):
        """Through Cordon it uses a server that asks for SCRAM."""
        printed = self.client(self.through(), *self.program("pg8000"), environment={"PYTHONPATH": ""})
        self.assertIn("realrole_scram", printed)
        self.assertNotEqual(run_client(self.direct(), *self.program("pg8000"), environment={"PYTHONPATH": ""}).returncode, 0)

    def python(self, driver, label="scram"):
        printed = self.assert_same(*self.program(driver), label=label, environment={"PYTHONPATH": ""})
        for wanted in (f"realrole_{label}", "23505", "told"):
            self.assertIn(wanted, printed)

    @staticmethod
    def program(driver):
        return sys.executable, "-B", CLIENTS / "postgres_client.py", driver

    def test_pg21_node_postgres(self):
        if not (PACKAGES / "node_modules/pg").exists():
            raise AssertionError(f"no npm packages in {PACKAGES}: run `ctest -R integration/npm_install` first")
        scripts = self.cordon.folder / "scripts"  # a script finds its packages beside itself
        scripts.mkdir()
        (scripts / "node_modules").symlink_to(PACKAGES / "node_modules")
        shutil.copy(CLIENTS / "postgres.mjs", scripts)
        printed = self.assert_same("node", scripts / "postgres.mjs")
        for wanted in ("realrole_scram", "23505", '"57014"', "told"):
            self.assertIn(wanted, printed)

    def test_pg21_jdbc(self):
        if not DRIVER.exists():
            raise AssertionError(f"{DRIVER} is missing: install libpostgresql-jdbc-java")
        printed = self.assert_same("java", "-Xmx128m", "-Dfile.encoding=UTF-8", "-cp", DRIVER, CLIENTS / "PostgresTest.java")
        for wanted in ("realrole_scram", "error 23505", "canceled 57014", "notified news told", "copied out 2"):
            self.assertIn(wanted, printed)

    def test_a_password_that_a_client_sends_is_not_asked_for(self):
        """A client may have one configured, wrong or not: nobody asks."""
        target = self.through(password="whatever the client has")
        self.assertEqual(self.client(target, "psql", "-XAtc", "select current_user"), "realrole_scram\n")
        self.assert_sealed(base64.b64encode(b"whatever the client has").decode(), self.server.log_path)


if __name__ == "__main__":
    main()
