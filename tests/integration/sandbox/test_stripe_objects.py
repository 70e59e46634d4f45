"""The objects in `stripe_objects.json` against Stripe's document."""

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.support.stripe_openapi import check_object

TEMPLATES: dict[str, dict[str, Any]] = json.loads(
    (files("ticketing_service.sandbox") / "stripe_objects.json").read_text("utf-8")
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_conforms(name: str) -> None:
    """Each is a complete object as it stands; a variant, together with what it changes."""
    object_type = name.partition(" (")[0]
    assert check_object(object_type, TEMPLATES[object_type] | TEMPLATES[name]) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_misspelt_field_is_caught(name: str) -> None:
    """Control: no template may have a field that Stripe does not have."""
    object_type = name.partition(" (")[0]
    wrong = TEMPLATES[object_type] | TEMPLATES[name] | {"paymnt": None}
    assert any("paymnt" in problem for problem in check_object(object_type, wrong))
