"""Reads the nested form encoding of Stripe's API: `line_items[0][price_data][currency]=usd`."""

import re
from collections.abc import Iterable
from typing import Any

from ticketing_service.sandbox.refusals import invalid

Form = dict[str, "str | Form"]

_KEY = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
# Deeper than any of Stripe's parameters: a longer key is a mistake or an attack.
_DEEPEST = 8


def read_form(pairs: Iterable[tuple[str, str]]) -> Form:
    """Return the pairs as nested dictionaries. The members of a list are named "0", "1", ...

    Raises `Refused` for a key that cannot be read, or that is both a value and a container.
    """
    form: Form = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise invalid(f"Invalid parameter name: {key}", param=key)
        *outer, last = match["first"], *_PART.findall(match["rest"])
        if len(outer) >= _DEEPEST:
            raise invalid(f"Too deeply nested: {key}", param=key)
        here = form
        for part in outer:
            # The part `[]` appends to a list.
            inner = here.setdefault(part or str(len(here)), {})
            if isinstance(inner, str):
                raise invalid(f"Invalid hash: {key}", param=key)
            here = inner
        last = last or str(len(here))
        if isinstance(here.get(last), dict):
            raise invalid(f"Invalid string: {key}", param=key)
        here[last] = value
    return form


def with_lists(form: Form) -> dict[str, Any]:
    """Return the form with its lists as lists, as a JSON body would have them.

    The keys of `metadata` belong to the caller: "0" is a name there, not a position.
    """
    return {name: _with_lists(name, value) for name, value in form.items()}


def _with_lists(name: str, value: "str | Form") -> Any:
    if isinstance(value, str):
        return value
    inner = with_lists(value)
    is_list = inner and list(inner) == [str(position) for position in range(len(inner))]
    return list(inner.values()) if is_list and name != "metadata" else inner
