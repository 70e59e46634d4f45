"""Builds wheels without a network, and installs them into a virtual environment of their own."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from importlib.metadata import files as files_of
from importlib.metadata import requires
from pathlib import Path

from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
OUR_PACKAGES = frozenset({"ticketing_core", "ticketing_adapters", "ticketing_service"})


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a command that has to succeed, with an empty home, and return what it prints."""
    inherited = {n: text for n, text in os.environ.items() if not n.startswith("TICKETING_")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=inherited | {"HOME": str(cwd)} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, *, target: str, into: Path) -> Path:
    """Build the "wheel" or "sdist" of a source folder and return its path."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", into, cwd=source)
    (built,) = into.iterdir()
    return built


def unpack(sdist: Path, *, into: Path) -> Path:
    """Unpack an sdist and return the source folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    (source,) = into.iterdir()
    return source


def files(wheel: Path) -> set[str]:
    """Return the path of each file in a wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def foreign_names(names: set[str]) -> set[str]:
    """Return what a wheel puts at the top of site-packages beside our packages."""
    tops = {name.partition("/")[0] for name in names}
    return {top for top in tops - OUR_PACKAGES if not top.endswith(".dist-info")}


def empty_distribution(name: str, *, folder: Path) -> Path:
    """Build the wheel of a foreign package that holds only an `__init__.py`."""
    source = folder / f"{name}-source"
    (source / name).mkdir(parents=True)
    (source / name / "__init__.py").touch()
    (source / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    return build(source, target="wheel", into=folder / f"{name}-dist")


def needed(*extras: str) -> set[str]:
    """Return the distributions that pip would install for these extras of ours, and no others."""
    found: set[str] = set()
    open_ = [(Requirement("ticketing-core"), set(extras))]
    seen = set()
    while open_:
        requirement, wanted = open_.pop()
        for line in requires(requirement.name) or ():
            inner = Requirement(line)
            environments = [{"extra": each} for each in (wanted or {""})]
            if inner.marker is not None and not any(map(inner.marker.evaluate, environments)):
                continue
            key = (canonicalize_name(inner.name), frozenset(inner.extras))
            if key not in seen:
                seen.add(key)
                found.add(key[0])
                open_.append((inner, set(inner.extras)))
    return found


def link(names: set[str], *, into: Path) -> Path:
    """Make a folder of links to what these distributions have installed here."""
    into.mkdir()
    here = Path(sysconfig.get_path("purelib"))
    for name in names:
        tops = {file.parts[0] for file in files_of(name) or ()} - {"..", "__pycache__"}
        for top in tops:
            if not (into / top).exists():
                (into / top).symlink_to(here / top)
    return into


@frozen
class Environment:
    """A virtual environment that shares dependencies of this one, but not our packages."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where its commands are."""
        return self.folder / "bin"

    @classmethod
    def with_wheels(
        cls, *wheels: Path, folder: Path, dependencies: Path | None = None
    ) -> "Environment":
        """Make one and install the wheels into it.

        Args:
            wheels: Their dependencies are not installed.
            folder: A new folder.
            dependencies: Where those are; by default all that this environment has.
        """
        folder.mkdir()
        run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
        made = cls(folder)
        pip = (sys.executable, "-m", "pip", "--python", made.bin / "python", "--quiet")
        run(*pip, "install", "--no-deps", "--no-index", *wheels, cwd=folder)
        # Comes after the installation, or pip would see our editable one. Path files inside the
        # folder are not read, so that one stays invisible to the imports too.
        (site_packages,) = folder.glob("lib/python*/site-packages")
        (site_packages / "dependencies.pth").write_text(
            str(dependencies or sysconfig.get_path("purelib"))
        )
        return made
