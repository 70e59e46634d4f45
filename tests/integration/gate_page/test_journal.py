"""What a device keeps in its journal, and what it forgets."""

from typing import Any

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, OTHER_EVENT
from tests.integration.gate_page.gate import open_gate

SOME_DAYS_AGO = """async (entries) => {
  const { openStore } = await import("/gate/scripts/store.js");
  const store = await openStore();
  const ago = (days) => (days === null ? null : Date.now() - days * 86_400_000);
  for (const { answered, undone, ...entry } of entries) {
    const undo = undone === undefined ? null : { at: ago(40), answered_at: ago(undone) };
    const made = { people: 1, gate: "North", token: "x", at: ago(40), offline: true, ticket_id: 1 };
    await store.note(entry.event_id, 1, () =>
      ({ ...made, ...entry, answered_at: ago(answered), undo }));
  }
}"""
KEPT = """async () => {
  const { openStore } = await import("/gate/scripts/store.js");
  return (await (await openStore()).entries()).map(({ scan_id }) => scan_id);
}"""

ANSWERED = "isOld(answered_at) && (undo === null"
BY_AGE = "(answered_at === null || isOld(answered_at)) && (undo === null"


def entry(
    name: str, *, answered: float | None, outcome: str | None = "recorded", **more: Any
) -> dict[str, Any]:
    """Return an entry of 40 days ago; the service answered so many days ago."""
    made = {"scan_id": name, "event_id": EVENT, "answered": answered, "outcome": outcome}
    return made | ({"pending": 1} if answered is None else {}) | more


OLD = entry("old", answered=31)
OLD_UNDONE = entry("old, undone", answered=39, undone=31)
YOUNG = entry("young", answered=29)
LATELY_UNDONE = entry("undone lately", answered=39, undone=29)
NOT_TAKEN = entry("not taken", answered=39, outcome="forged")
UNANSWERED = entry("unanswered", answered=None, outcome=None, event_id=OTHER_EVENT)
UNANSWERED_UNDO = entry("undo", answered=39, undone=None, pending=1, event_id=OTHER_EVENT)


def kept_by_a_new_page(page: Page, context: BrowserContext, site: Site) -> list[str]:
    """Put entries into the journal, open the gate, and return what the journal has then.

    The service does not take anything of the other event: its token is of this one.
    """

    def of_this_event(route: Route) -> None:
        if (route.request.post_data_json or {}).get("event_id") == OTHER_EVENT:
            headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/gate/")}
            problem = {"code": "not_your_event", "detail": "Not this event."}
            route.fulfill(status=403, json=problem, headers=headers)
        else:
            route.continue_()

    context.route("**/api/tickets/check-in/**", of_this_event)
    before = [OLD, OLD_UNDONE, YOUNG, LATELY_UNDONE, NOT_TAKEN, UNANSWERED, UNANSWERED_UNDO]
    page.goto(site.url)
    page.evaluate(SOME_DAYS_AGO, before)
    open_gate(page, site)
    page.wait_for_function(f"async () => !(await ({KEPT})()).includes('old')")
    expect(page.locator("#chips")).to_contain_text("2 not synced")
    kept: list[str] = page.evaluate(KEPT)
    return kept


def test_old_entries_go_once_the_service_has_taken_them(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """Never those that it does not know, nor those that it did not take."""
    kept = kept_by_a_new_page(page, context, site)
    named = [YOUNG, LATELY_UNDONE, NOT_TAKEN, UNANSWERED, UNANSWERED_UNDO]
    assert sorted(kept) == sorted(each["scan_id"] for each in named)


def test_control_a_page_that_goes_by_age_loses_people(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """Control: without a look at the answer, an entry goes that nobody else has."""

    def break_it(route: Route) -> None:
        source = route.fetch().text()
        assert ANSWERED in source
        body = source.replace(ANSWERED, BY_AGE)
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/gate/scripts/journal.js", break_it)
    assert "unanswered" not in kept_by_a_new_page(page, context, site)
