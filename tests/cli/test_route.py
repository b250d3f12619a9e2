"""cordon route add, edit, list, show, remove, without a terminal: what is printed, what becomes of the file, what is recorded (L6)."""

import json
import os
import stat
import tomllib

from harness import CliTest, main

STRIPE = ("--host", "api.stripe.com", "--source", "keyring", "--account", "stripe-key")


class RouteTest(CliTest):
    def route_cmd(self, *words, **more):
        return self.cordon("route", *words, **more)

    @property
    def file(self):
        return self.project / "cordon.toml"

    def text(self):
        return self.file.read_text(encoding="utf-8")

    def routes(self):
        return tomllib.loads(self.text())["routes"]

    def bindings(self):
        found = list(self.config_home.glob("cordon/projects/*/bindings.toml"))
        return found[0].read_text(encoding="utf-8") if found else ""


class Unasked(RouteTest):
    """What somebody else wrote into the file is not approved with what its owner writes (D18)."""

    HEADER = ("--auth-type", "header", "--header-name", "Authorization", "--scheme", "Bearer")

    def setUp(self):
        super().setUp()
        (self.config_home / "cordon").mkdir(mode=0o700)
        (self.config_home / "cordon" / "cordon.toml").write_text("listen = 1\n[secrets]\nrequire_approval = true\n")

    def add(self, host, *secret):
        done = self.route_cmd("add", "--host", host, *self.HEADER, *secret)
        self.assert_done(done)
        return done

    def approved(self, name):
        return json.loads(self.route_cmd("show", name, "--json").out)["approved"]

    def assert_left(self, done, name):
        self.assert_done(done)
        self.assertIn("not all of this was approved before, or written by this command", done.err)
        self.assertIn(f"to look at it and approve it: cordon approve {name}\n", done.err)
        self.assertFalse(self.approved(name))

    def test_host_that_somebody_changed_before_an_edit(self):
        self.add("api.acme.example", "--source", "env", "--variable", "KEY")
        self.assertTrue(self.approved("acme"))
        self.assert_done(self.route_cmd("edit", "acme", "--port", "8443"))
        self.assertTrue(self.approved("acme"))
        self.assert_done(self.route_cmd("edit", "acme", "--name", "pay"))
        self.assertTrue(self.approved("pay"))
        self.file.write_text(self.text().replace("api.acme.example", "evil.example"))
        done = self.route_cmd("edit", "pay", "--port", "444")
        self.assertIn("evil.example", done.err)
        self.assert_left(done, "pay")
        self.assertNotIn("evil.example", self.bindings())

    def test_command_that_somebody_added_before_an_edit(self):
        self.add("api.acme.example", "--source", "env", "--variable", "KEY")
        self.file.write_text(self.text() + self.route(name="gh", host="b.example", secret='source = "command"\nargv = ["sh", "-c", "x"]'))
        self.assert_left(self.route_cmd("edit", "gh", "--port", "8443"), "gh")

    def test_helper_program_that_somebody_named(self):
        self.write_config()
        one = ("--source", "1password", "--vault", "V", "--item", "I", "--field", "F")
        self.add("api.acme.example", *one)
        self.assertTrue(self.approved("acme"))
        self.file.write_text(self.text() + '\n[[secrets.providers]]\ntype = "1password"\npath = "/evil/op"\n')
        self.assert_left(self.add("api.other.example", *one), "other")
        self.assert_done(self.cordon("approve", "--yes", "other"))
        self.add("api.third.example", *one)
        self.assertTrue(self.approved("third"))

    def test_roots_that_somebody_named(self):
        self.write_config(f'[tls]\nupstream_ca_path = "{self.roots()}"\n')
        self.assert_left(self.add("api.other.example", "--source", "env", "--variable", "KEY"), "other")
        self.assert_done(self.cordon("approve", "--yes", "other"))
        self.add("api.third.example", "--source", "env", "--variable", "KEY")
        self.assertTrue(self.approved("third"))

    def roots(self):
        """Some certificate."""
        other = self.root / "other"
        other.mkdir()
        (other / "cordon.toml").write_text(f"listen = {self.port}\n")
        self.assert_done(self.cordon("setup", cwd=other))
        return next(self.config_home.glob("cordon/projects/other-*/certs/ca-cert.pem"))

    def test_first_route_of_an_instance_approves_no_other(self):
        (self.config_home / "cordon" / "cordon.toml").unlink()
        self.write_config(self.route(name="gh", host="evil.example", secret='source = "command"\nargv = ["sh", "-c", "x"]'))
        self.add("api.acme.example", "--source", "env", "--variable", "KEY")
        self.assertTrue(self.approved("acme"))
        self.assertFalse(self.approved("gh"))
        self.assertNotIn("evil.example", self.bindings())


