"""What a use case declares with `@raises` is what it can raise, and what the box office documents.

The errors of a function are found in its source: those that it names, and those of the functions
and port methods that it names. Errors in ``except``, ``isinstance`` and ``case`` do not count: the
code that made them does. The walk does not follow the flow, so a caught error still counts.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import pytest

from ticketing_core import (
    BoxOffice,
    EventRecords,
    Organizer,
    PrivacyOffice,
    Subscriptions,
    errors,
    use_cases,
)
from ticketing_core.errors import StoreUnavailable, TicketingError, errors_of, leaves
from ticketing_core.gate import Gate
from ticketing_core.ports import PaymentGateway, TicketRepository
from ticketing_core.reservation import RESTORING, objection
from ticketing_core.use_cases import own_ticket
from ticketing_core.use_cases.lookup import existing_ticket

STORES = {
    f"ticketing_core.ports.{name}"
    for name in ("authors", "event_tickets", "events", "outbox", "repository")
}
Function = Callable[..., Any]
CORE = "ticketing_core."
USE_CASES = [existing_ticket, *(getattr(use_cases, name) for name in use_cases.__all__)]
PORTS = {
    name: port
    for use_case in USE_CASES
    for name, port in get_type_hints(use_case).items()
    if getattr(port, "__module__", "").startswith(f"{CORE}ports.")
}
"""The port of each argument: a port has the same name everywhere in the core."""


def _counted(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that count: no annotations, no decorators, nothing that is only compared."""
    yield node
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.ExceptHandler() | ast.match_case():
            children: list[Any] = [*node.body]
        case ast.AnnAssign(value=value):
            children = [value] if value else []
        case ast.Call(func=ast.Name("isinstance")):
            children = [node.args[0]]
        case _:
            children = [*ast.iter_child_nodes(node)]
    for child in children:
        yield from _counted(child)


def _used_by(source: Any) -> Iterator[Any]:
    """Yield the module-level objects that a function or class names, and its port methods."""
    names = vars(sys.modules[source.__module__])
    for node in _counted(ast.parse(textwrap.dedent(inspect.getsource(source)))):
        match node:
            case ast.Name(name) if name in names:
                yield names[name]
            case ast.Attribute(ast.Name(name) | ast.Attribute(attr=name), method) if name in PORTS:
                yield getattr(PORTS[name], method)


def _outcomes(port_method: Function) -> Iterator[Any]:
    if inspect.isclass(port_method):
        # What a port returns, such as `Claimed`, calls nothing.
        return
    if port_method.__module__ in STORES:
        yield StoreUnavailable
    if port_method == TicketRepository.hold:
        # It returns `PurchaseRefused`, but every store decides by `objection`.
        yield from (objection, RESTORING)
    else:
        returned = get_type_hints(port_method)["return"]
        yield from get_args(returned) or [returned]


def found_in(function: Function) -> set[type[TicketingError]]:
    """Return the errors that a function of the core can raise or return."""
    found: set[type[TicketingError]] = set()
    seen: list[Any] = [function]
    for source in seen:
        is_port = source.__module__.startswith(f"{CORE}ports.")
        for used in _outcomes(source) if is_port else _used_by(source):
            error = type(used) if isinstance(used, TicketingError) else used
            if inspect.isclass(error) and issubclass(error, TicketingError):
                found.update(leaves(error))
            elif callable(used) and used not in seen and used.__module__.startswith(CORE):
                seen.append(used)
    return found


NOT_RAISED: dict[Function, set[type[TicketingError]]] = {
    # Returned for one of many entries.
    use_cases.sync: {errors.ScanIdReused},
    # Too much to do is no reason against a price.
    use_cases.create_event: {errors.Overloaded},
    use_cases.change_event: {errors.Overloaded},
    # They leave the capacity, which is not below what is kept.
    use_cases.close_sale: {errors.CapacityBelowKept},
    use_cases.cancel_event: {errors.CapacityBelowKept},
    use_cases.unwind: {errors.CapacityBelowKept},
    # Tickets that a list has are never deleted.
    use_cases.open_disputes: {errors.TicketNotFound},
}
"""What the walk finds although it cannot be raised."""


@pytest.mark.parametrize("use_case", USE_CASES, ids=lambda use_case: use_case.__name__)
def test_a_use_case_declares_exactly_the_errors_it_can_raise(use_case: Function) -> None:
    """No error is missing, and no declared one is impossible."""
    assert found_in(use_case) - NOT_RAISED.get(use_case, set()) == set(errors_of(use_case))


def example(gateway: PaymentGateway, tickets: TicketRepository, ticket: Any) -> Any:
    """A use case with a closure, port calls, and errors that it only compares."""

    def read() -> object:
        return own_ticket(1, buyer="42", tickets=tickets)

    match gateway.open(ticket(read), event_name="Concert", ends_at=ticket.held_until):
        case errors.SoldOut():
            return None
        case opened:
            return None if isinstance(opened, errors.AlreadyPaid) else opened


def test_control_a_wrong_declaration_is_noticed() -> None:
    """Control: one error more or fewer than these differs from what the walk finds."""
    lookup = {errors.TicketNotFound, errors.NotYourTicket, StoreUnavailable}
    assert found_in(example) == {
        *lookup,
        errors.PaymentRefused,
        errors.PaymentsNotConfigured,
        errors.Overloaded,
    }


DOCUMENTED = [
    (method, use_case)
    for face in (BoxOffice, EventRecords, Gate, Organizer, PrivacyOffice, Subscriptions)
    for _, method in inspect.getmembers(face, inspect.isfunction)
    if method.__module__.startswith(CORE)
    for use_case in _used_by(method)
    if use_case in USE_CASES
]


def mistakes(docstring: str | None, use_case: Function) -> set[str]:
    """Return the errors that a "Raises:" section lacks, or names although they are not declared.

    An abstract error stands for its declared leaves; `BackOffice` documents `StoreUnavailable`.
    """
    _, _, section = (docstring or "").partition("Raises:\n")
    declared = set(errors_of(use_case)) - {StoreUnavailable}
    for name in re.findall(r"^ +([A-Z]\w+): ", section, flags=re.MULTILINE):
        if name == "ValueError":
            # Of bad arguments, which no use case declares.
            continue
        documented = declared & set(leaves(getattr(errors, name)))
        if not documented:
            return {name}
        declared -= documented
    return {error.__name__ for error in declared}


def test_each_method_documents_exactly_the_errors_of_its_use_case() -> None:
    """Every use case has a method, and its "Raises:" section agrees with the declaration."""
    for method, use_case in DOCUMENTED:
        assert mistakes(method.__doc__, use_case) == set(), method.__name__
    assert {use_case for _, use_case in DOCUMENTED} == {*USE_CASES} - {existing_ticket}


def test_control_a_wrong_docstring_is_noticed() -> None:
    """Control: an error is missing, or not declared."""
    assert mistakes("Raises:\n    TicketNotFound: a", own_ticket) == {"NotYourTicket"}
    assert mistakes("Raises:\n    AlreadyPaid: a", own_ticket) == {"AlreadyPaid"}
