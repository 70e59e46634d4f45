"""A receiver of webhooks: a real server that keeps what it is sent."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@frozen
class Got:
    """One webhook, as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@frozen
class Receiver:
    """Where it is, and what it got."""

    port: int
    got: list[Got] = field(factory=list)


def take(_: Got) -> tuple[int, Mapping[str, str]]:
    """Take everything."""
    return 204, {}


Answers = Callable[[Got], tuple[int, Mapping[str, str]]]


@contextmanager
def receiving(
    answers: Answers = take, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Answer webhooks until the context ends.

    Args:
        answers: Returns the status and the headers of an answer.
        host: The address to listen at.
        tls: Its certificate; None for plain HTTP.
    """
    got: list[Got] = []

    class Handler(BaseHTTPRequestHandler):
        """Keeps each request, then answers it."""

        def do_POST(self) -> None:
            """See `http.server`."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one = Got(self.path, dict(self.headers), body)
            got.append(one)
            status, headers = answers(one)
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else AF_INET
        # With the default of five, connections that come at once wait for a second.
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A sender that hangs up is no error of this test."""

    with Server((host, 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Receiver(server.server_port, got)
        finally:
            server.shutdown()
            thread.join()


def certified(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS of a server with these names or addresses, and that of a client to trust it.

    Args:
        folder: Where to keep its certificate and key.
        names: Hosts and IP addresses.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / "receiver.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
