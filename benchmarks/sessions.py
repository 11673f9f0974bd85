"""Many people at one server: `python -m benchmarks.sessions [watch] [train] [course]`. Prints figures, asserts nothing.

watch   50 sessions that watch a live run and 50 that look at one that is over, against a real server with its two
        workers. Two runs (784-100-10, batch 32) train all the while, alone and watched by turns: how long a page and a
        tick of its live part take, what memory and processor a session costs the server, and what it costs an epoch.
train   one person has 500 runs waiting (784-16-10, 3 epochs); then 19 others, signed in, press Train within a second.
        How long each of them waits for the first epoch, and how many of the 500 were begun meanwhile.
course  20 people, signed in, press Train within two seconds (784-100-10, batch 32, 8 epochs) and watch for 25
        seconds: what a page and a tick take, what they cost the server, and an epoch beside those of two whom nobody
        watches.

The sessions speak Streamlit's websocket (benchmarks/visitor.py); no browser draws anything.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.visitor import signed_in, visit
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from tests.browser.server import Server
from tests.support import wait_for

LIVE, IDLE = 50, 50
TURNS = 2  # alone and watched, each
SECONDS = 25  # of a turn
PEOPLE, MANY = 20, 500
SECRET = "only known to this benchmark"
PROVIDER = "https://provider.example.org"
SHORT = RunConfig(hidden=(16,), epochs=3)
LESSON = RunConfig(hidden=(100,), epochs=8)
LESSON_SECONDS = 25  # that everybody watches
PATIENCE = 120


class Meter:
    """Memory and processor time of the server's own process, without its workers."""

    def __init__(self, server):
        self.process = psutil.Process(server.process.pid)
        self.reset()

    def reset(self):
        self.began, self.cpu = time.perf_counter(), sum(self.process.cpu_times()[:2])

    @property
    def cores(self):
        """Cores busy since the last reset."""
        return (sum(self.process.cpu_times()[:2]) - self.cpu) / (time.perf_counter() - self.began)

    @property
    def megabytes(self):
        return self.process.memory_info().rss / 2**20


def spread(seconds):
    """Median and 95th percentile in milliseconds."""
    if not seconds:
        return "none"
    return f"{1000 * statistics.median(seconds):,.0f} ms, 95th percentile {1000 * np.percentile(seconds, 95):,.0f} ms"


def epoch_seconds(store, runs, since):
    """Median seconds of the epochs that the runs ended after `since` epochs, and their number."""
    new = [epoch.seconds for run, before in zip(runs, since, strict=True) for epoch in store.epochs(run.id)[before:]]
    return statistics.median(new), len(new)


def watch():
    """The first table."""
    with tempfile.TemporaryDirectory() as name, Server(f"sqlite:///{name}/runs.db", Path(name) / "log") as server:
        store = RunStore(server.database_url)
        over, live = train_two_and_go_on(server, store)
        meter = Meter(server)
        print(f"server with two runs under way: {meter.megabytes:.0f} MB")
        opened, ticks, epochs = [], [], {"alone": [], "watched": []}
        for turn in range(TURNS):
            meter.reset()
            before = [len(store.epochs(run.id)) for run in live]
            time.sleep(SECONDS)
            epochs["alone"].append(epoch_seconds(store, live, before))
            alone = meter.cores
            seen = asyncio.run(many_sessions(server, store, over, live, meter))
            opened += seen["opened"]
            ticks += seen["ticks"]
            epochs["watched"].append(seen["epochs"])
            each = (seen["megabytes"] - seen["before"]) / (LIVE + IDLE)
            print(f"turn {turn + 1}: {seen['megabytes']:.0f} MB with {LIVE + IDLE} sessions, {each:.2f} MB each; "
                  f"{seen['cores']:.2f} cores, {alone:.2f} before; {60 * (seen['cores'] - alone) / LIVE:.2f} s "
                  "of a core a minute for a session that watches", flush=True)  # fmt: skip
        print(f"a page, opened by {LIVE + IDLE} within 10 s: {spread(opened)}")
        print(f"a tick of {LIVE} live pages, asked for every 1.5 s: {spread(ticks)} ({len(ticks)})")
        for kind, found in epochs.items():
            print(f"an epoch, {kind}: " + ", ".join(f"{seconds:.3f} s ({count})" for seconds, count in found))
        for run in live:
            store.wish(run.id, "stop")
        wait_for(lambda: not any(store.get(run.id).active for run in live), "the stop", PATIENCE)
        store.close()
        print_complaints(Path(name) / "log")


