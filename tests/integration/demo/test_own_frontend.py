"""The demo as the backend of a frontend of one's own, with or without a login of one's own."""

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.integration.cli.keys import private_pem, public_pem
from tests.integration.cli.processes import SECRET, call, environment, listens, run, started
from tests.integration.demo.running import RunningDemo, demo_command, running_demo
from tests.support.ports import free_ports
from ticketing_service.cli.demo import demo as command

ROOT = Path(__file__).parents[3]
HOME = "http://localhost:3000"
OWN = ["--frontend-url", HOME, "--no-storefront"]


def may_call(demo: RunningDemo, origin: str) -> bool:
    """Return whether a browser lets pages of this origin buy."""
    preflight = requests.options(
        f"{demo.api_url}/api/payments/create-payment-intent/",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        },
        timeout=10,
    )
    return preflight.headers.get("Access-Control-Allow-Origin") == origin


def bought(demo: RunningDemo, token: str) -> tuple[int, Any]:
    """Buy a place at the first event."""
    url = f"{demo.api_url}/api/payments/create-payment-intent/"
    return call(url, token=token, body={"event_id": 1, "quantity": 1})


def paid(order: Mapping[str, Any]) -> str:
    """Pay, and return the address to which the buyer is sent."""
    card = {"card_number": "4242424242424242"}
    answer = requests.post(order["checkout_url"], card, allow_redirects=False, timeout=10)
    return answer.headers["Location"]


def token_of(key: Any, *, algorithm: str = "HS256", **claims: Any) -> str:
    """Make an access token as a login does."""
    return jwt.encode({"exp": int(time.time()) + 300, **claims}, key, algorithm)


def test_a_frontend_takes_the_storefronts_place(tmp_path: Path) -> None:
    """Its pages may call, buyers return to it, and the API has the pages for the staff."""
    with running_demo(tmp_path, options=[*OWN[:1], f"{HOME}/", *OWN[2:]]) as demo:
        assert (demo.frontend_url, demo.storefront_url) == (HOME, None)
        assert may_call(demo, HOME)
        assert not may_call(demo, "http://localhost:5173")
        status, order = bought(demo, demo.access_token)
        assert status == 200
        assert f"{HOME}/payment/cancel?ticket_id=" in requests.get(
            order["checkout_url"], timeout=10
        ).text.replace("&amp;", "&")
        back = paid(order)
        assert back.startswith(f"{HOME}/payment/success?")
        returned = {name: text for name, [text] in parse_qs(urlsplit(back).query).items()}
        verify = f"{demo.api_url}/api/payments/verify/"
        status, issued = call(verify, token=demo.access_token, body=returned)
        assert (status, issued["ticket_id"]) == (200, order["ticket_id"])
        for page, path in ((demo.gate_url, "admissions"), (demo.board_url, "report")):
            address, _, token = page.partition("#token=")
            assert requests.get(address, timeout=10).status_code == 200
            assert call(f"{demo.api_url}/api/events/1/{path}/", token=token)[0] == 200


def test_a_frontend_beside_the_storefront(tmp_path: Path) -> None:
    """Pages of both may call, and buyers return to one's own."""
    with running_demo(tmp_path, options=["--frontend-url", f"{HOME}/shop"]) as demo:
        assert may_call(demo, HOME)
        assert may_call(demo, demo.storefront_url)
        assert demo.gate_url == f"{demo.storefront_url}/staff"
        assert paid(bought(demo, demo.access_token)[1]).startswith(f"{HOME}/shop/payment/success?")


def test_without_an_address_it_is_where_the_protocol_has_it(tmp_path: Path) -> None:
    """`--no-storefront` alone leaves the storefront's usual port to the frontend."""
    with running_demo(tmp_path, options=["--no-storefront"]) as demo:
        assert demo.frontend_url == "http://localhost:5173"
        assert may_call(demo, demo.frontend_url)


