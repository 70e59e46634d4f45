"""`python -m ticketing_service.cli` is `ticketing`, for programs that start it."""

from ticketing_service.cli import main

main(prog_name="ticketing")
