"""TLS clients whose bytes a test delivers itself: in one segment with something else, one at a time, in several records."""

import ssl
from dataclasses import dataclass

from .raw_client import tls_context


@dataclass
class Hello:
    """A ClientHello that was composed but not sent, and the client that it belongs to."""
    bytes: bytes
    client: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


def client_hello(name, roots, alpn=None):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = tls_context(roots, alpn=alpn).wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return Hello(outgoing.read(), client, incoming, outgoing)


def in_two_records(hello):
    """The handshake message of one TLS record, split over two records of the same type."""
    kind, version, payload = hello[:1], hello[1:3], hello[5:]
    half = len(payload) // 2
    return b"".join(kind + version + len(part).to_bytes(2, "big") + part for part in (payload[:half], payload[half:]))


class MemoryTls:
    """The finished connection: write sends, read blocks until something came."""

    def __init__(self, hello, connection):
        self.hello, self.connection = hello, connection

    def _step(self, action):
        while True:
            try:
                result = action()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                if not self.connection.buffer and not self.connection.fill():
                    self.hello.incoming.write_eof()
                self.hello.incoming.write(self.connection.buffer)
                self.connection.buffer = b""

    def _flush(self):
        if data := self.hello.outgoing.read():
            self.connection.send(data)

    def handshake(self):
        self._step(self.hello.client.do_handshake)

    def write(self, data):
        self._step(lambda: self.hello.client.write(data))

    def read(self):
        return self._step(lambda: self.hello.client.read(65536))


def finish_handshake(hello, connection):
    """Ends the handshake whose first flight has been sent on `connection`."""
    tls = MemoryTls(hello, connection)
    tls.handshake()
    return tls
