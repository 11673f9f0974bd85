import numpy as np
import pytest

from mlpcore import MLP, SGD, Diverged, TrainingState, evaluate, train

SIZES = [12, 6, 3]


def blobs(rng, n=90):
    labels = rng.integers(3, size=n)
    centres = np.repeat(np.eye(3), 4, axis=1)
    return (centres[labels] * 0.7 + rng.random((n, 12)) * 0.3).astype(np.float32), labels


def weights_of(net):
    return b"".join(value.tobytes() for _, value, _ in net.parameters())


def test_training_learns_and_reports_each_epoch(rng):
    data, held_out = blobs(rng), blobs(rng, 30)
    net = MLP(SIZES, rng=rng)
    results = list(train(net, SGD(2.0), data, held_out, epochs=20, batch_size=8, rng=rng))
    assert [result.epoch for result in results] == list(range(1, 21))
    assert results[-1].test_accuracy > 0.95
    assert results[-1].train_loss < results[0].train_loss
    assert (results[-1].test_loss, results[-1].test_accuracy) == evaluate(net, held_out)
    assert all(result.seconds > 0 for result in results)


def test_training_figures_are_means_over_the_epoch_before_each_update(rng):
    """With one batch an epoch the figure is that of the untouched network."""
    X, y = blobs(rng)
    net = MLP(SIZES, rng=rng)
    loss, accuracy = evaluate(net, (X, y))
    result = next(train(net, SGD(1.0), (X, y), epochs=1, batch_size=len(X), rng=rng))
    assert result.train_loss == pytest.approx(loss, rel=1e-6)
    assert result.train_accuracy == accuracy


def test_each_epoch_visits_every_sample_once_in_a_new_order(rng, monkeypatch):
    seen = []
    original = MLP._backward

    def spy(self, delta, work, **options):
        seen.append(self.layers[0].input[:, 0].tolist())
        original(self, delta, work, **options)

    monkeypatch.setattr(MLP, "_backward", spy)
    X = np.zeros((10, 12), np.float32)
    X[:, 0] = np.arange(10) / 10
    net = MLP(SIZES, rng=rng)
    list(train(net, SGD(0.1), (X, np.zeros(10, int)), epochs=2, batch_size=4, rng=rng))
    assert [len(batch) for batch in seen] == [4, 4, 2, 4, 4, 2]
    first, second = np.concatenate(seen[:3]).tolist(), np.concatenate(seen[3:]).tolist()
    assert sorted(first) == sorted(second) == X[:, 0].tolist()
    assert first != second


def test_two_identical_runs_are_bitwise_identical():
    def run():
        rng = np.random.default_rng(3)
        net = MLP(SIZES, rng=rng)
        results = list(train(net, SGD(1.0), blobs(rng), epochs=5, batch_size=7, rng=rng))
        return weights_of(net), [(r.train_loss, r.train_accuracy) for r in results]

    assert run() == run()


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_a_resumed_training_ends_bit_for_bit_where_the_uninterrupted_one_does(stop):
    def fresh():
        rng = np.random.default_rng(3)
        return blobs(rng), MLP(SIZES, rng=rng), SGD(1.0), rng

    data, whole, optimizer, rng = fresh()
    expected = list(train(whole, optimizer, data, data, epochs=5, batch_size=7, rng=rng))

    data, net, optimizer, rng = fresh()
    for result in train(net, optimizer, data, data, epochs=5, batch_size=7, rng=rng):
        if result.epoch == stop:
            saved = TrainingState.take(net, optimizer, rng, stop).to_bytes()
            break

    data, net, optimizer, _ = fresh()
    rng = np.random.default_rng(99)
    state = TrainingState.from_bytes(saved)
    state.put(net, optimizer, rng)
    rest = list(train(net, optimizer, data, data, epochs=5, batch_size=7, rng=rng, start=state.epoch))
    assert weights_of(net) == weights_of(whole)
    assert [r.test_loss for r in rest] == [r.test_loss for r in expected[stop:]]
    assert TrainingState.take(net, optimizer, rng, 5).digest == TrainingState.take(whole, optimizer, rng, 5).digest


