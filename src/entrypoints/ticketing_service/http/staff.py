"""The people at the gate, and how often each may call."""

from collections.abc import Callable
from functools import partial

from attrs import frozen
from flask import request

from ticketing_service.capacity.rates import CALL, LOOK
from ticketing_service.http.callers import GATE, ORGANIZER, Caller, Identity
from ticketing_service.http.openapi import Operation
from ticketing_service.http.service_errors import RoleMissing, TooManyRequests

AtTheGate = partial(Operation, tag="Gate", problems=[RoleMissing, TooManyRequests])

UNNAMED = "the gate"
"""The name of a gate without a name in histories."""


@frozen(kw_only=True)
class Staff:
    """Identifies callers at the gate, checks their roles, and limits their calls.

    Attributes:
        caller: Returns the identity of the caller.
        within_rate: Counts a call by name and cost; returns False if there were too many.
    """

    caller: Caller
    within_rate: Callable[[str, int], bool]

    def known(self) -> Identity:
        """Return the caller.

        Raises:
            RoleMissing: They have neither role.
        """
        identity = self.caller()
        identity.require(GATE, ORGANIZER)
        return identity

    def scanning(self, identity: Identity, gate: str) -> None:
        """Count a scan. A login is often shared, but one gate sees few people a second.

        Raises:
            TooManyRequests: There were too many; the device decides by itself meanwhile.
        """
        self._count(f"{identity.buyer} {gate}", LOOK)

    def looking(self) -> Identity:
        """Return the caller, and count a look.

        Raises:
            RoleMissing: They have neither role.
            TooManyRequests: They looked too often.
        """
        identity = self.known()
        self._count(identity.buyer, LOOK)
        return identity

    def syncing(self) -> Identity:
        """Return the caller, and count a sync: a hundred steps at most, two hundred a second.

        Raises:
            RoleMissing: They have neither role.
            TooManyRequests: They sent too much at once.
        """
        identity = self.known()
        self._count(identity.buyer, CALL)
        return identity

    def _count(self, name: str, cost: int) -> None:
        if not self.within_rate(f"{request.endpoint} {name}", cost):
            raise TooManyRequests
