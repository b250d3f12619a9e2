"""Bindings: what secrets go where is recorded, changes of it are warned of or refused, and `cordon approve` accepts them (D18, L6, L7)."""

import fcntl
import json
import os
import stat
import subprocess

from harness import CORDON, DEADLINE, CliTest, eventually, free_port, main
from pseudo_terminal import PseudoTerminal

KEY = "the-value-of-the-key-itself"
NEW = "new binding, not approved: "


class BindingsTest(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = KEY
        self.runs = self.root / "runs"

    def counting(self, *arguments):
        """A command that gives a secret, and leaves a trace of each run."""
        words = ["sh", "-c", f"echo run >> {self.runs}; echo {KEY}", *arguments]
        return f'source = "command"\nargv = {json.dumps(words)}'

    def run_count(self):
        return len(self.runs.read_text(encoding="ascii").splitlines()) if self.runs.exists() else 0

    def require_approval(self, text="listen = 1\n[secrets]\nrequire_approval = true\n"):
        (self.config_home / "cordon").mkdir(mode=0o700, exist_ok=True)
        (self.config_home / "cordon" / "cordon.toml").write_text(text)

    def bindings_file(self):
        """The file of the one project instance."""
        found = list(self.config_home.glob("cordon/projects/*/bindings.toml"))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def run_once(self, *arguments):
        """Starts and stops: the log."""
        daemon = self.start(*arguments)
        self.assertEqual(daemon.stop(), 0)
        return daemon.text()

    def new_ones(self, log):
        return [line.split(NEW)[1] for line in log.splitlines() if NEW in line]

    def on_a_terminal(self, *typed, words=("approve",), ahead=""):
        """(exit status, what a pseudo terminal shows); each of `typed` answers one question."""
        with PseudoTerminal([CORDON, *words], ahead=ahead, cwd=self.project, env={**self.environment, "TERM": "xterm"}) as terminal:
            for keys in typed:
                terminal.expect("[y/N] ")
                terminal.type(keys)
            return terminal.wait(), terminal.shown


class Start(BindingsTest):
    def test_first_start_takes_what_it_finds(self):
        self.write_config(self.route() + self.route("two", "b.example.com"))
        log = self.run_once()
        self.assertEqual(self.new_ones(log), [])
        self.assertRegex(log, r"info first start of project-[0-9a-f]{8}: 2 bindings taken as approved")
        self.assertNotIn("first start", self.run_once())
        file = self.bindings_file()
        self.assertEqual((stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)), (0o600, 0o700))
        self.assertNotIn(KEY, file.read_text(encoding="ascii"))

    def test_start_that_fails_is_no_first_start(self):
        self.write_config(self.route(secret='source = "env"\nvariable = "MISSING"'))
        self.assert_error(self.cordon("start"), "MISSING")
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_secret_pointed_at_another_host_is_warned_of_at_each_start(self):
        """D18."""
        first, other = self.origin(), self.origin()
        self.write_config(self.plain_route(first))
        self.run_once()
        self.write_config(self.plain_route(other))
        for _ in range(2):
            daemon = self.start()
            self.assertEqual(self.get(other).status, 200)
            daemon.stop()
            told = self.new_ones(daemon.text())
            self.assertEqual(len(told), 1, daemon.text())
            self.assertIn(f"demo: environment variable KEY to 127.0.0.1:{other.port}, without TLS too (allow_plaintext)", told[0])
            self.assertIn("cordon approve", told[0])
        self.assertIn(KEY.encode(), other.received)

    def test_what_is_given_up_and_taken_up_again_is_not_new(self):
        self.write_config(self.route())
        self.run_once()
        self.write_config()
        self.run_once()
        self.write_config(self.route())
        self.assertEqual(self.new_ones(self.run_once()), [])

    def test_first_start_without_routes_counts(self):
        self.write_config()
        self.run_once()
        self.write_config(self.route())
        self.assertEqual(len(self.new_ones(self.run_once())), 1)

    def test_command_that_appears_is_told_without_its_arguments(self):
        """D18. People put passwords into arguments."""
        self.write_config(self.route())
        self.run_once()
        self.write_config(self.route(secret=self.counting("--password=hunter2-hunter2")))
        log = self.run_once()
        self.assertIn("demo: command sh to api.example.com:443; to look", self.new_ones(log)[0])
        self.assertNotIn("hunter2", log)
        self.write_config(self.route(secret=self.counting("--password=other")))
        self.assertEqual(len(self.new_ones(self.run_once())), 1)

    def test_hint_names_the_config_of_the_command_line(self):
        self.write_config()
        path = self.write_config(path="services/cordon.toml")
        self.run_once("-c", str(path))
        self.write_config(self.route(), path="services/cordon.toml")
        self.assertIn(f"cordon approve --config {path}", self.new_ones(self.run_once("-c", str(path)))[0])

    def test_state_that_cannot_be_written_is_told(self):
        self.environment["XDG_CONFIG_HOME"] = "/proc/no-such-folder"  # not even root can make it
        self.write_config("[tls]\nenabled = false\n")
        self.assertIn("could not be recorded", self.run_once())


