"""A Flask route as its documentation has it: it checks the token, reads the body, and answers.

Unlike `null_service` it has nothing of the product, which has made both of these cheaper.
"""

from typing import Any

from flask import Flask, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

from ticketing_service.access import AccessTokens


def plain_null(access: AccessTokens) -> Flask:
    """Return a service that does nothing."""
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = access.secret
    app.config["JWT_VERIFY_SUB"] = False
    JWTManager(app)

    @app.post("/plain-null/")
    @jwt_required()  # type: ignore[untyped-decorator] # as the library declares it
    def null() -> dict[str, Any]:
        body = request.get_json()
        return {
            "detail": get_jwt_identity(),
            "event_id": body["event_id"],
            "quantity": body["quantity"],
        }

    return app
