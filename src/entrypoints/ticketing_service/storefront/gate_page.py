"""The gate page: scripts that let people in by the API, and offline by themselves."""

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
    """Return the files, of which the service worker has the list of what it keeps.

    Its version is a hash of all of it: browsers fetch everything anew if anything has changed.
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
