"""How long a sweep takes beside a bare process and scikit-learn, and what successive halving finds.

`python -m benchmarks.sweep grid [REPEATS]` trains 40 points (8 widths x 5 learning rates, 3 epochs, 10,000 validation
images) in turn: by the engine, one after another in a bare process, by GridSearchCV(n_jobs=2).
`python -m benchmarks.sweep halving [SEEDS]` trains 40 points for 8 epochs, with and without successive halving.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from dashboard.runs import trainer
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.points import points, score
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from mlpcore import train

WIDTHS, LRS = (8, 16, 24, 32, 48, 64, 96, 128), (0.3, 1.0, 2.0, 3.0, 5.0)


def plan(epochs, **further):
    """8 widths x 5 learning rates."""
    base = RunConfig(epochs=epochs, validation=10_000)
    return SweepPlan(base, {"hidden": tuple((width,) for width in WIDTHS), "lr": LRS}, **further)


@contextmanager
def engine():
    """An engine that is up, with an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(f"sqlite:///{Path(folder) / 'runs.db'}")
        engine = Engine(store)
        engine.start().join()
        yield store, engine
        engine.close()
        store.close()


def swept(store, engine, plan):
    """(seconds, runs) of a sweep from the press of the button to its end."""
    began = time.time()
    sweep = store.create_sweep(plan, first_configs(plan, points(plan)))
    engine.sweep()
    while (now := store.sweep(sweep.id)).active:
        time.sleep(0.1)
    return now.ended - began, store.runs_of(sweep.id)


def alone(what):
    """Seconds that a process of its own takes, with one BLAS thread as a worker has."""
    command = [sys.executable, "-m", "benchmarks.sweep", what]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return float(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def train_bare():
    """Seconds of the same 40 trainings one after another in a process that does nothing else."""
    configs = points(plan(3))
    training, validation, test = trainer.split(configs[0])
    began = time.perf_counter()
    for config in configs:
        rng = np.random.default_rng(config.seed)
        net, optimizer = config.network(rng), trainer.make_optimizer(config)
        list(
            train(net, optimizer, training, test, epochs=config.epochs, batch_size=config.batch_size, rng=rng,
                  validation=validation)
        )  # fmt: skip
    return time.perf_counter() - began


def search():
    """Seconds of GridSearchCV(n_jobs=2) with MLPClassifier on the same points with the same split."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    (X, y), (X_val, y_val), _ = trainer.split(plan(3).base)
    X_all = np.concatenate([X, X_val]).astype(np.float32) / 255
    fold = PredefinedSplit(np.repeat([-1, 0], [len(X), len(X_val)]))
    net = MLPClassifier(activation="logistic", solver="sgd", momentum=0, alpha=0, batch_size=32, max_iter=3)
    choices = {"hidden_layer_sizes": [(width,) for width in WIDTHS], "learning_rate_init": list(LRS)}
    began = time.perf_counter()
    GridSearchCV(net, choices, cv=fold, n_jobs=2, refit=False).fit(X_all, np.concatenate([y, y_val]))
    return time.perf_counter() - began


def grid(repeats):
    """The three in turn, so that what else the machine does disturbs all of them."""
    taken = {"sweep": [], "bare": [], "GridSearchCV": []}
    with engine() as (store, running):
        for _ in range(repeats):
            load = os.getloadavg()[0]
            taken["sweep"].append(swept(store, running, plan(3))[0])
            taken["bare"].append(alone("bare"))
            taken["GridSearchCV"].append(alone("sklearn"))
            print(f"load {load:.2f}:", {name: round(seconds[-1], 2) for name, seconds in taken.items()}, flush=True)
    ratios = [bare / sweep for bare, sweep in zip(taken["bare"], taken["sweep"], strict=True)]
    searched = [sweep / search for sweep, search in zip(taken["sweep"], taken["GridSearchCV"], strict=True)]
    print(f"speed-up, median of {repeats}: {statistics.median(ratios):.2f} of 2; best {max(ratios):.2f}")
    print(f"of GridSearchCV's time: {statistics.median(searched):.1%}")


def halving(seeds):
    """What halving finds, what the full grid has, and their epochs."""
    with engine() as (store, running):
        for seed in range(seeds):
            results = []
            for halved in (False, True):
                wanted = plan(8, halving=halved)
                wanted = SweepPlan(RunConfig(**{**vars(wanted.base), "seed": seed}), wanted.values, halving=halved)
                _, runs = swept(store, running, wanted)
                best = max((run for run in runs if run.status == "finished"), key=lambda run: score([run]))
                results.append((best.best_validation, best.best_accuracy, sum(run.epochs_done for run in runs)))
            (full, full_test, all_epochs), (found, test, epochs) = results
            print(f"seed {seed}: grid {full:.2%} (test {full_test:.2%}, {all_epochs} epochs), "
                  f"halving {found:.2%} (test {test:.2%}, {epochs} epochs, {epochs / all_epochs:.0%}), "
                  f"difference {full - found:.2%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    what, number = sys.argv[1], int((sys.argv[2:] or ["3"])[0])
    if what in ("bare", "sklearn"):
        print(train_bare() if what == "bare" else search())
    else:
        {"grid": grid, "halving": halving}[what](number)
