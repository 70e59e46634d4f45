"""The code blocks of the documents, and the commands of `ticketing` that they call."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import click
from attrs import frozen

from ticketing_service.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples/README.md"
SANDBOX = ROOT / "src/entrypoints/ticketing_service/sandbox/README.md"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), EXAMPLES, SANDBOX])
}

_FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OPERATOR = re.compile(r"[;&|()<>]+")
_ASSIGNMENT = re.compile(r"\w+=")


@frozen
class Block:
    """A code block: its page, its number on that page, its language and its text."""

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page} {self.number} {self.language}"


def blocks(language: str | None = None, *, page: str | None = None) -> list[Block]:
    """Return the blocks of all pages, or those of one language or page."""
    return [
        Block(name, number, *fence.groups())
        for name, text in PAGES.items()
        if page in (None, name)
        for number, fence in enumerate(_FENCE.finditer(text))
        if language in (None, fence[1])
    ]


def texts(language: str, *, page: str) -> list[str]:
    """Return what the blocks of a language on a page say."""
    return [each.text for each in blocks(language, page=page)]


def _lines(script: str) -> Iterator[list[str]]:
    """Yield the words of each line; quotes and backslashes may go on over several of them."""
    line = ""
    for part in script.splitlines():
        line += part
        if line.endswith("\\"):
            line = line[:-1]
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # An open quote.
            line += "\n"
            continue
        line = ""
        yield words


def calls_in(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of `ticketing` in a shell script."""
    for words in _lines(script):
        for place, word in enumerate(words):
            before = words[place - 1] if place else ";"
            begins = before == "--" or _OPERATOR.fullmatch(before) or _ASSIGNMENT.match(before)
            if begins and (word == "box-office" or word.rpartition("/")[2] == "ticketing"):
                rest = words[place + 1 :]
                ends = (at for at, each in enumerate(rest) if _OPERATOR.fullmatch(each))
                yield rest[: next(ends, len(rest))]


def calls_in_prose(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each call in backticks; `a|b` stands for two."""
    for call in re.findall(r"`ticketing\s([^`]+)`", _FENCE.sub("", text)):
        words = call.replace("\\|", "|").replace("[", "").replace("]", "").split()
        yield from map(list, product(*(word.split("|") for word in words)))


def objection(arguments: Sequence[str], *, complete: bool = True) -> str | None:
    """Return what is wrong with a call of `ticketing`, by the names of commands and options alone.

    Args:
        arguments: What follows `ticketing`.
        complete: Whether all that the command requires has to be there.
    """
    command: click.Command = main
    context, rest = click.Context(main, info_name="ticketing"), list(arguments)
    try:
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            name, found, rest = command.resolve_command(context, rest)
            assert found is not None
            command, context = found, click.Context(found, info_name=name, parent=context)
        given, left, _ = command.make_parser(context).parse_args(rest)
    except click.BadOptionUsage as error:  # The value of an option is missing.
        return error.format_message() if complete else None
    except click.UsageError as error:
        return error.format_message()
    if left:
        return f"one argument too many: {left[0]}"
    required = [each for each in command.params if each.required and complete]
    # Click marks what is missing by an object of its own.
    missing = [each.name for each in required if not isinstance(given[str(each.name)], str | tuple)]
    return f"missing: {missing}" if missing else None
