"""The key events of a typing scanner, on machines with several keyboard layouts."""

import string
from collections.abc import Mapping, Sequence

Stroke = Mapping[str, object]
"""A keystroke as the page gets it: key, code, shiftKey."""

_GERMAN = {"y": "z", "z": "y", "-": "ß", "_": "?"}
# Digits need Shift on it; without, their keys type these.
_FRENCH = {
    "a": "q",
    "q": "a",
    "w": "z",
    "z": "w",
    "m": ",",
    ".": ":",
    "-": ")",
    "_": "°",
    **dict(zip("1234567890", "&é\"'(-è_çà", strict=True)),
    "M": "?",
}
_SWEDISH = {"-": "+", "_": "?"}


def _with_capitals(layout: Mapping[str, str]) -> dict[str, str]:
    capitals = {us.upper(): own.upper() for us, own in layout.items() if us.islower()}
    return {**capitals, **layout}


LAYOUTS = {
    "us": {},
    "german": _with_capitals(_GERMAN),
    "french": _with_capitals(_FRENCH),
    "swedish": _SWEDISH,
}
"""What types what is printed on a US keyboard, where it differs."""


def _code(character: str) -> str:
    if character in string.ascii_letters:
        return f"Key{character.upper()}"
    if character in string.digits:
        return f"Digit{character}"
    return {".": "Period", "-": "Minus", "_": "Minus"}[character]


def typed(
    text: str, layout: str = "us", *, host_caps: bool = False, scanner_caps: bool = False
) -> Sequence[Stroke]:
    """Return the strokes of a scanner that takes its machine for one with a US keyboard."""
    strokes = []
    for character in text:
        shift = character in string.ascii_uppercase or character == "_"
        if scanner_caps and character in string.ascii_letters:
            shift = not shift
            character = character.swapcase()  # noqa: PLW2901 - what it presses
        key = LAYOUTS[layout].get(character, character)
        if host_caps and key.isalpha() and len(key.swapcase()) == 1:
            key = key.swapcase()
        strokes.append({"key": key, "code": _code(character), "shiftKey": shift})
    return strokes


def typed_as_german(text: str) -> Sequence[Stroke]:
    """Return the strokes of a scanner that was set to the German layout of its machine."""
    position = {"y": "KeyZ", "z": "KeyY", "-": "Slash", "_": "Slash"}
    return [
        {
            "key": character,
            "code": position.get(character.lower()) or _code(character),
            "shiftKey": character in string.ascii_uppercase or character == "_",
        }
        for character in text
    ]
