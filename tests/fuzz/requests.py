"""Bodies, headers, paths and queries."""

import json
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from tests.fuzz.inputs import CONTENT_TYPES, encoded, headers, mutated, values
from tests.fuzz.judging import Attack, Check, Tally
from tests.fuzz.site import CREATE, Sent, Site, authorization

SCAN_ID = "6e40a178-b56f-42e2-8264-77af31d21c3d"

POSTS: dict[str, dict[str, Any]] = {
    CREATE: {"event_id": 1, "quantity": 2},
    "/api/payments/verify/": {"session_id": "cs_1", "ticket_id": 1},
    "/api/payments/cancel/": {"ticket_id": 1},
    "/api/payments/refund/": {"ticket_id": 1, "again": True, "paid_back": "in cash"},
    "/api/tickets/check-in/": {
        "event_id": 1, "ticket_id": 1, "admit": 1, "scan_id": SCAN_ID, "gate": "North",
    },
    "/api/tickets/check-in/undo/": {"event_id": 1, "token": "x", "scan_id": SCAN_ID},
    "/api/tickets/check-in/sync/": {
        "event_id": 1,
        "sent_at": "2026-11-28T20:00:00Z",
        "scans": [
            {"scan_id": SCAN_ID, "token": "x", "people": 1, "at": "2026-11-28T19:00:00Z",
             "gate": "North", "undo": False},
        ],
    },
}  # fmt: skip
PATHS = [
    *POSTS, "/api/payments/webhook/", "/api/events/", "/api/events/ID/", "/api/tickets/",
    "/api/tickets/ID/", "/api/tickets/ID/qr.png", "/api/tickets/ID/qr.svg", "/healthz", "/readyz",
    "/.well-known/jwks.json", "/openapi.json", "/docs", "/docs/start.js",
    "/api/events/ID/gate-list/", "/api/events/ID/admissions/", "/gate/", "/gate/scripts/door.js",
    "/gate/service_worker.js", "/board/", "/board/scripts/main.js",
    "/api/events/ID/tickets/", "/api/events/ID/tickets.csv", "/api/events/ID/refunds/",
    "/api/events/ID/disputes/", "/api/events/ID/report/", "/api/events/ID/report.csv",
    "/api/tickets/ID/story/",
]  # fmt: skip
IDS = [
    b"1", b"2", b"0", b"01", b"-1", b"1.0", b"1e1", b"\xd9\xa3", b"9007199254740991",
    b"9007199254740992", b"9" * 30, b"9" * 5000, b"%31", b"1\0",
]  # fmt: skip
METHODS = [
    "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "X",
]  # fmt: skip
QUERIES = [b"", b"limit=5&before=3", b"limit=%00", b"before=9007199254740992", b"limit=5&limit=x",
           b"only=excess&after=1", b"status=issued&q=a&limit=1", b"q=%00&status=x"]  # fmt: skip

GOOD = [(path, json.dumps(body).encode()) for path, body in POSTS.items()]
SIZES = [64 * 1024, 64 * 1024 + 1, 2**20, 2**20 + 1]

_members = st.sampled_from(
    ["event_id", "quantity", "session_id", "ticket_id", "again", "scan_id", "scans", "token", "x"]
)
bodies = mutated(st.sampled_from([body for _, body in GOOD])) | (
    st.dictionaries(_members, values, max_size=4) | values
).map(encoded)


@st.composite
def posted(draw: st.DrawFn) -> Sent:
    """Return a body for one of the routes that take one."""
    body = draw(bodies)
    odd = draw(st.integers(0, 19))
    if odd == 18:
        body = body.ljust(draw(st.sampled_from(SIZES)))
    elif odd == 19:
        body = body.decode("utf-8", "replace").encode(draw(st.sampled_from(["utf-16", "utf-32"])))
    return Sent(
        method="POST",
        path=draw(st.sampled_from([*POSTS])),
        headers=[
            ("Content-Type", draw(st.just("application/json") | st.sampled_from(CONTENT_TYPES)))
        ],
        body=body,
        chunked=draw(st.booleans()),
    )


@st.composite
def headed(draw: st.DrawFn) -> Sent:
    """Return a good body with odd headers."""
    path, body = draw(st.sampled_from(GOOD))
    return Sent("POST", path, headers=draw(headers), body=body)


@st.composite
def pathed(draw: st.DrawFn) -> Sent:
    """Return an odd path or query, or an odd method."""
    path = draw(st.sampled_from(PATHS)).encode().replace(b"ID", draw(st.sampled_from(IDS)))
    query = draw(mutated(st.sampled_from(QUERIES)))
    return Sent(
        method=draw(st.sampled_from(METHODS)),
        path=draw(mutated(st.just(path))).decode("utf-8", "surrogateescape"),
        query=query.decode("latin-1"),
        headers=draw(headers),
    )


def signed_in(name: str, site: Site, tally: Tally) -> Check:
    """Send each request as an organizer, who may do more than a buyer."""

    def check(sent: Sent) -> None:
        own = [authorization(roles=["organizer"]), ("Content-Type", "application/json")]
        # The last header of a name counts, so that an odd one replaces the usual one.
        tally.judge(name, site, evolve(sent, headers=[*own, *sent.headers]))

    return check


ATTACKS = {
    "bodies": Attack(posted(), signed_in),
    "headers": Attack(headed(), signed_in),
    "paths": Attack(pathed(), signed_in),
}
