"""Work in the background: jobs in threads over the core, which leases share among processes.

- `job`: what all jobs have in common.
- `settler`: settling, reading news, comparing.
- `unwinder`: voiding the tickets of cancelled events.
- `courier`: delivering messages, and deleting old ones.
- `settling`: all of them, to start and to stop.
- `provider`: what the calls of this process say of the payment provider.
- `advice`: what the log tells an operator to do.
"""

from ticketing_adapters.jobs.courier import Courier, Pruner
from ticketing_adapters.jobs.job import Job, restore_problem
from ticketing_adapters.jobs.provider import ProviderWatch
from ticketing_adapters.jobs.settler import Comparer, NewsReader, Settler
from ticketing_adapters.jobs.settling import Settling
from ticketing_adapters.jobs.unwinder import Unwinder

__all__ = [
    "Comparer",
    "Courier",
    "Job",
    "NewsReader",
    "ProviderWatch",
    "Pruner",
    "Settler",
    "Settling",
    "Unwinder",
    "restore_problem",
]
