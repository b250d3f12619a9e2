"""cordon listener add, edit, list, show, remove, without a terminal: what is printed, what becomes of the file, what is recorded (L6)."""

import json
import socket
import stat
import tomllib

from harness import CliTest, free_port, main

DB = ("--upstream", "db.example.com:5432", "--username", "app_user", "--source", "keyring", "--account", "prod-db")
ENV = ("--username", "u", "--source", "env", "--variable", "K")


class ListenerTest(CliTest):
    def listener_cmd(self, *words, **more):
        return self.cordon("listener", *words, **more)

    @property
    def file(self):
        return self.project / "cordon.toml"

    def text(self):
        return self.file.read_text(encoding="utf-8")

    def listeners(self):
        return tomllib.loads(self.text())["listeners"]

    def bindings(self):
        found = list(self.config_home.glob("cordon/projects/*/bindings.toml"))
        return found[0].read_text(encoding="utf-8") if found else ""

    def listener(self, name="db", port=15432, upstream="db.example.com:5432", more="", secret='source = "env"\nvariable = "KEY"'):
        return (f'[[listeners]]\nname = "{name}"\nport = {port}\nupstream = "{upstream}"\n{more}[listeners.auth]\ntype = "password"\n'
                f'username = "u"\n[listeners.auth.secret]\n{secret}\n')


