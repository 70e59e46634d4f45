"""The HTTP service over a `BoxOffice`: `create_app` makes it, and everything comes in through it.

`ERROR_CODES` is the closed list of what a problem answer may say in its ``code``.
"""

from ticketing_service.http.access import AccessTokens
from ticketing_service.http.app import create_app
from ticketing_service.http.error_codes import ERROR_CODES, ErrorCode

__all__ = ["ERROR_CODES", "AccessTokens", "ErrorCode", "create_app"]
