"""PostgreSQL's frontend/backend protocol, byte for byte, as a client speaks it. Names are those of the manual's chapters "Message Formats"
and "Message Flow"."""

import struct
from dataclasses import dataclass

from .raw_client import Closed, Connection, connect

PROTOCOL_2, PROTOCOL_3_0, PROTOCOL_3_2 = 2 << 16, 3 << 16, (3 << 16) + 2
CANCEL_REQUEST_CODE, SSL_REQUEST_CODE, GSSENC_REQUEST_CODE = 80877102, 80877103, 80877104

AUTHENTICATION_NAMES = {0: "Ok", 3: "CleartextPassword", 5: "MD5Password", 10: "SASL", 11: "SASLContinue", 12: "SASLFinal"}


def packet(payload):
    """A message without a type: its length, itself included, and its payload."""
    return struct.pack("!i", len(payload) + 4) + payload


def message(kind, payload=b""):
    return kind.encode() + packet(payload)


SSL_REQUEST = packet(struct.pack("!i", SSL_REQUEST_CODE))
GSSENC_REQUEST = packet(struct.pack("!i", GSSENC_REQUEST_CODE))
TERMINATE = message("X")


def cancel_request(process_id, key):
    return packet(struct.pack("!ii", CANCEL_REQUEST_CODE, process_id) + key)


def startup_payload(parameters, version=PROTOCOL_3_0):
    """`parameters`: a dict, or pairs where a name is to occur twice."""
    pairs = parameters.items() if isinstance(parameters, dict) else parameters
    return struct.pack("!i", version) + b"".join(f"{name}\0{value}\0".encode() for name, value in pairs) + b"\0"


def startup_message(parameters, version=PROTOCOL_3_0):
    return packet(startup_payload(parameters, version))


def query(sql):
    return message("Q", sql.encode() + b"\0")


@dataclass(frozen=True)
class Message:
    kind: str
    payload: bytes

    @property
    def fields(self):
        """Of an ErrorResponse or NoticeResponse: by its letter, such as C for the SQLSTATE and M for the message."""
        return {part[:1].decode(): part[1:].decode() for part in self.payload.split(b"\0") if part}

    @property
    def code(self):
        return self.fields.get("C", "")

    @property
    def authentication(self):
        """The name of an Authentication message without that word."""
        return AUTHENTICATION_NAMES[struct.unpack("!i", self.payload[:4])[0]]

    @property
    def columns(self):
        """Of a DataRow, as text."""
        position, found = 2, []
        for _ in range(struct.unpack("!h", self.payload[:2])[0]):
            size = struct.unpack("!i", self.payload[position:position + 4])[0]
            position += 4
            found.append(None if size < 0 else self.payload[position:position + size].decode())
            position += max(size, 0)
        return found


class Wire:
    """Messages over a Connection of raw_client, which gives the bytes and starts TLS."""

    def __init__(self, connection):
        self.connection = connection
        self.seen = []  # the kinds of messages so far, in order

    def send(self, data):
        self.connection.send(data)

    def read_message(self):
        kind = self.connection.read_exactly(1).decode("latin-1")
        size = struct.unpack("!i", self.connection.read_exactly(4))[0]
        if not 4 <= size < 1 << 30:
            raise ValueError(f"a message {kind!r} of {size} bytes")
        found = Message(kind, self.connection.read_exactly(size - 4))
        self.seen.append(kind)
        return found

    def read_packet(self):
        """The payload of a message without a type, as clients begin with."""
        return self.connection.read_exactly(struct.unpack("!i", self.connection.read_exactly(4))[0] - 4)

    def read_until(self, *kinds):
        """All messages up to the first of `kinds`, which is the last one of them."""
        found = [self.read_message()]
        while found[-1].kind not in kinds:
            found.append(self.read_message())
        return found

    def read_messages_to_end(self):
        """Every message up to the peer's close, which may come as a reset."""
        found = []
        try:
            while True:
                found.append(self.read_message())
        except (Closed, ConnectionError):
            return found

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Refused(Exception):
    """The login ended with an ErrorResponse, or without one."""

    def __init__(self, messages):
        errors = [message for message in messages if message.kind == "E"]
        self.error = errors[-1] if errors else None
        self.code = self.error.code if errors else ""
        self.text = self.error.fields.get("M", "") if errors else ""
        self.messages = messages
        super().__init__(f"{self.code} {self.text} ({''.join(message.kind for message in messages)})")


