"""What the tests of PostgreSQL listeners share."""

import time
from pathlib import Path

from . import CordonTest
from .postgres import places_with_forms, run_client, shared_server
from .postgres_wire import PROTOCOL_3_0, Refused, open_session


class PostgresTest(CordonTest):
    """A class whose Cordon has the listeners of `listeners()`, and at whose end no form of a role's password stands in a file or the log."""

    SPARE = 2
    TOLD = ("cmdline", "environ")  # what the system tells of a process

    @classmethod
    def set_up_origins(cls):
        cls.server = shared_server()

    @classmethod
    def listeners(cls):
        return [cls.server.listener("main")]

    @classmethod
    def routes(cls):
        return cls.listeners()

    @classmethod
    def finish_cordon(cls):
        process = Path(f"/proc/{cls.cordon.process.pid}")
        told = [(process / part).read_bytes() for part in cls.TOLD if cls.cordon.process.poll() is None]
        super().finish_cordon()
        hits = []
        for server in cls.servers():
            for role in server.roles.values():
                hits += places_with_forms(role, server if server.process.poll() is None else None, *told, cls.cordon.log_path, cls.cordon.home,
                                          cls.cordon.project)
        if hits:
            raise AssertionError(f"a form of a password is in {hits}")

    @classmethod
    def servers(cls):
        return [cls.server]

    @classmethod
    def listener(cls, name="main"):
        return next(listener for listener in cls.cordon.routes if listener.name == name)

    @classmethod
    def open(cls, name="main", roots=None, password=None, version=PROTOCOL_3_0, **parameters):
        """A session through the listener `name`, ready for queries."""
        return open_session(cls.listener(name).port, {"user": "whoever", "database": "appdata", **parameters}, roots, password, version)

    def rows(self, sql, name="main", **options):
        with self.open(name, **options) as session:
            found = session.query(sql)
            session.end()
            return found

    def assert_refused(self, codes, name="main", **options):
        """The login through a listener ends with one FATAL error of Cordon's own words, and never gets to ReadyForQuery."""
        with self.assertRaises(Refused) as caught:
            self.open(name, **options).close()
        return self.assert_own_error(caught.exception, codes)

    def assert_own_error(self, refused, codes):
        codes = (codes,) if isinstance(codes, str) else codes
        self.assertIsNotNone(refused.error, "it is closed without an ErrorResponse")
        fields = refused.error.fields
        self.assertIn(refused.code, codes, fields)
        self.assertEqual((fields.get("S"), fields.get("V")), ("FATAL", "FATAL"))
        self.assertGreater(len(fields.get("M", "")), 5)
        self.assertEqual([part.kind for part in refused.messages].count("E"), 1)
        self.assertNotIn("Z", [part.kind for part in refused.messages])
        self.assertNotIn(b"realrole", refused.error.payload, "the real role's name")
        for letter in ("F", "L", "R"):
            self.assertNotIn(letter, fields, "the server's own file, line or routine")
        return refused

    def client(self, target, *command, **options):
        """What a client program printed; it ends well."""
        done = run_client(target, *command, **options)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def direct(self, label="scram", **more):
        return self.server.target(label, **more)

    def through(self, name="main", **options):
        return self.listener(name).target(**options)

    def warm_up(self, name="main"):
        """@returns how many descriptors Cordon has after a session"""
        for _ in range(3):
            self.rows("select 1", name)
        time.sleep(0.3)
        return self.cordon.descriptors()


__all__ = ["PostgresTest", "Refused"]