class Add(RouteTest):
    def test_first_route_makes_the_file(self):
        done = self.route_cmd("add", *STRIPE)
        self.assert_done(done)
        self.assertEqual(done.out, f"added route stripe (api.stripe.com) to {self.file}\n")
        self.assertIn("hint: to store its secret: cordon secret set stripe\n", done.err)
        self.assertIn("hint: to start the proxy: cordon start\n", done.err)
        config = tomllib.loads(self.text())
        self.assertTrue(6790 <= config["listen"] < 6990)
        self.assertEqual(config["routes"], [{
            "name": "stripe", "match": {"host": "api.stripe.com"},
            "auth": {"type": "header", "header_name": "Authorization", "scheme": "Bearer",
                     "secret": {"source": "keyring", "account": "stripe-key"}}}])
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o644)
        self.assert_done(self.cordon("check"))

    def test_listen_is_for_a_new_file(self):
        self.assert_done(self.route_cmd("add", *STRIPE, "--listen", str(self.port)))
        self.assertEqual(tomllib.loads(self.text())["listen"], self.port)
        self.assert_error(self.route_cmd("add", "--host", "b.example", *STRIPE[2:], "--listen", "1"), "--listen is for a config that is made", code=2)

    def test_user_scope_makes_its_folder(self):
        self.assert_done(self.route_cmd("add", *STRIPE, "--scope", "user"))
        file = self.config_home / "cordon" / "cordon.toml"
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        self.assertEqual(tomllib.loads(file.read_text())["routes"][0]["name"], "stripe")
        self.assertFalse(self.file.exists())

    def test_file_named_by_config_keeps_every_byte(self):
        before = b"# top\r\nlisten = 6790   # ours\r\n\r\n[tls]\r\nenabled = true"
        path = self.project / "api.toml"
        path.write_bytes(before)
        path.chmod(0o600)
        done = self.route_cmd("add", *STRIPE, "--config", "api.toml")
        self.assert_done(done)
        self.assertIn("cordon secret set stripe --config api.toml", done.err)
        after = path.read_bytes()
        self.assertTrue(after.startswith(before + b"\r\n\r\n[[routes]]\r\nname = \"stripe\"\r\n"), after)
        self.assertNotIn(b"\n", after.replace(b"\r\n", b""))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_every_source_and_key(self):
        cases = {
            "one": ("--source", "1password", "--vault", "V", "--item", "I t", "--field", "F", "--account", "team"),
            "two": ("--source", "keyring", "--account", "a", "--service", "gh:github.com", "--decode", "go-keyring"),
            "three": ("--source", "env", "--variable", "KEY"),
            "four": ("--source", "file", "--path", "secrets/key"),
            "five": ("--source", "command", "--argv", "pass", "--argv", "show", "--argv=-x", "--argv", "", "--timeout", "15s"),
        }
        for name, words in cases.items():
            self.assert_done(self.route_cmd("add", "--name", name, "--host", f"{name}.example", "--auth-type", "header",
                                            "--header-name", "X-Key", *words))
        secrets = [route["auth"]["secret"] for route in self.routes()]
        self.assertEqual(secrets, [
            {"source": "1password", "vault": "V", "item": "I t", "field": "F", "account": "team"},
            {"source": "keyring", "account": "a", "service": "gh:github.com", "decode": "go-keyring"},
            {"source": "env", "variable": "KEY"},
            {"source": "file", "path": "secrets/key"},
            {"source": "command", "argv": ["pass", "show", "-x", ""], "timeout": "15s"}])
        self.assert_done(self.cordon("check"))

    def test_brackets_and_commas_are_part_of_a_value(self):
        self.assert_done(self.route_cmd("add", "--host", "x.example", "--auth-type", "header", "--header-name", "X", "--source", "command",
                                        "--argv", "pass", "--argv", "[a,b]"))
        self.assertEqual(self.routes()[0]["auth"]["secret"]["argv"], ["pass", "[a,b]"])

    def test_what_goes_with_a_type_that_is_usual_is_not_lost(self):
        self.assert_done(self.route_cmd("add", "--host", "api.openai.com", "--header-name", "X-Mine", "--source", "env", "--variable", "K"))
        self.assertEqual({key: value for key, value in self.routes()[0]["auth"].items() if key != "secret"},
                         {"type": "header", "header_name": "X-Mine"})

    def test_ports_plaintext_and_roots(self):
        self.assert_done(self.route_cmd("add", "--host", "127.0.0.1", "--auth-type", "basic", "--username", "me", "--source", "env",
                                        "--variable", "K", "--port", "8080", "--port", "8081", "--allow-plaintext",
                                        "--upstream-ca-path", "corp.pem"))
        route = self.routes()[0]
        self.assertEqual(route["match"], {"host": "127.0.0.1", "port": [8080, 8081]})
        self.assertEqual((route["allow_plaintext"], route["upstream_ca_path"], route["name"]), (True, "corp.pem", "host-127.0.0.1"))
        self.assertEqual((route["auth"]["type"], route["auth"]["username"]), ("basic", "me"))
        self.assert_done(self.route_cmd("add", "--host", "b.example", "--auth-type", "header", "--header-name", "X", "--source", "env",
                                        "--variable", "K", "--port", "any"))
        self.assertEqual(self.routes()[1]["match"]["port"], "any")

    def test_known_providers(self):
        for host, name, auth in (
                ("api.anthropic.com", "anthropic", {"type": "header", "header_name": "x-api-key"}),
                ("generativelanguage.googleapis.com", "gemini", {"type": "header", "header_name": "x-goog-api-key"}),
                ("API.OpenAI.com", "openai", {"type": "header", "header_name": "Authorization", "scheme": "Bearer"}),
                ("github.com", "github-git", {"type": "basic", "username": "x-access-token"})):
            self.assert_done(self.route_cmd("add", "--host", host, "--source", "env", "--variable", "K"))
            route = self.routes()[-1]
            self.assertEqual(route["name"], name)
            self.assertEqual({key: value for key, value in route["auth"].items() if key != "secret"}, auth)
        # What is said counts more than what is usual.
        self.assert_done(self.route_cmd("add", "--host", "api.openai.com", "--port", "8443", "--auth-type", "header", "--header-name",
                                        "X-Mine", "--source", "env", "--variable", "K"))
        self.assertEqual((self.routes()[-1]["name"], self.routes()[-1]["auth"]["header_name"], "scheme" in self.routes()[-1]["auth"]),
                         ("openai-2", "X-Mine", False))

    def test_names_come_from_hosts(self):
        for host, name in (("api.acme.example", "acme"), ("www.shop.acme.co.uk", "shop-acme-co"), ("intranet", "intranet"),
                           ("api.acme.example.", "acme-2")):
            self.assert_done(self.route_cmd("add", "--host", host, "--auth-type", "header", "--header-name", "X", "--source", "env",
                                            "--variable", "K", "--port", str(8000 + len(host))))
            self.assertEqual(self.routes()[-1]["name"], name)

    def test_missing_flags_are_named_and_nothing_is_written(self):
        for words, missing in (((), "--host, --auth-type, --source"),
                               (("--host", "x.example"), "--auth-type, --source"),
                               (("--host", "x.example", "--auth-type", "header", "--source", "1password"),
                                "--header-name, --vault, --item, --field"),
                               (("--host", "x.example", "--auth-type", "header", "--header-name", "authorization", "--source", "env"),
                                "--scheme, --variable"),
                               (("--host", "x.example", "--auth-type", "basic", "--source", "keyring"), "--username, --account"),
                               (("--host", "x.example", "--auth-type", "basic", "--username", "u", "--source", "command"), "--argv")):
            with self.subTest(words):
                self.assert_error(self.route_cmd("add", *words), f"route add: missing: {missing}\n", "`cordon help route add`", code=2)
        self.assertFalse(self.file.exists())
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_wrong_values_name_their_flag(self):
        base = ("--auth-type", "header", "--header-name", "X", "--source", "env", "--variable", "K")
        for words, text in ((("--host", "https://x.example", *base), "--host must"),
                            (("--host", "*.x.example", *base), "--host must"),
                            (("--host", "x.example", "--port", "0", *base), "--port must be a port"),
                            (("--host", "x.example", "--port", "any", "--port", "1", *base), "--port must be a port"),
                            (("--host", "x.example", "--name", "-x", *base), "--name must"),
                            (("--host", "x.example", *base[:2], "--header-name", "Host", *base[4:]), "--header-name must"),
                            (("--host", "x.example", *base, "--vault", "v"), "--vault does not go with --source env"),
                            (("--host", "x.example", *base, "--username", "v"), "--username does not go with --auth-type header"),
                            (("--host", "x.example", "--auth-type", "bearer", *base[2:]), "--auth-type"),
                            (("--host", "x.example", *base[:4], "--source", "vault"), "--source"),
                            (("--host", "x.example", *base[:4], "--source", "command", "--argv", "p", "--timeout", "soon"), "--timeout must be a duration")):
            with self.subTest(words):
                self.assert_error(self.route_cmd("add", *words), text, code=2)
        self.assertFalse(self.file.exists())

    def test_name_that_is_taken(self):
        self.write_config(self.route("stripe"))
        before = self.text()
        self.assert_error(self.route_cmd("add", "--name", "stripe", *STRIPE), "routes[1].name: `stripe` is taken", "nothing was written")
        self.assertEqual(self.text(), before)

    def test_hidden_route_is_warned_of(self):
        self.write_config(self.route("first", "api.stripe.com"))
        done = self.route_cmd("add", *STRIPE)
        self.assert_done(done)
        self.assertIn("is never used: route `first` comes earlier", done.err)

    def test_faulty_file_is_reported_and_left(self):
        self.write_config("lisen = 1\n")
        before = self.text()
        self.assert_error(self.route_cmd("add", *STRIPE), "lisen: unknown key")
        self.assertEqual(self.text(), before)

    def test_routes_as_one_value_are_refused(self):
        self.write_config('routes = [{ name = "a", match = { host = "a.example" }, auth = { type = "basic", username = "u", '
                          'secret = { source = "env", variable = "K" } } }]\n')
        before = self.text()
        self.assert_error(self.route_cmd("add", *STRIPE), "line 2: `routes = ...` is one value", "[[routes]]")
        self.assertEqual(self.text(), before)

    def test_file_that_all_can_write_is_refused(self):
        """L6."""
        self.write_config().chmod(0o666)
        self.assert_error(self.route_cmd("add", *STRIPE), "chmod o-w")

    def test_link_stays_a_link(self):
        real = self.root / "real.toml"
        real.write_text("listen = 6790\n")
        self.file.symlink_to(real)
        done = self.route_cmd("add", *STRIPE)
        self.assert_done(done)
        self.assertIn(f"is a link: the file to be changed is {real}", done.err)
        self.assertTrue(self.file.is_symlink())
        self.assertIn("[[routes]]", real.read_text())

    def test_link_to_the_users_own_config_is_not_followed(self):
        own = self.config_home / "cordon" / "cordon.toml"
        own.parent.mkdir(mode=0o700)
        own.write_text("listen = 6791\n")
        self.file.symlink_to(own)
        for command in (("add", *STRIPE), ("remove", "stripe", "--yes")):
            self.assert_error(self.route_cmd(*command), f"is a link to {own}, which is not this project's", "--scope user")
        self.assertEqual(own.read_text(), "listen = 6791\n")

    def test_binding_is_recorded_as_approved(self):
        """D18: what the owner does by this command is no surprise at the next start."""
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route())
        self.assert_done(self.route_cmd("add", "--host", "b.example", "--auth-type", "header", "--header-name", "X", "--source", "env",
                                        "--variable", "KEY"))
        self.assertIn("b.example", self.bindings())
        daemon = self.start()
        daemon.stop()
        told = [line for line in daemon.text().splitlines() if "not approved" in line]
        self.assertEqual((len(told), "demo: " in told[0]), (1, True), told)  # the other one nobody has approved
        self.assert_done(self.cordon("approve", "--yes"))
        # An edit by hand is one.
        self.file.write_text(self.text().replace("b.example", "evil.example"))
        self.assert_done(self.route_cmd("add", "--host", "c.example", "--auth-type", "header", "--header-name", "X", "--source", "env",
                                        "--variable", "KEY"))
        daemon = self.start()
        daemon.stop()
        told = [line for line in daemon.text().splitlines() if "not approved" in line]
        self.assertEqual(len(told), 1, daemon.text())
        self.assertIn("evil.example", told[0])

    def test_running_instance_is_told_of(self):
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route())
        self.start()
        done = self.route_cmd("add", "--host", "b.example", "--auth-type", "header", "--header-name", "X", "--source", "env", "--variable", "KEY")
        self.assertIn("is running; to make it go by this: cordon reload\n", done.err)
        self.assert_done(self.cordon("reload"))


