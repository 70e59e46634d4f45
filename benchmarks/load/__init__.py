"""A load client that costs little: it shares the machine with what it measures.

It sends requests that were encoded beforehand, each its own, over raw sockets; it keeps when each
was answered and what with, so that every answer can be compared with the database afterwards.
"""

from benchmarks.load.client import run_window
from benchmarks.load.seen import Seen, Summary
from benchmarks.load.window import Window

__all__ = ["Seen", "Summary", "Window", "run_window"]
