"""Reading tokens and gate lists in the browser, as the service and the library read them."""

import hashlib
import random

import pytest
from playwright.sync_api import Page

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, FIRST, OTHER_EVENT

READ = """async ([jws, keys]) => {
  const { read } = await import("/gate/scripts/signatures.js");
  return await read(jws, keys);
}"""

SHOWN = """async (texts) => {
  const { shownBy } = await import("/gate/scripts/token.js");
  return texts.map(shownBy);
}"""

HASHES = """async (texts) => {
  const { sha512 } = await import("/gate/scripts/sha512.js");
  const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  return texts.map((text) => hex(sha512(new TextEncoder().encode(text))));
}"""

LIST = """async ([jws, eventId, keys, ids]) => {
  const { readGateList } = await import("/gate/scripts/gate_list.js");
  const list = await readGateList(jws, { eventId, keys });
  return list && [list.ttl, list.lifetime, ids.map((id) => [list.isVoid(id), list.insideOn(id)])];
}"""

NO_WEB_CRYPTO = "Object.defineProperty(crypto, 'subtle', { value: undefined })"


@pytest.fixture(params=["by the browser", "by the library"])
def ready(request: pytest.FixtureRequest, page: Page, site: Site) -> Page:
    """Give a page that verifies in one of both ways."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    if request.param == "by the library":
        page.add_init_script(NO_WEB_CRYPTO)
    page.goto(site.url)
    page.evaluate(READ, [site.service.ticket().token, site.service.keys()])
    assert any("noble" in url for url in asked) is (request.param == "by the library")
    return page


def test_signatures(ready: Page, site: Site) -> None:
    """Genuine tokens are read; what anybody has changed is forged; another's key is unknown."""
    fake = site.service
    ticket = fake.ticket(quantity=3)
    genuine = ready.evaluate(READ, [ticket.token, fake.keys()])
    assert genuine["claims"] | {"c": ""} == {"c": "", "t": ticket.ticket_id, "e": EVENT, "q": 3}
    head, body, signature = ticket.token.split(".")
    other = fake.ticket(quantity=9).token.split(".")[1]
    flipped = "B" if signature.startswith("A") else "A"
    for forged in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{flipped}{signature[1:]}",
        f"{head}.{body}.{'A' * 86}",
        # The last character has bits that carry nothing.
        f"{head}.{body}.{signature[:-1]}{'BRhx'['AQgw'.index(signature[-1])]}",
        "no token",
    ):
        assert ready.evaluate(READ, [forged, fake.keys()]) == {"fault": "forged"}
    lists_only = fake.keys()[1:]
    assert ready.evaluate(READ, [ticket.token, lists_only]) == {"fault": "unknown_key"}


def test_lists(ready: Page, site: Site) -> None:
    """A list says of each ticket what it said when it was signed."""
    fake = site.service
    chance = random.Random(11)  # noqa: S311 - no secret
    for _ in range(300):
        ticket = fake.ticket(quantity=300)
        ticket.status = chance.choice(["issued", "issued", "refunded"])
        ticket.inside = chance.choice([0, 0, 1, 2, 200, 300])
    ids = [FIRST - 1, *fake.tickets, max(fake.tickets) + 1]
    told = ready.evaluate(LIST, [fake.gate_list(now=10), EVENT, fake.keys(), ids])
    states = [[each.status != "issued", each.inside] for each in fake.tickets.values()]
    assert told == [60, 86400, [[False, 0], *states, [False, 0]]]


def test_what_is_no_list_of_the_event(ready: Page, site: Site) -> None:
    """A ticket, the list of another event, one of another kind or a changed one are not taken."""
    fake = site.service
    good = fake.gate_list(now=10)
    head, body, signature = good.split(".")
    for jws in (
        fake.ticket().token,
        fake.gate_list(now=10, event_id=OTHER_EVENT),
        fake.gate_list(now=10, typ="JWT"),
        f"{head}.{body[:-1]}A.{signature}",
        "",
    ):
        assert ready.evaluate(LIST, [jws, EVENT, fake.keys(), []]) is None
    assert ready.evaluate(LIST, [good, EVENT, fake.keys()[:1], []]) is None
    assert ready.evaluate(LIST, [good, EVENT, fake.keys(), []]) is not None, "control"


def test_sha512(page: Page, site: Site) -> None:
    """It is the same as Python's at each length around the ends of its blocks."""
    texts = ["", "abc", *("x" * length for length in range(100, 260)), "é" * 1000]
    page.goto(site.url)
    expected = [hashlib.sha512(text.encode()).hexdigest() for text in texts]
    assert page.evaluate(HASHES, texts) == expected


def test_what_was_shown(page: Page, site: Site) -> None:
    """Tokens, numbers and codes are distinguished from each other and from anything else."""
    ticket = site.service.ticket(quantity=2)
    claims = {"ticket_id": ticket.ticket_id, "event_id": EVENT, "quantity": 2}
    code = "0b8bb2f6-3f34-4a6c-9c6c-7f1ad3b2a111"
    page.goto(site.url)
    shown = page.evaluate(
        SHOWN, [f" {ticket.token}\n", "42", code.upper(), "https://example.org", "", "0", "1e3"]
    )
    genuine = {"token": ticket.token, "ticket": claims}
    assert shown == [genuine, {"ticket_id": 42}, {"ticket_code": code}, None, None, None, None]
