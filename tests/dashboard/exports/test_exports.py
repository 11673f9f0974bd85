"""Every format is opened by the program it is meant for, on the 10,000 test images of MNIST."""

import csv
import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors
import safetensors.numpy

import dashboard.exports as exports
from dashboard.runs.config import RunConfig
from mlpcore import ACTIVATIONS, COSTS, MLP, SGD, EpochResult, TrainingState, predict, train

ROOT = Path(__file__).parents[3]
MNIST = ROOT / "data" / "mnist.npz"
ACTIVATION_NAMES = ("sigmoid", "tanh", "relu", "leaky_relu")
COST_NAMES = ("quadratic", "binary_cross_entropy", "cross_entropy")


@pytest.fixture(scope="module")
def mnist():
    with np.load(MNIST) as file:
        return file["images"].reshape(-1, 784), file["labels"]


@pytest.fixture(scope="module")
def test_set(mnist):
    return mnist[0][60_000:], mnist[1][60_000:]


def trained(hidden, mnist, name):
    """(net, config, history, name) of a network trained for one epoch: about nine in ten right."""
    images, labels = mnist
    config, rng = RunConfig(hidden=hidden, lr=3.0, epochs=1), np.random.default_rng(3)
    net = config.network(rng)
    training, test = (images[:60_000], labels[:60_000]), (images[60_000:], labels[60_000:])
    history = list(train(net, SGD(lr=3.0), training, test, epochs=1, batch_size=32, rng=rng))
    assert history[-1].test_accuracy > 0.85
    return net, config, history, name


@pytest.fixture(scope="module")
def run(mnist):
    return trained((30, 20), mnist, "deeper, lr 3")


@pytest.fixture(scope="module")
def good_start(mnist):
    """The app's first preset."""
    return trained((100,), mnist, "A good start")


def named(activation, cost, rng):
    """A 784-30-20-10 network that goes by these names, also where the core does not know them yet."""
    net = MLP([784, 30, 20, 10], rng=rng)
    net.activation, net.cost = SimpleNamespace(name=activation), SimpleNamespace(name=cost)
    for layer in net.layers:
        layer.b += rng.normal(size=layer.b.shape).astype(np.float32)
    return net


def formulas(net, images):
    """The outputs of `net` in float64 from the textbook formulas of its activation and cost, (n, 10)."""
    functions = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": lambda z: np.sinh(z) / np.cosh(z),
        "relu": lambda z: (z + np.abs(z)) / 2,
        "leaky_relu": lambda z: np.where(z < 0, z / 100, z),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
    }
    *hidden, last = net.layers
    a = images.astype(np.float64) / 255
    for layer in hidden:
        a = functions[net.activation.name](a @ layer.W.astype(np.float64).T + layer.b)
    output = "softmax" if net.cost.name == "cross_entropy" else "sigmoid"
    return functions[output](a @ last.W.astype(np.float64).T + last.b)


def onnx_outputs(data, images):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(["outputs"], {"image_uint8": images})[0]


def equal(net, other):
    ours, theirs = net.parameters(), other.parameters()
    return [name for name, *_ in ours] == [name for name, *_ in theirs] and all(
        a.tobytes() == b.tobytes() for (_, a, _), (_, b, _) in zip(ours, theirs, strict=True)
    )


def run_predict(folder, data=MNIST):
    command = [sys.executable, "-I", str(folder / "predict.py"), str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd="/").stdout


# -- each format, by its own program -----------------------------------------------------------------------------


def test_npz_is_what_the_core_saves_and_comes_back_exactly(run, test_set):
    data = exports.write("npz", *run)
    assert equal(MLP.load(io.BytesIO(data)), run[0])
    imported = exports.read(data, "w.npz")
    assert equal(imported.net, run[0])
    assert (imported.config, imported.claimed_accuracy) == (None, None)
    np.testing.assert_array_equal(predict(imported.net, test_set[0]), predict(run[0], test_set[0]))


def test_numpy_alone_opens_the_npz_without_pickle(run):
    with np.load(io.BytesIO(exports.write("npz", *run)), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["fc1.W"], run[0].fc1.W)


