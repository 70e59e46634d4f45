"""`ticketing keys`, and what becomes of tickets whose key was replaced or revoked."""

import io
import json
import logging
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner
from PIL import Image

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.processes import TICKETING, wait_until
from tests.support.qr_scanner import scan
from tests.support.server import Server, access_token, running_server
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.signing_keys import publish_key, signing_key
from ticketing_adapters.sql import SqlEvents, SqlPublicKeys, engine_for
from ticketing_adapters.store import open_store
from ticketing_core import Money
from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import UnknownKey
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.cli import main

CURRENT = "ticketing.signing.pem"


def new_key(folder: Path, name: str, *, begins: str = "") -> str:
    """Write a new key, and return its name in tokens."""
    path = folder / name
    path.unlink(missing_ok=True)
    key = SigningKey.generate()
    while not key.kid.startswith(begins):
        key = SigningKey.generate()
    key.save_new(path)
    return key.kid


@pytest.fixture
def two_keys(migrated: Run, tmp_path: Path) -> tuple[str, str]:
    """Give the names of an old key and of the one that is set, both published."""
    old, current = new_key(tmp_path, "old.pem"), new_key(tmp_path, CURRENT)
    for name, kid in (("old.pem", old), (CURRENT, current)):
        assert printed(migrated("keys", "publish", name, "--json")) == {"kid": kid}
    return old, current


def published(run: Run) -> list[str]:
    """Return the names of the keys that count."""
    return [key["kid"] for key in printed(run("keys", "--json"))["keys"]]


def test_a_revoked_key_leaves_the_key_set(migrated: Run, two_keys: tuple[str, str]) -> None:
    """The table shows since when. Repeating it changes nothing."""
    old, current = two_keys
    assert sorted(published(migrated)) == sorted(two_keys)
    first = printed(migrated("keys", "revoke", old, "--yes", "--json"))
    assert first["kid"] == old
    assert printed(migrated("keys", "revoke", old, "--json")) == first
    assert published(migrated) == [current]
    lines = migrated("keys").stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [[current, "yes"], [old, first["revoked_at"]]]


def test_a_name_may_look_like_an_option(migrated: Run, tmp_path: Path) -> None:
    """A hyphen is one of the characters of a name, and -h asks for help elsewhere."""
    kid = new_key(tmp_path, "old.pem", begins="-h")
    new_key(tmp_path, CURRENT)
    for name in ("old.pem", CURRENT):
        printed(migrated("keys", "publish", name, "--json"))
    assert printed(migrated("keys", "revoke", kid, "--yes", "--json"))["kid"] == kid


def test_a_key_is_revoked_after_a_question(migrated: Run, two_keys: tuple[str, str]) -> None:
    """It says what a revocation does to tickets, and that it is for good. Silence is a no."""
    old, current = two_keys
    for answer, code, left in (
        ("n\n", 1, sorted(two_keys)),
        ("", 1, sorted(two_keys)),
        ("y\n", 0, [current]),
    ):
        asked = CliRunner().invoke(main, ["keys", "revoke", old], input=answer)
        assert f"saved with {old}. Revoke it for good? [y/N]" in asked.stderr
        assert asked.exit_code == code
        assert published(migrated) == left


def test_a_key_that_is_needed_is_not_revoked(
    migrated: Run, two_keys: tuple[str, str], tmp_path: Path
) -> None:
    """Each refusal says what to do first, and changes nothing."""
    current = two_keys[1]
    for kid, told in (
        ("unknown", "There is no key unknown; `ticketing keys` lists them."),
        (current, f"{current} signs admission tokens now. First put another key into {CURRENT}"),
    ):
        refused = migrated("keys", "revoke", kid)
        assert refused.exit_code == 1
        assert told in refused.stderr
    # The file has been replaced, but no process has started with it.
    new_key(tmp_path, CURRENT)
    for kid in two_keys:
        refused = migrated("keys", "revoke", kid)
        assert refused.exit_code == 1
        assert "is not published. First put" in refused.stderr
    assert sorted(published(migrated)) == sorted(two_keys)
    assert migrated("keys", "publish", CURRENT).exit_code == 0
    assert [migrated("keys", "revoke", kid, "--yes").exit_code for kid in two_keys] == [0, 0]


def test_no_key_is_revoked_where_none_is_in_use(
    migrated: Run, two_keys: tuple[str, str], tmp_path: Path
) -> None:
    """On a machine that does not serve it is not known which one signs."""
    (tmp_path / CURRENT).unlink()
    for kid in two_keys:
        refused = migrated("keys", "revoke", kid)
        assert refused.exit_code == 1
        assert "There is no signing key file here" in refused.stderr
    assert sorted(published(migrated)) == sorted(two_keys)


@pytest.mark.parametrize("kid", ["-abcdefg", "--abcdef", "--json-x", "-j", "a b"])
def test_any_name_can_be_given(migrated: Run, two_keys: tuple[str, str], kid: str) -> None:
    """Names are base64, so one of 64 begins with a hyphen."""
    with sqlite3.connect("ticketing.db") as database:
        database.execute("UPDATE public_keys SET kid = ? WHERE kid = ?", (kid, two_keys[0]))
    assert printed(migrated("keys", "revoke", kid, "--yes", "--json"))["kid"] == kid


