"""A proxy in a process of its own that writes down what is asked of it and lets nothing through."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from attrs import frozen


@frozen
class CountingProxy:
    """A running proxy.

    Attributes:
        url: Its address.
        log: The file with one request line for each request.
    """

    url: str
    log: Path

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables with which programs use it for everything."""
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        return {each: self.url for name in names for each in (name, name.lower())}

    def asked(self) -> list[str]:
        """Return the requests so far, such as ``CONNECT api.stripe.com:443``."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@contextmanager
def counting_proxy(folder: Path) -> Iterator[CountingProxy]:
    """Run a proxy while the context lasts."""
    log = folder / "proxy.log"
    with subprocess.Popen(
        [sys.executable, __file__, str(log)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield CountingProxy(url=process.stdout.readline().strip(), log=log)
        finally:
            process.kill()


class _Refusing(BaseHTTPRequestHandler):
    def _refuse(self) -> None:
        with Path(sys.argv[1]).open("a") as log:
            log.write(f"{self.command} {self.path}\n")
        self.send_error(502)

    do_CONNECT = do_GET = do_POST = do_DELETE = _refuse  # noqa: N815 - named by the base class

    def log_message(self, *_: object) -> None:
        """Stay silent."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