class Edit(RouteTest):
    TEXT = ('# top\n\n# about it\n[[routes]] # here\nname = \'stripe\'   # the name\nmatch = { host = "api.stripe.com" }\n\n[routes.auth]\n'
            'type = "header"\nheader_name = "Authorization"\nscheme = "Bearer" # needed\n[routes.auth.secret]\n# mine\nsource = "keyring"\n'
            'account = "old"\n\n# about TLS\n[tls]\nenabled = true\n')

    def setUp(self):
        super().setUp()
        self.write_config(self.TEXT)
        self.head = f"listen = {self.port}\n"

    def test_one_value_changes_and_nothing_else(self):
        done = self.route_cmd("edit", "stripe", "--account", "new")
        self.assert_done(done)
        self.assertEqual(done.out, f"changed route stripe (api.stripe.com) in {self.file}\n")
        self.assertEqual(self.text(), self.head + self.TEXT.replace('"old"', '"new"'))

    def test_what_it_says_already_is_told(self):
        done = self.route_cmd("edit", "stripe", "--account", "old")
        self.assert_done(done)
        self.assertEqual(done.out, f"nothing to change of route stripe (api.stripe.com) in {self.file}\n")
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_new_source(self):
        self.assert_done(self.route_cmd("edit", "stripe", "--source", "env", "--variable", "KEY"))
        self.assertEqual(self.text(), self.head + self.TEXT.replace('"keyring"\naccount = "old"', '"env"\nvariable = "KEY"'))

    def test_new_source_needs_its_own_keys(self):
        self.assert_error(self.route_cmd("edit", "stripe", "--source", "1password"), "missing: --vault, --item, --field", code=2)
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_new_auth_type(self):
        self.assert_done(self.route_cmd("edit", "stripe", "--auth-type", "basic", "--username", "me"))
        self.assertEqual(self.routes()[0]["auth"], {"type": "basic", "username": "me", "secret": {"source": "keyring", "account": "old"}})
        for remark in ("# about it", "# here", "# the name", "# mine", "# about TLS"):
            self.assertIn(remark, self.text())

    def test_ports_come_and_go(self):
        self.assert_done(self.route_cmd("edit", "stripe", "--port", "443", "--port", "8443", "--allow-plaintext"))
        self.assertIn('match = { host = "api.stripe.com", port = [443, 8443] }\n', self.text())
        self.assertIn("allow_plaintext = true\n", self.text())
        self.assert_done(self.route_cmd("edit", "stripe", "--unset", "port", "--unset", "allow-plaintext"))
        self.assertEqual(self.text(), self.head + self.TEXT)

    def test_name_changes(self):
        self.assert_done(self.route_cmd("edit", "stripe", "--name", "pay"))
        self.assertEqual(self.routes()[0]["name"], "pay")

    def test_needed_key_cannot_be_unset(self):
        self.assert_error(self.route_cmd("edit", "stripe", "--unset", "account"), "missing: --account", code=2)
        self.assert_error(self.route_cmd("edit", "stripe", "--unset", "colour"), "--unset: there is no option --colour", code=2)

    def test_unknown_name_suggests_the_nearest(self):
        self.assert_error(self.route_cmd("edit", "strip", "--account", "x"), "there is no route `strip`", "did you mean `stripe`?", "cordon route list")

    def test_nothing_to_change_is_a_usage_error(self):
        self.assert_error(self.route_cmd("edit", "stripe"), "say what to change", code=2)
        self.assert_error(self.route_cmd("edit"), "ROUTE", code=2)

    def test_missing_file_is_not_made(self):
        self.file.unlink()
        self.assert_error(self.route_cmd("edit", "stripe", "--account", "x"), "there is no config file")

    def test_new_host_is_approved(self):
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route())
        self.start().stop()
        self.assert_done(self.route_cmd("edit", "demo", "--host", "b.example"))
        daemon = self.start()
        daemon.stop()
        self.assertNotIn("not approved", daemon.text())


