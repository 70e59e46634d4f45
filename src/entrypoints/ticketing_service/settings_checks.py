"""What each setting may say, and which go together: the checks behind `load_settings`."""

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from attrs import field, fields_dict, frozen

if TYPE_CHECKING:
    from ticketing_service.access import AccessTokens

PREFIX = "TICKETING_"

SHORTEST_HOLD_MINUTES, LONGEST_HOLD_MINUTES = 1, 1380
"""The bounds of `BoxOffice.hold`, known here so that a wrong one is told with all the others."""

_NEARLY_THE_SAME = 0.85
"""Of `difflib`'s similarity. Variables that are less like a setting are somebody else's, such as
those that Kubernetes sets for a service called ``ticketing``."""

_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")


@frozen
class Problem:
    """One setting that is missing or wrong.

    Attributes:
        variable: The environment variable's name.
        detail: What is wrong, and what is expected.
    """

    variable: str
    detail: str

    def __str__(self) -> str:
        return f"{self.variable} {self.detail}"


@frozen(kw_only=True)
class Texts:
    """The variables as they were found: the prefix and the attribute's name in capitals.

    All of them are text: `Checks` converts them, and names what is wrong without its value.
    """

    database_url: str = field(default="sqlite:///ticketing.db", repr=False)
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_api_base: str = ""
    jwt_secret: str = field(default="", repr=False)
    jwt_public_key_file: str = ""
    jwt_jwks_file: str = ""
    jwt_algorithm: str = "HS256"
    jwt_identity_claim: str = "sub"
    jwt_roles_claim: str = "roles"
    frontend_url: str = "http://localhost:5173"
    hold_minutes: str = "35"
    signing_key_file: str = ""


