"""The pages of the storefront, of the gate and of the board call the API as its document has it."""

import shutil
from pathlib import Path

import pytest

from tests.support.node import installed, openapi_types, problems_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STOREFRONT = "src/entrypoints/ticketing_service/storefront"
BOARD = (
    "cancel", "csv", "event_form", "events", "history", "overview", "ticket", "tickets", "waiting",
)  # fmt: skip
"""Those that import `api`, as is checked below."""
SHOP = (
    "api", "cancel", "events", "main", "order", "orders", "payment", "sale", "success", "ticket",
    "unpaid", "view",
)  # fmt: skip
CALLERS = [
    *(f"static/{name}.js" for name in SHOP),
    "gate/scripts/service.js",
    "gate/scripts/door.js",
    "gate/scripts/setup.js",
    *(f"board/scripts/{name}.js" for name in (*BOARD, "api", "words")),
]


@pytest.fixture(scope="module")
def types() -> Path:
    """Generate the types of the document."""
    tools = installed("typescript")
    # What has a default need not be sent.
    option = "--default-non-nullable=false"
    return openapi_types(tools, ROOT / "docs/openapi.json", tools / "openapi.d.ts", option)


def compiled(root: Path) -> list[str]:
    """Compile the pages of a folder that is laid out like this one, and return the mistakes."""
    return problems_of(installed("typescript"), root / "tests/typescript")


@pytest.mark.usefixtures("types")
def test_every_call_fits_the_document() -> None:
    """Paths, methods, what is sent, and what is read of the answers.

    `controls.ts` holds calls that must not compile: one that does is an error, too.
    """
    assert compiled(ROOT) == []


@pytest.mark.parametrize("caller", CALLERS)
def test_what_calls_the_api_is_checked(caller: str) -> None:
    """The compiler leaves out modules that do not ask for it."""
    assert (ROOT / STOREFRONT / caller).read_text(encoding="utf-8").startswith("// @ts-check")


def test_all_callers_of_the_board_are_checked() -> None:
    """Each module that calls the API is in the list above."""
    scripts = (ROOT / STOREFRONT / "board" / "scripts").glob("*.js")
    callers = {each.stem for each in scripts if '"./api.js"' in each.read_text(encoding="utf-8")}
    assert callers == set(BOARD)


MISTAKES = [
    ("static/payment.js", "ticket_id: ticketId });", "ticket: ticketId });"),
    ("static/payment.js", "/payments/cancel/", "/payments/cancel"),
    ("static/payment.js", "page.events", "page.items"),
    ("static/success.js", "ticket.checkout_url", "ticket.url"),
    ("static/sale.js", "event.places_left", "event.places"),
    (
        "gate/scripts/door.js",
        "{ event_id: eventId, sent_at, scans }",
        "{ event_id: eventId, scans }",
    ),
    ("gate/scripts/setup.js", "service.event(wanted)", "service.show(wanted)"),
    ("board/scripts/api.js", "/api/events/{event_id}/close/", "/api/events/{event_id}/closed/"),
    ("board/scripts/api.js", "{ event_id }, json)", "{ ticket_id: event_id }, json)"),
    ("board/scripts/api.js", "{ ticket_id, ...more }", "{ ticket: ticket_id, ...more }"),
    ("board/scripts/overview.js", "report.sums.kept", "report.sums.places"),
    ("board/scripts/history.js", "page.changes", "page.history"),
    ("board/scripts/cancel.js", "preview.refund_total", "preview.total"),
    ("board/scripts/tickets.js", "ticket.refund_problem", "ticket.problem"),
    ("board/scripts/ticket.js", "ticket.owed_minor", "ticket.owed"),
    ("board/scripts/waiting.js", "page.disputes", "page.tickets"),
    ("board/scripts/events.js", "page.events", "page.list"),
    ("board/scripts/event_form.js", "event.event_id", "event.id"),
    ("board/scripts/words.js", "event.places_left", "event.left"),
    ("gate/scripts/service.js", "api/tickets/check-in/undo/", "api/tickets/undo/"),
]


def test_control_wrong_pages_do_not_compile(types: Path, tmp_path: Path) -> None:
    """Control: of the same pages with mistakes, each of these is found, by its line."""
    shutil.copytree(ROOT / STOREFRONT, tmp_path / STOREFRONT)
    shutil.copytree(HERE, tmp_path / "tests" / "typescript")
    (tmp_path / types.relative_to(ROOT)).parent.mkdir(parents=True)
    shutil.copy(types, tmp_path / types.relative_to(ROOT))
    wrong_lines = []
    for module, right, wrong in MISTAKES:
        page = tmp_path / STOREFRONT / module
        text = page.read_text(encoding="utf-8")
        assert right in text
        page.write_text(text.replace(right, wrong), encoding="utf-8")
        line = text[: text.index(right)].count("\n") + 1
        wrong_lines.append(f"{module}({line},")
    found = "\n".join(compiled(tmp_path))
    assert [line for line in wrong_lines if line not in found] == [], found
