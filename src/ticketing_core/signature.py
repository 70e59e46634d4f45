"""What checking a signature can end in, for tokens and notifications alike."""

from attrs import frozen


@frozen
class Forged:
    """The text was not signed by the party it claims to come from.

    Attributes:
        reason: What is wrong with it, for logs.
    """

    reason: str