def test_safetensors_opens_under_the_names_that_pytorch_gives(run, test_set):
    data = exports.write("safetensors", *run)
    tensors = safetensors.numpy.load(data)
    assert sorted(tensors) == ["0.bias", "0.weight", "2.bias", "2.weight", "4.bias", "4.weight"]
    for i, layer in enumerate(run[0].layers):
        np.testing.assert_array_equal(tensors[f"{2 * i}.weight"], layer.W)
        np.testing.assert_array_equal(tensors[f"{2 * i}.bias"], layer.b)
    imported = exports.read(data, "w.safetensors")
    assert equal(imported.net, run[0])
    np.testing.assert_array_equal(predict(imported.net, test_set[0]), predict(run[0], test_set[0]))


def test_safetensors_says_how_to_build_the_network_and_what_it_reached(run, tmp_path):
    _, config, history, name = run
    (tmp_path / "w.safetensors").write_bytes(exports.write("safetensors", *run))
    with safetensors.safe_open(tmp_path / "w.safetensors", "numpy") as file:
        about = json.loads(file.metadata()["mlpcore"])
    assert about["sizes"] == [784, 30, 20, 10]
    assert (about["activation"], about["cost"], about["run"]["name"]) == ("sigmoid", "quadratic", name)
    imported = exports.read((tmp_path / "w.safetensors").read_bytes(), "w.safetensors")
    assert (imported.config, imported.claimed_accuracy) == (config, history[-1].test_accuracy)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_pytorch_takes_the_state_dict_as_it_is(run, test_set):
    import torch
    from safetensors.torch import load

    layers = []
    for din, dout in ((784, 30), (30, 20), (20, 10)):
        layers += [torch.nn.Linear(din, dout), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers)
    model.load_state_dict(load(exports.write("safetensors", *run)))
    with torch.no_grad():
        outputs = model(torch.from_numpy(test_set[0].astype(np.float32) / 255)).numpy()
    np.testing.assert_allclose(outputs, predict(run[0], test_set[0]), atol=5e-6)  # float32 sums in another order


def test_onnxruntime_agrees_on_every_test_image(good_start, test_set):
    net = good_start[0]
    outputs, expected = onnx_outputs(exports.write("onnx", *good_start), test_set[0]), predict(net, test_set[0])
    assert outputs.shape == (10_000, 10)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(outputs.argmax(axis=1), expected.argmax(axis=1))


def test_onnxruntime_is_as_exact_as_the_core_on_a_deeper_network(run, test_set):
    """Each layer multiplies the rounding of the one before: here float32 itself is about 1e-6 from the exact outputs,
    the core (which differs as much from itself in batches of another size) no less than onnxruntime.
    """
    exact, own = formulas(run[0], test_set[0]), predict(run[0], test_set[0])
    outputs = onnx_outputs(exports.write("onnx", *run), test_set[0])
    assert np.abs(outputs - exact).max() < 3 * np.abs(own - exact).max() < 1e-5
    assert np.mean(np.abs(outputs - own) <= 1e-6) > 0.999
    np.testing.assert_array_equal(outputs.argmax(axis=1), own.argmax(axis=1))


def test_onnx_takes_bytes_of_any_number_of_images_and_says_so(run):
    data = exports.write("onnx", *run)
    (given,) = onnxruntime.InferenceSession(data).get_inputs()
    assert (given.name, given.type, given.shape) == ("image_uint8", "tensor(uint8)", ["batch", 784])
    assert onnx_outputs(data, np.zeros((1, 784), np.uint8)).shape == (1, 10)
    about = {entry.key: json.loads(entry.value) for entry in onnx.load_from_string(data).metadata_props}
    assert about["mlpcore"]["sizes"] == [784, 30, 20, 10]
    assert about["run"]["name"] == run[3]


