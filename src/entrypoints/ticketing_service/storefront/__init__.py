"""The demo's web shop: pages that use the payment API as any frontend would.

Of the service it knows only the HTTP API. The scripts under `static/` hold the flow.
"""

from ticketing_service.storefront.server import running_storefront, storefront_app

__all__ = ["running_storefront", "storefront_app"]
