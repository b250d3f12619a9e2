"""cordon route add, edit and remove on a terminal."""

from harness import main
from wizard_test import WizardTest

# All that is asked for a new route, in its order, with an answer to each.
QUESTIONS = (("Port for the proxy to listen on [", ""), ("Host: ", "x.example"), ("Name of the route [x]: ", ""), ("Number or name [header]: ", ""),
             ("Name of the header [", ""), ("Scheme, the word before", ""), ("Number or name [keyring]: ", ""), ("Account [x]: ", ""),
             ("(optional): ", ""), ("Write this?", ""))


class Wizard(WizardTest):
    command = "route"
    name = "demo"
    OF_EDIT = ("Host [api.example.com]: ", "Name of the route [demo]: ", "Number or name [header]: ", "Name of the header [Authorization]: ",
               "secret [Bearer]: ", "Number or name [env]: ", "Variable [KEY]: ")

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
        self.assert_interrupts_write_nothing(QUESTIONS)

    def test_no_at_the_end_writes_nothing(self):
        self.write_config(self.route())
        self.assert_no_at_the_end_writes_nothing()

    def test_edit_presets_what_there_is(self):
        self.write_config(self.route())
        before = self.file.read_text()
        self.assert_written(self.edit(["", "", "", "", "Token", "", "OTHER"]))
        self.assertEqual(self.file.read_text(), before.replace('"Bearer"', '"Token"').replace('"KEY"', '"OTHER"'))

    def test_words_of_the_config_are_no_lines_of_ours(self):
        self.write_config(self.route(secret='source = "command"\nargv = ["sh", "-c", "evil\\n  match.host              good\\tx"]'))
        terminal = self.edit([""] * 5)
        terminal.answer("Number or name [command]: ")
        terminal.answer(r"Command, as in a shell [sh -c 'evil\x0a  match.host              good\x09x']: ")
        terminal.expect(r"sh -c 'evil\x0a  match.host              good\x09x'")
        terminal.answer("Write this? [Y/n] ", "n")
        self.assertEqual(terminal.wait(), 1)

    def test_edit_asks_for_what_a_new_source_needs(self):
        self.write_config(self.route())
        terminal = self.edit([""] * 5, "--source", "file")
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
        self.assert_remove_asks("api.example.com")


if __name__ == "__main__":
    main()
