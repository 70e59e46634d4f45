"""`python -m ticketing_service.cli` is `ticketing`, for processes that start one."""

from ticketing_service.cli import main

main(prog_name="ticketing")
