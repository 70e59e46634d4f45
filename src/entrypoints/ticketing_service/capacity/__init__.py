"""How much one process does at a time, so that a rush or a slow provider cannot stop it.

- `limits`: all numbers, derived from the number of threads at work.
- `slots`: who is at work. Purchases get only a part of the slots.
- `load_shedding`: the WSGI application in front of Flask that refuses what has to wait too long.
- `gateways`, `clocks`, `rooms`: bound how many threads call the payment provider, or sleep.
- `line`: who buys next: the one who came first.
- `looks`: shares looks at one checkout.
- `pace`: who calls the provider next, over all processes.
- `rates`: how often one buyer may call.

Decision records 10 and 16 have the reasons.
"""
