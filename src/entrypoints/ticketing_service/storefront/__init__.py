"""The demo's web shop: three pages that sell through the payment API as any frontend would.

It knows nothing of the service but its HTTP API; the flow is in the scripts under `static/`.
"""

from ticketing_service.storefront.server import running_storefront, storefront_app

__all__ = ["running_storefront", "storefront_app"]
