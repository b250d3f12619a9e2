"""A real nginx as the origin. It answers 401 unless the real credential arrives, so that each 200 proves an injection."""

import os
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

GIT_BACKEND = "/usr/lib/git-core/git-http-backend"


class Nginx:
    """Serves `sites` (host name to (header variable, value), e.g. {"api.origin.test": ("authorization", "Bearer x")}) on
    `address`:443, all of them the same content:

    /small /kib         small bodies                    /files/...   the folder `files`
    /big                a sparse file of `big_size`     /sink        an upload, answered with its size in decimal
    /git/...            git's smart HTTP                /redirect    302 to another host
    """

    def __init__(self, folder, address, identity, sites, big_size=64 << 20):
        self.folder = Path(folder)
        self.files = self.folder / "files"
        self.git = self.folder / "git"
        for path in (self.files, self.git, self.folder / "temp"):
            path.mkdir(parents=True)
        with open(self.folder / "big", "wb") as big:
            big.truncate(big_size)
        (self.folder / "kib").write_bytes(b"x" * 1024)
        self.sink = _Sink(str(self.folder / "sink.sock"))
        self.cgi = self._start_cgi()
        servers = "".join(_SERVER.format(host=host, address=address, variable=variable, value=value, folder=self.folder,
                                         certificate=identity.certificate, key=identity.key, backend=GIT_BACKEND)
                          for host, (variable, value) in sites.items())
        config = self.folder / "nginx.conf"
        config.write_text(_MAIN.format(folder=self.folder, servers=servers))
        # Workers would leave root for `nobody`, who cannot read the test's folder.
        self.process = subprocess.Popen([_program("nginx"), "-c", str(config), "-p", str(self.folder)],
                                        stderr=open(self.folder / "nginx.err", "wb"))
        _wait_for_port(address, 443, self.process, self.folder / "nginx.err")

    def _start_cgi(self):
        socket_path = self.folder / "cgi.sock"
        process = subprocess.Popen([_program("fcgiwrap"), "-c", "2", "-s", f"unix:{socket_path}"], env={"PATH": os.environ["PATH"]},
                                   stdin=subprocess.DEVNULL)
        while not socket_path.exists():
            time.sleep(0.01)
        return process

    def access_log(self):
        return (self.folder / "access.log").read_text()


def _program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise AssertionError(f"{name} is not installed; cmake/debian-packages.txt lists what the tests need")
    return found


def _wait_for_port(address, port, process, errors):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nginx did not start: " + errors.read_text())


class _Sink(ThreadingMixIn, UnixStreamServer):
    """Reads uploads as they come, keeps nothing, and answers with the number of bytes."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, path):
        super().__init__(path, _SinkHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


class _SinkHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        total = 0
        for piece in self._pieces():
            total += len(piece)
        body = str(total).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST

    def _pieces(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left and (piece := self.rfile.read(min(left, 1 << 18))):
            left -= len(piece)
            yield piece

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


_MAIN = """
user root;
daemon off;
master_process on;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/temp;
  fastcgi_temp_path {folder}/temp;
  proxy_temp_path {folder}/temp;
  keepalive_requests 1000000;
  server_names_hash_bucket_size 128;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:s:1m;
{servers}
}}
"""

_SERVER = """
  server {{
    listen {address}:443 ssl;
    server_name {host};
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    client_max_body_size 0;
    if ($http_{variable} != "{value}") {{ return 401 "no credential\\n"; }}
    location = /small {{ default_type application/json; return 200 '{{"small":true}}'; }}
    location = /kib {{ alias {folder}/kib; }}
    location = /big {{ alias {folder}/big; }}
    location = /redirect {{ return 302 https://open.origin.test/elsewhere; }}
    location = /target {{ default_type text/plain; return 200 $request_uri; }}
    location /files/ {{ alias {folder}/files/; index index.html; }}
    location = /sink {{
      proxy_pass http://unix:{folder}/sink.sock;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
    }}
    location ~ ^/git(/.*)$ {{
      client_body_buffer_size 1m;
      fastcgi_pass unix:{folder}/cgi.sock;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {folder}/git;
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $1;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_USER tester;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
    }}
  }}
"""
