"""cordon listener add, edit and remove on a terminal."""

from harness import main
from wizard_test import WizardTest

LISTENER = ('[[listeners]]\nname = "db"\nport = 15999\nupstream = "db.example.com:5432"\nrequire_token = true\n[listeners.auth]\n'
            'type = "password"\nusername = "app"\n[listeners.auth.secret]\nsource = "env"\nvariable = "KEY"\n')

# All that is asked, in its order, with an answer to each.
QUESTIONS = (("Port for the proxy to listen on [", ""), ("Server, as db.example.com:5432: ", "x.example"), ("Name of the listener [x]: ", ""),
             ("Port for clients, on 127.0.0.1 [", "15999"), ("Role to log in as: ", "app"), ("Number or name [verify-full]: ", ""),
             ("a PEM file (optional): ", ""), ("Number or name [accept]: ", ""), ("as their password? [y/N] ", ""),
             ("weak authentication (MD5, clear text, none)? [y/N] ", ""), ("replication connections? [y/N] ", ""),
             ("Number or name [keyring]: ", ""), ("Account [x]: ", ""), ("Service, if another program's (optional): ", ""), ("Write this? [Y/n] ", ""))


class Wizard(WizardTest):
    command = "listener"
    name = "db"
    OF_EDIT = ("Server, as db.example.com:5432 [db.example.com:5432]: ", "Name of the listener [db]: ",
               "Port for clients, on 127.0.0.1 [15999]: ", "Role to log in as [app]: ", "Number or name [verify-full]: ",
               "a PEM file (optional): ", "Number or name [accept]: ", "as their password? [Y/n] ", "none)? [y/N] ",
               "replication connections? [y/N] ", "Number or name [env]: ", "Variable [KEY]: ")

    def test_first_listener_from_the_first_question_to_the_last(self):
        terminal = self.terminal("add")
        terminal.answer("Port for the proxy to listen on [", str(self.port))
        terminal.answer("Server, as db.example.com:5432: ", "postgres://db.acme.example")
        terminal.expect("must be `host:port` without a scheme")
        terminal.answer("Server, as db.example.com:5432: ", "db.acme.example")
        terminal.answer("Name of the listener [db-acme]: ")
        terminal.answer("Port for clients, on 127.0.0.1 [", "many")
        terminal.expect("must be a port from 1 to 65535")
        terminal.answer("Port for clients, on 127.0.0.1 [", str(self.port))
        terminal.expect("the proxy or another listener has that port")
        terminal.answer("Port for clients, on 127.0.0.1 [", "15999")
        for question, answer in QUESTIONS[4:12]:
            terminal.answer(question, answer)
        terminal.answer("Account [db-acme]: ")
        terminal.answer("Service, if another program's (optional): ")
        terminal.expect("upstream                db.acme.example")
        self.assert_written(terminal)
        self.assertIn("added listener db-acme (db.acme.example)", terminal.shown)
        self.assertIn("cordon secret set db-acme", terminal.shown)
        # What was answered with what is usual is not written: the file stays short.
        self.assertEqual(self.config(), {"listen": self.port, "listeners": [{
            "name": "db-acme", "port": 15999, "upstream": "db.acme.example",
            "auth": {"type": "password", "username": "app", "secret": {"source": "keyring", "account": "db-acme"}}}]})

    def test_all_that_is_not_usual(self):
        self.write_config()
        terminal = self.terminal("add")
        for question, answer in (("Server, as db.example.com:5432: ", "10.0.0.5:5433"), ("Name of the listener [host-10.0.0.5]: ", "lan"),
                                 ("Port for clients, on 127.0.0.1 [", "15998"), ("Role to log in as: ", "me"),
                                 ("Number or name [verify-full]: ", "disable"), ("Number or name [accept]: ", "2"),
                                 ("as their password? [y/N] ", "y"), ("none)? [y/N] ", "y"), ("replication connections? [y/N] ", "y"),
                                 ("Number or name [keyring]: ", "file"), ("Path of the file: ", "secrets/lan")):
            terminal.answer(question, answer)
        self.assert_written(terminal)
        self.assertNotIn("PEM file", terminal.shown)  # without TLS there is nothing to verify
        self.assertEqual(self.config()["listeners"], [{
            "name": "lan", "port": 15998, "upstream": "10.0.0.5:5433", "client_tls": "require", "upstream_tls": "disable", "require_token": True,
            "allow_weak_auth": True, "allow_replication": True,
            "auth": {"type": "password", "username": "me", "secret": {"source": "file", "path": "secrets/lan"}}}])

    def test_only_what_flags_do_not_say_is_asked(self):
        self.write_config()
        terminal = self.terminal("add", "--upstream", "db.example.com", "--port", "15998", "--client-tls", "disable", "--source", "1password",
                                 "--vault", "V", "--allow-replication")
        for question, answer in (("Name of the listener [db-example]: ", "pay"), ("Role to log in as: ", "me"),
                                 ("Number or name [verify-full]: ", ""), ("a PEM file (optional): ", "rds.pem"), ("password? [y/N] ", "n"),
                                 ("none)? [y/N] ", "n"), ("Item: ", "I"), ("Field: ", "F"), ("Account (optional): ", "")):
            terminal.answer(question, answer)
        self.assert_written(terminal)
        self.assertEqual(self.config()["listeners"], [{
            "name": "pay", "port": 15998, "upstream": "db.example.com", "client_tls": "disable", "upstream_ca_path": "rds.pem",
            "allow_replication": True,
            "auth": {"type": "password", "username": "me", "secret": {"source": "1password", "vault": "V", "item": "I", "field": "F"}}}])

    def test_nothing_is_asked_when_flags_say_it_all(self):
        self.write_config()
        terminal = self.terminal("add", "--upstream", "db.example.com", "--username", "u", "--source", "env", "--variable", "K")
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        self.assertTrue(terminal.shown.startswith("added listener db-example"), terminal.shown)

    def test_interrupt_and_end_write_nothing(self):
        self.assert_interrupts_write_nothing(QUESTIONS)

    def test_no_at_the_end_writes_nothing(self):
        self.write_config(LISTENER)
        self.assert_no_at_the_end_writes_nothing()

    def test_edit_presets_what_there_is(self):
        self.write_config(LISTENER)
        before = self.file.read_text()
        self.assert_written(self.edit(["", "", "", "owner", "", "", "", "n", "", "", "", "OTHER"]))
        self.assertEqual(self.file.read_text(), before.replace('"app"', '"owner"').replace('"KEY"', '"OTHER"').replace("require_token = true\n", ""))

    def test_edit_that_changes_nothing_writes_the_same_bytes(self):
        self.write_config("# a remark\n" + LISTENER.replace("port = ", "port   =   "))
        before = self.file.read_text()
        self.assert_written(self.edit([""] * 12))
        self.assertEqual(self.file.read_text(), before)

    def test_edit_asks_for_what_a_new_source_needs(self):
        self.write_config(LISTENER)
        terminal = self.edit([""] * 10, "--source", "file")
        terminal.answer("Path of the file: ", "key")
        self.assert_written(terminal)
        self.assertEqual(self.config()["listeners"][0]["auth"]["secret"], {"source": "file", "path": "key"})

    def test_name_that_is_taken_is_asked_again(self):
        self.write_config(self.route("acme", "x.example"))
        terminal = self.terminal("add", "--upstream", "acme.example", "--port", "15998", "--username", "u", "--upstream-tls", "verify-full",
                                 "--upstream-ca-path", "x.pem", "--client-tls", "accept", "--require-token", "--allow-weak-auth",
                                 "--allow-replication", "--source", "env")
        terminal.answer("Name of the listener [acme-2]: ", "acme")
        terminal.expect("another route or listener has that name")
        terminal.answer("Name of the listener [acme-2]: ", "other")
        terminal.answer("Variable: ", "K")
        self.assert_written(terminal)
        self.assertEqual(self.config()["listeners"][0]["name"], "other")

    def test_remove_asks(self):
        self.write_config(LISTENER)
        self.assert_remove_asks("db.example.com:5432")


if __name__ == "__main__":
    main()