class Checks:
    """Turns texts into values, and gathers what is wrong instead of stopping there.

    A value is of no use once there is a problem.

    Attributes:
        problems: What was found missing or wrong so far.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _refuse(self, name: str, detail: str) -> None:
        self.problems.append(Problem(PREFIX + name, detail))

    def names(self, variables: Iterable[str]) -> None:
        """Whether any is nearly a setting: its value would be passed over without a word."""
        settings = [name.upper() for name in fields_dict(Texts)]
        for variable in sorted(variables):
            name = variable.removeprefix(PREFIX)
            if name == variable or name in settings:
                continue
            for meant in get_close_matches(name, settings, n=1, cutoff=_NEARLY_THE_SAME):
                self._refuse(name, f"is no setting; is {PREFIX}{meant} meant?")

    def sqlite_file(self, url: str) -> Path | None:
        """The database's file; None on PostgreSQL."""
        dialect, _, rest = url.partition("://")
        if not rest or dialect not in _SQLITE + _POSTGRESQL:
            # Without the value, which may hold a password.
            self._refuse("DATABASE_URL", "must begin with sqlite:/// or postgresql://")
            return None
        if dialect not in _SQLITE:
            self._check_postgresql(rest.rpartition("@")[2])
            return None
        file = rest.removeprefix("/")
        if file in ("", ":memory:") or "?" in file or not rest.startswith("/"):
            self._refuse(
                "DATABASE_URL",
                "must name a file and have no parameters, such as sqlite:///ticketing.db",
            )
            return None
        if not Path(file).parent.is_dir():
            self._refuse("DATABASE_URL", f"names a folder that does not exist: {Path(file).parent}")
        return Path(file)

    def _check_postgresql(self, address: str) -> None:
        """Check what follows the password, which may hold anything but an ``@``."""
        # Only those with PostgreSQL load its driver.
        from psycopg import ProgrammingError  # noqa: PLC0415 - as above
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - as above

        try:
            # Asking for the port is what checks it.
            usable = urlsplit(f"//{address}").port != 0
        except ValueError:
            usable = False
        if not usable:
            self._refuse("DATABASE_URL", "names a host or port that cannot be one")
        for name, value in parse_qsl(address.partition("?")[2], keep_blank_values=True):
            try:
                make_conninfo(**{name: value})
            except ProgrammingError:
                self._refuse("DATABASE_URL", f"has a parameter that PostgreSQL knows not: {name}")

    def webhook_secret(self, text: str, *, secret_key: str) -> str | None:
        """What Stripe signs its news with, which is of no use without the key to ask back with."""
        if text and not secret_key:
            self._refuse("STRIPE_WEBHOOK_SECRET", f"needs {PREFIX}STRIPE_SECRET_KEY beside it")
        return self.secret("STRIPE_WEBHOOK_SECRET", text, begins=("whsec_",))

    def secret(self, name: str, text: str, *, begins: tuple[str, ...]) -> str | None:
        """A secret of Stripe, told by how it begins; None where none is set."""
        if text and not (text.startswith(begins) and re.fullmatch("[!-~]+", text)):
            self._refuse(name, f"must begin with {' or '.join(begins)} and hold no blanks")
        return text or None

    def address(self, name: str, url: str) -> str | None:
        """An http or https address without a last slash; None where none is set."""
        if not url:
            return None
        example = "such as http://localhost:5173"
        try:
            parts = urlsplit(url)
            # Asking for the port is what checks it.
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or not re.fullmatch("[!-~]+", url):
            self._refuse(name, f"must be an http or https address, {example}")
        elif "?" in url or "#" in url or "@" in url:
            self._refuse(name, f"must hold no query, fragment or password, {example}")
        # With a slash at its end it is the same address.
        return url.rstrip("/")

    def hold(self, minutes: str) -> timedelta:
        """How long an unpaid ticket keeps its places."""
        # Text of four digits at most: Python refuses to read endless ones.
        if re.fullmatch("[0-9]{1,4}", minutes):
            hold = int(minutes)
            if SHORTEST_HOLD_MINUTES <= hold <= LONGEST_HOLD_MINUTES:
                return timedelta(minutes=hold)
        self._refuse(
            "HOLD_MINUTES",
            f"must be a whole number from {SHORTEST_HOLD_MINUTES} to {LONGEST_HOLD_MINUTES}",
        )
        return timedelta()

    def signing_key_file(self, text: str, *, sqlite_file: Path | None, wanted: bool) -> Path | None:
        """The private key's file: on SQLite beside the database, unless another is set."""
        if text:
            path = Path(text)
        elif sqlite_file is not None:
            path = sqlite_file.with_suffix(".signing.pem")
        else:
            if wanted:
                self._refuse(
                    "SIGNING_KEY_FILE",
                    "is not set. With PostgreSQL every server needs the same Ed25519 private key; "
                    "make one with: openssl genpkey -algorithm ed25519 -out signing.pem",
                )
            return None
        if wanted and (path.exists() or sqlite_file is None):
            self._check_signing_key(path)
        elif text and not path.parent.is_dir():
            self._refuse("SIGNING_KEY_FILE", f"names a folder that does not exist: {path.parent}")
        return path

    def _check_signing_key(self, path: Path) -> None:
        # Only those who sign load the library.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
            Ed25519PrivateKey,
        )
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
            load_pem_private_key,
        )

        pem = self._content("SIGNING_KEY_FILE", path)
        if pem is None:
            return
        try:
            fits = isinstance(load_pem_private_key(pem.encode(), None), Ed25519PrivateKey)
        except (TypeError, ValueError):
            fits = False
        if not fits:
            self._refuse(
                "SIGNING_KEY_FILE", f"{path} is no Ed25519 private key in PEM form without password"
            )

    def access(self, texts: Texts) -> "AccessTokens | None":
        """Which access tokens are believed; exactly one kind of key has to be set."""
        # Flask comes along with it; only those who check or make tokens load it.
        from ticketing_service.access import (  # noqa: PLC0415 - as above
            ALGORITHMS,
            SECRET_BYTES,
            AccessTokens,
        )

        algorithm = texts.jwt_algorithm
        sources = {
            "JWT_SECRET": texts.jwt_secret,
            "JWT_PUBLIC_KEY_FILE": texts.jwt_public_key_file,
            "JWT_JWKS_FILE": texts.jwt_jwks_file,
        }
        given = [name for name, text in sources.items() if text]
        if algorithm not in ALGORITHMS:
            self._refuse("JWT_ALGORITHM", f"must be one of {', '.join(ALGORITHMS)}")
            shortest = min(SECRET_BYTES.values())
            if 0 < len(texts.jwt_secret.encode()) < shortest:
                self._refuse("JWT_SECRET", f"must have at least {shortest} bytes")
        if not given:
            others = f"{PREFIX}JWT_PUBLIC_KEY_FILE or {PREFIX}JWT_JWKS_FILE"
            self._refuse("JWT_SECRET", f"is not set, and neither is {others}; set one of them")
        for name in given[1:]:
            self._refuse(name, f"must not be set beside {PREFIX}{given[0]}; set one of them")
        keys = self._keys_of(texts)
        if len(given) != 1 or algorithm not in ALGORITHMS or keys is None:
            return None
        if (given == ["JWT_SECRET"]) != (algorithm in SECRET_BYTES):
            wanted = "a secret" if algorithm in SECRET_BYTES else "a public key or a key set"
            self._refuse(
                "JWT_ALGORITHM", f"is {algorithm}, which takes {wanted}, not {PREFIX}{given[0]}"
            )
            return None
        try:
            return AccessTokens(
                algorithm=algorithm,
                identity_claim=texts.jwt_identity_claim,
                roles_claim=texts.jwt_roles_claim,
                **keys,
            )
        except ValueError as error:
            self._refuse(given[0], f"does not fit: {error}")
            return None

    def _keys_of(self, texts: Texts) -> dict[str, Any] | None:
        """The arguments that are the keys; None where a file cannot be read."""
        keys: dict[str, Any] = {}
        if texts.jwt_secret:
            keys["secret"] = texts.jwt_secret
        if texts.jwt_public_key_file:
            keys["public_key"] = self._content(
                "JWT_PUBLIC_KEY_FILE", Path(texts.jwt_public_key_file)
            )
        if texts.jwt_jwks_file:
            keys["jwks"] = self._key_set(Path(texts.jwt_jwks_file))
        return None if None in keys.values() else keys

    def _key_set(self, path: Path) -> dict[str, Any] | None:
        content = self._content("JWT_JWKS_FILE", path)
        if content is None:
            return None
        try:
            return {str(key["kid"]): key for key in json.loads(content)["keys"] if "kid" in key}
        except (ValueError, LookupError, TypeError, RecursionError):
            self._refuse("JWT_JWKS_FILE", f'{path} is no key set: {{"keys": [...]}} (RFC 7517)')
            return None

    def _content(self, name: str, path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            self._refuse(name, f"names a file that cannot be read: {path} ({reason})")
            return None