class Remove(RouteTest):
    def test_removes_one_and_keeps_the_rest(self):
        a, b = self.route("a", "a.example"), self.route("b", "b.example")
        self.write_config(f"\n# about a\n{a}\n# about b\n{b}\n# about TLS\n[tls]\n")
        done = self.route_cmd("remove", "a", "--yes")
        self.assert_done(done)
        self.assertEqual(done.out, f"removed route a (a.example) from {self.file}\n")
        self.assertEqual(self.text(), f"listen = {self.port}\n\n# about b\n{b}\n# about TLS\n[tls]\n")

    def test_kept_secret_is_told(self):
        self.write_config(self.route(secret='source = "keyring"\naccount = "x"'))
        self.assertIn("its secret is kept: keyring entry x of service cordon", self.route_cmd("remove", "demo", "--yes").err)

    def test_needs_yes_without_a_terminal(self):
        self.write_config(self.route())
        before = self.text()
        self.assert_error(self.route_cmd("remove", "demo"), "give --yes", code=2)
        self.assertEqual(self.text(), before)

    def test_unknown_name(self):
        self.write_config(self.route())
        self.assert_error(self.route_cmd("remove", "dem", "--yes"), "there is no route `dem`", "did you mean `demo`?")

    def test_add_and_remove_leave_no_trace(self):
        self.write_config("# x\n")
        before = self.text()
        self.assert_done(self.route_cmd("add", *STRIPE))
        self.assert_done(self.route_cmd("remove", "stripe", "--yes"))
        self.assertEqual(self.text(), before)


