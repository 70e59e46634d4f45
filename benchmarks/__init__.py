"""Measures the product beside yardsticks, and audits what it sold: `python -m benchmarks`.

Nothing here is a test, because all figures depend on the machine. Method and figures:
docs/performance.md.

- `figures`: one function for each figure; `pace`: how long and how hard they measure
- `bench`: what a run shares; `database`: one database, the services over it, and their audit
- `load`: the load client; `orders`: its requests; `seed`: fills a database by plain SQL
- `null_service`, `gateway_only`, `lock_the_row`, `pgbench`: the yardsticks;
  `yardsticks` serves the first three
- `provider`: serves a payment provider; `slow_gateway` and `moved_money`: what it answers
- `report`, `table`, `plot`: what a run shows
"""
