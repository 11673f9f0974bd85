"""Uploads that are not what their name says, cut short, pickled or blown up: one sentence, in bounded memory."""

import io
import pickle
import stat
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from dashboard import exports, limits
from dashboard.runs.config import RunConfig
from mlpcore import MLP
from tests.dashboard.exports.test_exports_builders import (
    MIB,
    Bomb,
    bundle,
    in_every_entry,
    npz,
    quoting,
    refusal,
    tensors,
    zipped,
)

# -- files that are not what their name says -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.npz", "run.zip"])
def test_a_file_that_is_no_zip_file_is_told_by_how_it_begins(name):
    assert refusal(b"hello world, this is text", name) == (
        f"{name} must be a zip file, but it begins with 'hello world,'."
    )
    assert refusal(b"", name) == f"{name} must be a zip file, but it begins with nothing: it is empty."
    assert "begins with '\\x80\\x04" in refusal(pickle.dumps(Bomb()), name)
    assert "begins with 'PK\\x05\\x06" in refusal(zipped({}), name)


def test_text_and_zip_files_named_safetensors_are_refused():
    assert refusal(b"hello world, this is text", "w.safetensors") == (
        "w.safetensors must be a whole safetensors file, but its header of 8,031,924,123,371,070,824 bytes does not "
        "fit into the 25 bytes of the file."
    )
    for data in (npz(), b"", b"12345678", pickle.dumps(Bomb())):
        assert "must be a whole safetensors file" in refusal(data, "w.safetensors")


@pytest.mark.parametrize("name", ["w.pkl", "weights", "", "w.npz.exe", "w.onnx"])
def test_other_endings_are_refused(name):
    assert refusal(npz(), name).endswith("must be a file named .npz, .safetensors, .zip.")


def test_weights_and_bundle_are_not_taken_for_one_another():
    assert refusal(npz(), "run.zip") == (
        'run.zip must hold "run.json", got mlpcore.npy, fc1.W.npy, fc1.b.npy and 2 more.'
    )
    assert refusal(bundle(), "w.npz").startswith('w.npz must hold "mlpcore.npy", got weights.npz, ')


def test_an_npz_of_something_else_is_refused():
    file = io.BytesIO()
    np.savez(file, images=np.zeros((3, 3)))
    assert refusal(file.getvalue(), "w.npz") == 'w.npz must hold "mlpcore.npy", got images.npy.'


def test_a_strange_name_is_shortened_and_made_printable():
    sentence = refusal(b"", "../" + "x" * 5000 + "\n\x1b[31m.npz")
    assert sentence.startswith("x" * 59 + "… must be a zip file")
    assert refusal(b"", "a\nb.npz").startswith("a?b.npz must be")


# -- cut short or damaged --------------------------------------------------------------------------------------


