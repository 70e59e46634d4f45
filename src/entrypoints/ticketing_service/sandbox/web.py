"""Puts the API, the payment page, the dashboard and the control interface into one Flask app."""

from flask import Flask

from ticketing_service.sandbox.api import api_blueprint
from ticketing_service.sandbox.control import control_blueprint
from ticketing_service.sandbox.dashboard import dashboard_blueprint
from ticketing_service.sandbox.money import in_words
from ticketing_service.sandbox.payment_page import payment_page_blueprint
from ticketing_service.sandbox.sandbox import Sandbox

# A Stripe request with 50 keys of metadata on every level stays far below.
_LARGEST_REQUEST = 1_000_000


def sandbox_app(sandbox: Sandbox) -> Flask:
    """Return the WSGI application of a sandbox."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    app.jinja_env.filters["money"] = in_words
    for blueprint in (
        api_blueprint(sandbox),
        payment_page_blueprint(sandbox),
        dashboard_blueprint(sandbox),
        control_blueprint(sandbox),
    ):
        app.register_blueprint(blueprint)
    return app
