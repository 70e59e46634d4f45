"""The guide's nginx and HAProxy, run as it shows them, in front of a server that counts."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from tests.integration.deploy.test_deploy_guide import GUIDE, blocks
from tests.integration.servers.test_workers import wait_until
from tests.support.ports import free_ports

FRONTEND = "https://shop.example"
WEBHOOK = "/api/payments/webhook/"
FEW = {"rate=50r/s": "rate=1r/s", "burst=200": "burst=20", "gt 500": "gt 20"}
"""What the guide allows, and what is allowed here: a busy machine may be too slow for that."""
MORE_THAN_FEW = 60


class Service(BaseHTTPRequestHandler):
    """Alive, and unable to sell."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # Head and body in one packet.
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer as the service does."""
        self.asked.append(self.path)
        body = b'{"code": "not_ready"}'
        self.send_response(503 if self.path == "/readyz" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_OPTIONS = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def service() -> Iterator[int]:
    """Give the port of a service that cannot sell."""
    Service.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def shown(language: str) -> str:
    """Return the first block of the guide in a language, with other bounds."""
    text = next(each.text for each in blocks(GUIDE) if each.language == language)
    for many, few in FEW.items():
        text = text.replace(many, few)
    return text


@contextmanager
def serving(
    language: str, text: str, *, service: int
) -> Iterator[Callable[[str, str], requests.Response]]:
    """Run a proxy, and give a function that sends it a method and a path, once it answers."""
    program = shutil.which(language, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip(f"{language} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ticketing-proxy-", dir="/tmp"))
    folder.chmod(0o755)
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x"
    make += " -addext subjectAltName=IP:127.0.0.1 -keyout key -out cert"
    subprocess.run(make.split(), cwd=folder, check=True, capture_output=True)
    (folder / "both").write_text((folder / "cert").read_text() + (folder / "key").read_text())
    [port] = free_ports(1)
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service}")
    text = re.sub(r"/etc/ssl\S*both\.pem", f"{folder}/both", text)
    text = re.sub(r"/etc/ssl\S*\.pem", f"{folder}/cert", text)
    text = re.sub(r"/etc/ssl\S*\.key", f"{folder}/key", text)
    text = re.sub(r"(listen |bind :)443", rf"\g<1>{port}", text)
    file = folder / "conf"
    if language == "nginx":
        text = f"daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{\n{text}\n}}"
        command = [program, "-c", str(file)]
    else:
        command = [program, "-db", "-f", str(file)]
    file.write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    with requests.Session() as client:
        # Neither a proxy nor the certificates of the machine count.
        client.trust_env = False
        client.verify = f"{folder}/cert"

        def ask(method: str, path: str) -> requests.Response:
            return client.request(method, f"https://127.0.0.1:{port}{path}", timeout=10)

        def answers() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return ask("OPTIONS", "/").status_code > 0
            except requests.ConnectionError:
                return False

        try:
            wait_until(answers, what=f"{language} answers")
            yield ask
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder)


def refusal(ask: Callable[[str, str], requests.Response], method: str, path: str) -> str:
    """Return the code of the first answer that is an error; empty if there is none."""
    for _ in range(MORE_THAN_FEW):
        answer = ask(method, path)
        if not answer.ok:
            assert answer.status_code == 429
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
            assert int(answer.headers["Retry-After"]) > 0
            return str(answer.json()["code"]) if method == "GET" else "refused"
    return ""


@pytest.mark.parametrize("language", ["nginx", "haproxy"])
def test_one_address_is_bounded(language: str, service: int) -> None:
    """With an answer that pages on the frontend can read. Webhooks and preflights do not count."""
    with serving(language, shown(language), service=service) as ask:
        assert refusal(ask, "OPTIONS", "/") == ""
        assert refusal(ask, "GET", WEBHOOK) == ""
        assert refusal(ask, "GET", "/api/events/") == "too_many_requests"
        assert refusal(ask, "GET", WEBHOOK) == ""


@pytest.mark.parametrize(
    ("language", "line"),
    [("nginx", 'OPTIONS "";'), ("haproxy", "acl uncounted method OPTIONS")],
)
def test_control_preflights_that_count(language: str, line: str, service: int) -> None:
    """Control: without its line they are refused."""
    text = shown(language)
    assert line in text
    with serving(language, text.replace(line, ""), service=service) as ask:
        assert refusal(ask, "OPTIONS", "/") == "refused"


def test_haproxy_reaches_a_service_that_cannot_sell(service: int) -> None:
    """Gates go on, and buyers get problems. The control: with `/readyz` alone nobody answers."""
    text = shown("haproxy")
    with serving("haproxy", text, service=service) as ask:
        # It takes a server for ready until two checks have failed.
        wait_until(lambda: Service.asked.count("/readyz") > 2, what="it has checked")
        assert ask("GET", "/api/events/").json() == {"code": "not_ready"}
    wrong = text.replace("GET /healthz", "GET /readyz")
    assert wrong != text
    with serving("haproxy", wrong, service=service) as ask:
        wait_until(lambda: ask("GET", "/").status_code == 503, what="it is out")