class Required(BindingsTest):
    def test_edit_of_what_nobody_approved_asks(self):
        """D18: the owner changes one key of a route, and somebody else wrote the others."""
        self.require_approval()
        self.write_config(self.route(host="evil.example"))
        for answer, approved in (("\n", False), ("y\n", True)):
            code, shown = self.on_a_terminal(answer, words=("route", "edit", "demo", "--port", "8443" if approved else "444"))
            self.assertEqual(code, 0, shown)
            self.assertIn("evil.example:8443" if approved else "evil.example:444", shown)
            self.assertEqual("cordon approve demo" in shown, not approved)
            done = self.cordon("route", "show", "demo", "--json")
            self.assertEqual(json.loads(done.out)["approved"], approved)

    def test_edited_config_sends_nothing_until_it_is_approved(self):
        """D18: neither the origin nor the helper is ever touched."""
        good, evil = self.origin(), self.origin()
        self.require_approval()
        self.write_config(self.plain_route(good, name="good"))
        self.assertEqual(self.cordon("approve", "--yes").code, 0)
        self.write_config(self.plain_route(good, name="good") + self.plain_route(evil, name="evil", secret=self.counting()))
        daemon = self.start()
        self.assertEqual(self.get(good).status, 200)
        for _ in range(3):
            refused = self.get(evil)
            self.assertEqual((refused.status, refused.reason), (403, "binding_unapproved"))
            self.assertEqual(json.loads(refused.text)["route"], "evil")
        daemon.stop()
        self.assertEqual((evil.received, self.run_count()), (b"", 0))
        self.assertIn(KEY.encode(), good.received)
        self.assertIn("its requests are refused (binding_unapproved)", self.new_ones(daemon.text())[0])
        self.assertIn("secret from command sh, not approved", daemon.text())

        self.assertEqual(self.cordon("approve", "--yes").code, 0)
        daemon = self.start()
        self.assertEqual(self.get(evil).status, 200)
        daemon.stop()
        self.assertEqual(self.new_ones(daemon.text()), [])
        self.assertIn(KEY.encode(), evil.received)
        self.assertGreater(self.run_count(), 0)

    def test_existing_secret_for_another_host_is_refused(self):
        """D18."""
        good, evil = self.origin(), self.origin()
        self.write_config(self.plain_route(good))
        self.run_once()
        self.require_approval()
        self.write_config(self.plain_route(evil))
        self.start()
        self.assertEqual((self.get(evil).status, evil.received), (403, b""))

    def test_reload_warns_and_refuses_too(self):
        """D18."""
        good, evil = self.origin(), self.origin()
        self.write_config(self.plain_route(good))
        self.require_approval()
        self.assertEqual(self.cordon("approve", "--yes").code, 0)
        daemon = self.start()
        self.assertEqual(self.get(good).status, 200)
        for secret in ('source = "env"\nvariable = "KEY"', self.counting()):  # the same secret elsewhere; a command that appears
            with self.subTest(secret):
                self.write_config(self.plain_route(evil, secret=secret))
                done = self.cordon("reload")
                self.assert_done(done)
                self.assertIn(f"cordon: warning: {NEW}", done.err)
                refused = self.get(evil)
                self.assertEqual((refused.status, refused.reason), (403, "binding_unapproved"))
                self.assertIn("not approved", self.cordon("status").out)
        daemon.stop()
        self.assertEqual((evil.received, self.run_count()), (b"", 0))
        self.assertEqual(len(self.new_ones(daemon.text())), 2)

    def test_project_cannot_take_it_back(self):
        origin = self.origin()
        self.require_approval()
        self.write_config(self.plain_route(origin) + "[secrets]\nrequire_approval = false\n")
        self.start()
        self.assertEqual((self.get(origin).status, origin.received), (403, b""))

    def test_project_can_ask_for_it(self):
        origin = self.origin()
        self.write_config(self.plain_route(origin) + "[secrets]\nrequire_approval = true\n")
        self.start()
        self.assertEqual((self.get(origin).status, origin.received), (403, b""))

    def test_first_start_approves_nothing(self):
        self.require_approval()
        self.write_config(self.route(secret=self.counting()))
        for _ in range(2):
            self.assertEqual(len(self.new_ones(self.run_once())), 1)
        self.assertEqual(self.run_count(), 0)

    def test_holds_for_the_user_scope_too(self):
        self.require_approval(f"listen = {self.port}\n{self.route()}\n[secrets]\nrequire_approval = true\n")
        self.assertEqual(len(self.new_ones(self.run_once("--scope", "user"))), 1)
        self.assert_done(self.cordon("approve", "--scope", "user", "--yes"))
        self.assertEqual(self.new_ones(self.run_once("--scope", "user")), [])

    def test_user_file_needs_nothing_else(self):
        self.require_approval("[secrets]\nrequire_approval = true\n")
        self.write_config(self.route())
        self.assertEqual(len(self.new_ones(self.run_once())), 1)

    def test_slip_in_the_user_file_does_not_switch_it_off(self):
        self.require_approval("[secrets]\nrequire_aproval = true\n")
        self.write_config(self.route())
        self.assert_error(self.cordon("start"), f"{self.config_home}/cordon/cordon.toml:2:1: secrets.require_aproval",
                          "cordon check --scope user")


