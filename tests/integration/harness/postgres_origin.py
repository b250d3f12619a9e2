"""A PostgreSQL server played by a script, for what a real one never does.

What is here follows the manual's "Message Flow" and RFC 5802 and 7677 as PostgreSQL 15 applies them, and each correct conversation is
also had with the real server by another test of the same program; so a script that differs from it in one step shows what
that one step does."""

import base64
import hashlib
import hmac
import secrets
import ssl
import struct

from .origins import Origin, tls_server_context
from .postgres_wire import GSSENC_REQUEST_CODE, PROTOCOL_3_0, SSL_REQUEST_CODE, Message, Wire, message
from .raw_client import Closed

PLAIN, PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"


def authentication(code, payload=b""):
    return message("R", struct.pack("!i", code) + payload)


AUTHENTICATION_OK = authentication(0)
CLEARTEXT_PASSWORD = authentication(3)
READY_FOR_QUERY = message("Z", b"I")


def md5_password(salt=b"salt"):
    return authentication(5, salt)


def sasl(*mechanisms):
    return authentication(10, b"".join(name.encode() + b"\0" for name in mechanisms) + b"\0")


def parameter_status(name, value):
    return message("S", f"{name}\0{value}\0".encode())


def backend_key_data(process_id=4711, key=b"\1\2\3\4"):
    return message("K", struct.pack("!i", process_id) + key)


