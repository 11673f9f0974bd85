"""A file becomes a run: measured anew, beside what it claims."""

import numpy as np
import pytest

import mlpcore
from dashboard import datasets, exports
from dashboard.analysis import answers
from dashboard.datasets import Parts
from dashboard.exports.adoption import adopt, verdict
from dashboard.exports.refusal import ImportRefused
from dashboard.runs.config import RunConfig
from mlpcore import MLP, EpochResult


def file_of(store, run, kind, history=None):
    net = answers.network(store, run)
    return exports.write(kind, net, run.config, store.epochs(run.id) if history is None else history, run.name)


@pytest.mark.parametrize("kind", exports.READERS)
def test_a_file_comes_back_as_a_run_with_its_very_weights(store, trained, kind):
    run = trained(hidden=(9,), activation="tanh")
    adopted = adopt(store, file_of(store, run, kind), f"C:/mine/good run.{kind}")
    assert (adopted.origin, adopted.status, adopted.name) == ("imported", "finished", "good run")
    assert store.state(adopted.id, 0).digest == store.state(run.id, run.epochs_done).digest
    assert adopted.last_accuracy == pytest.approx(run.last_accuracy)
    assert adopted.claimed_accuracy == (None if kind == "npz" else run.last_accuracy)
    assert (adopted.config.hidden, adopted.config.activation) == ((9,), "tanh")
    np.testing.assert_array_equal(answers.outputs(store, adopted), answers.outputs(store, run))


def test_the_verdict_says_whether_measurement_and_claim_agree(store, trained):
    run = trained()
    same = adopt(store, file_of(store, run, "zip"), "a.zip")
    figure = f"{100 * run.last_accuracy:.2f} %"
    assert verdict(same) == f"Imported: measured {figure}, the file claims {figure}."
    silent = adopt(store, file_of(store, run, "npz"), "a.npz")
    assert verdict(silent) == f"Imported: measured {figure}; the file claims nothing."
    earlier = adopt(store, file_of(store, run, "safetensors", store.epochs(run.id)[:1]), "a.safetensors")
    assert "they differ" in verdict(earlier)


def test_a_network_without_hidden_layers_comes_back(store, trained):
    run = trained(hidden=())
    assert adopt(store, file_of(store, run, "npz"), "a.npz").config.hidden == ()


def test_a_network_without_biases_is_refused_and_no_run_is_made(store, small_mnist, rng):
    data = exports.write("npz", MLP([784, 5, 10], bias=False, rng=rng), None, [], "a")
    with pytest.raises(ImportRefused, match=r"a\.npz must have biases"):
        adopt(store, data, "a.npz")
    assert store.latest(5) == []


@pytest.mark.parametrize("name", ["a.npz", "a.zip", "a.safetensors", "a.pkl", "a"])
def test_what_is_no_such_file_is_refused_and_no_run_is_made(store, small_mnist, name):
    with pytest.raises(ImportRefused):
        adopt(store, b"not weights at all", name)
    assert store.latest(5) == []


def test_a_long_name_is_cut_to_what_a_run_may_have(store, trained):
    adopted = adopt(store, file_of(store, trained(), "npz"), "x" * 300 + ".npz")
    store.rename(adopted.id, adopted.name)  # which refuses a name that is too long


# -- weights for data sets of one's own ------------------------------------------------------------------------

HISTORY = [EpochResult(1, 0.4, 0.8, 0.3, 0.9, 1.0)]


def own_parts(seed):
    rng = np.random.default_rng(seed)
    return Parts(rng.integers(0, 256, (30, 12), dtype=np.uint8), (np.arange(30) % 3).astype(np.uint8), (4, 3), 24,
                 ("a", "b", "c"))  # fmt: skip


def own_weights(kind, name):
    net = MLP([12, 5, 3], rng=np.random.default_rng(3))
    return exports.write(kind, net, RunConfig(dataset=name, hidden=(5,), batch_size=8), HISTORY, "mine")


@pytest.fixture
def people(store):
    """Ada and Bob, each with a set of the same size as the other's: ((store, its name), (store, its name))."""
    datasets.read_from(store)
    ada, bob = store.of("ada"), store.of("bob")
    return (ada, ada.add_set(own_parts(1), "Hers")), (bob, bob.add_set(own_parts(2), "His"))


@pytest.mark.parametrize("kind", exports.READERS)
@pytest.mark.parametrize("who", [0, 1])
def test_weights_for_a_set_of_ones_own_come_back_measured_on_it(people, kind, who):
    mine, name = people[who]
    adopted = adopt(mine, own_weights(kind, name), f"w.{kind}")
    assert (adopted.config.dataset, adopted.owner) == (name, mine.person)
    net = MLP([12, 5, 3], rng=np.random.default_rng(3))
    X, y = datasets.load(name).test
    assert adopted.last_accuracy == pytest.approx(mlpcore.evaluate(net, (X, y))[1])


@pytest.mark.parametrize("kind", ["safetensors", "zip"])
def test_weights_that_name_the_set_of_somebody_else_are_refused_before_it_is_loaded(people, monkeypatch, kind):
    (ada, _), (_, his) = people
    monkeypatch.setattr(datasets, "load", lambda name: pytest.fail(f"loaded {name}"))
    with pytest.raises(ImportRefused, match=rf"w\.{kind} is for a data set that is not here: Own images, 4 x 3\. Upl"):
        adopt(ada, own_weights(kind, his), f"w.{kind}")
    assert ada.latest(5) == []


@pytest.mark.parametrize("kind", exports.READERS)
def test_weights_for_no_set_of_this_person_are_refused_by_the_sizes(store, people, kind):
    stranger = store.of("eve")
    rule = rf"w\.{kind} must have 64 inputs and 10 outputs or 784 inputs and 10 outputs, .* got 12 and 3"
    with pytest.raises(ImportRefused, match=rule.replace(r"w\.zip", r"weights\.npz in w\.zip")):
        adopt(stranger, own_weights(kind, people[0][1]), f"w.{kind}")
    assert stranger.latest(5) == []