class Add(ListenerTest):
    def test_first_listener_makes_the_file(self):
        done = self.listener_cmd("add", *DB)
        self.assert_done(done)
        self.assertEqual(done.out, f"added listener db-example (db.example.com:5432) to {self.file}\n")
        self.assertIn("hint: to store its secret: cordon secret set db-example\n", done.err)
        self.assertIn("hint: to start the proxy: cordon start\n", done.err)
        config = tomllib.loads(self.text())
        self.assertTrue(6790 <= config["listen"] < 6990)
        port = config["listeners"][0].pop("port")
        self.assertTrue(15432 <= port < 15632)
        self.assertEqual(config["listeners"], [{
            "name": "db-example", "upstream": "db.example.com:5432",
            "auth": {"type": "password", "username": "app_user", "secret": {"source": "keyring", "account": "prod-db"}}}])
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o644)
        self.assert_done(self.cordon("check"))

    def test_keys_are_written_in_the_order_of_the_documents(self):
        self.assert_done(self.listener_cmd("add", *DB, "--port", "15999", "--client-tls", "require", "--upstream-tls", "verify-full",
                                           "--upstream-ca-path", "rds.pem", "--require-token", "--allow-weak-auth", "--allow-replication"))
        self.assertTrue(self.text().endswith(
            '\n[[listeners]]\nname = "db-example"\nport = 15999\nupstream = "db.example.com:5432"\nclient_tls = "require"\n'
            'upstream_tls = "verify-full"\nupstream_ca_path = "rds.pem"\nrequire_token = true\nallow_weak_auth = true\n'
            'allow_replication = true\n[listeners.auth]\ntype = "password"\nusername = "app_user"\n[listeners.auth.secret]\n'
            'source = "keyring"\naccount = "prod-db"\n'), self.text())
        self.assert_done(self.cordon("check"))

    def test_listen_is_for_a_new_file(self):
        self.assert_done(self.listener_cmd("add", *DB, "--listen", str(self.port)))
        self.assertEqual(tomllib.loads(self.text())["listen"], self.port)
        self.assert_error(self.listener_cmd("add", *DB, "--listen", "1"), "listener add: --listen is for a config that is made", code=2)

    def test_user_scope_makes_its_folder(self):
        self.assert_done(self.listener_cmd("add", *DB, "--scope", "user"))
        file = self.config_home / "cordon" / "cordon.toml"
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        self.assertEqual(tomllib.loads(file.read_text())["listeners"][0]["name"], "db-example")

    def test_file_named_by_config_keeps_every_byte(self):
        before = b"# top\r\nlisten = 6790   # ours\r\n\r\n[tls]\r\nenabled = true"
        path = self.project / "api.toml"
        path.write_bytes(before)
        path.chmod(0o600)
        done = self.listener_cmd("add", *DB, "--config", "api.toml")
        self.assert_done(done)
        self.assertIn("cordon secret set db-example --config api.toml", done.err)
        after = path.read_bytes()
        self.assertTrue(after.startswith(before + b"\r\n\r\n[[listeners]]\r\nname = \"db-example\"\r\n"), after)
        self.assertNotIn(b"\n", after.replace(b"\r\n", b""))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_second_listener_stands_behind_the_first(self):
        one = self.listener("one")
        self.write_config(f"\n# the first\n{one}\n# about TLS\n[tls]\n")
        self.assert_done(self.listener_cmd("add", *DB, "--port", "15999"))
        before, rest = self.text().split("# the first\n")
        self.assertTrue(rest.startswith(one + "\n[[listeners]]\n"), rest)
        self.assertTrue(rest.endswith("\n# about TLS\n[tls]\n"), rest)
        self.assertEqual(before, f"listen = {self.port}\n\n")

    def test_every_source_and_key(self):
        cases = {
            "one": ("--source", "1password", "--vault", "V", "--item", "I t", "--field", "F", "--account", "team"),
            "two": ("--source", "keyring", "--account", "a", "--service", "pg:db", "--decode", "go-keyring"),
            "three": ("--source", "env", "--variable", "KEY"),
            "four": ("--source", "file", "--path", "secrets/key"),
            "five": ("--source", "command", "--argv", "pass", "--argv", "show", "--argv=-x", "--argv", "", "--timeout", "15s"),
        }
        for name, words in cases.items():
            self.assert_done(self.listener_cmd("add", "--name", name, "--upstream", f"{name}.example", "--username", "u", *words))
        self.assertEqual([listener["auth"]["secret"] for listener in self.listeners()], [
            {"source": "1password", "vault": "V", "item": "I t", "field": "F", "account": "team"},
            {"source": "keyring", "account": "a", "service": "pg:db", "decode": "go-keyring"},
            {"source": "env", "variable": "KEY"},
            {"source": "file", "path": "secrets/key"},
            {"source": "command", "argv": ["pass", "show", "-x", ""], "timeout": "15s"}])
        ports = [listener["port"] for listener in self.listeners()]
        self.assertEqual(len(set(ports)), 5, ports)
        self.assert_done(self.cordon("check"))

    def test_names_come_from_hosts(self):
        for upstream, name in (("db.prod.example.com:5432", "db-prod-example"), ("localhost", "localhost"), ("127.0.0.1:5433", "host-127.0.0.1"),
                               ("[fd00::5]:5432", "host-fd00::5"), ("[fd00::6]", "host-fd00::6"), ("db.prod.example.com.:1", "db-prod-example-2")):
            self.assert_done(self.listener_cmd("add", "--upstream", upstream, *ENV))
            self.assertEqual(self.listeners()[-1]["name"], name)

    def test_name_of_a_route_is_taken(self):
        self.write_config(self.route("db-example"))
        self.assert_done(self.listener_cmd("add", *DB))
        self.assertEqual(self.listeners()[0]["name"], "db-example-2")

    def test_port_is_one_that_nobody_has(self):
        with socket.socket() as other:
            try:
                other.bind(("127.0.0.1", 15432))
                other.listen()
            except OSError:
                pass  # it is another program's already, which is as good
            self.assert_done(self.listener_cmd("add", *DB))
            first = self.listeners()[0]["port"]
            self.assertGreater(first, 15432)
            self.assert_done(self.listener_cmd("add", *DB))  # nobody listens on the first one's yet
            self.assertGreater(self.listeners()[1]["port"], first)

    def test_missing_flags_are_named_and_nothing_is_written(self):
        for words, missing in (((), "--upstream, --username, --source"),
                               (("--upstream", "x.example"), "--username, --source"),
                               (("--upstream", "x.example", "--username", "u", "--source", "1password"), "--vault, --item, --field"),
                               (("--username", "u", "--source", "env"), "--upstream, --variable"),
                               (("--upstream", "x.example", "--username", "u", "--source", "command"), "--argv")):
            with self.subTest(words):
                self.assert_error(self.listener_cmd("add", *words), f"listener add: missing: {missing}\n", "`cordon help listener add`", code=2)
        self.assertFalse(self.file.exists())
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_wrong_values_name_their_flag(self):
        for words, text in ((("--upstream", "postgres://x.example", *ENV), "--upstream must be `host:port` without a scheme"),
                            (("--upstream", "x.example:0", *ENV), "--upstream must"),
                            (("--upstream", "x.example:99999", *ENV), "--upstream must"),
                            (("--upstream", "fd00::5", *ENV), "--upstream must"),
                            (("--upstream", "x.example", "--port", "0", *ENV), "--port must be a port from 1 to 65535"),
                            (("--upstream", "x.example", "--port", "any", *ENV), "--port must be a port from 1 to 65535"),
                            (("--upstream", "x.example", "--name", "-x", *ENV), "--name must"),
                            (("--upstream", "x.example", *ENV, "--vault", "v"), "--vault does not go with --source env"),
                            (("--upstream", "127.0.0.1", *ENV, "--upstream-tls", "disable", "--upstream-ca-path", "x"),
                             "--upstream-ca-path does not go with --upstream-tls disable"),
                            (("--upstream", "x.example", *ENV, "--client-tls", "prefer"), "--client-tls"),
                            (("--upstream", "x.example", *ENV, "--upstream-tls", "require"), "--upstream-tls"),
                            (("--upstream", "x.example", *ENV[:2], "--source", "vault"), "--source"),
                            (("--upstream", "x.example", *ENV, "--header-name", "X"), "--header-name")):
            with self.subTest(words):
                self.assert_error(self.listener_cmd("add", *words), text, code=2)
        self.assertFalse(self.file.exists())

    def test_faults_of_the_whole_are_told_and_nothing_is_written(self):
        self.write_config(self.route("demo") + self.listener("db", 15999))
        before = self.text()
        for words, text in ((("--name", "demo"), "listeners[1].name: `demo` is taken"),
                            (("--name", "db"), "listeners[1].name: `db` is taken"),
                            (("--port", "15999"), "listeners[1].port: 15999 is taken"),
                            (("--port", str(self.port)), f"listeners[1].port: {self.port} is taken"),
                            (("--upstream-tls", "disable"), "listeners[1].upstream_tls: `disable` is only for")):
            with self.subTest(words):
                self.assert_error(self.listener_cmd("add", *DB, *words), text, "nothing was written")
                self.assertEqual(self.text(), before)
        self.write_config("[tls]\nenabled = false\n")
        self.assert_error(self.listener_cmd("add", *DB, "--client-tls", "require"), "`require` needs TLS", "nothing was written")

    def test_port_on_which_something_listens_is_warned_of(self):
        port = self.origin().port
        done = self.listener_cmd("add", *DB, "--port", str(port))
        self.assert_done(done)
        self.assertIn(f"cordon: warning: something listens on 127.0.0.1:{port} now", done.err)
        self.assertNotIn("warning: something", self.listener_cmd("edit", "db-example", "--username", "x").err)

    def test_faulty_file_is_reported_and_left(self):
        self.write_config("lisen = 1\n")
        before = self.text()
        self.assert_error(self.listener_cmd("add", *DB), "lisen: unknown key")
        self.assertEqual(self.text(), before)

    def test_listeners_as_one_value_are_refused(self):
        self.write_config('listeners = [{ name = "a", port = 15999, upstream = "a.example", auth = { type = "password", username = "u", '
                          'secret = { source = "env", variable = "K" } } }]\n')
        before = self.text()
        self.assert_error(self.listener_cmd("add", *DB), "line 2: `listeners = ...` is one value", "[[listeners]]")
        self.assertEqual(self.text(), before)

    def test_older_spelling_is_kept_and_known(self):
        self.write_config('[[services]]\nname = "old"\nlisten = 15999\nprotocol = "postgres"\nupstream = "a.example"\n[services.auth]\n'
                          'type = "password"\nusername = "u"\n[services.auth.secret]\nsource = "env"\nvariable = "K"\n')
        self.assert_error(self.listener_cmd("add", *DB, "--port", "15999"), "15999 is taken")
        self.assert_error(self.listener_cmd("add", *DB, "--name", "old"), "`old` is taken")
        self.assertIn("old", self.listener_cmd("list").out)
        before = self.text()
        for words in (("edit", "old", "--port", "15998"), ("remove", "old", "--yes")):
            self.assert_error(self.listener_cmd(*words), "there is no listener `old`", "an older spelling; write it as [[listeners]]")
        self.assertEqual(self.text(), before)
        self.write_config(before.split("\n", 1)[1].replace("15999", "15432"))
        self.assert_done(self.listener_cmd("add", *DB))
        self.assertNotEqual(self.listeners()[0]["port"], 15432)

    def test_file_that_all_can_write_is_refused(self):
        """L6."""
        self.write_config().chmod(0o666)
        self.assert_error(self.listener_cmd("add", *DB), "chmod o-w")

    def test_binding_is_recorded_as_approved(self):
        """D18: what the owner does by this command is no surprise at the next start."""
        self.write_config(self.listener("one"))
        self.assert_done(self.cordon("approve", "--yes"))
        self.assert_done(self.listener_cmd("add", *DB))
        self.assertIn("db.example.com", self.bindings())
        self.assertIn("prod-db", self.bindings())
        self.assertEqual(json.loads(self.cordon("check", "--json").out)["bindings"]["unapproved"], [])
        # An edit by hand is one.
        self.file.write_text(self.text().replace('"db.example.com:5432"\n[listeners.auth]\ntype = "password"\nusername = "app_user"',
                                                 '"evil.example:5432"\n[listeners.auth]\ntype = "password"\nusername = "app_user"'))
        unapproved = json.loads(self.cordon("check", "--json").out)["bindings"]["unapproved"]
        self.assertEqual([binding["name"] for binding in unapproved], ["db-example"])
        self.assertIn("evil.example:5432", unapproved[0]["to"])

    def test_restart_is_told_of(self):
        """Ports are bound at the start."""
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route())
        self.start()
        done = self.listener_cmd("add", *DB)
        self.assertIn("is running, and listens on what it was started with; to restart it: cordon stop && cordon start\n", done.err)
        done = self.listener_cmd("edit", "db-example", "--username", "other")
        self.assertIn("to make it go by this: cordon reload\n", done.err)
        for words in (("edit", "db-example", "--port", str(free_port())), ("remove", "db-example", "--yes")):
            self.assertIn("to restart it: cordon stop && cordon start\n", self.listener_cmd(*words).err)