def test_it_prints_what_a_frontend_needs(tmp_path: Path) -> None:
    """What to call, with which token, where buyers return, and where gate and board are."""
    arguments = [*demo_command(storefront=False), *OWN]
    with started(*arguments, env=environment(), cwd=tmp_path) as process:
        assert process.stdout is not None
        printed = "".join(iter(process.stdout.readline, "Ctrl-C ends everything.\n"))
    api = f"http://127.0.0.1:{arguments[arguments.index('--api-port') + 1]}"
    assert f"Your pages at {HOME} may call {api}." in printed
    assert "Authorization: Bearer <token: your login's, or TOKEN below>" in printed
    for page in ("success?session_id=...&ticket_id=...", "cancel?ticket_id=..."):
        assert f"\n  {HOME}/payment/{page}\n" in printed
    assert re.search(rf"^Let people in: {api}/gate/#token=\S+$", printed, re.MULTILINE)
    assert re.search(rf"^Organize: {api}/board/#token=\S+$", printed, re.MULTILINE)
    assert "scan the QR code of a ticket" in printed
    assert "Buy a ticket" not in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--frontend-url", "localhost:3000"], "must be an http or https address, such as http"),
        (["--frontend-url", "ftp://localhost"], "must be an http or https address"),
        (["--frontend-url", "http://localhost:99999"], "must be an http or https address"),
        (["--frontend-url", ""], "must be an http or https address"),
        (["--frontend-url", "http://localhost:3000/?a=1"], "must hold no query"),
        (["--frontend-url", "http://me:pw@localhost:3000"], "must hold no query, fragment or pass"),
        (["--no-storefront", "--storefront-port", "1234"], "has no use beside --no-storefront"),
        (["--simplejwt", "short"], "--simplejwt: the secret of HS256 must have at least 32"),
        (["--simplejwt", ""], "--simplejwt: the secret of HS256 must have at least 32"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_option(
    tmp_path: Path, options: list[str], told: str
) -> None:
    """With what is expected, and nothing is started."""
    result = run(*demo_command(storefront=False), *options, env=environment(), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert options[0] in result.stderr
    assert told in " ".join(result.stderr.split())


@pytest.mark.parametrize("option", ["--api-port", "--sandbox-port", "--storefront-port"])
def test_a_frontend_on_a_port_of_the_demo(tmp_path: Path, option: str) -> None:
    """Neither could start. The message names both options."""
    arguments = demo_command()
    port = arguments[arguments.index(option) + 1]
    for host in ("localhost", "127.0.0.1"):
        address = f"http://{host}:{port}"
        result = run(*arguments, "--frontend-url", address, env=environment(), cwd=tmp_path)
        assert result.returncode == 2
        assert f"port {port} of --frontend-url: change it, or {option}" in result.stderr


def test_tokens_of_a_login_of_ones_own(tmp_path: Path) -> None:
    """Its settings count, for the demo's own tokens and pages too; others are named as ignored."""
    variables = {
        "TICKETING_JWT_SECRET": SECRET * 2,
        "TICKETING_JWT_ALGORITHM": "HS512",
        "TICKETING_JWT_IDENTITY_CLAIM": "uid",
        "TICKETING_JWT_AUDIENCE": "tickets",
        "TICKETING_JWT_EVENTS_CLAIM": "shop.events",
        "TICKETING_JWT_ISSUER": " ",
    }
    claims = {"uid": "mary", "aud": "tickets"}
    with running_demo(tmp_path, variables, options=OWN) as demo:
        good = token_of(SECRET * 2, algorithm="HS512", **claims)
        assert bought(demo, good)[0] == 200
        mine = call(f"{demo.api_url}/api/tickets/", token=good)[1]["tickets"]
        assert len(mine) == 1
        # Controls: of another secret, algorithm, audience or claim.
        assert bought(demo, token_of(SECRET * 3, algorithm="HS512", **claims))[0] == 401
        assert bought(demo, token_of(SECRET * 2, **claims))[0] == 401
        for wrong in ({"aud": "other"}, {"uid": None}):
            other = token_of(SECRET * 2, algorithm="HS512", **{**claims, **wrong})
            assert bought(demo, other)[0] == 401
        assert bought(demo, demo.access_token)[0] == 200
        for page, path in ((demo.gate_url, "admissions"), (demo.board_url, "report")):
            token = page.partition("#token=")[2]
            assert call(f"{demo.api_url}/api/events/3/{path}/", token=token)[0] == 200
        demo.process.terminate()
        log = demo.process.communicate(timeout=30)[1]
    assert "Ignored: TICKETING_DATABASE_URL, TICKETING_HOLD_MINUTES." in log


def test_tokens_of_simplejwt(tmp_path: Path) -> None:
    """One flag takes the tokens that Django's SimpleJWT makes by default."""
    key = "django-insecure-x&$)k(1-=p0c^2_h#v!7%m@t+*z4b6n8q3w5e9r"
    with running_demo(tmp_path, options=[*OWN, "--simplejwt", key]) as demo:
        # As it writes them: see its `Token` and `AccessToken`.
        access: dict[str, Any] = {
            "token_type": "access",
            "iat": int(time.time()),
            "jti": "5f0c",
            "user_id": "7",
        }
        assert bought(demo, token_of(key, **access))[0] == 200
        assert bought(demo, token_of(key, **{**access, "user_id": 7}))[0] == 200
        assert bought(demo, demo.access_token)[0] == 200
        tickets = call(f"{demo.api_url}/api/tickets/", token=token_of(key, **access))[1]["tickets"]
        assert len(tickets) == 2
        # Controls: a refresh token, and a token without `user_id`.
        assert bought(demo, token_of(key, **{**access, "token_type": "refresh"}))[0] == 401
        assert bought(demo, token_of(key, sub="7"))[0] == 401


def test_simplejwt_beside_settings_of_a_login(tmp_path: Path) -> None:
    """Neither is ignored: the message has both names, and not the key."""
    env = environment(jwt_algorithm="HS512")
    options = [*OWN, "--simplejwt", SECRET]
    result = run(*demo_command(storefront=False), *options, env=env, cwd=tmp_path)
    assert result.returncode == 2
    told = " ".join(result.stderr.split())
    assert "--simplejwt: stands for TICKETING_JWT_SECRET" in told
    assert "beside TICKETING_JWT_ALGORITHM" in told
    assert SECRET not in told


def test_a_login_with_public_keys(tmp_path: Path) -> None:
    """Only the login makes tokens: there can be no storefront, and no token is printed."""
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(public_pem(key))
    variables = {
        "TICKETING_JWT_PUBLIC_KEY_FILE": str(tmp_path / "key.pem"),
        "TICKETING_JWT_ALGORITHM": "EdDSA",
    }
    refused = run(*demo_command(), env=environment() | variables, cwd=tmp_path)
    assert refused.returncode == 2
    assert "add --no-storefront" in refused.stderr
    with running_demo(tmp_path, variables, options=OWN) as demo:
        assert demo.access_token is None
        assert demo.gate_url == f"{demo.api_url}/gate/"
        assert demo.board_url == f"{demo.api_url}/board/"
        assert bought(demo, token_of(private_pem(key), algorithm="EdDSA", sub="7"))[0] == 200


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("TICKETING_JWT_AUD", "TICKETING_JWT_AUD is not a setting; did you mean TICKETING_JWT_AU"),
        ("TICKETING_JWT_ISSUER", "TICKETING_JWT_SECRET is not set, nor is any of"),
    ],
)
def test_settings_of_a_login_that_do_not_do(tmp_path: Path, variable: str, told: str) -> None:
    """A misspelt one, or one without a key: the start says so, as the service does."""
    env = environment() | {variable: "https://login.example"}
    result = run(*demo_command(storefront=False), *OWN, env=env, cwd=tmp_path)
    assert result.returncode == 1
    assert told in " ".join(result.stderr.split())


