"""What a payment provider answers that sells and refunds.

It opens checkouts and finds them open; any other checkout has ended, or is paid if its id says so,
until its payment is refunded. A list is empty. It speaks just enough of Stripe's API for the real
adapter.
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import field, frozen

ANY_SESSION, PAID = "cs_test_", "paid_"
"""How the ids of all sessions begin, and what follows in those of paid ones."""

_PATH = "/v1/checkout/sessions"
REFUNDS = "/v1/refunds"
AMOUNT_MINOR = 2500


@frozen
class Checkouts:
    """The checkouts of one installation."""

    installation_id: str
    opened: dict[str, Mapping[str, object]] = field(factory=dict, init=False)
    refunded: set[str] = field(factory=set, init=False)

    def answer(self, method: str, path: str, params: Mapping[str, str]) -> Mapping[str, object]:
        """See `provider.Answers`."""
        session_id = path.removeprefix(f"{_PATH}/")
        if (method, path) == ("POST", _PATH):
            return self._open(params)
        if method == "GET" and session_id.startswith(ANY_SESSION + PAID):
            return self._paid(session_id)
        if method == "GET" and session_id.startswith(ANY_SESSION):
            return self.opened.get(session_id) or self._ended(session_id)
        if (method, path) == ("GET", "/v1/account"):
            return {"object": "account", "id": "acct_slow"}
        if method == "GET":
            return {"object": "list", "url": path, "has_more": False, "data": []}
        if (method, path) == ("POST", REFUNDS):
            self.refunded.add(params["payment_intent"])
            return _refund(params["payment_intent"])
        raise ValueError(f"it answers only what selling and refunding needs, not {path}")

    def _open(self, form: Mapping[str, str]) -> Mapping[str, object]:
        metadata = {
            name[len("metadata[") : -1]: value
            for name, value in form.items()
            if name.startswith("metadata[")
        }
        session_id = ANY_SESSION + UUID(metadata["ticket_code"]).hex
        self.opened[session_id] = _session(
            session_id,
            status="open",
            url=f"http://127.0.0.1/pay/{session_id}",
            expires_at=int(form["expires_at"]),
            metadata=metadata,
        )
        return self.opened[session_id]

    def _ended(self, session_id: str) -> Mapping[str, object]:
        return _session(
            session_id,
            status="expired",
            url=None,
            expires_at=int(time.time()),
            metadata=self._metadata(session_id.removeprefix(ANY_SESSION)),
        )

    def _paid(self, session_id: str) -> Mapping[str, object]:
        code = session_id.removeprefix(ANY_SESSION + PAID)
        payment_id = f"pi_{code}"
        refunds = [_refund(payment_id)] if payment_id in self.refunded else []
        charge = {
            "id": f"ch_{code}",
            "object": "charge",
            "amount_captured": AMOUNT_MINOR,
            "currency": "usd",
            "disputed": False,
            "refunds": {"object": "list", "url": REFUNDS, "has_more": False, "data": refunds},
        }
        intent = {"id": payment_id, "object": "payment_intent", "status": "succeeded"}
        return _session(
            session_id,
            status="complete",
            url=None,
            expires_at=int(time.time()),
            metadata=self._metadata(code),
            payment_status="paid",
            payment_intent={**intent, "latest_charge": charge},
        )

    def _metadata(self, code: str) -> Mapping[str, str]:
        return {"installation": self.installation_id, "ticket_code": str(UUID(hex=code))}


def _session(session_id: str, **values: Any) -> Mapping[str, object]:
    return {
        "id": session_id,
        "object": "checkout.session",
        "payment_status": "unpaid",
        "payment_intent": None,
        **values,
    }


def _refund(payment_id: str) -> Mapping[str, object]:
    return {
        "id": f"re_{payment_id}",
        "object": "refund",
        "status": "succeeded",
        "amount": AMOUNT_MINOR,
        "currency": "usd",
        "payment_intent": payment_id,
    }
