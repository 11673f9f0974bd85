"""Uploads whose headers, arrays or claims break a rule: one sentence, at once, in bounded memory."""

import io
import json
import struct

import numpy as np
import pytest
import safetensors.numpy

from dashboard.exports.refusal import shown
from mlpcore import MLP
from tests.dashboard.exports.test_exports_builders import (
    ABOUT,
    ARRAYS,
    MIB,
    NET,
    bundle,
    lying_npy,
    npy,
    npz,
    patched,
    raw_tensors,
    refusal,
    sized,
    ten_thousand_layers,
    tensors,
    zipped,
)

# -- headers of arrays that lie --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (lying_npy("(1000000, 1000000)"), "fc1.W.npy in w.npz must have the shape (5, 784), got (1000000, 1000000)."),
        (lying_npy("(5, 784)"), "fc1.W.npy in w.npz must have the 15,808 bytes that its shape needs, got 208."),
        (lying_npy("(5, 784)", data=bytes(20_000)), "the 15,808 bytes that its shape needs, got 20,128."),
        (lying_npy("(99999999999999999999999999,)"), "must have the shape (5, 784), got (99999999999999999999999999,)"),
        (lying_npy("(5, 784)", descr="|O"), "got pickled objects, which are never opened here."),
        (lying_npy("(5, 784)", descr=">f4"), "must be float32 (<f4), got float32 (>f4)."),
        (lying_npy("(5, 784)", descr="|V8"), "must be float32 (<f4), got (|V8)."),
        (lying_npy("(-5, 784)"), "must have an npy header as numpy writes it, got {'descr': '<f4'"),
        (lying_npy("(" * 60), "must have an npy header as numpy writes it, got {'descr': '<f4'"),
        (lying_npy("__import__('os').abort()"), "must have an npy header as numpy writes it"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b" " * 70_000, "must be an array in npy format 1.0, got "),
        (b"\x93NUMPY\x02\x00\x70\x00\x00\x00", "must be an array in npy format 1.0, got "),
        (b"\x93NUM", "must be an array in npy format 1.0, got "),
        (b"", "must be an array in npy format 1.0, got "),
    ],
)
def test_a_lying_npy_header_is_refused_before_anything_is_allocated(array, sentence):
    assert sentence in refusal(npz(**{"fc1.W": array}), "w.npz", memory=MIB)


def test_a_header_and_arrays_that_agree_on_an_absurd_size_are_refused():
    about = ABOUT | {"sizes": [784, 10**9, 10]}
    data = npz(about, **{"fc1.W": lying_npy("(1000000000, 784)"), "fc1.b": lying_npy("(1000000000,)")})
    assert refusal(data, "w.npz", memory=MIB) == ("w.npz must have at most 16,000,000 parameters, got 795,000,000,010.")


def test_a_header_that_is_no_text_is_refused():
    assert refusal(npz(mlpcore=np.zeros(3)), "w.npz") == "mlpcore in w.npz must be one text, got <f8 (3,)."
    beyond = lying_npy("()", descr="<U1", data=b"\xff\xff\xff\xff")
    assert refusal(npz(mlpcore=beyond), "w.npz").startswith("mlpcore in w.npz must be whole, but it is cut short or")
    assert refusal(npz(mlpcore=np.array(" " * MIB)), "w.npz").startswith(
        "mlpcore.npy in w.npz must have at most 2,097,152 bytes, got 4,194,"
    )


# -- what the header of the weights says -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        (sized(10_000), "must have at most 21 layers, got 10,000."),
        (sized(22), "must have at most 21 layers, got 22."),
        (ABOUT | {"sizes": [784, -5, 10]}, "must have sizes that are whole numbers > 0, got [784, -5, 10]."),
        (ABOUT | {"sizes": [784, 0, 10]}, "must have sizes that are whole numbers > 0, got [784, 0, 10]."),
        (ABOUT | {"sizes": [784, 5.0, 10]}, "must have sizes that are whole numbers > 0, got [784, 5.0, 10]."),
        (ABOUT | {"sizes": [784, True, 10]}, "must have sizes that are whole numbers > 0, got [784, True, 10]."),
        (ABOUT | {"sizes": "784"}, "must have sizes that are whole numbers > 0, got 784."),
        (ABOUT | {"sizes": [784]}, "must have sizes that are whole numbers > 0, got [784]."),
        (ABOUT | {"sizes": [784, 10**4000, 10]}, "must have at most 16,000,000 parameters, got more than 10^15."),
        (ABOUT | {"sizes": [4, 5, 2]}, "or 784 inputs and 10 outputs, as the data sets here, got 4 and 2."),
        (ABOUT | {"activation": "swish"}, "must have the activation sigmoid"),
        (ABOUT | {"activation": ["sigmoid"]}, "must have the activation sigmoid"),
        (ABOUT | {"cost": None}, "must have the cost quadratic"),
        (ABOUT | {"bias": 1}, "must say true or false for bias, got 1."),
        (ABOUT | {"format": 99}, "must have a header of format 1, got 99."),
        ({}, "must have a header of format 1, got None."),
        ([1], "must be a JSON object, got a list."),
        (1, "must be a JSON object, got a single value."),
    ],
)
@pytest.mark.parametrize(("build", "name"), [(npz, "w.npz"), (tensors, "w.safetensors")])
def test_a_header_that_breaks_a_rule_is_refused(build, name, about, sentence):
    assert sentence in refusal(build(about), name)


