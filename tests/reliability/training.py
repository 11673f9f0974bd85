"""What a run is without any disturbance, to compare with."""

from threadpoolctl import threadpool_limits

from dashboard.runs.trainer import results


def bare(config):
    """The same training in this process: (figures of each epoch, the last state as bytes)."""
    with threadpool_limits(1, "blas"):
        epochs, states = zip(*results(config, None, iter), strict=True)
    return figures(epochs), states[-1].to_bytes()


def figures(epochs):
    return [
        (e.epoch, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.validation_loss,
         e.validation_accuracy, e.diagnostics)
        for e in epochs
    ]  # fmt: skip


def assert_undisturbed(store, run, expected, status="finished"):
    """Every figure, and weights, optimizer and generator at the end, to the last bit."""
    got = store.get(run.id)
    assert (got.status, got.error) == (status, None)
    rows, state = expected
    assert figures(store.epochs(run.id)) == rows
    assert store.state(run.id, got.epochs_done).to_bytes() == state
