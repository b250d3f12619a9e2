"""cordon secret: names, sources that are only read, and what check says. The keyring itself is in tests/integration."""

import json
import subprocess
import sys
import time
import unittest

from harness import CORDON, DEADLINE, CliTest, eventually, main

KEYRING = 'source = "keyring"\naccount = "x"'
CANARY = "canary-7d2f-1a6c-never-to-be-seen"


class Secret(CliTest):
    def secret(self, *words, value="", env=None):
        done = subprocess.run([CORDON, "secret", *words], input=value, capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.project, env={**self.environment, **(env or {})})
        done.code, done.out, done.err = done.returncode, done.stdout, done.stderr
        return done

    def test_usage_errors(self):
        for words in (["set"], ["delete"], ["set", "a", "b"], ["delete", "a", "b"], ["set", "a", "--frob"], ["check", "--frob"]):
            with self.subTest(words):
                self.assert_error(self.secret(*words), f"cordon: error: secret {words[0]}: ", f"`cordon help secret {words[0]}`", code=2)
        self.assert_error(self.secret("chek"), "there is no command `secret chek`", "did you mean `cordon secret check`?", code=2)
        self.assertEqual(self.secret().code, 2)

    def test_help(self):
        text = self.cordon("help", "secret").out
        for command in ("set", "check", "delete"):
            self.assertRegex(text, rf"(?m)^  {command} +\S")
            helped = self.cordon("help", "secret", command)
            self.assertEqual(helped.out, self.cordon("secret", command, "--help").out)
            self.assertIn(f"Usage: cordon secret {command} [OPTIONS]", helped.out)
            self.assertRegex(helped.out, rf"(?m)^Examples:\n(  .*\n)*  .*cordon secret {command}")
            self.assertFalse([line for line in helped.out.splitlines() if len(line) > 100], helped.out)

    def test_what_is_given_and_will_not_do_is_not_blamed_on_the_keyring(self):
        self.write_config(self.route("stripe", secret=KEYRING))
        for value, fault in (("", "is empty"), ("one\ntwo\n", "has more than one line")):
            done = self.secret("set", "stripe", value=value)
            self.assert_error(done, f"route stripe: what was given {fault}; a secret is one line")
            self.assertNotIn("keyring", done.err)

    def test_unknown_name_suggests_the_nearest(self):
        self.write_config(self.route("stripe", secret=KEYRING))
        for words in (["set", "strip"], ["delete", "strip"], ["check", "strip"], ["check", "stripe", "strip"]):
            with self.subTest(words):
                self.assert_error(self.secret(*words, value=CANARY), "there is no route or listener `strip` in", "did you mean `stripe`?")
        self.assert_error(self.secret("set", "frobnicate"), "there are: stripe")

    def test_missing_config_says_what_to_do(self):
        for words in (["set", "a"], ["delete", "a"], ["check"]):
            self.assert_error(self.secret(*words), "there is no config file", "--config PATH")

    def test_listener_has_a_secret_too(self):
        self.write_config('[[listeners]]\nname = "db"\nport = 15432\nupstream = "db.example.com:5432"\n[listeners.auth]\n'
                          'type = "password"\nusername = "u"\n[listeners.auth.secret]\nsource = "env"\nvariable = "DB"\n')
        done = self.secret("check", env={"DB": CANARY})
        self.assertRegex(done.out, r"^ok +db +\d+m?s +environment variable DB\n$")

    def test_source_that_is_only_read_says_what_to_do(self):
        (self.project / "key").write_text("k")
        for source, advice in (('source = "env"\nvariable = "KEY"', "set KEY where Cordon is started"),
                               ('source = "file"\npath = "key"', f"write the value to {self.project}/key yourself, with mode 0600"),
                               ('source = "command"\nargv = ["pass", "show", "x"]', "the command `pass` is only run to read"),
                               ('source = "1password"\nvault = "v"\nitem = "i"\nfield = "f"', "op item edit i --vault v")):
            self.write_config(self.route("one", secret=source))
            for command in ("set", "delete"):
                with self.subTest((command, source)):
                    self.assert_error(self.secret(command, "one", value=CANARY), "route one: ", advice)
        self.assertEqual((self.project / "key").read_text(), "k")

    def test_source_that_is_only_read_is_refused_before_anything_is_typed(self):
        self.write_config(self.route("one"))
        process = self.popen("secret", "set", "one")  # standard input would be read first
        self.addCleanup(process.communicate)
        self.assertEqual(process.wait(DEADLINE), 1)

    def test_missing_bus_is_status_4(self):
        """F1: without a login session there is no keyring."""
        self.write_config(self.route("one", secret=KEYRING))
        for words in (["set", "one"], ["delete", "one"]):
            self.assert_error(self.secret(*words, value=CANARY), "route one: the keyring cannot be reached: there is no D-Bus session bus", code=4)
        done = self.secret("check")
        self.assertEqual(done.code, 4)
        self.assertIn("no D-Bus session bus", done.err)

    def test_check_fetches_all_at_once_and_shows_none(self):
        slow = f'source = "command"\nargv = ["sh", "-c", "sleep 2; echo {CANARY}"]'
        self.write_config("".join(self.route(f"slow{number}", f"{number}.example.com", slow) for number in range(8)) + self.route())
        start = time.monotonic()
        done = self.secret("check", env={"KEY": CANARY})
        self.assertLess(time.monotonic() - start, 14)  # one after the other they take 16 s
        self.assert_done(done)
        self.assertEqual(done.err, "")
        self.assertEqual([line.split()[:2] for line in done.out.splitlines()],
                         [["ok", f"slow{number}"] for number in range(8)] + [["ok", "demo"]])
        self.assert_sealed(CANARY, done.out.encode())

    def test_check_says_what_failed(self):
        hangs = 'source = "command"\nargv = ["sleep", "30"]\ntimeout = "200ms"'
        self.write_config(self.route("gone", "a.example.com") + self.route("hangs", "b.example.com", hangs) +
                          self.route("good", "c.example.com", 'source = "env"\nvariable = "GOOD"'))
        done = self.secret("check", env={"GOOD": CANARY})
        self.assertEqual(done.code, 1)
        self.assertRegex(done.out, r"(?m)^failed  gone  +\d+m?s  environment variable KEY$")
        self.assertRegex(done.out, r"(?m)^ok      good  ")
        self.assertIn("cordon: error: route gone: the environment variable KEY is not set", done.err)
        self.assertIn("cordon: error: route hangs: ", done.err)
        self.assertEqual(self.secret("check", "hangs", "good", env={"GOOD": CANARY}).code, 4)
        self.assertEqual(self.secret("check", "good", env={"GOOD": CANARY}).code, 0)

    def test_config_cannot_steer_the_terminal(self):
        """C1 controls, turned text and line separators of a config, and bytes of a path that are not UTF-8."""
        self.write_config(self.route("one", secret='source = "file"\npath = "/nowhere/a\\u009b31mRED\\u202Eevil\\u2028x"'))
        done = self.secret("check")
        started = self.cordon("start")
        for text in (done.out, done.err, started.err):
            self.assertIn("31mRED", text)
            for hostile in "\u009b\u202e\u2028":
                self.assertNotIn(hostile, text)
        process = self.popen("check", "-c", b"no\x9b31m/cordon.toml")
        self.assertIn(rb"/no\x9b31m does not exist", process.communicate()[1])

    @unittest.skipUnless(sys.platform == "linux", "only Linux ends a program with the one that started it")
    def test_helper_ends_with_cordon(self):
        """However Cordon ends: nobody is left to use the answer, and the helper may be asking its owner for a password."""
        pid_file = self.root / "pid"
        words = ["sh", "-c", f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 47"]
        self.write_config(self.route(secret=f'source = "command"\nargv = {json.dumps(words)}'))
        process = self.popen("secret", "check")
        eventually(pid_file.exists, "the helper")
        process.kill()
        process.communicate()
        pid = int(pid_file.read_text())

        def is_gone():
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                    return stat.read().rsplit(") ", 1)[1][0] == "Z"  # only not reaped yet
            except OSError:
                return True
        eventually(is_gone, "the helper's end")

    def test_check_as_json(self):
        self.write_config(self.route("gone", "a.example.com") +
                          self.route("good", "c.example.com", 'source = "env"\nvariable = "GOOD"'))
        done = self.secret("check", "--json", env={"GOOD": CANARY})
        gone, good = json.loads(done.out)["secrets"]
        self.assertEqual((done.code, done.err), (1, ""))
        self.assertEqual((gone["name"], gone["kind"], gone["ok"], gone["error"]["code"]), ("gone", "route", False, "secret_missing"))
        self.assertEqual((good["secret"], good["ok"], "error" in good), ("environment variable GOOD", True, False))
        self.assertGreaterEqual(good["milliseconds"], 0)
        self.assert_sealed(CANARY, done.out.encode())

    def test_check_without_routes_has_nothing_to_say(self):
        self.write_config()
        done = self.secret("check")
        self.assertEqual((done.code, done.out), (0, ""))
        self.assertIn("no secrets", done.err)
        self.assertEqual(json.loads(self.secret("check", "--json").out), {"secrets": []})


if __name__ == "__main__":
    main()
