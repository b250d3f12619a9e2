"""Servers on 127.0.0.1 for a test to talk to, each connection in a thread of its own."""

import contextlib
import socket
import ssl
import threading


class Server:
    """Has a conversation with whoever connects. A subclass defines `converse(connection)`, which may end with an OSError: a client that goes
    is none of the test's business. What it notes may come after the client is done: wait for it with `eventually`."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection, contextlib.suppress(OSError):
            self.converse(connection)

    def close(self):
        """Nothing listens on the port afterwards; conversations go on."""
        with contextlib.suppress(OSError):  # it is closed already
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which would keep the socket alive
        self.acceptor.join(5)
        self.socket.close()


class Origin(Server):
    """A plain HTTP origin that keeps what it gets. `answer(connection)` replaces the usual 200."""

    def __init__(self, answer=None):
        self.received = b""
        self.requested = threading.Event()
        self.answer = answer or (lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
        super().__init__()

    def converse(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        self.received += head
        self.requested.set()
        self.answer(connection)


class TlsOrigin(Server):
    """Does handshakes by an ssl.SSLContext and nothing else."""

    def __init__(self, context):
        self.context = context
        super().__init__()

    def converse(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
