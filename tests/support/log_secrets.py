"""Listens to the log of every test for what no log may have."""

import logging
import re

SECRET = re.compile(
    r"""(?x)
    \b(?:sk|rk)_(?:live|test)_\w{3,}            # keys of the payment provider
    | \bwhsec_\w{3,}                            # the secret of its webhooks
    | \beyJ[\w-]{10,}\.[\w-]+                   # a token
    | \b4242[ ]?4242[ ]?4242[ ]?4242\b          # a card
    # An email address, but for the one in the SDK's own words.
    | (?<![\w.+-])(?!support@stripe\.com)[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}
    | -----BEGIN                                # a key
    | \bticket_[0-9a-f]{8}-[0-9a-f]{4}-          # a message, by a code that lets people in
    """
)


class SecretListener(logging.Handler):
    """Keeps the lines of ours that have a secret."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a record, its extra attributes and its error."""
        if not record.name.startswith("ticketing_"):
            return
        told = [record.getMessage(), *map(str, vars(record).values())]
        if record.exc_info and record.exc_info[1]:
            told.append(repr(record.exc_info[1]))
        if any(SECRET.search(text) for text in told):
            self.heard.append(f"{record.name}: {record.getMessage()}")