def test_the_commands_of_the_recipe(tmp_path: Path) -> None:
    """Through make and without it, the options arrive as they are written, and each exists.

    That includes a key with what make or a shell would read as its own.
    """
    program = tmp_path / ".venv/bin/ticketing"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "$TICKETING_JWT_SECRET"\n')
    program.chmod(0o755)
    makefile = (ROOT / "Makefile").read_text()
    # There is nothing to install.
    (tmp_path / "Makefile").write_text(re.sub("(?m)^demo:.*", "demo:", makefile))
    key = "django-insecure-0f$c_8#x2v!k(e)4m&7t1z+9q"
    page = (ROOT / "docs/your-frontend.md").read_text(encoding="utf-8")
    first, _, _, simplejwt, settings = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    by_make = f"""make demo DEMO="--simplejwt '{key.replace("$", chr(92) + "$")}'" """
    for script, arguments in (
        (first, ["demo", *OWN, ""]),
        (simplejwt, ["demo", *OWN, "--simplejwt", key, ""]),
        (settings, ["demo", *OWN, key]),
        (by_make, ["demo", "--simplejwt", key, ""]),
    ):
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            # Without the options of a make that runs the tests.
            env={name: it for name, it in environment().items() if not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines() == arguments
        parser = command.make_parser(click.Context(command))
        assert parser.parse_args(arguments[1:-1])[1] == []


def test_the_storefronts_port_is_free(tmp_path: Path) -> None:
    """Nothing listens there without a storefront, and a frontend may."""
    [port] = free_ports(1)
    options = ["--frontend-url", f"http://localhost:{port}", "--no-storefront"]
    with running_demo(tmp_path, options=options) as demo:
        assert listens(urlsplit(demo.api_url).port or 0)
        assert not listens(port)
