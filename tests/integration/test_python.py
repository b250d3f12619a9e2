"""Python's urllib, requests and pip, with nothing but the variables of `cordon env`."""

import hashlib
import subprocess
import sys
import zipfile

from harness import CordonTest, host, main

URLLIB = """
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer dummy"})
with urllib.request.urlopen(request) as response:
    print(response.status, response.read().decode())
"""
REQUESTS = """
import sys, requests
with requests.Session() as session:
    for _ in range(3):
        print(session.get(sys.argv[1] + "/small").text)
    print(session.post(sys.argv[1] + "/sink", data=b"x" * 300000).text)
    print(session.post(sys.argv[1] + "/sink", data=(b"y" * 1000 for _ in range(50))).text)
    print(session.get(sys.argv[1] + "/redirect", allow_redirects=False).headers["location"])
"""
STRICT = """
import http.client, os, ssl, sys
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT
connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[2]), context=context)
connection.set_tunnel(sys.argv[1])
connection.request("GET", "/small")
print(connection.getresponse().read().decode())
"""


class Python(CordonTest):
    @classmethod
    def set_up_origins(cls):
        files = cls.world.nginx.files
        wheel = files / "cordondemo-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("cordondemo.py", "GREETING = 'hello from the wheel'\n")
            archive.writestr("cordondemo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: cordondemo\nVersion: 1.0\n")
            archive.writestr("cordondemo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                             "Tag: py3-none-any\n")
            archive.writestr("cordondemo-1.0.dist-info/RECORD", "")
        index = files / "simple/cordondemo"
        index.mkdir(parents=True)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (index / "index.html").write_text(f'<!DOCTYPE html><a href="/files/{wheel.name}#sha256={digest}">{wheel.name}</a>')

    @classmethod
    def routes(cls):
        return [cls.world.route("api"), cls.world.route("pip")]

    def python(self, *arguments, status=0):
        done = subprocess.run([sys.executable, *arguments], env=self.cordon.client_environment(), capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def test_urllib(self):
        self.assertEqual(self.python("-c", URLLIB, f"https://{host('api')}/small").strip(), '200 {"small":true}')

    def test_requests(self):
        printed = self.python("-c", REQUESTS, f"https://{host('api')}").split()
        self.assertEqual(printed, ['{"small":true}'] * 3 + ["300000", "50000", "https://open.origin.test/elsewhere"])

    def test_t1_strict_verification(self):
        self.assertEqual(self.python("-c", STRICT, host("api"), str(self.cordon.port)).strip(), '{"small":true}')

    def test_pip_installs_from_a_private_index(self):
        target = self.cordon.folder / "site"
        self.python("-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-cache-dir", "--isolated", "--index-url",
                    f"https://{host('pip')}/files/simple", "--target", str(target), "cordondemo")
        self.assertIn("hello", (target / "cordondemo.py").read_text())


if __name__ == "__main__":
    main()
