"""The HTTP service over a `BoxOffice`: `create_app` makes it, and everything comes in through it.

`ERRORS` is the closed list of errors, by the ``code`` of the problem they are answered as.
"""

from ticketing_service.access import AccessTokens
from ticketing_service.http.app import create_app
from ticketing_service.http.refusals import ERRORS

__all__ = ["ERRORS", "AccessTokens", "create_app"]
