"""Sells tickets from a FastAPI application: `granian --interface asgi examples.fastapi_app:app`.

The library blocks while it waits for the database or for Stripe. FastAPI runs a plain `def` in a
thread, so that is the simplest way to call it. An `async def` must not wait itself: it calls the
library by `run_in_threadpool`, as other async programs do by `asyncio.to_thread`.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from ticketing_adapters.shop import Shop, open_shop
from ticketing_core import Issued
from ticketing_core.errors import NotFound, NotYourTicket, TicketingError, Unavailable
from ticketing_core.payment import NotOurs
from ticketing_core.signature import Forged


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the shop in each process that serves, and settle while it does."""
    shop = await run_in_threadpool(
        open_shop,
        database_url=os.environ.get("DATABASE_URL", "sqlite:///shop.db"),
        signing_key_file="signing.pem",
        frontend_url="http://localhost:5173",
        stripe_secret_key=os.environ["STRIPE_SECRET_KEY"],
        stripe_webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        stripe_api_base=os.environ.get("STRIPE_API_BASE"),
        # One for each of FastAPI's 40 threads, and four for settling.
        pool_size=44,
    )
    await run_in_threadpool(shop.settling.start)
    app.state.shop = shop
    yield
    await run_in_threadpool(shop.close)


app = FastAPI(lifespan=lifespan)


def open_one(request: Request) -> Shop:
    """Return the shop of this process."""
    shop: Shop = request.app.state.shop
    return shop


def buyer_of(authorization: Annotated[str, Header()]) -> str:
    """Return who calls. Put the check of your own login here: this one believes everybody."""
    return authorization.removeprefix("Bearer ")


OpenShop = Annotated[Shop, Depends(open_one)]
Buyer = Annotated[str, Depends(buyer_of)]


@app.post("/orders")
def order(
    event_id: Annotated[int, Query(ge=1)],
    quantity: Annotated[int, Query(ge=1)],
    shop: OpenShop,
    buyer: Buyer,
) -> dict[str, object]:
    """Reserve places. A paid event has an address to send the buyer to."""
    bought = shop.box_office.purchase(event_id=event_id, quantity=quantity, buyer=buyer)
    if isinstance(bought, Issued):
        return {"ticket_id": bought.ticket.ticket_id, "token": bought.admission.token}
    return {
        "ticket_id": bought.ticket.ticket_id,
        "checkout_id": bought.checkout_id,
        "checkout_url": bought.checkout_url,
    }


@app.post("/orders/{ticket_id}/verify")
async def verify(ticket_id: int, checkout_id: str, shop: OpenShop, buyer: Buyer) -> Response:
    """Return the QR code of a ticket that is paid. This is how an `async def` calls the library."""
    issued = await run_in_threadpool(
        shop.box_office.verify, ticket_id=ticket_id, checkout_id=checkout_id, buyer=buyer
    )
    return Response(issued.admission.qr_code, media_type="image/png")


@app.post("/stripe")
async def stripe(request: Request, shop: OpenShop) -> None:
    """Take Stripe's webhooks, so that a ticket is issued even if its buyer does not come back."""
    assert shop.notifications is not None, "the shop has a webhook secret"
    match shop.notifications.read(await request.body(), request.headers):
        case Forged():
            raise HTTPException(400, "not signed by Stripe")
        case NotOurs():
            pass
        case news:
            await run_in_threadpool(shop.box_office.settle_news, news, by="webhook")


@app.exception_handler(TicketingError)
def tell(_: Request, error: TicketingError) -> JSONResponse:
    """Answer with the error's own words and a status that fits."""
    status = 409
    if isinstance(error, Unavailable):
        status = 503  # Stripe sends a webhook again that is answered so.
    elif isinstance(error, NotFound | NotYourTicket):
        status = 404
    body = {"code": error.code, "detail": error.detail, "retryable": error.retryable}
    return JSONResponse(body, status)
