"""Saves the state of objects in memory, so that a search prepares its world only once."""

import pickle
from collections.abc import Callable, Sequence
from io import BytesIO
from threading import Lock, RLock
from types import FunctionType

_SHARED = (type(Lock()), type(RLock()), FunctionType)
"""Types whose objects are not copied: they have no state, and cannot be pickled."""


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO, shared: list[object]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._shared = shared

    def persistent_id(self, obj: object) -> int | None:
        if isinstance(obj, _SHARED):
            self._shared.append(obj)
        return next((i for i, each in enumerate(self._shared) if each is obj), None)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BytesIO, shared: Sequence[object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> object:
        return self._shared[pid]


def save(*objects: object) -> Callable[[], None]:
    """Copy the attributes of objects, and return a function that puts copies of them back.

    What they refer to among themselves stays the same.
    """
    saved = BytesIO()
    shared = [*objects]
    _Pickler(saved, shared).dump([vars(each) for each in objects])

    def put_back() -> None:
        copies = _Unpickler(BytesIO(saved.getvalue()), shared).load()
        for each, copied in zip(objects, copies, strict=True):
            vars(each).clear()
            vars(each).update(copied)

    return put_back
