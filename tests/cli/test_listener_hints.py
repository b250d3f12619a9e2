"""What `listener edit` and `route edit` say next: that a secret is to be stored, only where the edit leaves one to be stored."""

from harness import CliTest, main

HINT = "hint: to store its secret: cordon secret set "
KEYRING = ("--source", "keyring", "--account", "one")
KINDS = {"listener": ("--upstream", "db.example.com", "--username", "u"),
         "route": ("--host", "api.example.com", "--auth-type", "header", "--header-name", "X")}
OTHERS = {"listener": (("--port", "15998"), ("--username", "other"), ("--upstream", "b.example.com"), ("--require-token",)),
          "route": (("--port", "8443"), ("--header-name", "Y"), ("--host", "b.example.com"), ("--allow-plaintext",))}


class Hints(CliTest):
    def setUp(self):
        super().setUp()
        self.write_config()

    def change(self, kind, *words, name="it"):
        done = self.cordon(kind, "edit", name, *words)
        self.assert_done(done)
        return done.err

    def add(self, kind, *source):
        done = self.cordon(kind, "add", "--name", "it", *KINDS[kind], *source)
        self.assert_done(done)
        return done.err

    def test_secret_that_is_not_touched_needs_no_storing(self):
        for kind, changes in OTHERS.items():
            with self.subTest(kind):
                self.write_config()
                self.assertIn(HINT + "it\n", self.add(kind, *KEYRING))
                for words in (*changes, KEYRING, ("--account", "one"), ("--decode", "go-keyring"), ("--name", "else")):
                    self.assertNotIn(HINT, self.change(kind, *words), words)

    def test_other_place_in_the_keyring_is_to_be_filled(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.write_config()
                self.add(kind, *KEYRING, "--service", "other-program")
                self.assertIn(HINT, self.change(kind, "--unset", "service"))
                self.assertIn(HINT, self.change(kind, "--account", "two"))
                self.assertNotIn(HINT, self.change(kind, "--service", "other-program"))  # that program stores it

    def test_change_to_the_keyring(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.write_config()
                self.assertNotIn(HINT, self.add(kind, "--source", "env", "--variable", "KEY"))
                self.assertNotIn(HINT, self.change(kind, "--variable", "OTHER"))
                self.assertIn(HINT, self.change(kind, *KEYRING))
                self.assertNotIn(HINT, self.change(kind, "--source", "env", "--variable", "KEY"))


if __name__ == "__main__":
    main()
