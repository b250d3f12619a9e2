"""What the tests of `cordon setup` and `cordon integration` share."""

import json
import os
import re
import stat

from harness import CliTest

TOKEN = re.compile(r"cdn_[A-Za-z0-9_-]{43}")
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO",
           "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "DENO_CERT")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def tree(folder):
    """Every path below the folder, with mode and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (stat.S_IMODE(info.st_mode), content)
    return found


class SetupTest(CliTest):
    def setUp(self):
        super().setUp()
        self.home = self.root / "home"

    def setup_tool(self, *words, code=0, **more):
        """The JSON report. No token is shown anywhere."""
        done = self.cordon("setup", *words, "--json", **more)
        self.assert_done(done, code)
        self.assertIsNone(TOKEN.search(done.out + done.err), done)
        return json.loads(done.out)

    def disable(self, *words, **more):
        done = self.cordon("integration", "disable", *words, "--json", **more)
        self.assert_done(done)
        return json.loads(done.out)

    def integrations(self, *words, **more):
        done = self.cordon("integration", "list", *words, "--json", **more)
        self.assert_done(done)
        return {row["tool"]: row for row in json.loads(done.out)["integrations"]}

    def write(self, path, content, mode=0o644):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def tokens(self):
        """Names and values of all instances' tokens."""
        found = {}
        for path in self.config_home.glob("cordon/**/tokens.toml"):
            found |= dict(re.findall(r'name = "(.*?)"\nvalue = "(.*?)"', path.read_text()))
        return found

    def assert_variables(self, variables, token, port, certs):
        """They are what `cordon env` prints, with this token."""
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            self.assertRegex(variables[name], rf"^http://[A-Za-z0-9._-]+:{token}@127\.0\.0\.1:{port}$")
        for name in ("NO_PROXY", "no_proxy"):
            self.assertEqual(variables[name], "localhost,127.0.0.1,::1")
        self.assertEqual(variables["NODE_USE_ENV_PROXY"], "1")
        self.assertEqual(variables["NODE_EXTRA_CA_CERTS"], str(certs / "ca-cert.pem"))
        for name in BUNDLES:
            self.assertEqual(variables[name], str(certs / "combined-ca.pem"))