class Edit(ListenerTest):
    TEXT = ('# top\n\n# about it\n[[listeners]] # here\nname = \'db\'   # the name\nport = 15_999 # P\nupstream = "db.example.com" # U\n\n'
            '[listeners.auth]\ntype = "password"\nusername = "app" # the role\n[listeners.auth.secret]\n# mine\nsource = "keyring"\n'
            'account = "old"\n\n# about TLS\n[tls]\nenabled = true\n')

    def setUp(self):
        super().setUp()
        self.write_config(self.TEXT)
        self.head = f"listen = {self.port}\n"

    def assert_changed(self, old, new, *words):
        done = self.listener_cmd("edit", "db", *words)
        self.assert_done(done)
        self.assertEqual(self.text(), self.head + self.TEXT.replace(old, new))
        return done

    def test_one_value_changes_and_nothing_else(self):
        done = self.assert_changed('"old"', '"new"', "--account", "new")
        self.assertEqual(done.out, f"changed listener db (db.example.com) in {self.file}\n")

    def test_port(self):
        self.assert_changed("15_999", "15998", "--port", "15998")

    def test_upstream_and_role(self):
        self.assert_changed('"app"', '"other"', "--username", "other")
        self.write_config(self.TEXT)
        self.assert_changed('"db.example.com"', '"[fd00::5]:5433"', "--upstream", "[fd00::5]:5433")

    def test_same_values_change_no_byte(self):
        self.assert_changed("", "", "--port", "15999", "--name", "db", "--upstream", "db.example.com", "--username", "app")

    def test_new_source(self):
        self.assert_changed('"keyring"\naccount = "old"', '"env"\nvariable = "KEY"', "--source", "env", "--variable", "KEY")

    def test_new_source_needs_its_own_keys(self):
        self.assert_error(self.listener_cmd("edit", "db", "--source", "1password"), "missing: --vault, --item, --field", code=2)
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_keys_come_and_go(self):
        self.assert_done(self.listener_cmd("edit", "db", "--client-tls", "disable", "--upstream-ca-path", "rds.pem", "--require-token",
                                           "--allow-weak-auth", "--allow-replication"))
        for line in ('client_tls = "disable"\n', 'upstream_ca_path = "rds.pem"\n', "require_token = true\n", "allow_weak_auth = true\n",
                     "allow_replication = true\n"):
            self.assertIn(line, self.text())
        self.assert_done(self.listener_cmd("edit", "db", *(word for name in ("client-tls", "upstream-ca-path", "require-token", "allow-weak-auth",
                                                                             "allow-replication") for word in ("--unset", name))))
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_upstream_without_tls_has_no_roots(self):
        self.assert_done(self.listener_cmd("edit", "db", "--upstream", "127.0.0.1", "--upstream-ca-path", "rds.pem"))
        self.assert_done(self.listener_cmd("edit", "db", "--upstream-tls", "disable"))
        self.assertNotIn("rds.pem", self.text())
        self.assertEqual(self.listeners()[0]["upstream_tls"], "disable")

    def test_name_changes(self):
        self.assert_done(self.listener_cmd("edit", "db", "--name", "app"))
        self.assertEqual(self.listeners()[0]["name"], "app")

    def test_needed_key_cannot_be_unset(self):
        self.assert_error(self.listener_cmd("edit", "db", "--unset", "account"), "missing: --account", code=2)
        self.assert_error(self.listener_cmd("edit", "db", "--unset", "username"), "missing: --username", code=2)
        self.assert_error(self.listener_cmd("edit", "db", "--unset", "upstream"), "missing: --upstream", code=2)
        self.assert_error(self.listener_cmd("edit", "db", "--unset", "colour"), "--unset: there is no option --colour", code=2)
        self.assert_error(self.listener_cmd("edit", "db", "--unset", ""), "--unset: there is no option --", code=2)
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_unknown_name_suggests_the_nearest(self):
        self.assert_error(self.listener_cmd("edit", "dbb", "--account", "x"), "there is no listener `dbb`", "did you mean `db`?",
                          "cordon listener list")

    def test_route_is_no_listener(self):
        self.write_config(self.route("stripe") + self.TEXT)
        done = self.listener_cmd("edit", "stripe", "--account", "x")
        self.assert_error(done, "there is no listener `stripe`", "cordon listener list")
        self.assertNotIn("did you mean", done.err)
        self.assert_error(self.cordon("route", "edit", "db", "--source", "env"), "there is no route `db`")

    def test_nothing_to_change_is_a_usage_error(self):
        self.assert_error(self.listener_cmd("edit", "db"), "say what to change, such as --upstream or --source", code=2)
        self.assert_error(self.listener_cmd("edit"), "LISTENER", code=2)

    def test_missing_file_is_not_made(self):
        self.file.unlink()
        self.assert_error(self.listener_cmd("edit", "db", "--account", "x"), "there is no config file")

    def test_new_upstream_is_approved(self):
        self.assert_done(self.cordon("approve", "--yes"))
        self.assert_done(self.listener_cmd("edit", "db", "--upstream", "b.example:5433"))
        self.assertIn("b.example", self.bindings())
        self.assertEqual(json.loads(self.cordon("check", "--json").out)["bindings"]["unapproved"], [])


