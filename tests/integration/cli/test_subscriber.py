"""`ticketing subscriber`: secrets are shown once, and bad addresses are never stored."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database
from ticketing_adapters.sql import SqlOutbox
from ticketing_core import Subscriptions
from ticketing_core.ports.outbox import DeliveryOutcome, Refused
from ticketing_core.subscription import ABANDONED_AFTER
from ticketing_core.testing import ManualClock
from ticketing_service.settings import PREFIX

URL = "https://mailer.example/webhooks"
SINCE = "2000-01-01T00:00:00Z"


@contextmanager
def outbox(folder: Path) -> Iterator[SqlOutbox]:
    """Give the outbox of the commands."""
    with database(folder) as engine:
        yield SqlOutbox(engine)


def is_secret(text: str) -> bool:
    """Return whether it is one, as receivers are given it."""
    return text.startswith("whsec_") and len(b64decode(text.removeprefix("whsec_"))) >= 24


def test_the_secret_is_shown_once(migrated: Run) -> None:
    """By `add`, with what was stored; no other command shows it."""
    added = printed(migrated("subscriber", "add", "mailer", URL, "--json"))
    assert is_secret(added.pop("secret"))
    assert added == {
        "name": "mailer",
        "url": URL,
        "kinds": [],
        "failing_since": None,
        "paused_until": None,
        "disabled_at": None,
    }
    listed = added | {"waiting_since": None, "refused_since": None}
    assert printed(migrated("subscriber", "list", "--json")) == {"subscribers": [listed]}
    for command in (["list"], ["enable", "mailer"], ["disable", "mailer"]):
        shown = migrated("subscriber", *command)
        assert shown.exit_code == 0
        assert URL in shown.stdout
        assert "whsec" not in shown.stdout


def test_a_subscriber_may_get_certain_kinds(migrated: Run) -> None:
    """Others are no kinds."""
    kinds = ["--kind", "ticket.issued", "--kind", "event.cancelled"]
    added = printed(migrated("subscriber", "add", "mailer", URL, *kinds, "--json"))
    assert added["kinds"] == ["event.cancelled", "ticket.issued"]
    assert migrated("subscriber", "add", "other", URL, "--kind", "ticket.sold").exit_code == 2


def test_a_rotation_keeps_the_old_secret_for_a_day(migrated: Run, tmp_path: Path) -> None:
    """Both sign until then."""
    old = printed(migrated("subscriber", "add", "mailer", URL, "--json"))["secret"]
    new = printed(migrated("subscriber", "rotate", "mailer", "--json"))["secret"]
    assert is_secret(new)
    assert new != old
    with outbox(tmp_path) as found:
        [stored] = found.subscriptions()
    now = datetime.now(UTC)
    assert stored.secrets(now=now) == (new, old)
    assert stored.secrets(now=now + timedelta(days=1, minutes=1)) == (new,)


def test_one_within_the_program_has_no_secret(migrated: Run) -> None:
    """It gets no webhooks, so there is nothing to sign."""
    added = printed(migrated("subscriber", "add", "mailer", "--json"))
    assert added["url"] is None
    assert "secret" not in added
    refused = migrated("subscriber", "rotate", "mailer")
    assert refused.exit_code == 1
    assert "no secret" in refused.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://mailer.example/", "must be an https address"),
        ("https://user:pass@mailer.example/", "must hold no user"),
        ("https://mailer.example/#a", "fragment"),
        ("https://10.0.0.1/", "TICKETING_WEBHOOKS_PRIVATE"),
        ("http://localhost:8000/", "TICKETING_WEBHOOKS_PRIVATE"),
    ],
)
def test_a_bad_address_is_not_stored(migrated: Run, url: str, why: str) -> None:
    """The words say what is wrong."""
    refused = migrated("subscriber", "add", "mailer", url)
    assert refused.exit_code == 2
    assert why in refused.stderr
    assert printed(migrated("subscriber", "list", "--json")) == {"subscribers": []}


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://localhost:8000/"])
def test_private_addresses_need_the_setting(
    migrated: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """With it they are stored."""
    monkeypatch.setenv(f"{PREFIX}WEBHOOKS_PRIVATE", "on")
    assert migrated("subscriber", "add", "mailer", url).exit_code == 0


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "n" * 65])
def test_a_bad_name_is_not_stored(migrated: Run, name: str) -> None:
    """It is written in commands and logs."""
    refused = migrated("subscriber", "add", name, URL)
    assert refused.exit_code == 2
    assert "NAME must" in refused.stderr


def test_a_name_is_given_once(migrated: Run) -> None:
    """The first one keeps its secret."""
    assert migrated("subscriber", "add", "mailer", URL).exit_code == 0
    again = migrated("subscriber", "add", "mailer", "https://other.example/")
    assert again.exit_code == 1
    [found] = printed(migrated("subscriber", "list", "--json"))["subscribers"]
    assert found["url"] == URL


@pytest.mark.parametrize("command", ["rotate", "enable", "disable", "remove", "replay"])
def test_a_name_that_nobody_has_is_refused(migrated: Run, command: str) -> None:
    """With its name."""
    options = {"remove": ["--yes"], "replay": ["--since", SINCE]}.get(command, [])
    refused = migrated("subscriber", command, "nobody", *options)
    assert refused.exit_code == 1
    assert "There is no subscription nobody." in refused.stderr


def test_one_is_disabled_and_enabled(migrated: Run) -> None:
    """The list says since when."""
    migrated("subscriber", "add", "mailer", URL)
    stopped = printed(migrated("subscriber", "disable", "mailer", "--json"))
    assert datetime.fromisoformat(stopped["disabled_at"]) <= datetime.now(UTC)
    assert printed(migrated("subscriber", "enable", "mailer", "--json"))["disabled_at"] is None


def test_one_is_removed_with_its_messages(migrated: Run, tmp_path: Path) -> None:
    """After a question, which `--yes` answers."""
    migrated("subscriber", "add", "mailer", URL)
    migrated(*ADD)
    refused = migrated("subscriber", "remove", "mailer")
    assert refused.exit_code == 1
    assert len(printed(migrated("subscriber", "list", "--json"))["subscribers"]) == 1
    assert printed(migrated("subscriber", "remove", "mailer", "--yes", "--json")) == {
        "name": "mailer"
    }
    assert printed(migrated("subscriber", "list", "--json")) == {"subscribers": []}
    with outbox(tmp_path) as found:
        assert found.waiting() == {}


def test_a_replay_tells_of_the_present_state(migrated: Run, tmp_path: Path) -> None:
    """Of what changed since then: nothing, if it was before."""
    migrated(*ADD)
    migrated("subscriber", "add", "mailer", URL)
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert migrated("subscriber", "replay", "mailer", "--since", later).exit_code == 0
    with outbox(tmp_path) as found:
        assert found.waiting() == {}
    told = printed(migrated("subscriber", "replay", "mailer", "--since", SINCE, "--json"))
    assert told == {"name": "mailer", "since": "2000-01-01T00:00:00+00:00"}
    with outbox(tmp_path) as found:
        [claimed] = found.claim("mailer", now=datetime.now(UTC), limit=10)
    assert claimed.message.kind == "event.changed"


class Picky:
    """A subscriber that minds every message."""

    def deliver(self, _: object) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        return Refused(retryable=False)


def test_who_refuses_everything_is_seen(migrated: Run, tmp_path: Path) -> None:
    """One with a wrong secret does not fail: it answers. The list says since when it refuses."""
    migrated("subscriber", "add", "mailer", URL)
    migrated(*ADD)
    [before] = printed(migrated("subscriber", "list", "--json"))["subscribers"]
    assert before["waiting_since"] is not None
    assert before["refused_since"] is None
    clock = ManualClock(datetime.now(UTC))
    with outbox(tmp_path) as found:
        subscriptions = Subscriptions(outbox=found, clock=clock)
        subscriptions.deliver_due("mailer", limit=10, subscriber=Picky())
    [after] = printed(migrated("subscriber", "list", "--json"))["subscribers"]
    assert after == before | {"refused_since": clock.now().isoformat(timespec="seconds")}
    assert after["refused_since"] in migrated("subscriber", "list").stdout


def test_abandoned_messages_are_listed(migrated: Run, tmp_path: Path) -> None:
    """With their ids, which their receiver has logged, too."""
    migrated("subscriber", "add", "mailer", URL)
    event_id = printed(migrated(*ADD, "--json"))["event_id"]
    assert printed(migrated("subscriber", "list", "--abandoned", "--json")) == {"abandoned": []}
    assert "There are none." in migrated("subscriber", "list", "--abandoned").stdout
    clock = ManualClock(datetime.now(UTC))
    with outbox(tmp_path) as found:
        subscriptions = Subscriptions(outbox=found, clock=clock)
        for wait in (timedelta(0), ABANDONED_AFTER):
            clock.advance(wait)
            subscriptions.deliver_due("mailer", limit=10, subscriber=Picky())
    [left_out] = printed(migrated("subscriber", "list", "--abandoned", "--json"))["abandoned"]
    assert left_out == {
        "name": "mailer",
        "message_id": f"event_{event_id}_1_1",
        "type": "event.added",
        "abandoned_at": clock.now().isoformat(),
    }
    assert left_out["message_id"] in migrated("subscriber", "list", "--abandoned").stdout


def test_restored_says_how_subscribers_are_told(migrated: Run) -> None:
    """They may know changes that the backup lacks. Without subscribers it says nothing of them."""
    assert "subscriber" not in migrated("restored").stderr
    migrated("subscriber", "add", "mailer", URL)
    done = migrated("restored")
    assert done.exit_code == 0
    [advice] = [line for line in done.stderr.splitlines() if "ticketing subscriber" in line]
    assert migrated(*advice.split()[1:]).exit_code == 0
