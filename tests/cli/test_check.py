"""cordon check: every fault at once, or what start would do."""

import json

from harness import CliTest, main

FAULTY = """
surprise = true
[[routes]]
name = "a"
[routes.match]
host = "https://api.example.com"
[routes.auth]
type = "header"
header_name = "Host"
[routes.auth.secret]
source = "env"
variable = "KEY"
"""


class Check(CliTest):
    def test_valid_config_says_what_start_would_do(self):
        path = self.write_config(self.route("stripe", "api.stripe.com") + self.route(
            "own", "api.example.org", match="port = [443, 8443]", secret='source = "file"\npath = "key.txt"'))
        done = self.cordon("check")
        self.assert_done(done)
        self.assertEqual(done.err, "")
        for text in (f"{path} is valid", f"127.0.0.1:{self.port}", "project-", "2 routes", "api.stripe.com, port 443",
                     "Authorization: Bearer <environment variable KEY>", "port 443, 8443", f"{self.project}/key.txt"):
            self.assertIn(text, done.out)

    def test_basic_route_shows_its_user_name(self):
        self.write_config('[[routes]]\nname = "git"\n[routes.match]\nhost = "git.example.com"\n[routes.auth]\ntype = "basic"\n'
                          'username = "me"\n[routes.auth.secret]\nsource = "env"\nvariable = "KEY"\n')
        done = self.cordon("check")
        self.assert_done(done)
        self.assertIn("Authorization: Basic base64(me:<environment variable KEY>)", done.out)

    def test_changes_nothing_and_fetches_nothing(self):
        trace = self.root / "fetched"
        self.write_config(self.route(secret=f'source = "command"\nargv = ["touch", "{trace}"]'))
        self.assert_done(self.cordon("check"))
        self.assertFalse(trace.exists())
        self.assertEqual(list(self.config_home.iterdir()), [])
        self.assertEqual([path.name for path in self.project.iterdir()], ["cordon.toml"])

    def test_every_fault_is_reported_with_its_place(self):
        path = self.write_config(FAULTY)
        done = self.cordon("check")
        self.assert_error(done, f"{path}:3:1: surprise: ", f"{path}:7:8: routes[0].match.host: ",
                          "routes[0].auth.header_name: ", "3 faults; mend them, then: cordon check\n")

    def test_warnings_are_no_faults(self):
        self.write_config()
        done = self.cordon("check")
        self.assert_done(done)
        self.assertIn("cordon: warning: ", done.err)
        self.assertIn("is valid", done.out)

    def test_allow_uids_is_accepted(self):
        self.write_config("allow_uids = [0, 1000]\n" + self.route())
        self.assert_done(self.cordon("check"))

    def test_any_cache_ttl_is_taken(self):
        for ttl in ("0", '"0s"', '"15m"'):
            with self.subTest(ttl):
                self.write_config(self.route() + f"[secrets]\ncache_ttl = {ttl}\n")
                self.assert_done(self.cordon("check"))

    def test_control_characters_of_a_config_do_not_reach_the_terminal(self):
        self.write_config(self.route(name="a\\u001b[2Jb"))
        for words in (["check"], ["check", "--json"]):
            done = self.cordon(*words)
            self.assertNotIn("\x1b", done.out + done.err)

    def test_json_of_a_valid_config(self):
        path = self.write_config(self.route("stripe", "api.stripe.com"))
        done = self.cordon("check", "--json")
        self.assert_done(done)
        report = json.loads(done.out)
        self.assertEqual((report["valid"], report["config"], report["faults"], report["listeners"]), (True, str(path), [], []))
        self.assertEqual((report["address"], report["tls"]), (f"127.0.0.1:{self.port}", True))
        self.assertEqual(report["routes"], [{
            "name": "stripe", "host": "api.stripe.com", "port": [443], "allow_plaintext": False, "type": "header",
            "header_name": "Authorization", "scheme": "Bearer", "secret": "environment variable KEY"}])

    def test_json_of_faults(self):
        path = self.write_config(FAULTY)
        done = self.cordon("check", "--json")
        self.assertEqual((done.code, done.err), (1, ""))
        report = json.loads(done.out)
        self.assertFalse(report["valid"])
        self.assertEqual(report["faults"][0]["file"], str(path))
        self.assertEqual({(fault["key"], fault["line"]) for fault in report["faults"]},
                         {("surprise", 3), ("routes[0].match.host", 7), ("routes[0].auth.header_name", 10)})

    def test_json_of_a_missing_config_is_json(self):
        done = self.cordon("check", "--json")
        self.assertEqual(done.code, 1)
        self.assertEqual(len(json.loads(done.out)["faults"]), 1)

    def test_scope_and_config_choose_the_file(self):
        user = self.config_home / "cordon/cordon.toml"
        user.parent.mkdir()
        user.write_text(f"listen = {self.port}\n")
        other = self.write_config(path="services/api-cordon.toml")
        instance = lambda *words: json.loads(self.cordon("check", "--json", *words).out)
        self.assertEqual((instance("--scope", "user")["config"], instance("--scope", "user")["instance"]), (str(user), "user"))
        self.assertEqual(instance("-c", str(user))["instance"], "user")
        self.assertEqual(instance("--config=services/api-cordon.toml")["config"], str(other))
        self.assertRegex(instance("-c", "services/api-cordon.toml")["instance"], r"^api-cordon-[0-9a-f]{8}$")

    def test_scope_does_not_search_upwards(self):
        self.write_config()
        below = self.project / "below"
        below.mkdir()
        self.assert_error(self.cordon("check", cwd=below), f"there is no config file {below}/cordon.toml")


if __name__ == "__main__":
    main()