class Remove(ListenerTest):
    def test_removes_one_and_keeps_the_rest(self):
        a, b = self.listener("a", 15998), self.listener("b", 15999)
        self.write_config(f"\n# about a\n{a}\n# about b\n{b}\n# about TLS\n[tls]\n")
        done = self.listener_cmd("remove", "a", "--yes")
        self.assert_done(done)
        self.assertEqual(done.out, f"removed listener a (db.example.com:5432) from {self.file}\n")
        self.assertEqual(self.text(), f"listen = {self.port}\n\n# about b\n{b}\n# about TLS\n[tls]\n")

    def test_kept_secret_is_told(self):
        self.write_config(self.listener(secret='source = "keyring"\naccount = "x"'))
        self.assertIn("its secret is kept: keyring entry x of service cordon", self.listener_cmd("remove", "db", "--yes").err)

    def test_needs_yes_without_a_terminal(self):
        self.write_config(self.listener())
        before = self.text()
        self.assert_error(self.listener_cmd("remove", "db"), "listener remove: nobody can be asked here; give --yes", code=2)
        self.assertEqual(self.text(), before)

    def test_unknown_name(self):
        self.write_config(self.listener() + self.route("stripe"))
        self.assert_error(self.listener_cmd("remove", "dbb", "--yes"), "there is no listener `dbb`", "did you mean `db`?")
        self.assert_error(self.listener_cmd("remove", "stripe", "--yes"), "there is no listener `stripe`")

    def test_add_and_remove_leave_no_trace(self):
        self.write_config("# x\n")
        before = self.text()
        self.assert_done(self.listener_cmd("add", *DB))
        self.assert_done(self.listener_cmd("remove", "db-example", "--yes"))
        self.assertEqual(self.text(), before)