def train_two_and_go_on(server, store):
    """(a run that is over, two that go on for long); each is started as a person does."""

    async def start(query):
        async with visit(server.url) as visitor:
            await visitor.open(query=query)
            await visitor.press("Train")
        return store.latest(1)[0]

    over = asyncio.run(start("hidden=16&epochs=16"))
    wait_for(lambda: store.get(over.id).status == "finished", "the first run's end", PATIENCE)
    live = [asyncio.run(start(f"hidden=100&epochs=1000&seed={seed}")) for seed in (1, 2)]
    wait_for(lambda: all(store.get(run.id).epochs_done > 1 for run in live), "two runs under way", PATIENCE)
    return over, live


async def many_sessions(server, store, over, live, meter):
    """Open all of them, stay for SECONDS, and leave."""
    before = meter.megabytes
    async with contextlib.AsyncExitStack() as stack:

        async def arrive(number):
            await asyncio.sleep(number / (LIVE + IDLE) * 10)
            visitor = await stack.enter_async_context(visit(server.url))
            run = live[number % 2] if number < LIVE else over
            return visitor, (await visitor.open(query=f"run={run.id}")).seconds

        arrived = await asyncio.gather(*(arrive(number) for number in range(LIVE + IDLE)))
        done = [len(store.epochs(run.id)) for run in live]
        meter.reset()
        await asyncio.gather(*(visitor.watch(SECONDS) for visitor, _ in arrived))
        cores, megabytes = meter.cores, meter.megabytes
        for visitor, _ in arrived:
            assert not visitor.texts, visitor.texts
        ticks = [look.seconds for visitor, _ in arrived for look in visitor.looks if look.part]
        epochs = epoch_seconds(store, live, done)
    return {"opened": [seconds for _, seconds in arrived], "ticks": ticks, "epochs": epochs, "cores": cores,
            "megabytes": megabytes, "before": before}  # fmt: skip


class SignedServer(Server):
    """A server where people sign in; their cookies are made here, so no provider is asked."""

    def __init__(self, url, folder):
        super().__init__(url, folder / "log", STREAMLIT_SECRETS_FILES=str(folder / "secrets.toml"))
        self.secrets = folder / "secrets.toml"

    def healthy(self):
        self.secrets.write_text(
            f'[auth]\nredirect_uri = "{self.url}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "lab"\n'
            f'client_secret = "x"\nserver_metadata_url = "{PROVIDER}/.well-known/openid-configuration"\n'
        )
        return super().healthy()


