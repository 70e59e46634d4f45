"""`python -m entrypoints.cli` is `ticketing`, for processes that start one."""

from entrypoints.cli import main

main(prog_name="ticketing")
