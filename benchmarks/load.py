"""Where the first limit stands: a simulation of a course at work, from measured costs. `python -m benchmarks.load`

A discrete-event simulation. Each person has a page open, starts a run, watches it to its end, thinks, starts the next;
the page asks the store at every tick. Every station is a queue with so many servers, first come, first served:

    scheduler   one core; takes in and hands out a task
    workers     a core each; an epoch at a time
    database    how many commits and reads it can do at once; one for each commit and each look of a page
    pages       a core for each page server; renders a tick

Prints, for each number of people, how busy each station is and how long the 95th percentile waits there. The costs in
COSTS were measured on two shared cores, as docs/scaling.md tells; give others for other machines.
"""

import argparse
import heapq
import time
from dataclasses import dataclass, field

import numpy as np

COSTS = {  # seconds
    "task": 0.00064,  # scheduler: a run submitted, assigned, and reported done
    "epoch": 0.4,  # worker: of a network such as 784-100-10
    "commit": 0.010,  # database: an epoch with its checkpoint, on disk; with the writers on its own two cores
    "look": 0.0014,  # database: what a page reads at a tick
    "tick": 0.027,  # page server: a tick rendered and sent
}
TICK_SECONDS = 1.5
EPOCHS = 16
THINK_SECONDS = 60  # between the end of a run and the next one
HOUR = 3600
COURSES = (  # people, workers, page servers, cores of the database
    (1, 2, 1, 1), (40, 8, 1, 1), (40, 8, 2, 1), (200, 32, 4, 1), (200, 32, 8, 2),
    (1000, 128, 16, 1), (1000, 128, 16, 4), (1000, 128, 32, 4),
)  # fmt: skip


@dataclass
class Station:
    """`servers` that each do one thing at a time."""

    servers: int
    free: list = field(default_factory=list)
    busy: float = 0.0
    waits: list = field(default_factory=list)

    def __post_init__(self):
        self.free = [0.0] * self.servers

    def serve(self, now, seconds):
        """When a job of `seconds` that arrives now is done."""
        start = max(now, heapq.heappop(self.free))
        heapq.heappush(self.free, start + seconds)
        self.busy += seconds
        self.waits.append(start - now)
        return start + seconds


def simulate(people, workers, page_servers, database=1, seconds=HOUR / 4, costs=COSTS, seed=0):
    """{name: (share of the time it is busy, 95th percentile of the wait in seconds)} of each station."""
    rng = np.random.default_rng(seed)
    stations = {"scheduler": Station(1), "workers": Station(workers), "database": Station(database),
                "pages": Station(page_servers)}  # fmt: skip
    events = [(rng.uniform(0, THINK_SECONDS), n, "start", 0) for n in range(people)]
    events += [(rng.uniform(0, TICK_SECONDS), people + n, "tick", 0) for n in range(people)]
    heapq.heapify(events)
    while events and events[0][0] < seconds:
        now, who, what, epoch = heapq.heappop(events)
        if what == "tick":
            seen = stations["database"].serve(now, costs["look"])
            done = stations["pages"].serve(seen, costs["tick"])
            heapq.heappush(events, (max(now + TICK_SECONDS, done), who, "tick", 0))
        elif what == "start":
            handed = stations["scheduler"].serve(now, costs["task"])
            heapq.heappush(events, (handed, who, "epoch", 1))
        elif what == "epoch":
            trained = stations["workers"].serve(now, costs["epoch"])
            heapq.heappush(events, (trained, who, "commit", epoch))
        else:
            kept = stations["database"].serve(now, costs["commit"])
            following = ("epoch", epoch + 1) if epoch < EPOCHS else ("start", 0)
            wait = 0 if epoch < EPOCHS else rng.exponential(THINK_SECONDS)
            heapq.heappush(events, (kept + wait, who, *following))
    return {name: (station.busy / seconds / station.servers, np.percentile(station.waits or [0], 95))
            for name, station in stations.items()}  # fmt: skip


def measure():
    """Seconds of the scheduler's core for a task: a thousand that do nothing, through a scheduler of its own."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(abs, range(100), pure=False))
        began = time.process_time()
        client.gather(client.map(abs, range(1000), pure=False))
        return (time.process_time() - began) / 1000


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--measure", action="store_true", help="the scheduler's cost of a task, on this machine")
    if asked.parse_args().measure:
        print(f"{1000 * measure():.2f} ms of a core for a task, the client's share included")
        return
    names = "".join(f"{name:>18}" for name in ("scheduler", "workers", "database", "pages"))
    print(f"people workers page servers database cores   {names}")
    for people, workers, page_servers, database in COURSES:
        found = simulate(people, workers, page_servers, database)
        cells = "".join(f"{busy:>9.0%} {wait:>6.2f} s" for busy, wait in found.values())
        print(f"{people:>6} {workers:>7} {page_servers:>12} {database:>14}   {cells}", flush=True)


if __name__ == "__main__":
    main()
