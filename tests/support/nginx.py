"""A real nginx that serves another server under a path."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.ports import free_ports

# Debian puts it where only root's PATH leads.
_FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin"

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0


def nginx_path() -> str | None:
    """Return the path of the installed nginx, or None."""
    return shutil.which("nginx", path=_FOLDERS)


@contextmanager
def running_nginx(program: str, upstream: str, *, path: str) -> Iterator[str]:
    """Serve what is at the address ``upstream`` under ``path``, as the guide to deploying says.

    Args:
        program: The path of nginx.
        upstream: The address of the server behind it.
        path: Such as ``/box/``.

    Yields:
        The address of the service under the path, without a slash at the end.
    """
    [port] = free_ports(1)
    # As root nginx runs its workers as another user, who has to reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="ticketing-nginx-", dir="/tmp"))
    folder.chmod(0o755)
    configuration = folder / "nginx.conf"
    temporary = "\n".join(
        f"    {name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration.write_text(f"""
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
{temporary}
    server {{
        listen 127.0.0.1:{port};
        location {path} {{
            proxy_pass {upstream}/;
            proxy_set_header X-Forwarded-Prefix {path.rstrip("/")};
        }}
    }}
}}
""")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-e", "stderr", "-c", str(configuration)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port=port, log=folder / "log")
        yield f"http://127.0.0.1:{port}{path.rstrip('/')}"
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
        shutil.rmtree(folder)


def _wait_until_ready(process: "subprocess.Popen[bytes]", *, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=1)
        except requests.RequestException:
            time.sleep(0.02)
        else:
            return
