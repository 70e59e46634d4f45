"""What `/readyz` reports."""

from collections.abc import Sequence

from attrs import frozen


@frozen(kw_only=True)
class Condition:
    """What is wrong, each in a plain sentence that stays the same while the fault lasts.

    Attributes:
        reasons: What keeps every route from working. A load balancer should send nobody.
        degraded: What does not work as it should although tickets can be sold.
    """

    reasons: Sequence[str] = ()
    degraded: Sequence[str] = ()
