"""The metrics port: who stalls there takes nothing from the process, which sells."""

import socket
import subprocess
import sys
from contextlib import ExitStack

from tests.integration.cli.processes import wait_until
from tests.integration.observing.scraped import scrape
from tests.support.ports import free_ports

STRANGERS = 3

ANSWER = """
import os, sys, threading
from ticketing_service.observing.figures import FigureCollector
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.scraping import MetricsPort

collector = FigureCollector(lambda: [])
MetricsPort(metrics=Metrics(), figures=collector, host=sys.argv[1], port=int(sys.argv[2])).start()
for _ in sys.stdin:
    print(threading.active_count(), flush=True)
"""
"""Answers scrapes, and says for each line of its input how many threads it has."""


def test_strangers_who_stall_take_no_thread_and_no_file() -> None:
    """They are served one after the other, and hung up on. Scrapes are answered all the same."""
    (port,) = free_ports(1)
    with (
        ExitStack() as strangers,
        subprocess.Popen(
            [sys.executable, "-c", ANSWER, "127.0.0.1", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as answering,
    ):
        assert answering.stdin is not None
        assert answering.stdout is not None
        try:
            wait_until(lambda: scrape(port) != {}, what="an answer")
            idle = [
                strangers.enter_context(socket.create_connection(("127.0.0.1", port)))
                for _ in range(STRANGERS)
            ]
            answering.stdin.write("\n")
            answering.stdin.flush()
            # The main one, the one that tries to listen, that of the scrapes, and one of a reading.
            assert int(answering.stdout.readline()) <= 4
            assert [each.recv(1) for each in idle] == [b""] * STRANGERS
            assert scrape(port) != {}
        finally:
            answering.kill()
        assert answering.stderr is not None
        assert answering.stderr.read() == ""


def test_it_listens_on_addresses_of_either_kind() -> None:
    """As `TICKETING_METRICS_HOST` has them."""
    (port,) = free_ports(1)
    with subprocess.Popen(
        [sys.executable, "-c", ANSWER, "::1", str(port)], stdin=subprocess.PIPE
    ) as answering:
        try:
            wait_until(lambda: scrape(port, host="[::1]") != {}, what="an answer")
        finally:
            answering.kill()
