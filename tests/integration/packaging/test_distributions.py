"""What users install is whole, and takes no name at the top of site-packages that may be theirs."""

import json
import sqlite3
import zipfile
from contextlib import closing
from email.message import Message
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

import ticketing_core
from tests.integration.packaging.distributions import (
    OUR_PACKAGES,
    ROOT,
    Environment,
    build,
    empty_distribution,
    files,
    foreign_names,
    run,
    unpack,
)

VENDOR_LICENCES = ', "src/entrypoints/ticketing_service/storefront/gate/vendor/*/LICENSE"'

# Stands beside an `adapters` folder of its own, as many programs with ports and adapters do.
SCRIPT = """
import json

import adapters.whatever
import ticketing_adapters.sql
import ticketing_core
import ticketing_service.cli

modules = (adapters.whatever, ticketing_adapters.sql, ticketing_core, ticketing_service.cli)
print(json.dumps([module.__file__ for module in modules]))
"""


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree."""
    return build(ROOT, target="sdist", into=tmp_path_factory.mktemp("sdist"))


@pytest.fixture
def source(sdist: Path, tmp_path: Path) -> Path:
    """The sdist, unpacked: a source folder that a test may change."""
    return unpack(sdist, into=tmp_path / "source")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel, installed beside two packages of other people called like our folders."""
    folder = tmp_path_factory.mktemp("installed")
    others = [empty_distribution(name, folder=folder) for name in ("adapters", "entrypoints")]
    return Environment.with_wheels(wheel, *others, folder=folder / "venv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A program with an `adapters` folder of its own."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters/__init__.py").touch()
    (tmp_path / "adapters/whatever.py").touch()
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def distribution_metadata(wheel: Path) -> Message:
    """Return what the wheel says of itself."""
    (name,) = [each for each in files(wheel) if each.endswith(".dist-info/METADATA")]
    return Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())


def test_the_wheel_takes_only_our_names(wheel: Path) -> None:
    """Nothing called `adapters`, `entrypoints` or `tests` goes to the top of site-packages."""
    assert foreign_names(files(wheel)) == set()


def test_control_a_wheel_that_takes_a_common_name_is_caught(source: Path, tmp_path: Path) -> None:
    """Control: the same build without the setting that keeps our folders out of the wheel."""
    pyproject = source / "pyproject.toml"
    setting = 'sources = { "src/ticketing_core" = "ticketing_core" }'
    text = pyproject.read_text()
    assert setting in text
    pyproject.write_text(text.replace(setting, ""))
    broken = build(source, target="wheel", into=tmp_path / "broken")
    assert foreign_names(files(broken)) == {"adapters", "entrypoints"}


def test_the_wheel_has_every_file_of_our_packages(wheel: Path) -> None:
    """Templates, styles, scripts and migrations are in it too."""
    folders = ("src", "src/adapters", "src/entrypoints")
    expected = {
        str(path.relative_to(ROOT / folder))
        for folder in folders
        for package in OUR_PACKAGES
        for path in (ROOT / folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in files(wheel) if ".dist-info/" not in name} == expected


VENDORED = sorted((ROOT / "src").rglob("vendor/*/*.js"))
"""Scripts of other people."""


def unlicensed(wheel: Path) -> list[str]:
    """Return the scripts of other people whose licence is not among the wheel's own texts."""
    names = files(wheel)
    metadata = distribution_metadata(wheel)
    told = metadata.get_all("License-File") or []
    texts = {
        name.partition("/licenses/")[2]: zipfile.ZipFile(wheel).read(name)
        for name in names
        if ".dist-info/licenses/" in name
    }
    assert set(texts) == set(told), "the metadata name other files than there are"
    licences = {path: path.with_name("LICENSE") for path in VENDORED}
    return [
        path.name
        for path, licence in licences.items()
        if texts.get(str(licence.relative_to(ROOT))) != licence.read_bytes()
    ]


def test_the_wheel_has_the_licences_of_all_that_is_in_it(wheel: Path, source: Path) -> None:
    """Where programs look for them (PEP 639), and the metadata name them all."""
    assert len(VENDORED) == 2
    assert unlicensed(wheel) == []
    metadata = distribution_metadata(wheel)
    assert metadata["License-Expression"] == "MIT AND Apache-2.0"
    of_source = Parser().parsestr((source / "PKG-INFO").read_text())
    for name in ("License-Expression", "License-File"):
        assert of_source.get_all(name) == metadata.get_all(name)
    for licence in metadata.get_all("License-File") or []:
        assert (source / licence).is_file()


def test_control_a_licence_that_is_left_out_is_caught(source: Path, tmp_path: Path) -> None:
    """Control: only our own is named."""
    pyproject = source / "pyproject.toml"
    text = pyproject.read_text()
    assert VENDOR_LICENCES in text
    pyproject.write_text(text.replace(VENDOR_LICENCES, ""))
    broken = build(source, target="wheel", into=tmp_path / "broken")
    assert unlicensed(broken) == ["jsQR.js", "index.js"]


def test_the_sdist_builds_the_same_wheel(wheel: Path, source: Path, tmp_path: Path) -> None:
    """A packager needs only the sdist."""
    again = build(source, target="wheel", into=tmp_path / "again")
    assert files(again) == files(wheel)


def test_a_program_with_its_own_adapters_imports_both(
    environment: Environment, project: Path
) -> None:
    """Neither hides the other."""
    printed = run(environment.bin / "python", "script.py", cwd=project)
    its_own, *ours = map(Path, json.loads(printed))
    assert its_own == project / "adapters/whatever.py"
    for path in ours:
        assert path.is_relative_to(environment.folder)


def test_packages_of_the_same_name_as_our_folders_stay_whole(
    environment: Environment, tmp_path: Path
) -> None:
    """Installing ours overwrites no file of theirs."""
    code = "import adapters, entrypoints; print(adapters.__file__, entrypoints.__file__)"
    printed = run(environment.bin / "python", "-c", code, cwd=tmp_path)
    for path in map(Path, printed.split()):
        assert path.is_relative_to(environment.folder)
        assert path.read_text() == ""


def test_the_command_works_from_the_wheel(environment: Environment, tmp_path: Path) -> None:
    """It shows its help and makes a database: the migrations are there."""
    ticketing = environment.bin / "ticketing"
    assert "migrate" in run(ticketing, "--help", cwd=tmp_path)
    database = tmp_path / "shop.db"
    run(ticketing, "migrate", cwd=tmp_path, TICKETING_DATABASE_URL=f"sqlite:///{database}")
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert ("tickets",) in tables.fetchall()


def test_the_version_has_one_source(environment: Environment, tmp_path: Path) -> None:
    """The package, the metadata of this installation and those of the wheel agree."""
    code = "from importlib.metadata import version; print(version('ticketing-core'))"
    built = run(environment.bin / "python", "-c", code, cwd=tmp_path).strip()
    assert ticketing_core.__version__ == version("ticketing-core") == built
