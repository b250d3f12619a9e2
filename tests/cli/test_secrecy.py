"""R9: with the log at its most talkative, no output and no file ever holds a secret."""

import base64
import http.client
import pathlib
import socket

from harness import DEADLINE, CliTest, main

CANARY = "canary-4b1d-9e7f-3c5a-never-to-be-seen"
HELD = "holder-88aa-77bb-66cc-never-to-be-seen"


class Secrecy(CliTest):
    def drive(self, origin, daemon):
        """Requests that succeed, are refused, or fail."""
        self.assertEqual(self.get(origin, {"Authorization": "Bearer dummy"}).status, 200)
        answers = [origin_text(self.get(origin))]
        for line in (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"CONNECT closed.example.com:443 HTTP/1.1\r\n\r\n",
                     b"GET http://secret.example.com/ HTTP/1.1\r\nHost: secret.example.com\r\n\r\n", b"nonsense\r\n\r\n",
                     b"CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"TRACE http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: 127.0.0.1:{origin.port}\r\n\r\n".encode()):
            answers.append(self.exchange(line))
        origin.close()
        failed = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        failed.request("GET", f"http://127.0.0.1:{origin.port}/")
        answers.append(origin_text(failed.getresponse()))
        failed.close()
        daemon.stop()
        return b"".join(answers)

    def exchange(self, data):
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while piece := connection.recv(4096):
                    received += piece
            except ConnectionResetError:
                pass  # refused with bytes unread
            return received

    def test_secrets_reach_only_their_origin(self):
        origin = self.origin()
        (self.project / "held").write_text(HELD + "\n")
        (self.project / "held").chmod(0o600)
        self.write_config(self.plain_route(origin) +
                          self.route("file", "secret.example.com", 'source = "file"\npath = "held"') +
                          self.route("command", "command.example.com", f'source = "command"\nargv = ["cat", "{self.project}/held"]'))
        for form in ("text", "json"):
            with self.subTest(form):
                origin = self.origin()
                text = (self.project / "cordon.toml").read_text()
                self.write_config(self.plain_route(origin) + text[text.index('[[routes]]\nname = "file"'):])
                daemon = self.start("--log-level", "trace", "--log-format", form, env={"KEY": CANARY})
                answers = self.drive(origin, daemon)
                self.assertIn(b"Authorization: Bearer " + CANARY.encode(), origin.received)
                self.assertNotIn(b"dummy", origin.received)
                self.assertIn(b"demo", daemon.log)  # the request's line is there
                self.assertNotIn(b"Bearer", daemon.log)
                for secret in (CANARY, HELD):
                    self.assert_sealed(secret, daemon.log, answers, *self.state_files())

    def test_basic_credential_is_not_logged_either(self):
        origin = self.origin()
        self.write_config(f'[[routes]]\nname = "git"\nallow_plaintext = true\n[routes.match]\nhost = "127.0.0.1"\nport = {origin.port}\n'
                          '[routes.auth]\ntype = "basic"\nusername = "me"\n[routes.auth.secret]\nsource = "env"\nvariable = "KEY"\n')
        daemon = self.start("--log-level", "trace", env={"KEY": CANARY})
        self.assertEqual(self.get(origin).status, 200)
        daemon.stop()
        whole = base64.b64encode(f"me:{CANARY}".encode())
        self.assertIn(b"Authorization: Basic " + whole, origin.received)
        self.assertNotIn(whole[:16], daemon.log)
        self.assert_sealed(CANARY, daemon.log, *self.state_files())

    def test_other_commands_do_not_show_it(self):
        self.write_config(self.route())
        for words in (["check"], ["check", "--json"], ["env"], ["wait", "--timeout", "0s"]):
            done = self.cordon(*words, env={"KEY": CANARY})
            self.assert_sealed(CANARY, done.out.encode(), done.err.encode())

    def test_arguments_of_the_process_do_not_show_it(self):
        self.write_config(self.route())
        daemon = self.start(env={"KEY": CANARY})
        self.assert_sealed(CANARY, pathlib.Path(f"/proc/{daemon.pid}/cmdline").read_bytes())

    def state_files(self):
        return [path.read_bytes() for path in self.config_home.rglob("*") if path.is_file()]


def origin_text(response):
    return repr(response.getheaders()).encode() + (response.text if hasattr(response, "text") else response.read())


if __name__ == "__main__":
    main()
