"""A client that sends exactly the bytes it is told to, and what it needs to read the answers."""

import socket
import ssl
import struct
from dataclasses import dataclass, field

DEADLINE = 30


@dataclass
class Response:
    status: int
    reason: str
    version: str
    fields: list = field(default_factory=list)
    body: bytes = b""
    head: bytes = b""

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


class Closed(Exception):
    """The peer closed before the answer was whole."""


class Connection:
    """A stream (plain or TLS) with a read buffer, and HTTP/1.1 answers read from it."""

    def __init__(self, stream):
        self.stream = stream
        self.stream.settimeout(DEADLINE)
        self.buffer = b""
        self.received = b""

    def send(self, data):
        self.stream.sendall(data if isinstance(data, bytes) else data.encode())

    def fill(self):
        data = self.stream.recv(65536)
        self.buffer += data
        self.received += data
        return bool(data)

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise Closed(self.buffer)
        head, self.buffer = self.buffer.split(mark, 1)
        return head + mark

    def read_exactly(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise Closed(self.buffer)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_to_end(self):
        """Everything up to the peer's close; a reset ends it too."""
        try:
            while self.fill():
                pass
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed(self, within=5):
        """Whether the peer closes within the time, having sent nothing more."""
        self.stream.settimeout(within)
        try:
            return not self.buffer and not self.fill()
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return True
        except TimeoutError:
            return False
        finally:
            self.stream.settimeout(DEADLINE)

    def is_ended(self):
        """Whether the peer has closed by now, whatever it sent before; asks for as long as the stream's timeout."""
        try:
            while self.fill():
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def drip(self, data, interval, stop):
        """Sends a byte each `interval` seconds, until the end of `data` or of the connection, or until the threading.Event `stop`."""
        for position in range(len(data)):
            try:
                self.stream.send(data[position:position + 1])
            except OSError:
                return
            if stop.wait(interval):
                return

    def read_head(self):
        head = self.read_until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (lines[0] + "  ").split(" ", 2)
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        return Response(int(status), reason.strip(), version, fields, head=head)

    def read_response(self, method="GET", skip_interim=True):
        """The next answer, its body read by whichever framing it has."""
        response = self.read_head()
        while skip_interim and 100 <= response.status < 200 and response.status != 101:
            response = self.read_head()
        response.body = self._read_body(response, method)
        return response

    def _read_body(self, response, method):
        if method == "HEAD" or response.status in (101, 204, 304) or (method == "CONNECT" and response.status == 200):
            return b""
        if (response.get("transfer-encoding") or "").lower() == "chunked":
            return self.read_chunks()
        if response.get("content-length") is not None:
            return self.read_exactly(int(response.get("content-length")))
        return self.read_to_end()

    def read_chunks(self):
        body = b""
        while size := int(self.read_until(b"\r\n").split(b";")[0], 16):
            body += self.read_exactly(size)
            self.read_exactly(2)
        while self.read_until(b"\r\n") != b"\r\n":
            pass
        return body

    def request(self, data, method="GET"):
        self.send(data)
        return self.read_response(method)

    def start_tls(self, name, roots, **options):
        """TLS from here on, verified against the PEM file `roots`. @returns the ssl.SSLSocket"""
        self.stream = tls_context(roots, **options).wrap_socket(self.stream, server_hostname=name)
        return self.stream

    def close(self):
        self.stream.close()

    def reset(self):
        """Closes with a reset."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def tls_context(roots, alpn=None, versions=None, verify_name=True):
    context = ssl.create_default_context(cafile=str(roots)) if roots else ssl._create_unverified_context()
    if roots:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.check_hostname = verify_name
    if alpn:
        context.set_alpn_protocols(alpn)
    if versions:
        context.minimum_version, context.maximum_version = versions
    return context


def connect(port, host="127.0.0.1"):
    stream = socket.create_connection((host, port), timeout=DEADLINE)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(stream)


def ask_connect(port, authority, more=""):
    """A connection on which `CONNECT authority` was sent, and the answer to it."""
    connection = connect(port)
    connection.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{more}\r\n")
    return connection, connection.read_response("CONNECT")


def open_tunnel(port, host, roots, destination_port=443, sni=None, **options):
    """A TLS connection to `host` through the proxy. `sni=""` sends none."""
    authority = f"[{host}]:{destination_port}" if ":" in host else f"{host}:{destination_port}"
    connection, answer = ask_connect(port, authority)
    if answer.status != 200:
        connection.close()
        raise ConnectionRefusedError(f"CONNECT {authority}: {answer.status} {answer.reason}")
    if sni == "":
        connection.start_tls(None, roots, verify_name=False, **options)
    else:
        connection.start_tls(sni or host, roots, **options)
    return connection
