"""The texts of the pages in English, so that a test need not repeat their words."""

import json
from pathlib import Path
from typing import Any

from ticketing_service import storefront

STATIC = Path(storefront.__file__).with_name("static")
ENGLISH: dict[str, Any] = json.loads((STATIC / "texts" / "en.json").read_text())