def error_response(code, text, severity="FATAL"):
    fields = {"S": severity, "V": severity, "C": code, "M": text}
    return message("E", b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0")


def data_row(*values):
    row = struct.pack("!h", len(values)) + b"".join(struct.pack("!i", len(value)) + value for value in map(str.encode, values))
    return message("D", row)


def negotiate_protocol_version(minor, *unknown):
    names = b"".join(name.encode() + b"\0" for name in unknown)
    return message("v", struct.pack("!ii", minor, len(unknown)) + names)


def split(text):
    """The attributes of a SCRAM message."""
    return dict(part.split("=", 1) for part in text.split(","))


class Scram:
    """The server's part for a password. A test that wants a fault changes what the methods return, or gives other `iterations`,
    `salt` and `extend` (the server's nonce from the client's)."""

    def __init__(self, password, iterations=4096, salt=b"0123456789abcdef", extend=None):
        self.password, self.iterations, self.salt = password.encode(), iterations, salt
        self.extend = extend or (lambda nonce: nonce + secrets.token_urlsafe(18))

    def first(self, client_first):
        """@returns server-first-message"""
        self.gs2, self.client_first_bare = client_first.split(",", 2)[:2], client_first.split(",", 2)[2]
        self.nonce = self.extend(split(self.client_first_bare)["r"])
        self.server_first = f"r={self.nonce},s={base64.b64encode(self.salt).decode()},i={self.iterations}"
        return self.server_first

    def final(self, client_final):
        """Checks the proof. @returns server-final-message"""
        without_proof, proof = client_final.rsplit(",p=", 1)
        text = ",".join([self.client_first_bare, self.server_first, without_proof]).encode()
        salted = hashlib.pbkdf2_hmac("sha256", self.password, self.salt, self.iterations)
        client_key = self._hmac(salted, b"Client Key")
        signature = self._hmac(hashlib.sha256(client_key).digest(), text)
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.binding = base64.b64decode(split(without_proof)["c"])
        if base64.b64decode(proof) != expected or split(without_proof)["r"] != self.nonce:
            raise ValueError("the client's proof is wrong")
        return "v=" + base64.b64encode(self._hmac(self._hmac(salted, b"Server Key"), text)).decode()

    @staticmethod
    def _hmac(key, data):
        return hmac.new(key, data, "sha256").digest()


def end_point(identity):
    """tls-server-end-point of RFC 5929 for a certificate signed with SHA-256, as all of pki.py are."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(identity.certificate.read_text())).digest()


class Conversation(Wire):
    """One connection to the origin, seen from the server."""

    def __init__(self, visit, context):
        super().__init__(visit.connection)
        self.context = context
        self.requests, self.parameters, self.version = [], {}, 0

    def begin(self, tls=True):
        """SSLRequest (GSSENCRequest is refused first), TLS and the StartupMessage, as the manual has it."""
        while (payload := self.read_packet())[:4] in (struct.pack("!i", SSL_REQUEST_CODE), struct.pack("!i", GSSENC_REQUEST_CODE)):
            self.requests.append(struct.unpack("!i", payload[:4])[0])
            encrypt = tls and self.requests[-1] == SSL_REQUEST_CODE
            self.send(b"S" if encrypt else b"N")
            if encrypt:
                self.connection.stream = self.context.wrap_socket(self.connection.stream, server_side=True)
        return self.read_startup(payload)

    def read_startup(self, payload):
        self.version = struct.unpack("!i", payload[:4])[0]
        words = payload[4:].rstrip(b"\0").decode().split("\0")
        self.parameters = dict(zip(words[::2], words[1::2], strict=True))
        return self

    def read_ssl_request(self):
        if self.read_packet() != struct.pack("!i", SSL_REQUEST_CODE):
            raise ValueError("not an SSLRequest")
        return self

    def read_sasl_initial_response(self):
        """@returns the mechanism, and client-first-message"""
        mechanism, rest = self._read_password_message().split(b"\0", 1)
        return mechanism.decode(), rest[4:].decode()

    def read_sasl_response(self):
        return self._read_password_message().decode()

    def read_password(self):
        return self._read_password_message().rstrip(b"\0").decode()

    def _read_password_message(self):
        found = self.read_message()
        if found.kind != "p":
            raise ValueError(f"a message {found.kind!r} in the place of the client's answer")
        return found.payload

    def authenticate(self, scram, mechanisms=(PLAIN,)):
        """SCRAM without a fault, up to and with AuthenticationOk. @returns the mechanism that the client took"""
        self.send(sasl(*mechanisms))
        mechanism, first = self.read_sasl_initial_response()
        self.send(authentication(11, scram.first(first).encode()))
        self.send(authentication(12, scram.final(self.read_sasl_response()).encode()) + AUTHENTICATION_OK)
        return mechanism

    def be_ready(self, process_id=4711, key=b"\1\2\3\4"):
        self.send(parameter_status("server_version", "15.0") + parameter_status("client_encoding", "UTF8")
                  + backend_key_data(process_id, key) + READY_FOR_QUERY)

    def answer_queries(self, answer=lambda sql: data_row(sql)):
        """Each Query with `answer(sql)`, until Terminate or the end. Other messages are passed over."""
        while (found := self.read_message()).kind != "X":
            if found.kind == "Q":
                self.send(answer(found.payload.rstrip(b"\0").decode()) + message("C", b"SELECT 1\0") + READY_FOR_QUERY)

    def wait_for_end(self):
        """What the client still sends. @returns the messages up to its end"""
        return self.read_messages_to_end()


class PostgresOrigin(Origin):
    """`script(conversation)` runs for each connection; the bytes of all are kept as with any Origin."""

    def __init__(self, address, identity, script):
        self.tls = tls_server_context(identity) if identity else None
        self.conversations, self.errors = [], []
        self.play = script
        super().__init__(address, None, self._converse)

    def _converse(self, visit):
        conversation = Conversation(visit, self.tls)
        self.conversations.append(conversation)
        try:
            self.play(conversation)
        except (Closed, OSError, ValueError) as error:
            self.errors.append(repr(error))  # a client that ends in the middle is what many tests are about
        finally:
            visit.connection.close()  # the TLS stream, where one was made of it


def well_behaved(scram, **ready):
    """The script of a server with nothing wrong: SCRAM over TLS, then each Query is answered with its own text."""

    def script(conversation):
        conversation.begin().authenticate(scram())
        conversation.be_ready(**ready)
        conversation.answer_queries()

    return script


__all__ = ["AUTHENTICATION_OK", "CLEARTEXT_PASSWORD", "PLAIN", "PLUS", "PROTOCOL_3_0", "READY_FOR_QUERY", "Conversation", "Message",
           "PostgresOrigin", "Scram", "authentication", "backend_key_data", "data_row", "end_point", "error_response", "md5_password",
           "negotiate_protocol_version", "parameter_status", "sasl", "split", "well_behaved"]
