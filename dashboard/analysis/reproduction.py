"""Trained again from the same settings: is it the same, and where not, what differs?"""

from ..runs.run import Run
from ..runs.store import RunStore

MEASURED = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")  # time is allowed to differ
SAYS_NOTHING = ("pid",)  # of an environment


def verdict(store: RunStore, original: Run, again: Run) -> str:
    """One sentence: identical, or the first difference, with what differs in the environments."""
    first, second = store.epochs(original.id), store.epochs(again.id)
    common = min(len(first), len(second))
    if common == 0:
        return f"{again.name} trains {original.name} again: nothing can be said before its first epoch."
    for a, b in zip(first, second, strict=False):
        for name in MEASURED:
            if getattr(a, name) != getattr(b, name):
                return (
                    f"{again.name} first differs from {original.name} in epoch {a.epoch}: {name.replace('_', ' ')} "
                    f"{getattr(b, name):.9g} instead of {getattr(a, name):.9g}. {_environments(original, again)}"
                )
    if len(second) < len(first):
        return f"{again.name} is identical to {original.name} in the {common:,} epochs it has so far."
    return _weights(store, original, again, common)


def _weights(store, original, again, epoch):
    states = [store.state(run.id, epoch) for run in (original, again)]
    epochs = f"all {epoch:,} epochs" if epoch > 1 else "its only epoch"
    if None in states:
        return f"{again.name} is identical to {original.name} in {epochs}; weights to compare are not kept."
    if states[0].digest == states[1].digest:
        return f"{again.name} is identical to {original.name}: {epochs}, and every weight to the last bit."
    return (
        f"{again.name} shows the figures of {original.name} in {epochs}, but its weights differ. "
        f"{_environments(original, again)}"
    )


def _environments(original, again):
    before, now = original.environment or {}, again.environment or {}
    changed = [
        f"{name.replace('_', ' ')} {now.get(name)} instead of {before.get(name)}"
        for name in dict.fromkeys([*before, *now])
        if name not in SAYS_NOTHING and before.get(name) != now.get(name)
    ]
    return f"The environments differ in {', '.join(changed)}." if changed else "The environments are the same."
