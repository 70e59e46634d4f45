"""Runs the service for long under mixed load with faults: `python -m tests.soak`.

Two processes of `ticketing serve` share one PostgreSQL; the sandbox is their payment provider.

- `stage`: all that runs; `front`: the two processes as buyers see them
- `crowd`: buyers, an organizer and people who only look; `faults`: what disturbs them
- `samples`: memory and backlog, read again and again
- `ending`: settles everything, and compares books, receipts and reports
- `verdict`: whether memory stayed flat; `report`: the table; `plot`: the picture
"""