class List(ListenerTest):
    def test_table(self):
        self.write_config(self.route() + self.listener("a", 15998) +
                          self.listener("long-name", 15999, "[fd00::5]", secret='source = "keyring"\naccount = "x"'))
        done = self.listener_cmd("list")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual([line.split(maxsplit=4) for line in done.out.splitlines()], [
            ["name", "port", "upstream", "user", "secret"],
            ["a", "15998", "db.example.com:5432", "u", "environment variable KEY"],
            ["long-name", "15999", "[fd00::5]:5432", "u", "keyring entry x of service cordon"]])

    def test_json(self):
        self.write_config(self.listener(secret='source = "command"\nargv = ["pass", "--password=hunter2"]',
                                        more='client_tls = "disable"\nrequire_token = true\n'))
        done = self.listener_cmd("list", "--json")
        report = json.loads(done.out)
        self.assertEqual(report["config"], str(self.file))
        self.assertEqual(report["listeners"], [{
            "name": "db", "port": 15432, "upstream": "db.example.com:5432", "username": "u", "client_tls": "disable",
            "upstream_tls": "verify-full", "require_token": True, "allow_weak_auth": False, "allow_replication": False,
            "secret": "command pass", "source": "command", "upstream_ca_path": None, "approved": False}])
        self.assertNotIn("hunter2", done.out)
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertTrue(json.loads(self.listener_cmd("list", "--json").out)["listeners"][0]["approved"])

    def test_none(self):
        self.write_config(self.route())
        done = self.listener_cmd("list")
        self.assertEqual((done.code, done.out), (0, ""))
        self.assertIn("there are no listeners in", done.err)
        self.assertIn("cordon listener add", done.err)
        self.assertEqual(json.loads(self.listener_cmd("list", "--json").out)["listeners"], [])

    def test_show(self):
        self.write_config(self.listener(upstream="127.0.0.1", more='upstream_tls = "disable"\nrequire_token = true\nallow_weak_auth = true\n'
                                        'allow_replication = true\n'))
        done = self.listener_cmd("show", "db")
        self.assert_done(done)
        self.assertEqual(done.out, "db\n  port      15432\n  upstream  127.0.0.1:5432\n  user      u\n  secret    environment variable KEY\n"
                                   "  tls       clients accept, server disable\n  token     needed, as the client's password\n"
                                   "  allows    weak authentication, replication\n  binding   not recorded yet\n")
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertIn("\n  binding   approved\n", self.listener_cmd("show", "db").out)
        self.assertEqual(json.loads(self.listener_cmd("show", "db", "--json").out)["name"], "db")
        self.assert_error(self.listener_cmd("show", "b"), "there is no listener `b`")

    def test_show_says_what_is_not_approved(self):
        self.write_config(self.listener())
        self.assert_done(self.cordon("approve", "--yes"))
        self.file.write_text(self.text().replace("db.example.com", "evil.example"))
        self.assertIn("binding   not approved yet", self.listener_cmd("show", "db").out)
        self.assertFalse(json.loads(self.listener_cmd("show", "db", "--json").out)["approved"])
        self.assertFalse(json.loads(self.listener_cmd("list", "--json").out)["listeners"][0]["approved"])

    def test_faulty_and_missing_files(self):
        for command in (["list"], ["show", "a"], ["remove", "a", "--yes"]):
            self.assert_error(self.listener_cmd(*command), "there is no config file")
        self.write_config("x = 1\n")
        for command in (["list"], ["show", "a"], ["remove", "a", "--yes"]):
            self.assert_error(self.listener_cmd(*command), "x: unknown key")

    def test_help(self):
        text = self.cordon("help", "listener").out
        for command in ("add", "edit", "list", "show", "remove"):
            self.assertRegex(text, rf"(?m)^  {command} +\S")
            helped = self.cordon("help", "listener", command)
            self.assertIn(f"Usage: cordon listener {command} [OPTIONS]", helped.out)
            self.assertRegex(helped.out, rf"(?m)^Examples:\n(  .*\n)*  .*cordon listener {command}")
            self.assertFalse([line for line in helped.out.splitlines() if len(line) > 100], helped.out)
        self.assertEqual(self.cordon("listener").code, 2)