@pytest.mark.parametrize("text", ["{", "", "[" * 100_000, '{"a": ' * 20_000, "9" * 100_000, "{}x"])
def test_a_header_that_is_no_json_is_refused(text):
    assert refusal(npz(mlpcore=np.array(text)), "w.npz").startswith("The header of w.npz must be JSON")
    assert refusal(tensors(text), "w.safetensors").startswith("The metadata of w.safetensors must be JSON")


def test_a_header_nested_as_deep_as_json_is_read_is_refused():
    for depth in range(700, 1001, 3):
        text = json.dumps(ABOUT).replace("[784, 5, 10]", "[" * depth + "]" * depth)
        assert refusal(tensors(text), "w.safetensors").startswith(("w.safetensors must have sizes", "The metadata of"))


def test_a_value_too_deep_to_print_is_still_shown():
    value = []
    for _ in range(100_000):
        value = [value]
    assert shown(value) == "a value nested without end"


def test_ten_thousand_layers_are_refused():
    arrays = ten_thousand_layers()
    file = io.BytesIO()
    np.savez(file, mlpcore=np.array(json.dumps(sized(10_000))), **arrays)
    assert refusal(file.getvalue(), "w.npz", memory=MIB) == (
        "w.npz must hold at most 43 arrays, a header and what 21 layers need, got 20,001."
    )
    data = safetensors.numpy.save(arrays, {"mlpcore": json.dumps(sized(10_000))})
    assert refusal(data, "w.safetensors", memory=64 * MIB) == (
        "w.safetensors must hold at most 42 tensors, what 21 layers need, got 20,000."
    )


# -- arrays that are not the network's -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "in_npz", "in_tensors"),
    [
        (np.float64, "float64 (<f8)", "F64"),
        (np.float16, "float16 (<f2)", "F16"),
        (np.int32, "int32 (<i4)", "I32"),
        (np.int64, "int64 (<i8)", "I64"),
        (np.uint8, "uint8 (|u1)", "U8"),
        (bool, "(|b1)", "BOOL"),
    ],
)
def test_weights_that_are_not_float32_are_refused(dtype, in_npz, in_tensors):
    array = np.zeros((5, 784), dtype)
    assert refusal(npz(**{"fc1.W": array}), "w.npz") == f"fc1.W.npy in w.npz must be float32 (<f4), got {in_npz}."
    assert refusal(tensors(**{"0_weight": array}), "w.safetensors") == (
        f"0.weight in w.safetensors must be float32 (F32), got {in_tensors}."
    )


def test_a_float64_network_saved_by_the_core_is_refused():
    file = io.BytesIO()
    MLP([784, 5, 10], rng=np.random.default_rng(1), dtype=np.float64).save(file)
    assert refusal(file.getvalue(), "w.npz") == "fc1.W.npy in w.npz must be float32 (<f4), got float64 (<f8)."


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(bad):
    array = NET.fc2.W.copy()
    array[3, 2] = array[9, 4] = bad
    sentence = "must hold finite numbers, but 2 of its 50 are NaN or infinite."
    assert refusal(npz(**{"fc2.W": array}), "w.npz") == f"fc2.W in w.npz {sentence}"
    assert refusal(tensors(**{"2_weight": array}), "w.safetensors") == f"fc2.W in w.safetensors {sentence}"