def test_a_file_cut_short_anywhere_is_refused():
    for data, name in ((npz(), "w.npz"), (tensors(), "w.safetensors"), (bundle(), "run.zip")):
        for length in (1, 10, 100, len(data) // 2, len(data) - 30, len(data) - 1):
            sentence = refusal(data[:length], name)
            assert any(part in sentence for part in ("cut short", "begins with", "whole", "valid")), sentence


@pytest.mark.parametrize(("build", "name"), [(npz, "w.npz"), (tensors, "w.safetensors"), (bundle, "run.zip")])
def test_a_file_with_any_bytes_altered_is_read_as_finite_weights_or_refused(build, name, rng):
    whole = bytearray(build())
    refused = 0
    interesting = [*range(min(300, len(whole))), *range(len(whole) - 500, len(whole))]
    for trial in range(1500):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            place = rng.choice(interesting) if trial % 4 else rng.integers(len(data))
            data[place] = rng.integers(256)
        try:
            net = exports.read(bytes(data), name).net
            assert all(np.isfinite(value).all() for _, value, _ in net.parameters())
        except exports.ImportRefused:
            refused += 1
    assert refused > 500


def test_a_flipped_bit_in_the_weights_is_caught_by_the_checksum():
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = bytearray(npz(packing=packing))
        data[len(data) // 2] ^= 1
        assert refusal(bytes(data), "w.npz").startswith("w.npz must be whole, but it is cut short or damaged: ")


def test_deflated_weights_that_do_not_inflate_are_refused():
    whole = npz(packing=zipfile.ZIP_DEFLATED)
    sentences = set()
    for place in range(1000, 11_000, 500):
        data = bytearray(whole)
        data[place : place + 100] = np.random.default_rng(place).bytes(100)
        sentences.add(refusal(bytes(data), "w.npz"))
    assert all("must be whole, but it is cut short or damaged: " in sentence for sentence in sentences)
    assert any("damaged: Bad CRC-32" in sentence for sentence in sentences)
    assert any("damaged: Error -3 while decompressing" in sentence for sentence in sentences)


def test_a_bundle_with_other_weights_than_its_digest_is_refused():
    other = npz(**{"fc1.b": np.ones(5, np.float32)})
    sentence = refusal(bundle({"weights.npz": other}), "run.zip")
    assert sentence.startswith("weights.npz in run.zip must hold the weights with the SHA-256 ")


# -- pickles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fc1.W", "mlpcore"])
def test_a_pickle_in_an_npz_is_refused_and_never_opened(name):
    sentence = refusal(npz(**{name: np.array([Bomb()], dtype=object)}), "w.npz")
    if name == "mlpcore":
        assert sentence == "mlpcore in w.npz must be one text, got |O (1,)."
    else:
        assert sentence == ("fc1.W.npy in w.npz must be float32, got pickled objects, which are never opened here.")


def test_a_pickle_instead_of_an_array_is_refused():
    assert refusal(npz(**{"fc1.W": pickle.dumps(Bomb())}), "w.npz").startswith(
        "fc1.W.npy in w.npz must be an array in npy format 1.0, got "
    )


# -- zip files that blow up ------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_by_its_ratio():
    bomb = npz(packing=zipfile.ZIP_DEFLATED, **{"fc1.W": b"\0" * (64 * MIB)})
    assert len(bomb) < 200_000
    sentence = refusal(bomb, "w.npz", memory=MIB)
    assert sentence.startswith("fc1.W.npy in w.npz must unpack to at most 100 times its packed size, got 1,0")


def test_a_zip_that_unpacks_to_more_than_the_limit_is_refused():
    block = np.random.default_rng(0).bytes(MIB // 4).ljust(11 * MIB, b"\0")  # shrinks about fortyfold
    members = {f"fc{i}.W.npy": block for i in range(20)}
    sentence = refusal(zipped(members, zipfile.ZIP_DEFLATED), "w.npz", memory=MIB)
    assert sentence == "w.npz must unpack to at most 200 MiB, got 220 MiB."


def test_a_declared_size_is_not_believed_beyond_the_data():
    data = in_every_entry(npz(), 20, struct.pack("<LL", 15_808, 15_808))  # packed and unpacked size of each member
    assert "w.npz" in refusal(data, "w.npz")
    data = in_every_entry(npz(packing=zipfile.ZIP_DEFLATED), 24, struct.pack("<L", 2**31))
    assert "times its packed size" in refusal(data, "w.npz")


def test_a_bundle_inside_which_a_bomb_lies_is_refused():
    bomb = npz(packing=zipfile.ZIP_DEFLATED, **{"fc1.W": b"\0" * (64 * MIB)})
    packed = zipped({"run.json": b"{}", "weights.npz": bomb})
    assert refusal(packed, "run.zip").startswith("fc1.W.npy in weights.npz in run.zip must unpack to at most 100")


@pytest.mark.parametrize("count", [33, 20_000, 70_000])
def test_too_many_members_are_refused_before_the_directory_is_read(count):
    data = zipped([(f"{i}", b"") for i in range(count)])
    sentence = refusal(data, "run.zip", memory=MIB)
    if count < 65_536:
        assert sentence == f"run.zip must hold at most 32 members, got {count:,}."
    else:
        assert sentence == "run.zip must be a plain zip file, but it has a comment or a zip64 directory."


def test_a_directory_that_lies_about_its_members_is_refused_by_its_size():
    data = bytearray(zipped([(f"{i}", b"") for i in range(20_000)]))
    data[-14:-10] = struct.pack("<HH", 3, 3)  # members on this disk and in all
    assert refusal(bytes(data), "run.zip", memory=MIB).startswith(
        "run.zip must have a zip directory of at most 32,768 bytes, got "
    )


def test_a_directory_with_more_members_than_it_declares_is_refused():
    data = bytearray(zipped([(f"{i}", b"") for i in range(40)]))
    data[-14:-10] = struct.pack("<HH", 3, 3)
    assert refusal(bytes(data), "run.zip") == "run.zip must hold at most 32 members, got 40."


@pytest.mark.parametrize("name", ["/etc/passwd", "../weights.npz", "a/../../b", "C:\\w.npz", "a\\b", "\\\\host\\b", ""])
def test_a_member_that_points_elsewhere_is_refused(name):
    sentence = refusal(zipped([("run.json", b"{}"), (name, b"x")]), "run.zip")
    assert sentence == f'run.zip must hold plain relative names, got "{name}".'


def test_a_member_twice_is_refused():
    data = zipped([("run.json", b"{}"), ("weights.npz", npz()), ("weights.npz", npz())])
    assert refusal(data, "run.zip") == 'run.zip must hold each name once, got "weights.npz" twice.'


@pytest.mark.parametrize("name", ["w.npz", "run.zip"])
def test_a_member_that_is_a_link_is_refused(name):
    link = zipfile.ZipInfo("weights.npz")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(file.getvalue(), name) == f"weights.npz in {name} must be a file, got a link to another place."


def test_two_names_for_one_member_are_refused():
    data = zipped([("a", b"x" * 100), ("b", b"x" * 100)])
    sentence = refusal(in_every_entry(data, 42, struct.pack("<L", 0)), "run.zip")  # where its header is
    assert sentence == "run.zip must hold each member for itself, but a overlaps another."


def test_members_that_quote_each_other_are_refused():
    """Each is a stored block that quotes the header of the next, and what that unpacks to (D. Fifield, 2019)."""
    kernel = np.random.default_rng(0).bytes(1000)
    data = quoting([f"{i}" for i in range(5)], kernel)
    assert zlib.decompress(data[31:], wbits=-15).endswith(kernel)  # a reader of the first member unpacks the last
    assert refusal(data, "run.zip") == "run.zip must hold each member for itself, but 0 overlaps another."


@pytest.mark.parametrize("name", ["w.npz", "run.zip"])
def test_a_directory_without_members_is_refused(name):
    data = zipped([("a", b"x")])
    empty = data[: data.index(b"PK\1\2")] + b"PK\5\6" + bytes(18)
    assert refusal(empty, name).endswith('", got none.')


def test_a_member_that_reaches_into_the_directory_is_refused():
    data = zipped([("a", b"x" * 100)])
    sizes = struct.pack("<LL", 150, 150)
    assert refusal(in_every_entry(data, 20, sizes), "run.zip").endswith("but a overlaps another.")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(packing):
    assert refusal(npz(packing=packing), "w.npz") == (
        "mlpcore.npy in w.npz must be stored or deflated without a password, got another way of packing."
    )


def test_an_encrypted_member_is_refused():
    assert "without a password" in refusal(in_every_entry(npz(), 8, b"\x01"), "w.npz")


def test_a_file_above_the_limit_is_refused_unread(monkeypatch):
    assert limits.MAX_FILE_BYTES == 200 * MIB
    data = bytes(201 * MIB)
    for name in ("w.npz", "w.safetensors", "run.zip"):
        assert refusal(data, name, memory=MIB) == f"{name} must have at most 200 MiB, got 201 MiB."


# -- what a large but honest file costs ------------------------------------------------------------------------


def test_a_large_honest_file_is_read_in_memory_in_proportion():
    net = MLP([784, 4000, 10], rng=np.random.default_rng(0))  # 3.2 million parameters, 12.7 MB
    data = exports.write("npz", net, RunConfig(hidden=(4000,)), [], "x")
    tracemalloc.start()
    try:
        imported = exports.read(data, "w.npz").net
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(imported.fc1.W, net.fc1.W)
    assert peak < 6 * len(data)