class List(RouteTest):
    def test_table(self):
        self.write_config(self.route("a", "a.example") + self.route("bb", "b.example", 'source = "keyring"\naccount = "x"', match='port = "any"'))
        done = self.route_cmd("list")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual([line.split(maxsplit=4) for line in done.out.splitlines()], [
            ["name", "host", "port", "header", "secret"],
            ["a", "a.example", "443", "Authorization", "environment variable KEY"],
            ["bb", "b.example", "any", "Authorization", "keyring entry x of service cordon"]])

    def test_json(self):
        self.write_config(self.route("a", "a.example", 'source = "command"\nargv = ["pass", "--password=hunter2"]'))
        done = self.route_cmd("list", "--json")
        report = json.loads(done.out)
        self.assertEqual(report["config"], str(self.file))
        self.assertEqual(report["routes"], [{
            "name": "a", "host": "a.example", "port": [443], "allow_plaintext": False, "type": "header", "header_name": "Authorization",
            "scheme": "Bearer", "source": "command", "secret": "command pass", "upstream_ca_path": None, "approved": False}])
        self.assertNotIn("hunter2", done.out)

    def test_none(self):
        self.write_config()
        done = self.route_cmd("list")
        self.assertEqual((done.code, done.out), (0, ""))
        self.assertIn("cordon route add", done.err)
        self.assertEqual(json.loads(self.route_cmd("list", "--json").out)["routes"], [])

    def test_show(self):
        self.write_config(self.route("a", "127.0.0.1", route="allow_plaintext = true"))
        done = self.route_cmd("show", "a")
        self.assert_done(done)
        for line in ("a\n", "  host      127.0.0.1\n", "  port      443, 80\n", "  header    Authorization: Bearer <environment variable KEY>\n",
                     "  plaintext allowed", "  binding   not recorded yet\n"):
            self.assertIn(line, done.out)
        self.assertEqual(json.loads(self.route_cmd("show", "a", "--json").out)["name"], "a")
        self.assert_error(self.route_cmd("show", "b"), "there is no route `b`")

    def test_show_says_what_is_not_approved(self):
        self.environment["KEY"] = "value-of-key-1"
        self.write_config(self.route())
        self.assertFalse(json.loads(self.route_cmd("show", "demo", "--json").out)["approved"])
        self.assert_done(self.cordon("approve", "--yes"))
        self.assertIn("binding   approved\n", self.route_cmd("show", "demo").out)
        self.write_config(self.route(host="other.example"))
        self.assertIn("binding   not approved yet", self.route_cmd("show", "demo").out)
        self.assertFalse(json.loads(self.route_cmd("show", "demo", "--json").out)["approved"])
        self.assertFalse(json.loads(self.route_cmd("list", "--json").out)["routes"][0]["approved"])

    def test_faulty_and_missing_files(self):
        for command in (["list"], ["show", "a"], ["remove", "a", "--yes"]):
            self.assert_error(self.route_cmd(*command), "there is no config file")
        self.write_config("x = 1\n")
        for command in (["list"], ["show", "a"], ["remove", "a", "--yes"]):
            self.assert_error(self.route_cmd(*command), "x: unknown key")

    def test_help(self):
        text = self.cordon("help", "route").out
        for command in ("add", "edit", "list", "show", "remove", "explain"):
            self.assertRegex(text, rf"(?m)^  {command} +\S")
            helped = self.cordon("help", "route", command)
            self.assertIn(f"Usage: cordon route {command} [OPTIONS]", helped.out)
            self.assertRegex(helped.out, rf"(?m)^Examples:\n(  .*\n)*  .*cordon route {command}")
            self.assertFalse([line for line in helped.out.splitlines() if len(line) > 100], helped.out)
        self.assertEqual(self.cordon("route").code, 2)


if __name__ == "__main__":
    main()