class UnsafeFile(BindingsTest):
    """L6, L7: refused by all commands, with what to do, and never replaced."""

    def setUp(self):
        super().setUp()
        self.write_config(self.route())
        self.run_once()
        self.file = self.bindings_file()

    def refused(self, *texts):
        before = self.file.read_bytes()
        for words in (("start",), ("approve",), ("approve", "--yes"), ("check",)):
            with self.subTest(words):
                self.assert_error(self.cordon(*words), str(self.file), *texts)
        self.assertEqual(self.file.read_bytes(), before)

    def test_readable_or_writable_by_others(self):
        for mode in (0o640, 0o604, 0o620, 0o602):
            self.file.chmod(mode)
            self.refused(f"chmod 600 {self.file}")

    def test_symbolic_link(self):
        elsewhere = self.file.rename(self.root / "elsewhere")
        self.file.symlink_to(elsewhere)
        self.refused("symbolic link")
        self.assertTrue(self.file.is_symlink())

    def test_folder_that_others_can_write(self):
        self.file.parent.chmod(0o777)
        for words in (("start",), ("approve", "--yes"), ("check",)):
            self.assert_error(self.cordon(*words), f"chmod 700 {self.file.parent}")

    def test_folder_above_that_others_can_write(self):
        """Whoever can rename the state away makes the next start a first one, which approves everything."""
        for folder in (self.file.parents[1], self.file.parents[2]):
            folder.chmod(0o775)
            self.assert_error(self.cordon("start"), f"chmod 700 {folder}")
            folder.chmod(0o700)

    def test_folder_of_the_user_file_that_others_can_write(self):
        """Whoever can remove that file switches require_approval off."""
        folder = self.config_home / "cordon"
        for mode in (0o770, 0o707):
            folder.chmod(mode)
            for words in (("start",), ("check",), ("secret", "check")):
                self.assert_error(self.cordon(*words), f"chmod 700 {folder}")

    def test_folder_above_may_be_a_link(self):
        self.config_home.joinpath("cordon").rename(self.root / "dotfiles")
        self.config_home.joinpath("cordon").symlink_to(self.root / "dotfiles")
        self.assertNotIn("first start", self.run_once())
        (self.root / "dotfiles").chmod(0o775)
        self.assert_error(self.cordon("start"), "chmod 700")

    def test_corrupt(self):
        whole = self.file.read_text(encoding="ascii")
        for text in ("hunter2-hunter2", whole.replace("true", "maybe"), whole + "surprise = 1\n", whole[:len(whole) // 2]):
            self.file.write_text(text)
            self.refused("remove the file")

    def test_corrupt_says_nothing_of_a_route(self):
        """Neither that it is approved nor that it is not."""
        self.file.write_text("surprise = 1\n")
        self.assertIsNone(json.loads(self.cordon("route", "show", "demo", "--json").out)["approved"])
        self.assertIn("binding   not known\n", self.cordon("route", "show", "demo").out)
        done = self.cordon("route", "edit", "demo", "--host", "evil.example", "--json")
        self.assertIsNone(json.loads(done.out)["route"]["approved"])
        self.assertIn("warning: whether its bindings are approved is not known: ", done.err)

    def test_check_tells_it_as_json(self):
        self.file.chmod(0o644)
        done = self.cordon("check", "--json")
        self.assertEqual(done.code, 1)
        told = json.loads(done.out)
        self.assertIn("chmod 600", told["bindings"]["error"])
        self.assertFalse(told["valid"])


class Check(BindingsTest):
    def test_notes_what_is_new_and_writes_nothing(self):
        self.write_config(self.route())
        self.run_once()
        before = self.bindings_file().read_bytes()
        self.write_config(self.route(host="evil.example.com"))
        done = self.cordon("check")
        self.assert_done(done)
        self.assertIn("warning: not approved: demo: environment variable KEY to evil.example.com:443", done.err)
        self.assertIn("cordon approve", done.err)
        told = json.loads(self.cordon("check", "--json").out)["bindings"]
        self.assertEqual(told, {"approval_required": False, "unapproved": [
            {"name": "demo", "secret": "environment variable KEY", "to": "evil.example.com:443"}]})
        self.assertEqual(self.bindings_file().read_bytes(), before)

    def test_says_when_requests_will_be_refused(self):
        self.require_approval()
        self.write_config(self.route())
        done = self.cordon("check")
        self.assert_done(done)
        self.assertIn("their requests will be refused", done.err)
        self.assertFalse((self.config_home / "cordon/projects").exists())


class Approve(BindingsTest):
    def setUp(self):
        super().setUp()
        self.write_config()
        self.run_once()
        self.write_config(self.route("one", "a.example.com") + self.route(
            "two", "b.example.com", match="port = [443, 8443]", secret=self.counting("two words", "--password=hunter2-hunter2")))

    def approved(self):
        """The names that are not new any more."""
        return {"one", "two"} - {line.split(":")[0] for line in self.new_ones(self.run_once())}

    def test_shows_everything_and_approves_nothing_without_a_terminal(self):
        done = self.cordon("approve")
        self.assertEqual(done.code, 2)
        for text in ("2 bindings", "env variable=KEY", "a.example.com:443\n", "b.example.com:443,8443", f"echo {KEY}'",
                     "'two words' --password=hunter2-hunter2"):
            self.assertIn(text, done.out)
        self.assertIn("hint: to approve: cordon approve --yes", done.err)
        self.assertEqual(self.run_count(), 0)
        self.assertEqual(self.approved(), set())

    def test_yes(self):
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertEqual(self.approved(), {"one", "two"})
        done = self.cordon("approve")
        self.assert_done(done)
        self.assertRegex(done.out, r"^nothing to approve: every binding of project-[0-9a-f]{8} is approved\n$")

    def test_by_name(self):
        done = self.cordon("approve", "one", "--yes")
        self.assert_done(done)
        self.assertNotIn("b.example.com", done.out)
        self.assertEqual(self.approved(), {"one"})
        self.assertIn("nothing to approve: approved already: one\n", self.cordon("approve", "one").out)
        self.assertIn("hint: to approve: cordon approve two --yes", self.cordon("approve", "two").err)

    def test_unknown_name(self):
        self.assert_error(self.cordon("approve", "ome", "--yes"), "there is no route or listener `ome` in", "did you mean `one`?")
        self.assertEqual(self.approved(), set())

    def test_json(self):
        done = self.cordon("approve", "--json")
        self.assertEqual(done.code, 1)
        told = json.loads(done.out)
        self.assertFalse(told["approved"])
        self.assertEqual(told["bindings"][0], {"name": "one", "secret": ["env", "variable=KEY"], "host": "a.example.com",
                                               "port": [443], "terms": ["name=one"], "first_used": ""})
        self.assertEqual(told["bindings"][1]["secret"][-2:], ["two words", "--password=hunter2-hunter2"])
        done = self.cordon("approve", "--json", "--yes")
        self.assert_done(done)
        self.assertTrue(json.loads(done.out)["approved"])
        self.assertEqual(json.loads(self.cordon("approve", "--json").out)["bindings"], [])

    def test_approval_that_cannot_be_written_is_not_told_as_done(self):
        for words in (("--yes",), ("--json", "--yes")):
            done = self.cordon("approve", *words, env={"XDG_CONFIG_HOME": "/proc/no-such-folder"})
            self.assertEqual(done.code, 1)
            self.assertIn("/proc/no-such-folder", done.err)
            self.assertNotIn("approved 2", done.out)
            self.assertNotIn('"approved": true', done.out)

    def test_answer_on_a_terminal(self):
        for answers in (("\n",), ("n\n",), ("nope\n", "n\n"), ("yesterday\n", "\n"), ("\x04",)):
            with self.subTest(answers):
                code, output = self.on_a_terminal(*answers)
                self.assertEqual(code, 1, output)
                self.assertIn("nothing was approved", output)
        self.assertEqual(self.approved(), set())
        code, output = self.on_a_terminal("Y\n", words=("approve", "one"))
        self.assertEqual(code, 0, output)
        code, output = self.on_a_terminal("yes\n")
        self.assertEqual(code, 0, output)
        self.assertNotIn("a.example.com", output)
        self.assertEqual(self.approved(), {"one", "two"})

    def test_answer_typed_before_the_question_is_none(self):
        code, output = self.on_a_terminal("\n", ahead="y\n")
        self.assertEqual(code, 1, output)
        self.assertEqual(self.approved(), set())

    def test_what_is_shown_cannot_steer_the_terminal(self):
        hostile = '["sh", "-c", "echo k", "\\u001b[2K\\rdecoy", "\\u202etxt.exe"]'
        self.write_config(self.route("one", "a.example.com", f'source = "command"\nargv = {hostile}'))
        code, output = self.on_a_terminal("n\n")
        self.assertEqual(code, 1)
        self.assertNotIn("\x1b[2K", output)
        self.assertNotIn("\u202e", output)
        self.assertIn("\\u001b[2K\\u000ddecoy", output)

    def test_long_argument_is_shown_whole(self):
        self.write_config(self.route("one", "a.example.com", f'source = "command"\nargv = ["sh", "{"x" * 3000}; evil"]'))
        self.assertIn("x; evil", self.cordon("approve").out)

    def test_before_the_first_start(self):
        self.write_config(self.route("one", "a.example.com") + self.route("two", "b.example.com"), path="new/cordon.toml")
        self.assert_done(self.cordon("approve", "one", "--yes", "-c", "new/cordon.toml"))
        told = self.new_ones(self.run_once("-c", "new/cordon.toml"))
        self.assertEqual([line.split(":")[0] for line in told], ["two"])

    def test_running_instance_is_named(self):
        self.start()
        done = self.cordon("approve", "--yes")
        self.assert_done(done)
        self.assertRegex(done.err, r"hint: project-[0-9a-f]{8} is running")

    def test_waits_for_another_that_changes_the_list(self):
        self.assert_done(self.cordon("approve", "one", "--yes"))
        folder = os.open(self.bindings_file().parent, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        process = self.popen("approve", "--yes")
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(1)
        os.close(folder)
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn(b"approved 1 binding", out)
        self.assertEqual(self.approved(), {"one", "two"})

    def test_running_instance_is_named_when_its_port_has_changed_in_the_config(self):
        self.start()
        self.write_config(self.route("three", "c.example.com"), port=free_port())
        done = self.cordon("approve", "--yes")
        self.assert_done(done)
        self.assertRegex(done.err, r"hint: project-[0-9a-f]{8} is running")

    def test_nothing_of_a_secret_is_shown(self):
        self.write_config(self.route())
        done = self.cordon("approve", "--yes")
        self.assert_sealed(KEY, done.out.encode(), done.err.encode(), self.bindings_file().read_bytes())


class SecretCheck(BindingsTest):
    """D18: what only looks at secrets fetches none that nobody approved."""

    def setUp(self):
        super().setUp()
        self.write_config(self.route())
        self.assert_done(self.cordon("approve", "--yes"))
        self.write_config(self.route() + self.route("new", "b.example.com", secret=self.counting()))

    def test_new_command_is_not_run_where_approval_is_required(self):
        self.require_approval()
        done = self.cordon("secret", "check")
        self.assertEqual((done.code, self.run_count()), (1, 0), done.err)
        self.assertRegex(done.out, r"(?m)^ok +demo ")
        self.assertRegex(done.out, r"(?m)^failed +new ")
        self.assertIn("error: route new: its secret's use is new and not approved; to look at it and approve it: cordon approve\n", done.err)
        told = {row["name"]: row for row in json.loads(self.cordon("secret", "check", "--json").out)["secrets"]}
        self.assertEqual((told["demo"]["ok"], told["new"]["error"]["code"]), (True, "binding_unapproved"))
        self.assertEqual((self.cordon("secret", "check", "demo").code, self.run_count()), (0, 0))
        self.assert_done(self.cordon("approve", "--yes"))
        self.assert_done(self.cordon("secret", "check"))
        self.assertEqual(self.run_count(), 1)

    def test_new_helper_program_is_not_run_where_approval_is_required(self):
        item = 'source = "1password"\nvault = "v"\nitem = "i"\nfield = "f"'
        self.write_config(self.route(secret=item))
        self.assert_done(self.cordon("approve", "--yes"))
        program = self.root / "op"
        program.write_text(f"#!/bin/sh\necho run >> {self.runs}\n")
        program.chmod(0o700)
        self.require_approval()
        self.write_config(f'{self.route(secret=item)}[[secrets.providers]]\ntype = "1password"\npath = "{program}"\n')
        self.assertEqual((self.cordon("secret", "check").code, self.run_count()), (1, 0))

    def test_new_command_is_warned_of(self):
        done = self.cordon("secret", "check")
        self.assert_done(done)
        self.assertEqual(self.run_count(), 1)
        self.assertIn(f"cordon: warning: {NEW}new: command sh to b.example.com:443; ", done.err)
        self.assertEqual(self.cordon("secret", "check", "demo").err, "")

    def test_list_that_cannot_be_trusted_ends_it(self):
        self.bindings_file().chmod(0o644)
        self.assert_error(self.cordon("secret", "check"), "chmod 600")
        self.assertEqual(self.run_count(), 0)


class SecretSet(BindingsTest):
    """D18: whoever is asked for a secret is told where it goes, and not asked for one that nobody approved."""

    ENTRY = 'source = "keyring"\naccount = "x"'

    def setUp(self):
        super().setUp()
        self.write_config(self.route(secret=self.ENTRY))
        self.assert_done(self.cordon("approve", "--yes"))

    def set_from_a_pipe(self):
        done = subprocess.run([CORDON, "secret", "set", "demo"], input=KEY, capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.project, env=self.environment)
        self.assertIn(done.returncode, (1, 4))  # no keyring is reached here
        return done

    def asked(self):
        """What stands on the terminal until it is asked for the secret, or the end."""
        with PseudoTerminal([CORDON, "secret", "set", "demo"], cwd=self.project, env={**self.environment, "TERM": "xterm"}) as terminal:
            def is_shown():
                terminal.read(0.05)
                return terminal.shown.endswith("(not shown): ") or terminal.process.poll() is not None
            eventually(is_shown, "the question")
            terminal.process.kill()
            terminal.wait()
            return terminal.shown

    def test_question_says_where_and_for_which_host(self):
        self.assertEqual(self.asked(), "Secret of route demo, for api.example.com:443, to be stored as keyring entry x of service cordon "
                                       "(not shown): ")
        self.write_config(self.route(secret=self.ENTRY) + self.route("other", "b.example.com", secret=self.ENTRY))
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertIn("for api.example.com:443 and b.example.com:443, ", self.asked())

    def test_new_host_is_warned_of(self):
        self.write_config(self.route(host="evil.example.com", secret=self.ENTRY))
        warning = f"warning: {NEW}demo: keyring entry x of service cordon to evil.example.com:443; "
        self.assertIn(warning, self.set_from_a_pipe().stderr)
        shown = self.asked()
        self.assertLess(shown.index("evil.example.com:443; to look"), shown.index("for evil.example.com:443, "))

    def test_new_host_is_refused_where_approval_is_required(self):
        self.require_approval()
        self.write_config(self.route(host="evil.example.com", secret=self.ENTRY))
        done = self.set_from_a_pipe()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("error: route demo: its secret's use is new and not approved; ", done.stderr)
        self.assertNotIn("Secret of", self.asked())

    def test_new_host_of_another_route_with_the_same_entry_is_warned_of(self):
        self.write_config(self.route(secret=self.ENTRY) + self.route("other", "evil.example.com", secret=self.ENTRY))
        self.assertIn(f"{NEW}other: ", self.set_from_a_pipe().stderr)


if __name__ == "__main__":
    main()
