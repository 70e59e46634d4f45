"""The texts of the page, which give staff and guests the reason and the next step."""

from playwright.sync_api import Page

from tests.integration.gate_page.conftest import Site

DETAILS = """async (answers) => {
  const { wordsFor } = await import("/gate/scripts/words.js");
  return answers.map((answer) => wordsFor(answer).details.join(" "));
}"""

REASONS = {
    "not_paid": "The payment has not arrived.",
    "withdrawn": "This scan was taken back.",
    "not_on_record": "the service does not have it",
    "forged": "not made by us",
    "unknown_key": "a key that is not known here",
    "offline": "This device is offline",
    "foreign": "something else",
    "no_code": "no QR code in this picture",
}


def test_each_no_says_why(page: Page, site: Site) -> None:
    """Also offline, where the page is its own judge; only a decision is called one."""
    page.goto(site.url)
    answers = [{"outcome": outcome} for outcome in REASONS]
    for offline in (False, True):
        told = page.evaluate(DETAILS, [each | {"offline": offline} for each in answers])
        for (outcome, reason), details in zip(REASONS.items(), told, strict=True):
            assert reason in details
            assert ("Decided offline." in details) == (offline and outcome != "offline")
    void = [{"outcome": "void", "why": "cancelled"}, {"outcome": "void", "offline": True}]
    assert page.evaluate(DETAILS, void) == [
        "The order was cancelled.",
        "It was given up or refunded. Decided offline.",
    ]
