"""Reads a Containerfile, and runs its steps in a folder instead of in a container."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

_STEP_SECONDS = 100


@frozen
class Stage:
    """What is between one FROM and the next: instructions with their arguments."""

    steps: Sequence[tuple[str, str]] = field(factory=list[tuple[str, str]])

    def last(self, instruction: str) -> str:
        """Return the arguments of the last instruction of this name."""
        return [arguments for name, arguments in self.steps if name == instruction][-1]

    def words(self, instruction: str) -> list[str]:
        """Return those of an instruction that has a list, such as `CMD ["serve"]`."""
        arguments = self.last(instruction)
        words: list[str] = json.loads(arguments[arguments.index("[") :])
        return words

    def variables(self) -> dict[str, str]:
        """Return what its ENV sets."""
        pairs = [text for name, text in self.steps if name == "ENV"]
        return dict(each.split("=", 1) for text in pairs for each in shlex.split(text))


def stages(text: str) -> list[Stage]:
    """Return the stages of a Containerfile."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            found.append([])
        elif found and name:
            found[-1].append((name, " ".join(arguments.split())))
    return [Stage(steps) for steps in found]


def run_steps(stage: Stage, *, context: Path, moved: Mapping[str, str], folder: Path) -> None:
    """Do what COPY and RUN say, in an empty folder.

    Args:
        stage: The build stage.
        context: What COPY copies from.
        moved: Absolute paths of the image, and where they are here.
        folder: Takes the place of its WORKDIR.
    """
    # The image has Python and pip in its PATH.
    tools = folder.parent / "tools"
    subprocess.run([sys.executable, "-m", "venv", tools], check=True)
    environment = {"HOME": os.environ["HOME"], "PATH": f"{tools}/bin:/usr/bin:/bin"}
    for name, arguments in stage.steps:
        if name == "COPY":
            *sources, target = arguments.split()
            for source in sources:
                _copy(context / source, folder / target)
        elif name == "RUN":
            # With pip's cache, which an image does without.
            command = arguments.replace("--no-cache-dir", "")
            for path, place in moved.items():
                command = command.replace(path, place)
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=_STEP_SECONDS,
            )
            assert done.returncode == 0, done.stdout + done.stderr


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