def test_wrong_shapes_are_refused():
    turned = np.zeros((784, 5), np.float32)
    assert refusal(npz(**{"fc1.W": turned}), "w.npz") == (
        "fc1.W.npy in w.npz must have the shape (5, 784), got (784, 5)."
    )
    assert refusal(tensors(**{"0_weight": turned}), "w.safetensors") == (
        "0.weight in w.safetensors must have the shape [5, 784], got [784, 5]."
    )
    assert "must have the shape (5,), got ()" in refusal(npz(**{"fc1.b": np.float32(1)}), "w.npz")


def test_missing_and_unknown_names_are_named():
    assert refusal(npz(**{"fc1.b": None, "other": np.zeros(5)}), "w.npz") == (
        "w.npz must hold exactly the arrays of a 784-5-10 network; missing or unknown: fc1.b.npy, other.npy."
    )
    extra = {f"x{i}": np.zeros(1, np.float32) for i in range(9)}
    assert refusal(tensors(**{"0_bias": None, "fc1_bias": np.zeros(5, np.float32)}, **extra), "w.safetensors") == (
        "w.safetensors must hold exactly the tensors of a 784-5-10 network; "
        "missing or unknown: 0.bias, fc1.bias, x0 and 8 more."
    )
    unlike = zipped({"mlpcore.npy": npy(np.array(json.dumps(ABOUT))), **{k: npy(v) for k, v in ARRAYS.items()}})
    assert "missing or unknown: fc1.W, fc1.W.npy, fc1.b and 5 more." in refusal(unlike, "w.npz")


# -- safetensors that lie --------------------------------------------------------------------------------------


def test_a_lying_header_length_is_refused():
    data = tensors()
    for length in (2**63, 2**40, len(data)):
        assert refusal(struct.pack("<Q", length) + data[8:], "w.safetensors", memory=MIB) == (
            f"w.safetensors must be a whole safetensors file, but its header of {length:,} bytes does not fit into "
            f"the {len(data):,} bytes of the file."
        )
    for length in (0, 1, 50):
        assert refusal(struct.pack("<Q", length) + data[8:], "w.safetensors").startswith(
            "The header of w.safetensors must be JSON"
        )


def test_a_header_of_many_megabytes_is_refused_unread():
    data = raw_tensors(b"[" * (50 * MIB))
    assert refusal(data, "w.safetensors", memory=MIB) == (
        "w.safetensors must have a header of at most 2,097,152 bytes, got 52,428,800."
    )


def test_a_header_of_many_small_values_stays_in_bounded_memory():
    text = b'{"a": [' + b"[]," * (600 * 1024) + b"[]]}"
    assert "metadata" in refusal(raw_tensors(text, b""), "w.safetensors", memory=80 * MIB)


@pytest.mark.parametrize(
    ("offsets", "problem"),
    [
        ([0, 40], "invalid offset"),  # overlaps 0.bias
        ([10**15, 10**15 + 20], "invalid offset"),
        ([20, 0], "invalid offset"),
        ([15_700, 15_704], "invalid"),  # too few bytes for its shape
    ],
)
def test_overlapping_and_lying_offsets_are_refused(offsets, problem):
    data = patched(tensors(), lambda header: header["2.bias"].update(data_offsets=offsets))
    sentence = refusal(data, "w.safetensors", memory=MIB)
    assert sentence.startswith("w.safetensors must be a valid safetensors file, but it has ")
    assert problem in sentence


def test_bytes_that_no_tensor_covers_are_refused():
    assert "file not fully covered" in refusal(tensors() + b"hidden", "w.safetensors")


@pytest.mark.parametrize("differs", [False, True])
def test_a_tensor_described_twice_is_refused(differs):
    def change(header):
        told = header["2.bias"]
        header["2.bias "] = told | {"data_offsets": [0, 40]} if differs else told

    data = patched(tensors(), change).replace(b'"2.bias "', b' "2.bias"')
    assert refusal(data, "w.safetensors") == 'The header of w.safetensors must have each key once, got "2.bias" twice.'


def test_a_setting_told_twice_is_refused():
    about = json.dumps(ABOUT)[:-1] + ', "bias": true}'
    assert refusal(tensors(about), "w.safetensors") == (
        'The metadata of w.safetensors must have each key once, got "bias" twice.'
    )
    run = json.dumps({"config": None})[:-1] + ', "config": {"lr": 1.0}}'
    assert refusal(bundle({"run.json": run.encode()}), "run.zip") == (
        'run.json in run.zip must have each key once, got "config" twice.'
    )


