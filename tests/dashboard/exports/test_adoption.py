"""A file becomes a run: measured anew, beside what it claims."""

import numpy as np
import pytest

from dashboard import exports
from dashboard.analysis import answers
from dashboard.exports.adoption import adopt, verdict
from dashboard.exports.refusal import ImportRefused
from mlpcore import MLP


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
