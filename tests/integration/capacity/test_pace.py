"""The pace of settling: each key stays below the limit that Stripe has for it."""

from collections.abc import Callable

import pytest

from ticketing_service.composition.payments import (
    CALLS_PER_SECOND,
    TEST_CALLS_PER_SECOND,
    calls_per_second,
)
from ticketing_service.settings import PREFIX, Settings, load_settings

PACES = {
    ("sk_test_1", ""): TEST_CALLS_PER_SECOND,
    ("rk_test_1", ""): TEST_CALLS_PER_SECOND,
    ("sk_live_1", ""): CALLS_PER_SECOND,
    ("rk_live_1", ""): CALLS_PER_SECOND,
    # A sandbox has no limit.
    ("sk_test_1", "http://127.0.0.1:12111"): CALLS_PER_SECOND,
    ("rk_test_1", "http://127.0.0.1:12111"): CALLS_PER_SECOND,
}


def wrong_paces(
    pace: Callable[[Settings], int], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str]]:
    """Return the settings for which ``pace`` is not the expected one."""

    def settings(key: str, api_base: str) -> Settings:
        monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", key)
        monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", api_base)
        monkeypatch.setenv(f"{PREFIX}FRONTEND_URL", "https://shop.example")
        return load_settings()

    return [given for given, expected in PACES.items() if pace(settings(*given)) != expected]


def test_each_key_has_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test keys are slow, restricted ones too; live keys and sandboxes are fast."""
    assert TEST_CALLS_PER_SECOND < 25
    assert 25 < CALLS_PER_SECOND < 100
    assert wrong_paces(calls_per_second, monkeypatch) == []


@pytest.mark.parametrize(
    ("broken", "caught"),
    [
        # Restricted test keys are taken for live ones.
        (
            lambda s: 20 if s.stripe_secret_key.startswith("sk_test_") else 90,
            {("rk_test_1", ""), ("sk_test_1", "http://127.0.0.1:12111")},
        ),
        # A sandbox is paced like Stripe.
        (
            lambda s: 90 if "_live_" in s.stripe_secret_key else 20,
            {(f"{kind}_test_1", "http://127.0.0.1:12111") for kind in ("sk", "rk")},
        ),
        # Every key is paced like a live one.
        (lambda _: 90, {("sk_test_1", ""), ("rk_test_1", "")}),
    ],
    ids=["restricted", "sandbox", "always fast"],
)
def test_wrong_paces_are_the_control(
    broken: Callable[[Settings], int],
    caught: set[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each mistake shows in the test above."""
    assert set(wrong_paces(broken, monkeypatch)) == caught
