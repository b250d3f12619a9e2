"""Node: undici, https-proxy-agent, WebSockets with `ws`, and npm itself."""

import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

from harness import CordonTest, address_of, host, main

CLIENTS = Path(__file__).parent / "clients"
PACKAGES = Path(os.environ.get("CORDON_TEST_NPM", CLIENTS))


def make_registry(files):
    """A package `tinypkg` 1.0.0 below `files`, as an npm registry serves it."""
    manifest = {"name": "tinypkg", "version": "1.0.0", "main": "index.js"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in (("package.json", json.dumps(manifest)), ("index.js", "module.exports = 'tiny';\n")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    tarball = buffer.getvalue()
    (files / "tinypkg-1.0.0.tgz").write_bytes(tarball)
    dist = {"tarball": f"https://{host('npm')}/files/tinypkg-1.0.0.tgz", "shasum": hashlib.sha1(tarball).hexdigest(),
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()}
    document = {"name": "tinypkg", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {**manifest, "dist": dist}}}
    (files / "registry").mkdir()
    (files / "registry/tinypkg").write_text(json.dumps(document))


class Node(CordonTest):
    @classmethod
    def set_up_origins(cls):
        if not (PACKAGES / "node_modules/undici").exists():
            raise AssertionError(f"no npm packages in {PACKAGES}: run `ctest -R integration/npm_install` first")
        make_registry(cls.world.nginx.files)
        # A script finds its packages beside itself.
        cls.scripts = cls.world.folder / "scripts"
        cls.scripts.mkdir()
        (cls.scripts / "node_modules").symlink_to(PACKAGES / "node_modules")
        for script in CLIENTS.glob("*.mjs"):
            (cls.scripts / script.name).write_bytes(script.read_bytes())
        cls.start_websocket_origin()

    @classmethod
    def start_websocket_origin(cls):
        identity = cls.world.identity
        origin = subprocess.Popen(["node", str(cls.scripts / "ws_origin.mjs"), address_of("ws"), identity.certificate, identity.key],
                                  env={"PATH": os.environ["PATH"], "CREDENTIAL": f"Bearer {cls.world.secret('ws')}"},
                                  stdout=subprocess.PIPE, text=True)
        if origin.stdout.readline().strip() != "ready":
            raise AssertionError("the WebSocket origin did not start")

    @classmethod
    def routes(cls):
        return [cls.world.route("api"), cls.world.route("npm"), cls.world.route("ws")]

    def run_client(self, *command, folder=None):
        done = subprocess.run(command, env=self.cordon.client_environment(), cwd=folder, capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip().split("\n")

    def node(self, script, *arguments):
        return self.run_client("node", str(self.scripts / script), *arguments)

    def test_t1_undici_proxy_agent(self):
        printed = self.node("fetch.mjs", f"https://{host('api')}", f"http://127.0.0.1:{self.cordon.port}")
        self.assertEqual(printed, ['200 {"small":true}'] * 3 + ["200 100000"])

    def test_undici_environment_agent(self):
        self.assertEqual(self.node("fetch.mjs", f"https://{host('api')}"), ['200 {"small":true}'] * 3 + ["200 100000"])

    def test_https_proxy_agent(self):
        self.assertEqual(self.node("https_agent.mjs", f"https://{host('api')}"), ['200 {"small":true}'] * 3)

    def test_websocket_echo(self):
        self.assertEqual(self.node("ws_client.mjs", f"wss://{host('ws')}/chat"), ["3 echoes, closed 1000"])

    def test_npm_installs_from_a_private_registry(self):
        folder = self.cordon.folder / "npm-project"
        folder.mkdir()
        (folder / "package.json").write_text('{"name": "app", "private": true}')
        # A `cafile` in the machine's own npmrc would hide NODE_EXTRA_CA_CERTS.
        self.run_client("npm", "install", "--globalconfig", str(folder / "no-npmrc"), "--no-audit", "--no-fund", "--registry", f"https://{host('npm')}/files/registry/", "tinypkg",
                        folder=folder)
        self.assertEqual((folder / "node_modules/tinypkg/index.js").read_text(), "module.exports = 'tiny';\n")


if __name__ == "__main__":
    main()