def test_a_file_without_a_key_is_not_published(migrated: Run, tmp_path: Path) -> None:
    """Nor is a key that was revoked: the doctor and the next start say it, too."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        refused = migrated("keys", "publish", name)
        assert refused.exit_code == 1
        assert f"The signing key {name} cannot be used" in refused.stderr
    kid = new_key(tmp_path, CURRENT)
    assert migrated("keys", "publish", CURRENT).exit_code == 0
    with sqlite3.connect("ticketing.db") as database:
        database.execute("UPDATE public_keys SET revoked_at = '2030-01-01 00:00:00.000000'")
    assert f"was revoked ({kid})" in migrated("keys", "publish", CURRENT).stderr
    doctor = migrated("doctor", "--json")
    assert doctor.exit_code == 1
    [check] = [c for c in json.loads(doctor.stdout)["checks"] if c["check"] == "signing key"]
    assert (check["level"], check["detail"].split(":")[0]) == ("problem", f"{kid} was revoked")


@contextmanager
def shop(folder: Path) -> Iterator[tuple[Server, SqlPublicKeys]]:
    """Run a service that sells a free event, over a database whose keys are given."""
    url = f"sqlite:///{folder / 'ticketing.db'}"
    with running_server(folder=folder, database_url=url) as server:
        engine = engine_for(url)
        stored_event(SqlEvents(engine), price=Money(0, "usd"))
        yield server, SqlPublicKeys(engine)
        engine.dispose()


def looked_at(server: Server, ticket_id: int) -> str:
    """Return the token in the QR code that the buyer sees now."""
    image = server.get(f"/api/tickets/{ticket_id}/qr.png", token=access_token()).content
    return scan(Image.open(io.BytesIO(image)))


def kid_of(token: str) -> str:
    """Return the name of the key that has signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


def key_set(server: Server) -> set[str]:
    """Return the names of the keys that gates get."""
    return {key["kid"] for key in server.get("/.well-known/jwks.json").body["keys"]}


def ticketing(server: Server, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with the settings of the service."""
    return subprocess.run(
        [*TICKETING, *command],
        env=server.environment,
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_key_is_replaced_and_revoked_while_tickets_are_out(tmp_path: Path) -> None:
    """Gates know the new key before it signs, and the old one is none at the end.

    A process that was forgotten is not ready, and does not start again.
    """
    order = {"event_id": 1, "quantity": 1}
    with shop(tmp_path) as (server, keys):
        bought = server.post(
            "/api/payments/create-payment-intent/", order, token=access_token()
        ).body["ticket_id"]
        printed_code = looked_at(server, bought)
        old = kid_of(printed_code)
        new = new_key(tmp_path, "next.pem")
        assert ticketing(server, "keys", "publish", "next.pem").returncode == 0
        assert key_set(server) == {old, new}
        assert kid_of(looked_at(server, bought)) == old
        leaked = (tmp_path / "signing.pem").rename(tmp_path / "leaked.pem")
        (tmp_path / "next.pem").rename(tmp_path / "signing.pem")
        assert ticketing(server, "keys", "revoke", old, "--yes").returncode == 0
        # This one was forgotten: it still signs with the old key.
        assert kid_of(looked_at(server, bought)) == old
        wait_until(lambda: "was revoked" in readiness(server), what="it notices")
        server.stop()
        server.start()
        assert kid_of(looked_at(server, bought)) == new
        assert key_set(server) == {new}
        gate = JwsAdmission(
            key=SigningKey.load(tmp_path / "signing.pem"),
            public_key=lambda kid: keys.all().get(kid),
        )
        assert gate.read(printed_code) == UnknownKey(old)
        assert isinstance(gate.read(looked_at(server, bought)), AdmissionClaims)
        server.stop()
        leaked.rename(tmp_path / "signing.pem")
        refused = ticketing(server, "serve", "--port", server.url.rpartition(":")[2])
        assert refused.returncode == 1
        assert f"was revoked ({old}) for good; use another key" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_a_start_warns_of_a_key_that_the_database_does_not_know(
    tmp_path: Path, url: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be the wrong file. The first key of a database is not, nor one that was published."""
    caplog.set_level(logging.WARNING)
    names = ["first.pem", "next.pem", "other.pem"]
    first, next_one, other = [new_key(tmp_path, name) for name in names]
    with closing(open_store(request.getfixturevalue(url), migrates=True)) as store:
        signing_key(tmp_path / "first.pem", store)
        publish_key(tmp_path / "next.pem", store)
        for name in [*names, *names]:
            signing_key(tmp_path / name, store)
        [told] = caplog.messages
        assert f"the signing key {other} in {tmp_path}/other.pem was unknown" in told
        assert f"`ticketing keys revoke {other}`" in told
        assert store.public_keys.all().keys() == {first, other, next_one}


def readiness(server: Server) -> str:
    """Return what keeps the service from selling."""
    return str(server.get("/readyz").body.get("detail", ""))
