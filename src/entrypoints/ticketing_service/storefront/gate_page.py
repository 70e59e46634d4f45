"""The gate page: scripts that let people in through the API, or offline on their own."""

import hashlib
import json

from flask import Blueprint

from ticketing_service.storefront.script_page import Files, script_page

_WORKER = "service_worker.js"


def gate_page(*, api_url: str) -> Blueprint:
    """Return the blueprint of the page, at ``/gate/``.

    Args:
        api_url: Where browsers reach the API, or the path to it from the page.
    """
    return script_page("gate", api_url=api_url, finished=_with_list)


def _with_list(page: str, files: Files) -> Files:
    """Return the files, with the list of files to cache filled in into the service worker.

    Its version is a hash of all files, so browsers fetch all of them again after any change.
    """
    script = files[_WORKER].decode()
    kept = {name: content for name, content in files.items() if name != _WORKER}
    content = hashlib.sha256(json.dumps([page, script, *kept]).encode())
    for each in kept.values():
        content.update(each)
    names = json.dumps(["./", *kept], indent=2)
    version = f"gate-{content.hexdigest()[:16]}"
    worker = script.replace("%VERSION%", version).replace("%FILES%", names).encode()
    return {**kept, _WORKER: worker}
