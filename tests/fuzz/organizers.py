"""Bodies and ids of what organizers do with events."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.inputs import encoded, mutated, values
from tests.fuzz.judging import Attack
from tests.fuzz.requests import IDS, signed_in
from tests.fuzz.site import Sent

TERMS: dict[str, Any] = {
    "name": "C",
    "price": {"amount_minor": 2500, "currency": "usd"},
    "capacity": 10,
    "max_per_buyer": None,
    "opens_at": "0001-01-01T00:00:00Z",
    "closes_at": "2030-11-28T20:00:00+14:00",
    "doors_at": None,
    "venue": "Hall",
    "time_zone": "Europe/Berlin",
}
ROUTES = [
    ("POST", "/api/events/", TERMS),
    ("PATCH", "/api/events/ID/", TERMS | {"version": 1}),
    ("POST", "/api/events/ID/close/", {"version": 1}),
    ("POST", "/api/events/ID/cancel/", {"version": 1, "refund_total_minor": 0}),
    ("GET", "/api/events/ID/cancel/", {}),
    ("GET", "/api/events/ID/history/", {}),
]
TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2030-01-01T00:00:00", "", None]

THEIRS = [b"2", b"3", b"4"]
"""Those that this attack has added; event 1 stays on sale for the others."""
ODD = [each for each in IDS if each != b"1"]

_odd = values | st.sampled_from(TIMES)
_names = st.sampled_from([*TERMS, "version", "event_id", "starts_at", "ends_at", "kept", "x"])


@st.composite
def organized(draw: st.DrawFn) -> Sent:
    """Return a call of an organizer: a good one, one with odd members, or one that is no JSON."""
    method, path, good = draw(st.sampled_from(ROUTES))
    event_id = draw(st.sampled_from(THEIRS) | st.sampled_from(ODD)).decode("latin-1")
    members = good | draw(st.dictionaries(_names, _odd, max_size=2))
    body = draw(st.just(encoded(members)) | mutated(st.just(json.dumps(good).encode())))
    return Sent(
        method=method,
        path=path.replace("ID", event_id),
        body=b"" if method == "GET" else body,
    )


ATTACKS = {"organizers": Attack(organized(), signed_in)}