def train():
    """The second table."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/runs.db"
        store = RunStore(url)
        for _ in range(MANY):  # by the store itself, whoever it is for
            store.create(SHORT, owner=f"{PROVIDER} ada")
        with SignedServer(url, Path(name)) as server:
            waits, begun = asyncio.run(all_press(server, store))
            ordered = sorted(waits)
            print(f"{PEOPLE - 1} people beside one with {MANY} runs: the first epoch after "
                  f"{ordered[0]:.1f} to {ordered[-1]:.1f} s, median {statistics.median(waits):.1f} s")  # fmt: skip
            print("each: " + " ".join(f"{wait:.1f}" for wait in ordered))
            print(f"of the {MANY}, {begun} were begun meanwhile")
            store.delete([run.id for run in store.latest(None) if run.active])
        store.close()
        print_complaints(Path(name) / "log")


async def all_press(server, store):
    """(seconds from each press to the first epoch, how many of the many were begun between the first and the last)."""
    names = [f"person {number}" for number in range(1, PEOPLE)]
    async with contextlib.AsyncExitStack() as stack:
        visitors = [
            await stack.enter_async_context(visit(server.url, **signed_in(server.url, SECRET, who)))
            for who in ["ada", *names]
        ]
        await visitors[0].open()  # the server's engine starts with its first page
        await asyncio.to_thread(wait_for, lambda: begun_of_many(store) >= 5, "Ada's first runs", PATIENCE)
        for visitor in visitors[1:]:
            await visitor.open(query="hidden=16&epochs=3")
        before, first, waits = begun_of_many(store), {}, {}
        seen = threading.Thread(target=note_first_epochs, args=(store, first, len(names)))
        seen.start()

        async def press(number, visitor):
            await asyncio.sleep(number / len(names))
            waits[number] = time.time()
            await visitor.press("Train")
            await visitor.watch(1)

        await asyncio.gather(*(press(number, visitor) for number, visitor in enumerate(visitors[1:])))
        await asyncio.to_thread(seen.join)
    owners = [f"{PROVIDER} {name}" for name in names]
    return [first[owner] - waits[number] for number, owner in enumerate(owners)], begun_of_many(store) - before


def course():
    """The third table."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/runs.db"
        store = RunStore(url)
        with SignedServer(url, Path(name)) as server:
            asyncio.run(open_once(server))
            alone = [store.of(f"{PROVIDER} nobody {number}").create(replace(LESSON, epochs=40)) for number in (1, 2)]
            all_over(store)
            seconds, count = epoch_seconds(store, alone, [2, 2])
            print(f"an epoch of two runs that nobody watches: {seconds:.3f} s ({count})")
            meter = Meter(server)
            seen = asyncio.run(all_watch(server, store, meter))
            runs = [run for run in store.latest(PEOPLE) if run.config == LESSON]
            seconds, count = epoch_seconds(store, runs, [0] * len(runs))
            print(f"{len(runs)} people: an epoch {seconds:.3f} s ({count}); all trained after {seen['over']:.0f} s")
            print(f"a page opened: {spread(seen['opened'])}; a press of Train: {spread(seen['pressed'])}")
            print(f"a tick, asked for every 1.5 s: {spread(seen['ticks'])} ({len(seen['ticks'])})")
            each = (seen["megabytes"] - seen["before"]) / PEOPLE
            print(f"{seen['megabytes']:.0f} MB, {each:.2f} MB a session; {seen['cores']:.2f} cores, "
                  f"{60 * seen['cores'] / PEOPLE:.2f} s of a core a minute for each")  # fmt: skip
        store.close()
        print_complaints(Path(name) / "log")


async def open_once(server):
    """The server's engine starts with its first page."""
    async with visit(server.url, **signed_in(server.url, SECRET, "the teacher")) as visitor:
        await visitor.open()


def all_over(store):
    wait_for(lambda: not any(run.active for run in store.latest(None)), "the end of all runs", PATIENCE)


async def all_watch(server, store, meter):
    """Everybody opens the page, presses Train, and watches."""
    before = meter.megabytes
    async with contextlib.AsyncExitStack() as stack:
        visitors = [
            await stack.enter_async_context(visit(server.url, **signed_in(server.url, SECRET, f"person {number}")))
            for number in range(PEOPLE)
        ]
        opened = [await visitor.open(query="hidden=100&epochs=8") for visitor in visitors]
        asked = time.time()
        meter.reset()

        async def press(number, visitor):
            await asyncio.sleep(2 * number / PEOPLE)
            pressed = await visitor.press("Train")
            await visitor.watch(LESSON_SECONDS)
            return pressed.seconds

        pressed = await asyncio.gather(*(press(number, visitor) for number, visitor in enumerate(visitors)))
        cores, megabytes = meter.cores, meter.megabytes
        ticks = [look.seconds for visitor in visitors for look in visitor.looks if look.part]
        await asyncio.to_thread(all_over, store)
        for visitor in visitors:
            assert not visitor.texts, visitor.texts
    over = max(run.ended for run in store.latest(PEOPLE)) - asked
    return {"opened": [look.seconds for look in opened], "pressed": pressed, "ticks": ticks, "cores": cores,
            "megabytes": megabytes, "before": before, "over": over}  # fmt: skip


def begun_of_many(store):
    return sum(run.started is not None for run in store.of(f"{PROVIDER} ada").latest(None))


def note_first_epochs(store, first, count):
    """When each person's run has its first epoch, by who it is."""
    until = time.time() + PATIENCE
    while len(first) < count and time.time() < until:
        for run in store.latest(3 * count):
            if run.epochs_done and run.owner != f"{PROVIDER} ada":
                first.setdefault(run.owner, time.time())
        time.sleep(0.05)


def print_complaints(log):
    lines = [line for line in log.read_text().splitlines() if "Error" in line or "Traceback" in line]
    print(f"complaints in the server's log: {len(lines)}", *lines[:5], sep="\n")


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("parts", nargs="*", choices=["watch", "train", "course", []])
    parts = asked.parse_args().parts or ["watch", "train", "course"]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    for part in parts:
        {"watch": watch, "train": train, "course": course}[part]()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
