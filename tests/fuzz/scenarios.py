"""Sequences of calls along the links of the OpenAPI document, on a real server."""

from contextlib import suppress
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.judging import Tally
from tests.fuzz.shop import Shop
from tests.support.server import access_token
from ticketing_service.sandbox.refusals import Refused

NAME = "scenarios"

STEPS = 8
"""Of one scenario: to buy, pay, verify, look, refund and verify once more, and some besides."""

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


def is_no_bug(_: Any, response: Any, __: Any) -> None:
    """Check that the answer is no internal error, which the document describes, too."""
    assert response.status_code != 500, "an internal error"


def run(sold: Shop, tally: Tally, *, number: int, scenarios: int) -> None:
    """Run so many scenarios, which follow from the seed ``number``.

    Raises:
        FailureGroup: A response is not as documented.
        AssertionError: It is an internal error.
    """
    document = schemathesis.openapi.from_url(f"{sold.server.url}/openapi.json")
    # The links of the document alone. What could be inferred besides is in the other attacks.
    document.config.phases.stateful.inference.algorithms = []
    buyers = count(1)

    failures: list[BaseException] = []

    class Scenario(document.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            # One buyer for all scenarios would be refused for calling too often.
            self.token = access_token(f"buyer-{next(buyers)}", roles=["organizer"])

        def get_call_kwargs(self, _: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {self.token}"}}

        def after_call(self, response: Any, case: schemathesis.Case[Any]) -> None:
            tally.counts[NAME, response.status_code] += 1
            bought = (
                response.json() if response.status_code == 200 and case.method == "POST" else {}
            )
            # Half of the buyers pay, so that what follows meets both.
            if "session_id" in bought and bought["ticket_id"] % 2:
                with suppress(Refused):
                    sold.running.sandbox.pay(bought["session_id"])

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **_: Any) -> None:
            try:
                case.validate_response(response, checks=[*CHECKS, is_no_bug])
            except BaseException as failure:
                failures.append(failure)
                raise

    machine: type[APIStateMachine] = Scenario
    chosen = settings(
        max_examples=scenarios,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        # Not `shrink`: a failure shows its calls, and each try would wait for the provider's pace.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(number)(machine), settings=chosen)
    except Flaky:
        # The server goes on while Hypothesis begins anew: what was sold before is sold.
        if failures:
            raise failures[0] from None
