"""PG16 of the catalogue of attacks: a password that changes in the server and in each kind of store, while the proxy runs."""

import time

from harness import canary, main
from harness.postgres_case import PostgresTest
from harness.stores import KINDS, environment_of


class RotationTest(PostgresTest):
    """PG16: one listener for each kind of store, all with the role whose password changes."""

    TTL = ""
    TOLD = ("cmdline",)  # one of the stores is the environment

    @classmethod
    def set_up_origins(cls):
        super().set_up_origins()
        cls.folder = cls.world.folder / f"pg-stores-{cls.__name__}"
        cls.folder.mkdir()
        cls.stores = {kind: store(cls.folder, cls.server.roles["rotated"].password) for kind, store in KINDS.items()}
        cls.addClassCleanup(cls.stores["keyring"].stop)

    @classmethod
    def listeners(cls):
        return [cls.server.listener(kind, "rotated", source=cls.stores[kind].source) for kind in KINDS]

    @classmethod
    def options(cls):
        return {"more": f'[secrets]\ncache_ttl = "{cls.TTL}"\n' if cls.TTL else "", "environment": environment_of(cls.stores)}

    def rotate(self, kind):
        """A new password in the server and in this one store."""
        role = self.server.change_password("rotated", canary.make("pgrotated"))
        self.stores[kind].rotate(role.password)
        return role

    def who(self, kind):
        return self.rows("select current_user", kind)

    def failures(self):
        return self.server.log().count("password authentication failed")


class Rotation(RotationTest):
    TTL = "15m"

    def test_pg16_each_store_on_the_next_connection(self):
        for kind in (kind for kind in KINDS if kind != "env"):  # the environment of a process is fixed when it starts
            for _ in range(2):
                with self.subTest(kind):
                    self.rotate(kind)
                    before = self.failures()
                    self.assertEqual(self.who(kind), [["realrole_rotated"]], "the very next connection works")
                    self.assertLessEqual(self.failures() - before, 1)
                    before = self.failures()
                    self.assertEqual(self.who(kind), [["realrole_rotated"]])
                    self.assertEqual(self.failures(), before, "and the one after it asks the server once")
                    time.sleep(5.1)  # a value that was refused is dropped at most once in 5 s

    def test_pg16_open_sessions_stay(self):
        self.rotate("file")
        with self.open("file") as session:
            self.rotate("file")
            self.assertEqual(session.query("select 5"), [["5"]])
            self.assertEqual(self.who("file"), [["realrole_rotated"]])
            self.assertEqual(session.query("select 6"), [["6"]])

    def test_pg16_a_store_that_still_has_the_old_one(self):
        """Refused meanwhile. A file is read again when it changes; what a command printed is dropped by a reload at the latest."""
        role = self.server.change_password("rotated", canary.make("pgrotated"))
        for kind in ("file", "command"):
            with self.subTest(kind):
                self.assert_refused("28P01", kind)
                self.stores[kind].rotate(role.password)
                if kind == "command":
                    self.assertEqual(self.cordon.run("reload").returncode, 0)
                self.assertEqual(self.who(kind), [["realrole_rotated"]])


class RotationNothingKept(RotationTest):
    TTL = "0s"

    def test_pg16_without_a_failed_login(self):
        for kind in ("file", "command"):
            with self.subTest(kind):
                self.rotate(kind)
                before = self.failures()
                self.assertEqual(self.who(kind), [["realrole_rotated"]])
                self.assertEqual(self.failures(), before)

    def test_variable_with_the_next_start(self):
        role = self.server.change_password("rotated", canary.make("pgrotated"))
        self.cordon.stop()
        self.cordon.start({"SECRET_IN_A_VARIABLE": role.password})
        self.assertEqual(self.who("env"), [["realrole_rotated"]])


if __name__ == "__main__":
    main()