@pytest.mark.parametrize("cost", COST_NAMES)
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_onnx_computes_every_activation_and_cost(activation, cost, test_set, rng):
    net = named(activation, cost, rng)
    outputs = onnx_outputs(exports.write("onnx", net, RunConfig(hidden=(30, 20)), [], "x"), test_set[0])
    np.testing.assert_allclose(outputs, formulas(net, test_set[0]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_whatever_the_core_can_build_goes_out_and_comes_back(activation, cost, test_set, rng):
    config = RunConfig(hidden=(30,), activation=activation, cost=cost)
    net = config.network(rng)
    imported = exports.read(exports.write("zip", net, config, [], "x"), "x.zip")
    assert equal(imported.net, net)
    assert (imported.config, imported.claimed_accuracy) == (config, None)
    outputs = onnx_outputs(exports.write("onnx", net, config, [], "x"), test_set[0])
    np.testing.assert_allclose(outputs, predict(imported.net, test_set[0]), rtol=0, atol=1e-6)


def test_a_network_without_biases_goes_through_every_format_of_weights(test_set, rng):
    net = MLP([784, 12, 10], bias=False, rng=rng)
    for kind in exports.READERS:
        assert equal(exports.read(exports.write(kind, net, RunConfig(hidden=(12,)), [], "x"), f"x.{kind}").net, net)
    outputs = onnx_outputs(exports.write("onnx", net, RunConfig(hidden=(12,)), [], "x"), test_set[0])
    np.testing.assert_allclose(outputs, predict(net, test_set[0]), rtol=0, atol=1e-6)


def test_json_holds_config_history_and_the_digest_of_the_weights(run):
    net, config, history, name = run
    about = json.loads(exports.write("json", *run))
    assert RunConfig(**about["config"]) == config
    assert [EpochResult(**epoch) for epoch in about["history"]] == history
    assert (about["name"], about["test_accuracy"]) == (name, history[-1].test_accuracy)
    weights = {parameter: value for parameter, value, _ in net.parameters()}
    assert about["weights_sha256"] == TrainingState(1, weights, {}, {}).digest
    by_hand = hashlib.sha256(b"".join(key.encode() + weights[key].tobytes() for key in sorted(weights)))
    assert about["weights_sha256"] == by_hand.hexdigest()


def test_json_stays_json_where_a_loss_is_not_finite(run):
    history = [Diagnosed(1, float("inf"), 0.1, float("nan"), 0.1, 1.0, diagnostics={"norm": float("nan")})]
    text = exports.write("json", run[0], run[1], history, "x").decode()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text)["history"][0]["train_loss"] is None
    assert json.loads(text)["history"][0]["diagnostics"] == {"norm": None}


def test_csv_holds_every_figure_exactly(run):
    rows = list(csv.DictReader(io.StringIO(exports.write("csv", *run).decode())))
    (epoch,) = run[2]
    figures = ("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds")
    (row,) = rows
    assert list(row)[:7] == ["run", *figures]
    assert {key: float(row[key]) for key in figures} == {key: getattr(epoch, key) for key in figures}


@dataclass(frozen=True)
class Diagnosed(EpochResult):
    """An epoch with figures inside figures, and one that may be missing."""

    validation_loss: float | None = None
    diagnostics: dict | None = None


def test_figures_inside_figures_have_a_column_each_and_those_of_no_epoch_none(run):
    history = [
        Diagnosed(1, 0.5, 0.8, None, None, 1.5),
        Diagnosed(
            2, 0.4, 0.9, None, None, 1.5, diagnostics={"norm": 2.5, "layers": {"fc1": {"dead": 3, "flat": None}}}
        ),
    ]
    assert exports.write("csv", run[0], run[1], history, "x").decode().splitlines() == [
        "run,epoch,train_loss,train_accuracy,test_loss,test_accuracy,seconds,diagnostics.norm,diagnostics.layers.fc1.dead",
        "x,1,0.5,0.8,,,1.5,,",
        "x,2,0.4,0.9,,,1.5,2.5,3",
    ]
    told = json.loads(exports.write("json", run[0], run[1], history, "x"))["history"]
    assert told[1]["diagnostics"] == history[1].diagnostics


def test_a_run_without_epochs_has_a_header_and_claims_nothing(run):
    assert exports.write("csv", run[0], run[1], [], "x").decode() == (
        "run,epoch,train_loss,train_accuracy,test_loss,test_accuracy,seconds\r\n"
    )
    assert json.loads(exports.write("json", run[0], run[1], [], "x"))["test_accuracy"] is None


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "\n-1"])
def test_a_name_never_becomes_a_formula(run, name):
    data = exports.write("csv", run[0], run[1], run[2], name)
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert row["run"] == "'" + name
    assert row["epoch"] == "1"


@pytest.mark.parametrize("name", ["a\r=1", "a\n=1", "a,=1", 'a",=1'])
def test_a_name_never_leaves_its_cell(run, name):
    data = exports.write("csv", run[0], run[1], run[2], name)
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert (row["run"], row["epoch"]) == (name, "1")
    assert '"' + name.replace('"', '""') + '",1,' in data.decode()


