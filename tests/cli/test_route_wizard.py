"""cordon route add, edit and remove on a terminal."""

import tomllib

from harness import CORDON, CliTest, main
from pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal


class Wizard(CliTest):
    def terminal(self, *words):
        terminal = PseudoTerminal([CORDON, "route", *words], cwd=self.project, env={**self.environment, "NO_COLOR": "1"})
        self.addCleanup(terminal.__exit__)
        return terminal

    @property
    def file(self):
        return self.project / "cordon.toml"

    def config(self):
        return tomllib.loads(self.file.read_text())

    def assert_written(self, terminal):
        terminal.answer("Write this? [Y/n] ")
        self.assertEqual(terminal.wait(), 0, terminal.shown)

    def test_first_route_from_the_first_question_to_the_last(self):
        terminal = self.terminal("add")
        terminal.answer("Port for the proxy to listen on [", str(self.port))
        terminal.answer("Host: ", "https://api.acme.example/v1")
        terminal.expect("must be")
        terminal.answer("Host: ", "api.acme.example")
        terminal.answer("Name of the route [acme]: ")
        terminal.answer("Number or name [header]: ")
        terminal.answer("Name of the header [Authorization]: ")
        terminal.answer("Scheme, the word before the secret [Bearer]: ")
        terminal.answer("Number or name [keyring]: ", "1")
        terminal.answer("Account [acme]: ")
        terminal.answer("Service, if another program's (optional): ")
        terminal.expect("match.host              api.acme.example")
        self.assert_written(terminal)
        self.assertIn("added route acme (api.acme.example)", terminal.shown)
        self.assertIn("cordon secret set acme", terminal.shown)
        self.assertEqual(self.config(), {"listen": self.port, "routes": [{
            "name": "acme", "match": {"host": "api.acme.example"},
            "auth": {"type": "header", "header_name": "Authorization", "scheme": "Bearer",
                     "secret": {"source": "keyring", "account": "acme"}}}]})

    def test_provider_is_known(self):
        self.write_config()
        terminal = self.terminal("add")
        terminal.answer("Host: ", "api.anthropic.com")
        terminal.expect("api.anthropic.com takes the header x-api-key.")
        terminal.answer("Name of the route [anthropic]: ")
        terminal.answer("Number or name [header]: ")
        terminal.answer("Name of the header [x-api-key]: ")
        terminal.answer("the secret (optional): ")
        terminal.answer("Number or name [keyring]: ", "command")
        terminal.answer("Command, as in a shell: ", "pass 'a b")
        terminal.expect("a quote is not closed")
        terminal.answer("Command, as in a shell: ", "pass 'a b' c\\ d")
        self.assert_written(terminal)
        self.assertEqual(self.config()["routes"][0]["auth"], {
            "type": "header", "header_name": "x-api-key", "secret": {"source": "command", "argv": ["pass", "a b", "c d"]}})

    def test_only_what_flags_do_not_say_is_asked(self):
        self.write_config()
        terminal = self.terminal("add", "--host", "api.stripe.com", "--source", "1password", "--vault", "V")
        terminal.answer("Name of the route [stripe]: ", "pay")
        terminal.answer("Number or name [header]: ", "basic")
        terminal.answer("User name: ", "me")
        terminal.answer("Item: ", "I")
        terminal.answer("Field: ", "F")
        terminal.answer("Account (optional): ")
        self.assert_written(terminal)
        self.assertEqual(self.config()["routes"][0]["auth"],
                         {"type": "basic", "username": "me", "secret": {"source": "1password", "vault": "V", "item": "I", "field": "F"}})

    def test_nothing_is_asked_when_flags_say_it_all(self):
        self.write_config()
        terminal = self.terminal("add", "--host", "api.stripe.com", "--source", "env", "--variable", "K")
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        self.assertTrue(terminal.shown.startswith("added route stripe"), terminal.shown)

    def test_interrupt_and_end_write_nothing(self):
        for key, code in ((CTRL_C, 130), (CTRL_D, 1)):
            for question, typed in (("Port for the proxy to listen on [", ""), ("Host: ", "x.example"), ("Name of the route [x]: ", ""),
                                    ("Number or name [header]: ", ""), ("Name of the header [", ""), ("Scheme, the word before", ""),
                                    ("Number or name [keyring]: ", ""), ("Account [x]: ", ""), ("(optional): ", ""), ("Write this?", "")):
                with self.subTest((key, question)):
                    terminal = self.terminal("add")
                    for asked, answer in (("Port for the proxy to listen on [", ""), ("Host: ", "x.example"), ("Name of the route [x]: ", ""),
                                          ("Number or name [header]: ", ""), ("Name of the header [", ""), ("Scheme, the word before", ""),
                                          ("Number or name [keyring]: ", ""), ("Account [x]: ", ""), ("(optional): ", ""), ("Write this?", "")):
                        terminal.expect(asked)
                        if asked == question:
                            terminal.type(key)
                            break
                        terminal.type(answer + "\r")
                    self.assertEqual(terminal.wait(), code, terminal.shown)
                    self.assertIn("nothing was changed", terminal.shown)
                    self.assertFalse(self.file.exists())
                    self.assertEqual(list(self.config_home.iterdir()), [])

    def test_no_at_the_end_writes_nothing(self):
        self.write_config(self.route())
        before = self.file.read_text()
        terminal = self.terminal("edit", "demo")
        for question in ("Host [api.example.com]: ", "Name of the route [demo]: ", "Number or name [header]: ",
                         "Name of the header [Authorization]: ", "secret [Bearer]: ", "Number or name [env]: ", "Variable [KEY]: "):
            terminal.answer(question)
        terminal.answer("Write this? [Y/n] ", "n")
        self.assertEqual(terminal.wait(), 1)
        self.assertIn("nothing was changed", terminal.shown)
        self.assertEqual(self.file.read_text(), before)

    def test_edit_presets_what_there_is(self):
        self.write_config(self.route())
        before = self.file.read_text()
        terminal = self.terminal("edit", "demo")
        for question, answer in (("Host [api.example.com]: ", ""), ("Name of the route [demo]: ", ""), ("Number or name [header]: ", ""),
                                 ("Name of the header [Authorization]: ", ""), ("secret [Bearer]: ", "Token"), ("Number or name [env]: ", ""),
                                 ("Variable [KEY]: ", "OTHER")):
            terminal.answer(question, answer)
        self.assert_written(terminal)
        self.assertEqual(self.file.read_text(), before.replace('"Bearer"', '"Token"').replace('"KEY"', '"OTHER"'))

    def test_words_of_the_config_are_no_lines_of_ours(self):
        self.write_config(self.route(secret='source = "command"\nargv = ["sh", "-c", "evil\\n  match.host              good\\tx"]'))
        terminal = self.terminal("edit", "demo")
        for question in ("Host [api.example.com]: ", "Name of the route [demo]: ", "Number or name [header]: ",
                         "Name of the header [Authorization]: ", "secret [Bearer]: ", "Number or name [command]: ",
                         r"Command, as in a shell [sh -c 'evil\x0a  match.host              good\x09x']: "):
            terminal.answer(question)
        terminal.expect(r"sh -c 'evil\x0a  match.host              good\x09x'")
        terminal.answer("Write this? [Y/n] ", "n")
        self.assertEqual(terminal.wait(), 1)

    def test_edit_asks_for_what_a_new_source_needs(self):
        self.write_config(self.route())
        terminal = self.terminal("edit", "demo", "--source", "file")
        for question in ("Host [api.example.com]: ", "Name of the route [demo]: ", "Number or name [header]: ",
                         "Name of the header [Authorization]: ", "secret [Bearer]: "):
            terminal.answer(question)
        terminal.answer("Path of the file: ", "key")
        self.assert_written(terminal)
        self.assertEqual(self.config()["routes"][0]["auth"]["secret"], {"source": "file", "path": "key"})

    def test_name_that_is_taken_is_asked_again(self):
        self.write_config(self.route("acme", "x.example"))
        terminal = self.terminal("add", "--host", "api.acme.example", "--auth-type", "basic", "--username", "u", "--source", "env")
        terminal.answer("Name of the route [acme-2]: ", "acme")
        terminal.expect("another route or listener has that name")
        terminal.answer("Name of the route [acme-2]: ", "other")
        terminal.answer("Variable: ", "K")
        self.assert_written(terminal)
        self.assertEqual(self.config()["routes"][1]["name"], "other")

    def test_remove_asks(self):
        self.write_config(self.route())
        for answer, code in (("", 1), ("n", 1), (CTRL_C, 130), ("y", 0)):
            terminal = self.terminal("remove", "demo")
            terminal.answer("Remove route demo (api.example.com)? [y/N] ", answer)
            self.assertEqual(terminal.wait(), code, terminal.shown)
            self.assertEqual("routes" in self.config(), answer != "y")


if __name__ == "__main__":
    main()
