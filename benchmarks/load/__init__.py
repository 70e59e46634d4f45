"""A load client that costs little, because it shares the machine with what it measures.

It sends encoded requests over raw sockets and keeps the time and content of every answer, so that
each can be compared with the database later.
"""

from benchmarks.load.client import run_window
from benchmarks.load.result import Result
from benchmarks.load.window import Window

__all__ = ["Result", "Window", "run_window"]