def test_harmless_cells_of_a_table_stay_as_they_are():
    rows = [["a - b", -0.5, None], ["1=1", 3, ""], ['say "x", y', 0, "ä"]]
    assert exports.csv_bytes(["name", "delta", "note"], rows) == (
        'name,delta,note\r\na - b,-0.5,\r\n1=1,3,\r\n"say ""x"", y",0,ä\r\n'.encode()
    )


# -- the bundle ------------------------------------------------------------------------------------------------


def test_the_bundle_holds_what_each_format_gives(run):
    with zipfile.ZipFile(io.BytesIO(exports.write("zip", *run))) as bundle:
        assert bundle.testzip() is None
        members = {"weights.npz", "weights.safetensors", "weights.onnx", "run.json", "history.csv", "predict.py"}
        assert set(bundle.namelist()) == members
        for member in members - {"predict.py"}:
            assert bundle.read(member) == exports.write(member.rsplit(".")[-1], *run), member


def test_the_bundle_comes_back_exactly_with_its_claims(run):
    net, config, history, _ = run
    imported = exports.read(exports.write("zip", *run), "run.zip")
    assert equal(imported.net, net)
    assert (imported.config, imported.claimed_accuracy) == (config, history[-1].test_accuracy)


def test_a_bundle_packed_again_by_another_program_comes_back(run):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(exports.write("zip", *run))) as bundle,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as again,
    ):
        for member in reversed(bundle.namelist()):
            again.writestr(member, bundle.read(member))
        again.writestr("notes/", "")
        again.writestr("notes/mine.txt", "a note")
    assert equal(exports.read(file.getvalue(), "again.ZIP").net, run[0])


def test_predict_py_prints_the_accuracy_with_numpy_alone(run, tmp_path):
    with zipfile.ZipFile(io.BytesIO(exports.write("zip", *run))) as bundle:
        bundle.extractall(tmp_path)
    right = round(run[2][-1].test_accuracy * 10_000)
    assert run_predict(tmp_path) == f"accuracy {right / 100:.2f} %: {right:,} of 10,000 images right\n"


@pytest.mark.parametrize(("activation", "cost"), [*zip(ACTIVATION_NAMES, ("cross_entropy",) * 4, strict=True),
                                                  ("relu", "quadratic"), ("tanh", "binary_cross_entropy")])  # fmt: skip
def test_predict_py_knows_every_activation_and_cost(activation, cost, test_set, tmp_path, rng):
    net = named(activation, cost, rng)
    for layer in net.layers:
        layer.W *= 2  # so that images differ in their outputs, which must not saturate
    with zipfile.ZipFile(io.BytesIO(exports.write("zip", net, RunConfig(hidden=(30, 20)), [], "x"))) as bundle:
        bundle.extractall(tmp_path)
    classes = formulas(net, test_set[0]).argmax(axis=1)  # as labels: whatever computes the same is always right
    np.savez(tmp_path / "data.npz", images=test_set[0].reshape(-1, 28, 28), labels=classes.astype(np.uint8))
    told = run_predict(tmp_path, tmp_path / "data.npz")
    right = int(told.removesuffix(" of 10,000 images right\n").rsplit(" ")[-1].replace(",", ""))
    assert right >= 9_998  # float32 may decide a tie otherwise


def test_predict_py_without_a_path_says_how_to_use_it():
    script = ROOT / "dashboard" / "exports" / "predict.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "python predict.py mnist.npz" in done.stderr


# -- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_the_same_run_gives_the_same_bytes(run, kind):
    assert len({exports.write(kind, *run) for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", ["npz", "safetensors", "onnx", "zip"])
def test_a_float64_network_is_not_exported(rng, kind):
    net = MLP([784, 10], rng=rng, dtype=np.float64)
    with pytest.raises(ValueError, match="an exported network must be float32, got float64"):
        exports.write(kind, net, RunConfig(hidden=()), [], "x")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deeper, lr 3", "deeper-lr-3.npz"),
        ("../../etc/passwd", "etc-passwd.npz"),
        ("Läufe №1", "Läufe-1.npz"),
        ("x" * 500, "x" * 60 + ".npz"),
        ("", "run.npz"),
        ('<b>"&', "b.npz"),
    ],
)
def test_a_file_is_named_after_its_run(name, expected):
    assert exports.filename("npz", name) == expected


def test_the_room_is_entered_without_streamlit():
    code = "import sys, dashboard.exports, dashboard.analysis.evaluation; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0
