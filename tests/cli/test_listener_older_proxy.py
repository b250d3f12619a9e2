"""A running proxy of a version that knew no listeners: the commands that ask it understand its answer."""

import http.server
import json
import os
import socketserver
import threading

from harness import CliTest, free_port, main


class OlderProxy(socketserver.UnixStreamServer):
    """Answers POST /status on a control socket with `report`."""

    def __init__(self, path, report):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(report)))
                self.end_headers()
                self.wfile.write(report)

            def address_string(self):
                return "-"

            def log_message(self, *_):
                pass

        before = os.umask(0o177)
        super().__init__(path, Handler)
        os.umask(before)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Older(CliTest):
    def setUp(self):
        super().setUp()
        self.file = self.write_config(self.route())
        daemon = self.start(env={"KEY": "value-of-key-1"})
        report = json.loads(self.cordon("status", "--json").out)
        self.assertEqual(report.pop("listeners"), [])
        del report["running"]
        self.assertEqual(daemon.stop(), 0)
        older = OlderProxy(report["socket"], json.dumps(report | {"version": "0.1.0", "pid": os.getpid()}).encode())
        self.addCleanup(older.close)

    def test_status(self):
        done = self.cordon("status")
        self.assert_done(done)
        self.assertIn("is running", done.out)
        self.assertIn("api.example.com", done.out)
        report = json.loads(self.cordon("status", "--json").out)
        self.assertEqual((report["running"], report["version"], report["listeners"]), (True, "0.1.0", []))
        self.assertEqual([route["name"] for route in report["routes"]], ["demo"])

    def test_new_listener_takes_a_restart_of_it(self):
        done = self.cordon("listener", "add", "--name", "db", "--port", str(free_port()), "--upstream", "localhost", "--username", "u",
                           "--source", "env", "--variable", "KEY")
        self.assert_done(done)
        self.assertIn("is running, and listens on what it was started with; to restart it: cordon stop && cordon start\n", done.err)


if __name__ == "__main__":
    main()