def test_a_hole_before_the_last_tensor_is_refused():
    whole = tensors()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    last = max((name for name in header if name != "__metadata__"), key=lambda name: header[name]["data_offsets"])
    first, end = header[last]["data_offsets"]
    header[last]["data_offsets"] = [first + 4, end + 4]
    data = whole[8 + length :]
    sentence = refusal(raw_tensors(header, data[:first] + b"hole" + data[first:]), "w.safetensors")
    assert sentence.startswith("w.safetensors must be a valid safetensors file, but it has ")


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        ({}, "w.safetensors must hold at most 42 tensors, what 21 layers need, got 100,000."),
        (
            {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "w.safetensors must have a header of at most 2,097,152 bytes, got ",
        ),
    ],
    ids=["under the limit", "above it"],
)
def test_a_hundred_thousand_tensors_are_refused(tensor, sentence):
    data = raw_tensors({f"{i}": tensor for i in range(100_000)}, bytes(4))
    assert refusal(data, "w.safetensors", memory=40 * MIB).startswith(sentence)


@pytest.mark.parametrize("value", [None, 3, [], {}, {"dtype": "F32"}, {"dtype": "F32", "shape": {}}])
def test_a_tensor_that_is_described_by_something_else_is_refused(value):
    data = patched(tensors(), lambda header: header.update({"0.bias": value}))
    assert refusal(data, "w.safetensors").startswith("0.bias in w.safetensors must ")


def test_safetensors_without_the_metadata_are_refused():
    sentence = 'w.safetensors must say sizes, activation and cost in its metadata under "mlpcore", which is missing.'
    assert refusal(tensors(None), "w.safetensors") == sentence
    for metadata in (3, {}, {"mlpcore": 3}, {"mlpcore": {}}):
        data = patched(tensors(), lambda header, wrong=metadata: header.update(__metadata__=wrong))
        assert refusal(data, "w.safetensors") == sentence


# -- what a file claims of its run -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({"config": {"hidden": [6]}},
         "must be that of its weights, 784-5-10 sigmoid quadratic, got 784-6-10 sigmoid quadratic."),
        ({"config": {"hidden": [5], "lr": -1}}, "breaks a rule: Learning rate must be a number > 0, got -1."),
        ({"config": {"hidden": [5], "seed": "x"}}, "breaks a rule: Seed must be a whole number from 0 to 4,294,967,29"),
        ({"config": {"hidden": [5], "colour": 1}}, "must have the settings known here: "),
        ({"config": {"hidden": 5}}, "must have the settings known here: "),
        ({"config": {"hidden": [5], "dataset": []}}, "breaks a rule: Data set must be one of"),
        ({"config": "hidden"}, "must be a JSON object, got hidden."),
        ({"test_accuracy": 1.5}, "must be a number from 0 to 1, got 1.5."),
        ({"test_accuracy": -0.1}, "must be a number from 0 to 1, got -0.1."),
        ({"test_accuracy": "0.9"}, "must be a number from 0 to 1, got 0.9."),
        ({"test_accuracy": True}, "must be a number from 0 to 1, got True."),
        ({"test_accuracy": float("nan")}, "must be a number from 0 to 1, got nan."),
    ],
)  # fmt: skip
def test_a_claim_that_can_not_be_true_is_refused(run, sentence):
    assert sentence in refusal(bundle(**run), "run.zip")
    assert sentence in refusal(tensors(ABOUT | {"run": run}), "w.safetensors")


def test_a_run_that_is_no_object_is_refused():
    assert refusal(tensors(ABOUT | {"run": 7}), "w.safetensors") == (
        "The run in w.safetensors must be a JSON object, got 7."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weights.npz": None}, 'run.zip must hold "weights.npz", got '),
        ({"run.json": None}, 'run.zip must hold "run.json", got '),
        ({"run.json": b"\xff\xfe"}, "run.json in run.zip must be JSON, which it is not: "),
        ({"run.json": b"[" * 50_000}, "run.json in run.zip must unpack to at most 100 times its packed size, got "),
        ({"run.json": b"3"}, "run.json in run.zip must be a JSON object, got a single value."),
        ({"weights.npz": b"text"}, "weights.npz in run.zip must be a zip file, but it begins with 'text'."),
    ],
)
def test_a_bundle_with_a_broken_part_is_refused(changes, sentence):
    assert refusal(bundle(changes), "run.zip").startswith(sentence)


def test_the_digest_may_not_be_left_out():
    assert "the SHA-256 None, but their own is " in refusal(bundle(weights_sha256=None), "run.zip")
