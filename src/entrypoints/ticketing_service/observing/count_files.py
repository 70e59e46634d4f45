"""The files of the multiprocess metrics, made so that a full disk stops no sale."""

import logging
import os
from contextlib import suppress

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

log = logging.getLogger(__name__)

FILE_BYTES = 1 << 17
"""More than all labels of one type of metric need, so that no file grows."""


class CountFile(MmapedDict):
    """A file without holes, or unread memory if the disk has no room for it.

    The library maps sparse files, and the kernel kills a process that writes into a hole when the
    disk is full (SIGBUS).
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's
        try:
            with open(filename, "ab") as file:  # noqa: PTH123 - as the library does
                # Nothing, if the file of an ended process with the same id exists.
                file.write(bytes(max(0, FILE_BYTES - file.tell())))
        except OSError as error:
            # A scrape cannot read a file that is empty.
            with suppress(OSError):
                os.unlink(filename)  # noqa: PTH108 - as above
            log.error("metrics: what this process counts is not shown: %s", error)  # noqa: TRY400 - the reason is enough
            filename = f"/dev/fd/{os.memfd_create('metrics')}"
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]


def use_count_files() -> None:
    """Let the library use `CountFile` for all its files."""
    values.MmapedDict = CountFile  # type: ignore[attr-defined]