def test_a_state_is_a_copy(rng):
    net, optimizer = MLP(SIZES, rng=rng), SGD(1.0)
    state = TrainingState.take(net, optimizer, rng, 0)
    kept = {name: value.copy() for name, value in state.weights.items()}
    next(train(net, optimizer, blobs(rng), epochs=1, batch_size=5, rng=rng))
    assert all((state.weights[name] == kept[name]).all() for name in kept)


def test_progress_wraps_the_batches_as_tqdm_does(rng):
    seen = []

    def progress(batches):
        for batch in batches:
            yield batch
            seen.append((batch, len(batches)))

    next(train(MLP(SIZES, rng=rng), SGD(0.1), blobs(rng), epochs=1, batch_size=40, rng=rng, progress=progress))
    assert seen == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_divergence_is_told_with_epoch_and_batch(rng):
    with pytest.raises(Diverged, match="epoch 1, batch 2") as caught:
        list(train(MLP(SIZES, rng=rng), SGD(1e42), blobs(rng), epochs=3, batch_size=30, rng=rng))
    assert (caught.value.epoch, caught.value.batch) == (1, 2)


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_divergence_in_the_last_batch_is_told_too(rng):
    with pytest.raises(Diverged, match="epoch 1, batch 1"):
        list(train(MLP(SIZES, rng=rng), SGD(1e42), blobs(rng), epochs=3, batch_size=90, rng=rng))


@pytest.mark.parametrize("settle", [4, 256])
def test_divergence_is_told_of_its_batch_however_seldom_it_is_looked_for(monkeypatch, settle):
    monkeypatch.setattr("mlpcore.training.SETTLE", settle)
    X, y = blobs(np.random.default_rng(0))
    X[50] = np.nan
    place = int(np.flatnonzero(np.random.default_rng(5).permutation(len(X)) == 50)[0])
    net = MLP(SIZES, rng=np.random.default_rng(1))
    with pytest.raises(Diverged) as caught:
        next(train(net, SGD(0.1), (X, y), epochs=1, batch_size=3, rng=np.random.default_rng(5)))
    assert caught.value.batch == place // 3 + 1 > 4


@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), float("inf")])
def test_a_learning_rate_must_be_positive_and_finite(lr):
    with pytest.raises(ValueError, match=f"learning rate must be a number > 0, got {lr}"):
        SGD(lr)


@pytest.mark.parametrize(
    ("X", "y", "batch_size", "epochs", "sentence"),
    [
        (np.zeros((5, 12)), np.zeros(5, int), 6, 1, "batch size must be between 1 and the 5 training samples, got 6"),
        (np.zeros((5, 12)), np.zeros(5, int), 0, 1, "batch size must be between 1"),
        (np.zeros((5, 12)), np.zeros(5, int), 1, 0, "epochs must be at least 1, got 0"),
        (np.zeros((5, 11)), np.zeros(5, int), 1, 1, r"X must be \(n, 12\), got \(5, 11\)"),
        (np.zeros((5, 12), int), np.zeros(5, int), 1, 1, "X must be uint8 or floating point, got int64"),
        (np.zeros((0, 12)), np.zeros(0, int), 1, 1, "at least 1; got 0 and 0"),
        (np.zeros((5, 12)), np.zeros(4, int), 1, 1, "got 5 and 4"),
        (np.zeros((5, 12)), np.full(5, 3), 1, 1, r"labels must lie in 0\.\.2, got 3\.\.3"),
    ],
)
def test_bad_data_is_refused_before_the_first_epoch(rng, X, y, batch_size, epochs, sentence):
    with pytest.raises(ValueError, match=sentence):
        train(MLP(SIZES, rng=rng), SGD(0.1), (X, y), epochs=epochs, batch_size=batch_size, rng=rng)
