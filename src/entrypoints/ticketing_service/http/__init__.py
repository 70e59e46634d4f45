"""The HTTP service over a `BoxOffice`; `create_app` assembles it.

`ERRORS` has every error of this version by its ``code`` on the wire.
"""

from ticketing_service.access import AccessTokens
from ticketing_service.http.app import create_app
from ticketing_service.http.problems import ERRORS

__all__ = ["ERRORS", "AccessTokens", "create_app"]