class Session(Wire):
    """A client's session; `log_in` before the rest."""

    process_id, key = 0, b""

    def ask_for_tls(self, roots, name="localhost", **options):
        self.send(SSL_REQUEST)
        answer = self.connection.read_exactly(1)
        if answer != b"S":
            raise ConnectionRefusedError(f"SSLRequest was answered with {answer!r}")
        self.connection.start_tls(name, roots, **options)

    def log_in(self, parameters, password=None, version=PROTOCOL_3_0):
        """Up to the first ReadyForQuery. @returns the ParameterStatus values; raises Refused"""
        self.send(startup_message(parameters, version))
        found = []
        try:
            while not found or found[-1].kind not in "EZ":
                found.append(self.read_message())
                if found[-1].kind == "R" and found[-1].authentication == "CleartextPassword" and password is not None:
                    self.send(message("p", password.encode() + b"\0"))
        except (Closed, ConnectionError):
            raise Refused(found) from None
        self.login = found
        if found[-1].kind == "E":
            raise Refused(found + self.read_messages_to_end())
        for key_data in (part for part in found if part.kind == "K"):
            self.process_id, self.key = struct.unpack("!i", key_data.payload[:4])[0], key_data.payload[4:]
        return dict(part.payload.decode().split("\0")[:2] for part in found if part.kind == "S")

    def query(self, sql):
        """The rows of the simple protocol. Raises Refused for an ErrorResponse."""
        self.send(query(sql))
        found = self.read_until("Z")
        if any(part.kind == "E" for part in found):
            raise Refused(found)
        return [part.columns for part in found if part.kind == "D"]

    def copied(self):
        """The payload of each CopyData up to CopyDone, which is read too; for amounts that are not to be kept."""
        pending, self.connection.buffer = bytearray(self.connection.buffer), b""
        position = 0
        while True:
            while len(pending) - position >= 5 and len(pending) - position > (size := int.from_bytes(pending[position + 1:position + 5], "big")):
                kind, payload = pending[position:position + 1], bytes(pending[position + 5:position + 1 + size])
                position += 1 + size
                if kind != b"d":
                    self.connection.buffer = bytes(pending[position:])
                    if kind != b"c":
                        raise Refused([Message(kind.decode("latin-1"), payload)])
                    return
                yield payload
            del pending[:position]
            position = 0
            if not (data := self.connection.stream.recv(1 << 18)):
                raise Closed(bytes(pending[:100]))
            pending += data

    def end(self):
        """As a client that has finished: Terminate, then the server closes."""
        self.send(TERMINATE)
        self.connection.read_to_end()
        self.close()


def open_wire(port):
    return Session(connect(port))


def open_session(port, parameters=None, roots=None, password=None, version=PROTOCOL_3_0):
    """A session that is ready for queries."""
    session = open_wire(port)
    try:
        if roots:
            session.ask_for_tls(roots)
        session.log_in(parameters or {"user": "whoever", "database": "appdata"}, password, version)
        return session
    except BaseException:
        session.close()
        raise


def cancel(port, process_id, key, roots=None):
    """A CancelRequest, and what comes back: nothing, then the end."""
    with open_wire(port) as wire:
        if roots:
            wire.ask_for_tls(roots)
        wire.send(cancel_request(process_id, key))
        return wire.connection.read_to_end()


def as_server(stream):
    return Wire(Connection(stream))
