"""Lets machines fail under load, and audits what was sold: `python -m tests.failover`.

Each machine is a network namespace. It runs what `deploy/` documents, with the files from there.
What it shows is in docs/failover.md.

- `isolation`: a private copy of the machine's network, processes and mounts, gone at the end
- `machines`: one machine; `site`: all of them
- `cluster`: etcd, Patroni and PostgreSQL; `services`: HAProxy and the service
- `shop`: buyers who keep receipts; `audit`: compares these with the books
- `faults`: what can happen to a machine; `rounds`: lets it happen while buyers buy
- `report`: the table
"""
