"""Times and amounts, as the browser computes them."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from tests.integration.board.conftest import Site
from ticketing_core.money import Money, decimals

INSTANTS = """async ([wall, zone]) => {
  const { instantsOf } = await import("/board/scripts/zones.js");
  return instantsOf(wall, zone);
}"""
WALL = """async ([instant, zone]) => {
  const { wallTime } = await import("/board/scripts/zones.js");
  return wallTime(instant, zone);
}"""

BERLIN, LORD_HOWE, APIA = "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"


CASES = [
    ("2026-07-01T20:00", BERLIN, ["2026-07-01T18:00"]),
    ("2026-12-01T20:00", BERLIN, ["2026-12-01T19:00"]),
    ("2026-12-01T20:00", "UTC", ["2026-12-01T20:00"]),
    ("2026-12-01T20:00", "Asia/Kathmandu", ["2026-12-01T14:15"]),
    # Forward: 02:00 is followed by 03:00.
    ("2026-03-29T01:59", BERLIN, ["2026-03-29T00:59"]),
    ("2026-03-29T02:00", BERLIN, []),
    ("2026-03-29T02:59", BERLIN, []),
    ("2026-03-29T03:00", BERLIN, ["2026-03-29T01:00"]),
    # Back: 03:00 is 02:00 once more.
    ("2026-10-25T01:59", BERLIN, ["2026-10-24T23:59"]),
    ("2026-10-25T02:00", BERLIN, ["2026-10-25T00:00", "2026-10-25T01:00"]),
    ("2026-10-25T02:59", BERLIN, ["2026-10-25T00:59", "2026-10-25T01:59"]),
    ("2026-10-25T03:00", BERLIN, ["2026-10-25T02:00"]),
    ("2026-11-01T01:30", "America/New_York", ["2026-11-01T05:30", "2026-11-01T06:30"]),
    # By half an hour, and in the southern autumn.
    ("2026-04-05T01:45", LORD_HOWE, ["2026-04-04T14:45", "2026-04-04T15:15"]),
    ("2026-10-04T02:15", LORD_HOWE, []),
    # A whole day that Samoa has left out.
    ("2011-12-30T12:00", APIA, []),
    ("2011-12-31T00:00", APIA, ["2011-12-30T10:00"]),
]

NAIVE = """async (cases) => {
  const { wallTime } = await import("/board/scripts/zones.js");
  return cases.map(([wall, zone]) => {
    const taken = Date.parse(`${wall}Z`);
    const offset = Date.parse(`${wallTime(new Date(taken).toISOString(), zone)}Z`) - taken;
    return [new Date(taken - offset).toISOString().slice(0, 16)];
  });
}"""
"""What many programs do: take the wall time for UTC, and subtract the offset of then."""


@pytest.mark.parametrize(("wall", "zone", "expected"), CASES)
def test_wall_times(page: Page, site: Site, wall: str, zone: str, expected: Sequence[str]) -> None:
    """A wall time is no instant, one or two; each of them is shown as that wall time."""
    page.goto(site.url)
    found = page.evaluate(INSTANTS, [wall, zone])
    assert found == [f"{each}:00.000Z" for each in expected]
    for each in found:
        assert page.evaluate(WALL, [each, zone]) == wall


def test_control_one_offset_is_not_enough(page: Page, site: Site) -> None:
    """Control: the cases tell a conversion that knows no change of the clocks."""
    page.goto(site.url)
    found = page.evaluate(NAIVE, [[wall, zone] for wall, zone, _ in CASES])
    wrong = [
        wall for each, (wall, _, expected) in zip(found, CASES, strict=True) if each != expected
    ]
    assert {"2026-03-29T02:00", "2026-10-25T02:00"} <= set(wrong)


def test_every_hour_of_a_year(page: Page, site: Site) -> None:
    """An instant is among those of its own wall time, whatever the zone."""
    page.goto(site.url)
    wrong = page.evaluate("""async () => {
      const { instantsOf, wallTime } = await import("/board/scripts/zones.js");
      const wrong = [];
      const zones = ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Asia/Tehran"];
      for (const zone of zones) {
        for (let hour = 0; hour < 366 * 24; hour += 1) {
          const instant = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000).toISOString();
          if (!instantsOf(wallTime(instant, zone), zone).includes(instant)) {
            wrong.push([zone, instant]);
          }
        }
      }
      return wrong;
    }""")
    assert wrong == []


CURRENCIES = """async (currencies) => {
  const { decimals } = await import("/board/scripts/money.js");
  return currencies.map(decimals);
}"""


def test_decimals_are_the_services(page: Page, site: Site) -> None:
    """Each currency that browsers know has as many decimals as for the service."""
    page.goto(site.url)
    known = [each.lower() for each in page.evaluate("Intl.supportedValuesOf('currency')")]
    assert {"isk", "mga", "jpy", "kwd", "usd"} <= set(known)
    assert page.evaluate(CURRENCIES, known) == [decimals(each) for each in known]


@pytest.mark.parametrize(
    ("amount", "plain", "shown"),
    [
        (Money(2500, "usd"), "25.00", "$25.00"),
        (Money(5, "eur"), "0.05", "€0.05"),
        (Money(0, "eur"), "0.00", "€0.00"),
        (Money(2500, "jpy"), "2500", "¥2,500"),
        (Money(2500, "kwd"), "2.500", "KWD 2.500"),
        (Money(2500, "isk"), "25.00", "ISK 25.00"),
        (Money(2**53 - 1, "usd"), "90071992547409.91", "$90,071,992,547,409.91"),
    ],
)
def test_amounts(page: Page, site: Site, amount: Money, plain: str, shown: str) -> None:
    """An amount is written exactly, and read as the service reads it."""
    page.goto(site.url)
    written = page.evaluate(
        """async ([minor, currency]) => {
          const { money, parseAmount, plainAmount } = await import("/board/scripts/money.js");
          const plain = plainAmount(minor, currency);
          const spaced = money(minor, currency).replaceAll("\\u00a0", " ");
          return [plain, spaced, parseAmount(plain, currency)];
        }""",
        [amount.amount_minor, amount.currency],
    )
    assert written == [plain, shown, amount.amount_minor]
    assert Money.parse(plain, amount.currency) == amount


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(0, "usd", "Free"), (2500, "isk", "ISK 25.00"), (50, "jpy", "¥50")],
)
def test_prices_in_the_shop(page: Page, site: Site, minor: int, currency: str, shown: str) -> None:
    """The demo's shop writes amounts as the service means them, too."""
    page.goto(site.url)
    written = page.evaluate(
        """async (price) => {
          const texts = await import("/static/texts.js");
          return texts.price(price).replaceAll("\\u00a0", " ");
        }""",
        {"amount_minor": minor, "currency": currency},
    )
    assert written == shown


@pytest.mark.parametrize("text", ["", "1,5", "1.234.5", "-1", "1e3", "25.001", "1.", "٢", "1 000"])
def test_what_is_no_amount(page: Page, site: Site, text: str) -> None:
    """What could be read in two ways is not read at all."""
    page.goto(site.url)
    read = page.evaluate(
        """async (text) => {
          const { parseAmount } = await import("/board/scripts/money.js");
          return parseAmount(text, "usd");
        }""",
        text,
    )
    assert read is None
