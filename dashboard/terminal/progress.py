"""A training in this terminal: a bar an epoch, as in a notebook, and a line for each epoch that is done."""

import signal
import sys
from contextlib import contextmanager

from tqdm import tqdm

from .. import formats
from ..runs.trainer import Rest, Watch

asked: list[int] = []  # signals that came: what the Watch of this process looks at


class Bars(Watch):
    """The trainer's Watch, with a bar; a bar is drawn where stderr is a terminal."""

    def __call__(self, batches):
        number, total = self.run.epochs_done + 1, self.run.config.epochs
        with tqdm(batches, f"Epoch {number} of {total}", leave=False, unit=" batches", disable=None) as bar:
            yield from super().__call__(bar)

    def look(self, progress):
        super().look(progress)
        if asked:
            raise Rest("paused")

    def done(self, result):
        """Say what the epoch reached."""
        self.run = self.store.get(self.run.id)
        print(epoch_line(result, self.run.config.epochs), file=sys.stderr, flush=True)


class Quiet(Bars):
    """Says nothing, and pauses all the same."""

    def __call__(self, batches):
        yield from Watch.__call__(self, batches)

    def done(self, result):
        """Nothing to say."""


def epoch_line(result, total):
    """Epoch  3 of 16   train 95.61 % loss 0.0412   test 95.12 % loss 0.0438   0.41 s"""
    parts = [
        f"Epoch {result.epoch:>{len(str(total))}} of {total}",
        f"train {formats.percent(result.train_accuracy)} loss {formats.loss(result.train_loss)}",
        f"test {formats.percent(result.test_accuracy)} loss {formats.loss(result.test_loss)}",
        formats.duration(result.seconds),
    ]
    if result.validation_accuracy is not None:
        validation = f"{formats.percent(result.validation_accuracy)} loss {formats.loss(result.validation_loss)}"
        parts.insert(2, f"validation {validation}")
    return "   ".join(parts)


@contextmanager
def ctrl_c_pauses():
    """The first Ctrl-C or SIGTERM pauses at the next look, a fraction of a second later; the second ends at once."""
    asked.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number, _frame):
        asked.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
