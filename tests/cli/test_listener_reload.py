"""`--reload` of the commands that change listeners: the running proxy goes by the change at once, and says what takes a restart, in the
words of `cordon reload`."""

import json

from harness import CliTest, eventually, free_port, is_open, main

DB = ("--upstream", "localhost:1", "--username", "u", "--source", "env", "--variable", "KEY")
RESTART = "cordon: warning: to restart: cordon stop && cordon start\n"


class Reload(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = "value-of-key-1"
        self.local = free_port()
        self.file = self.write_config()
        self.assert_done(self.listener("add", "--name", "db", "--port", str(self.local), *DB))

    def listener(self, *words):
        return self.cordon("listener", *words)

    def running(self):
        """The names, ports and servers of the running proxy's listeners, and how often it has reloaded."""
        report = json.loads(self.cordon("status", "--json").out)
        return [(one["name"], one["port"], one["upstream"]) for one in report["listeners"]], report["reloads"]

    def assert_reloaded(self, done, verb, name="db"):
        self.assert_done(done)
        self.assertRegex(done.out, rf"\A{verb} listener {name} .*\nproject-[0-9a-f]{{8}} has reloaded {self.file}\n\Z")
        self.assertNotIn("cordon reload", done.err)

    def test_edit_is_in_place_once_it_returns(self):
        self.start()
        self.assertEqual(self.running(), ([("db", self.local, "localhost:1")], 0))
        done = self.listener("edit", "db", "--upstream", "localhost:2", "--reload")
        self.assert_reloaded(done, "changed")
        self.assertNotIn("restart", done.err)
        self.assertEqual(self.running(), ([("db", self.local, "localhost:2")], 1))

    def test_new_listener_takes_a_restart(self):
        self.start()
        port = free_port()
        done = self.listener("add", "--name", "two", "--port", str(port), *DB, "--reload")
        self.assert_reloaded(done, "added", "two")
        self.assertIn('cordon: warning: the listener "two" is new, which takes a restart\n' + RESTART, done.err)
        self.assertEqual(self.running(), ([("db", self.local, "localhost:1"), ("two", 0, "localhost:1")], 1))
        self.assertFalse(is_open(port))

    def test_other_port_takes_a_restart_and_the_rest_does_not(self):
        self.start()
        port = free_port()
        done = self.listener("edit", "db", "--port", str(port), "--upstream", "localhost:2", "--reload")
        self.assert_reloaded(done, "changed")
        self.assertIn(f'cordon: warning: the port of the listener "db" has changed to {port}, which takes a restart: it stays {self.local}\n'
                      + RESTART, done.err)
        self.assertEqual(self.running(), ([("db", self.local, "localhost:2")], 1))

    def test_removed_listener_is_told_of(self):
        daemon = self.start()
        done = self.listener("remove", "db", "--yes", "--reload")
        self.assert_reloaded(done, "removed")
        self.assertIn(f'cordon: warning: the listener "db" is gone: its port, {self.local}, refuses sessions until a restart\n' + RESTART, done.err)
        self.assertEqual(self.running(), ([], 1))
        eventually(lambda: 'the listener "db" is gone' in daemon.text(), "the log's line")

    def test_warnings_are_those_of_reload(self):
        self.start()
        done = self.listener("edit", "db", "--port", str(free_port()), "--reload")
        warnings = [line for line in done.err.splitlines() if "warning" in line]
        self.assertTrue(warnings)
        again = self.cordon("reload")
        self.assert_done(again)
        self.assertEqual(again.err.splitlines(), warnings)

    def test_port_that_the_proxy_has_is_free_for_it(self):
        self.start()
        other = self.origin().port
        taken = "cordon: warning: something listens on 127.0.0.1:{} now, so the proxy could not start\n"
        self.assertIn(taken.format(other), self.listener("edit", "db", "--port", str(other)).err)
        done = self.listener("edit", "db", "--port", str(self.local), "--reload")
        self.assert_reloaded(done, "changed")
        self.assertNotIn("something listens", done.err)
        self.assertNotIn("restart", done.err)

    def test_without_it_nothing_is_reloaded(self):
        self.start()
        done = self.listener("edit", "db", "--upstream", "localhost:2")
        self.assert_done(done)
        self.assertIn("is running; to make it go by this: cordon reload\n", done.err)
        self.assertEqual(self.running(), ([("db", self.local, "localhost:1")], 0))

    def test_a_reload_that_fails_leaves_the_change_in_the_file(self):
        self.start()
        done = self.listener("edit", "db", "--variable", "MISSING", "--reload")
        self.assertEqual(done.code, 1)
        self.assertIn("changed listener db (localhost:1)", done.out)
        self.assertNotIn("has reloaded", done.out)
        self.assertIn("the environment variable MISSING is not set", done.err)
        self.assertIn("goes on with what it had; mend the above, then: cordon reload\n", done.err)
        self.assertIn("MISSING", self.file.read_text())
        self.assertEqual(self.running()[1], 0)

    def test_a_store_that_is_not_available_is_status_4(self):
        self.start()
        for words in (("edit", "db", "--source", "command", "--argv", "/bin/false"), ("add", "--name", "two", *DB), ("remove", "two", "--yes")):
            with self.subTest(words[0]):
                done = self.listener(*words, "--reload")
                self.assertEqual(done.code, 4)
                self.assertIn("make the store available, then: cordon reload\n", done.err)

    def test_where_nothing_runs_the_change_is_all(self):
        for words in (("add", "--name", "two", *DB), ("edit", "two", "--upstream", "localhost:3"), ("remove", "two", "--yes")):
            with self.subTest(words[0]):
                done = self.listener(*words, "--reload", "--config", str(self.file))
                self.assert_done(done)
                self.assertRegex(done.err, rf"is not running, so nothing was reloaded; to start it: cordon start --config {self.file}\n\Z")

    def test_an_edit_that_is_refused_reloads_nothing(self):
        self.start()
        self.assert_error(self.listener("edit", "nobody", "--upstream", "localhost:2", "--reload"), "nobody")
        self.assert_error(self.listener("edit", "db", "--port", str(self.port), "--reload"), "nothing was written")
        self.assertEqual(self.running()[1], 0)

    def test_completion_offers_it(self):
        for verb in ("add", "edit", "remove"):
            done = self.cordon("__complete", "listener", verb, "--rel")
            self.assertIn("--reload", done.out, verb)


if __name__ == "__main__":
    main()