class OfOtherCommands(ListenerTest):
    """Where a listener's name counts as a route's does."""

    def setUp(self):
        super().setUp()
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route("stripe") + self.listener())

    def test_check(self):
        done = self.cordon("check")
        self.assert_done(done)
        self.assertTrue(done.out.endswith(
            "\n1 listener\n  db\n    127.0.0.1:15432 to db.example.com:5432, TLS verified\n"
            "    logs in as u with <environment variable KEY>\n"), done.out)
        report = json.loads(self.cordon("check", "--json").out)
        self.assertEqual([listener["name"] for listener in report["listeners"]], ["db"])
        self.write_config(self.listener(upstream="10.0.0.1:5433", more='upstream_tls = "disable"\nallow_weak_auth = true\n'))
        self.assertIn("127.0.0.1:15432 to 10.0.0.1:5433, TLS off\n    logs in as u with <environment variable KEY>\n"
                      "    allows weak authentication\n", self.cordon("check").out)

    def test_secret_set(self):
        self.write_config(self.listener(secret='source = "keyring"\naccount = "x"'))
        self.assert_error(self.cordon("secret", "set", "db"), "listener db: ", code=1)  # nothing on standard input
        self.assert_error(self.cordon("secret", "set", "dbb"), "there is no route or listener `dbb`", "did you mean `db`?")

    def test_secret_check(self):
        done = self.cordon("secret", "check", "db")
        self.assertRegex(done.out, r"^ok +db +\d+m?s +environment variable KEY\n$")

    def test_approve(self):
        self.assert_done(self.listener_cmd("edit", "db", "--username", "v"))
        self.file.write_text(self.text().replace("db.example.com", "other.example"))
        done = self.cordon("approve", "db", "--yes")
        self.assert_done(done)
        self.assertIn("other.example:5432", done.out)
        self.assertIn("binding   approved", self.listener_cmd("show", "db").out)

    def test_token_limited_to_a_listener(self):
        self.assert_done(self.cordon("token", "create", "ci", "--route", "db"))
        self.assert_error(self.cordon("token", "create", "cj", "--route", "dbb"), "there is no route or listener `dbb`", "did you mean `db`?")

    def test_start_names_it(self):
        port = free_port()
        self.write_config(self.listener(port=port))
        daemon = self.start()
        daemon.expect(f"listener db: 127.0.0.1:{port} to db.example.com:5432, secret from environment variable KEY\n")

    def test_start_says_who_has_its_port(self):
        other = self.origin()
        self.write_config(self.listener("one", other.port) + self.listener("two", free_port()))
        done = self.cordon("start")
        self.assert_error(done, f"listener one: port {other.port} is taken by ", "cordon listener edit one --port PORT")
        self.assertNotIn("listener two", done.err)

    def test_completion(self):
        for words, names in ((("listener", ""), ["add", "edit", "list", "show", "remove"]), (("listener", "edit", ""), ["db"]),
                             (("listener", "show", ""), ["db"]), (("listener", "remove", ""), ["db"]), (("secret", "set", ""), ["stripe", "db"]),
                             (("token", "create", "x", "--route", ""), ["stripe", "db"]),
                             (("listener", "add", "--client-tls", ""), ["accept", "require", "disable"]),
                             (("listener", "add", "--upstream-tls", ""), ["verify-full", "disable"])):
            with self.subTest(words):
                offered = self.cordon("__complete", *words).out.splitlines()[1:]
                self.assertEqual([line.split("\t")[0] for line in offered], names)
        self.assertEqual(self.cordon("__complete", "listener", "add", "--upstream-ca-path", "").out.splitlines()[0], "files")


if __name__ == "__main__":
    main()
