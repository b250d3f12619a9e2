"""Origins written in Python: they record every byte that reaches them, and answer what a script says."""

import json
import socket
import ssl
import threading
import time

from .raw_client import Closed, Connection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nyes"


def tls_server_context(identity, versions=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if versions:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = versions
    return context


class Visit:
    """One connection to an origin: what was received on it, and the stream for a script to use."""

    def __init__(self, connection, server_name):
        self.connection = connection
        self.server_name = server_name

    @property
    def received(self):
        return self.connection.received

    def read_request(self, body_unless=None):
        """The next request; None at the end of the stream. The body of a request for `body_unless` is left unread."""
        try:
            head = self.connection.read_until(b"\r\n\r\n").decode("latin-1")
        except Closed:
            return None
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in head.split("\r\n")[1:] if line]
        values = {name.lower(): value for name, value in fields}
        body = b""
        if body_unless and head.split(" ")[1] == body_unless:
            pass
        elif values.get("transfer-encoding", "").lower() == "chunked":
            body = self.connection.read_chunks()
        elif "content-length" in values:
            body = self.connection.read_exactly(int(values["content-length"]))
        return Request(head, fields, body)

    def send(self, data):
        self.connection.send(data)


class Request:
    def __init__(self, head, fields, body):
        self.head, self.fields, self.body = head, fields, body
        self.line = head.split("\r\n", 1)[0]
        self.method, self.target = (self.line.split(" ") + ["", ""])[:2]

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


def answer_always(visit):
    """The usual script: the same small answer to each request."""
    while visit.read_request():
        visit.send(ANSWER)


class Origin:
    """Listens on `address`, one thread a connection. `script(visit)` runs for each; with `identity` None it speaks plaintext."""

    def __init__(self, address, identity, script=answer_always, versions=None, context=None):
        self.address = address
        self.script = script
        self.visits = []
        self.accepted = 0
        self.failed_handshakes = []
        self.context = context or (tls_server_context(identity, versions) if identity else None)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.listener = socket.create_server(address, family=family, backlog=1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        names = []
        if self.context:
            try:
                stream.settimeout(30)
                stream = self._wrap(stream, names)
            except (OSError, ssl.SSLError) as error:
                self.failed_handshakes.append(str(error))
                stream.close()
                return
        visit = Visit(Connection(stream), names[0] if names else None)
        self.visits.append(visit)
        try:
            self.script(visit)
        except (OSError, Closed, ValueError):
            pass
        finally:
            try:
                stream.close()
            except OSError:
                pass

    def _wrap(self, stream, names):
        # A context of its own for each connection would cost a load of the key; the callback is called before wrap ends.
        stream = self.context.wrap_socket(stream, server_side=True, do_handshake_on_connect=False)
        self.context.sni_callback = lambda _socket, name, _context: names.append(name) or None
        stream.do_handshake()
        return stream

    @property
    def received(self):
        """Every decrypted byte that ever arrived."""
        return b"".join(visit.received for visit in list(self.visits))

    def forget(self):
        """Starts the records anew; connections that the proxy keeps stay open."""
        for visit in self.visits:
            visit.connection.received = b""
        self.failed_handshakes.clear()
        self.accepted = 0

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()


def echo_bytes(visit):
    """A script without HTTP: sends back whatever comes."""
    while data := visit.connection.stream.recv(65536):
        visit.connection.received = b""
        visit.send(data)


def echo_script(credentials):
    """Answers with the request's head as JSON: {"line", "fields", "credential", "body"}. A real credential is told by its name in
    `credentials` (header value to name) and never sent back."""

    def script(visit):
        while request := visit.read_request():
            told = [[name, credentials.get(value, value)] for name, value in request.fields]
            body = json.dumps({"line": request.line, "fields": told, "body_size": len(request.body),
                               "credential": [credentials[v] for _, v in request.fields if v in credentials]}).encode()
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + (
                body if request.method != "HEAD" else b""))

    return script


def sse_script(credential, interval=0.25, count=8):
    """Server-sent events that each hold the moment at which they were sent (time.monotonic of this machine)."""

    def script(visit):
        request = visit.read_request()
        if request is None or request.all("authorization") != [credential]:
            visit.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(count):
            event = f"data: {time.monotonic():.6f}\n\n".encode()
            visit.send(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(interval)
        visit.send(b"0\r\n\r\n")

    return script


class NameServer:
    """DNS on 127.0.0.53:53. `answers` maps a name to a list of IPv4 addresses, or to a function that returns one for each query;
    every other name does not exist. Queries are counted by name."""

    def __init__(self):
        self.answers = {}
        self.queries = []
        self.stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stream.bind(("127.0.0.53", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, peer = self.stream.recvfrom(2048)
            self.stream.sendto(self._answer(query), peer)

    def _answer(self, query):
        labels, position = [], 12
        while size := query[position]:
            labels.append(query[position + 1:position + 1 + size].decode("latin-1"))
            position += 1 + size
        kind = int.from_bytes(query[position + 1:position + 3], "big")
        question = query[12:position + 5]
        name = ".".join(labels).lower()
        self.queries.append((name, kind))
        known = self.answers.get(name)
        addresses = (known() if callable(known) else known or []) if kind == 1 else []
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address) for address in addresses)
        code = 0 if known is not None else 3
        return query[:2] + bytes([0x85, 0x80 | code]) + b"\0\1" + len(addresses).to_bytes(2, "big") + b"\0\0\0\0" + question + records
