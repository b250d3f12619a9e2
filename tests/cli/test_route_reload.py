"""`--reload` of the commands that change routes: the running proxy goes by the change at once, and the status is the reload's."""

import json

from harness import CliTest, main

KEY = ("--auth-type", "header", "--header-name", "X", "--source", "env", "--variable", "KEY")


class Reload(CliTest):
    def setUp(self):
        super().setUp()
        self.environment["KEY"] = "value-of-key-1"
        self.file = self.write_config(self.route())

    def running(self):
        """The hosts of the running proxy's routes, and how often it has reloaded."""
        report = json.loads(self.cordon("status", "--json").out)
        return [route["host"] for route in report["routes"]], report["reloads"]

    def test_add_edit_and_remove(self):
        self.start()
        self.assertEqual(self.running(), (["api.example.com"], 0))
        for words, hosts in ((("add", "--name", "two", "--host", "b.example", *KEY), ["api.example.com", "b.example"]),
                             (("edit", "two", "--host", "c.example"), ["api.example.com", "c.example"]),
                             (("remove", "two", "--yes"), ["api.example.com"])):
            with self.subTest(words[0]):
                before = self.running()[1]
                done = self.cordon("route", *words, "--reload")
                self.assert_done(done)
                self.assertRegex(done.out, rf"\A(added|changed|removed) route two .*\nproject-[0-9a-f]{{8}} has reloaded {self.file}\n\Z")
                self.assertNotIn("cordon reload", done.err)
                self.assertEqual(self.running(), (hosts, before + 1))

    def test_without_it_nothing_is_reloaded(self):
        self.start()
        for words in (("add", "--name", "two", "--host", "b.example", *KEY), ("edit", "two", "--host", "c.example"), ("remove", "two", "--yes")):
            done = self.cordon("route", *words)
            self.assert_done(done)
            self.assertIn("is running; to make it go by this: cordon reload\n", done.err)
        self.assertEqual(self.running(), (["api.example.com"], 0))

    def test_a_reload_that_fails_leaves_the_change_in_the_file(self):
        self.start()
        done = self.cordon("route", "add", "--name", "two", "--host", "b.example", *KEY[:-1], "MISSING", "--reload")
        self.assertEqual(done.code, 1)
        self.assertIn("added route two (b.example)", done.out)
        self.assertNotIn("has reloaded", done.out)
        self.assertIn("the environment variable MISSING is not set", done.err)
        self.assertIn("goes on with what it had; mend the above, then: cordon reload\n", done.err)
        self.assertIn("b.example", self.file.read_text())
        self.assertEqual(self.running(), (["api.example.com"], 0))

    def test_a_store_that_is_not_available_is_status_4(self):
        self.start()
        done = self.cordon("route", "add", "--name", "two", "--host", "b.example", *KEY[:4], "--source", "command", "--argv", "/bin/false",
                           "--reload")
        self.assertEqual(done.code, 4)
        self.assertIn("make the store available, then: cordon reload\n", done.err)

    def test_where_nothing_runs_the_change_is_all(self):
        for words in (("add", "--name", "two", "--host", "b.example", *KEY), ("edit", "two", "--host", "c.example"), ("remove", "two", "--yes")):
            done = self.cordon("route", *words, "--reload", "--config", str(self.file))
            self.assert_done(done)
            self.assertRegex(done.err, rf"is not running, so nothing was reloaded; to start it: cordon start --config {self.file}\n\Z")

    def test_what_else_comes_into_use_unapproved_is_told(self):
        """D18: somebody else has changed another route of the file."""
        self.start()
        self.write_config(self.route(host="evil.example"))
        for more in ((), ("--json",)):
            done = self.cordon("route", "add", "--name", f"two{len(more)}", "--host", "b.example", *KEY, "--reload", *more)
            self.assert_done(done)
            warning = ("new binding, not approved: demo: environment variable KEY to evil.example.com:443; to look at it and approve it: "
                       "cordon approve").replace("evil.example.com", "evil.example")
            self.assertIn(f"cordon: warning: {warning}\n", done.err)
            if more:
                self.assertIn(warning, json.loads(done.out)["reload"]["warnings"])

    def test_an_edit_that_is_refused_reloads_nothing(self):
        self.start()
        done = self.cordon("route", "edit", "nobody", "--host", "b.example", "--reload")
        self.assert_error(done, "nobody")
        self.assertEqual(self.running(), (["api.example.com"], 0))


if __name__ == "__main__":
    main()
