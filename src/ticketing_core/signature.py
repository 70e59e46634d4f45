"""What checking a signature can end in, for tokens and notifications alike."""

from attrs import frozen


@frozen
class Forged:
    """The text was not signed by the party it claims to come from.

    Attributes:
        reason: What is wrong with it, for logs.
    """

    reason: str


@frozen
class UnknownKey:
    """Nothing can be said of the text: it names a key that is not known here.

    An offline device fetches the keys, and does not accuse a guest.

    Attributes:
        kid: The name of the key.
    """

    kid: str
