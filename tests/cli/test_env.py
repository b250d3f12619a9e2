"""cordon env: the variables, their quoting in each format, and the files that it makes."""

import json
import stat
import subprocess

from harness import CORDON, CliTest, main

PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
BUNDLE = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO",
          "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "DENO_CERT")
ODD = "it's a \"dir\" $HOME `x` \\n"


class Env(CliTest):
    def variables(self, *words, env=None):
        done = self.cordon("env", "--format", "json", *words, env=env)
        self.assert_done(done)
        self.assertEqual(done.err, "")
        return json.loads(done.out)

    def move_config_home(self, name):
        """Gives the state folder a path with `name` in it."""
        path = self.root / name
        path.mkdir(mode=0o700)
        self.environment["XDG_CONFIG_HOME"] = str(path)
        self.config_home = path

    def evaluated(self, *shell, script):
        done = subprocess.run([*shell, script], env={**self.environment, "CORDON": CORDON}, cwd=self.project, capture_output=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)

    def test_variables(self):
        self.write_config()
        got = self.variables()
        certs = self.certificates()
        self.assertEqual(got, {
            **dict.fromkeys(PROXY, f"http://127.0.0.1:{self.port}"),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
            "NODE_USE_ENV_PROXY": "1",
            "NODE_EXTRA_CA_CERTS": str(certs / "ca-cert.pem"),
            **dict.fromkeys(BUNDLE, str(certs / "combined-ca.pem"))})

    def test_makes_ca_and_bundle_once(self):
        self.write_config()
        self.variables()
        certs = self.certificates()
        self.assertEqual(sorted(path.name for path in certs.iterdir()), ["ca-cert.pem", "ca-key.pem", "combined-ca.pem"])
        self.assertEqual(stat.S_IMODE((certs / "ca-key.pem").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(certs.stat().st_mode), 0o700)
        before = {path.name: path.read_bytes() for path in certs.iterdir()}
        self.assertIn(before["ca-cert.pem"], before["combined-ca.pem"])
        self.assertGreater(before["combined-ca.pem"].count(b"BEGIN CERTIFICATE"), 50)
        self.variables()
        self.assertEqual(before, {path.name: path.read_bytes() for path in certs.iterdir()})

    def test_bundle_that_is_gone_is_made_again(self):
        self.write_config()
        self.variables()
        (self.certificates() / "combined-ca.pem").unlink()
        self.variables()
        self.assertTrue((self.certificates() / "combined-ca.pem").exists())

    def test_own_ca_paths(self):
        own = self.root / "own"
        own.mkdir(mode=0o700)
        self.write_config(f'[tls]\nca_cert_path = "{own}/c.pem"\nca_key_path = "{own}/k.pem"\n')
        got = self.variables()
        self.assertEqual(got["NODE_EXTRA_CA_CERTS"], f"{own}/c.pem")
        self.assertTrue((own / "k.pem").exists())
        with open(got["SSL_CERT_FILE"], encoding="ascii") as bundle:
            self.assertIn((own / "c.pem").read_text(), bundle.read())

    def test_without_tls_only_the_proxy_variables(self):
        self.write_config("[tls]\nenabled = false\n")
        got = self.variables()
        self.assertEqual(set(got), {*PROXY, "NO_PROXY", "no_proxy", "NODE_USE_ENV_PROXY"})
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_no_proxy_joins_the_callers_and_the_configs(self):
        self.write_config('[env]\nno_proxy = ["*.internal.example", "mine.example"]\n')
        got = self.variables(env={"NO_PROXY": "mine.example, other.example", "no_proxy": "other.example,low.example"})
        self.assertEqual(got["NO_PROXY"], "localhost,127.0.0.1,::1,mine.example,other.example,low.example,*.internal.example")
        self.assertEqual(got["no_proxy"], got["NO_PROXY"])

    def test_shells_read_back_what_json_says(self):
        self.move_config_home(ODD)
        self.write_config('[env]\nno_proxy = ["*.x.example"]\n')
        expected = self.variables()
        for shell in (["bash", "-c"], ["sh", "-c"], ["bash", "--posix", "-euc"]):
            with self.subTest(shell):
                got = self.evaluated(*shell, script='eval "$("$CORDON" env)" && env -0')
                self.assertEqual({name: got[name] for name in expected}, expected)

    def test_evaluating_twice_changes_nothing(self):
        self.write_config('[env]\nno_proxy = ["x.example"]\n')
        once = self.evaluated("bash", "-c", script='eval "$("$CORDON" env)" && env -0')
        twice = self.evaluated("bash", "-c", script='eval "$("$CORDON" env)" && eval "$("$CORDON" env)" && env -0')
        self.assertEqual({**once, "_": ""}, {**twice, "_": ""})

    def test_shell_lines_are_exports_in_single_quotes(self):
        self.write_config()
        done = self.cordon("env")
        self.assert_done(done)
        self.assertEqual(done.out, self.cordon("env", "--format", "shell").out)
        self.assertIn(f"export HTTPS_PROXY='http://127.0.0.1:{self.port}'\n", done.out)
        for line in done.out.splitlines():
            self.assertRegex(line, r"^export [A-Za-z_]+='[^']*'$")

    def test_fish_escapes_quotes_and_backslashes(self):
        self.move_config_home(ODD)
        self.write_config()
        done = self.cordon("env", "--format", "fish")
        self.assert_done(done)
        home = str(self.config_home).replace("\\", "\\\\").replace("'", "\\'")
        self.assertIn(f"set -gx SSL_CERT_FILE '{home}/cordon/projects/", done.out)
        for line in done.out.splitlines():
            self.assertRegex(line, r"^set -gx [A-Za-z_]+ '([^'\\]|\\['\\])*'$")

    def test_dotenv_is_bare_where_it_can_be(self):
        self.move_config_home("with space")
        self.write_config()
        done = self.cordon("env", "--format", "dotenv")
        self.assert_done(done)
        self.assertIn(f"HTTPS_PROXY=http://127.0.0.1:{self.port}\n", done.out)
        self.assertIn(f"SSL_CERT_FILE='{self.config_home}/cordon/projects/", done.out)
        for line in done.out.splitlines():
            self.assertRegex(line, r"^[A-Za-z_]+=([^' ]*|'[^']*')$")

    def test_dotenv_refuses_what_it_cannot_carry(self):
        self.move_config_home("it's")
        self.write_config()
        self.assert_error(self.cordon("env", "--format", "dotenv"), "single quote", "another --format")

    def test_line_end_in_a_path_is_refused(self):
        self.move_config_home("a\nb")
        self.write_config()
        for form in ("shell", "fish", "dotenv"):
            done = self.cordon("env", "--format", form)
            self.assertEqual((done.code, done.out), (1, ""))
            self.assertIn("line end", done.err)

    def test_a_token_where_there_are_none(self):
        self.write_config()
        for command in (("env",), ("run",)):
            more = ("--", "true") if command == ("run",) else ()
            if more:
                self.start()
            done = self.cordon(*command, "--token", "nope", *more)
            self.assert_error(done, "there is no token `nope`: there are none, and none is asked for", "cordon token list")

    def test_nothing_is_printed_for_a_faulty_config(self):
        self.write_config("surprise = 1\n")
        self.assert_error(self.cordon("env"), "surprise")
        self.assertEqual(list(self.config_home.iterdir()), [])

    def test_key_that_others_can_read_is_refused(self):
        self.write_config()
        self.variables()
        key = self.certificates() / "ca-key.pem"
        key.chmod(0o644)
        self.assert_error(self.cordon("env"), str(key), "chmod")


if __name__ == "__main__":
    main()
