"""Data sets from files: every format, and what files get that are not what they claim."""

import gzip
import io
import stat
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from dashboard import uploads
from dashboard.exports.refusal import ImportRefused
from tests.dashboard.exports.test_exports_builders import in_every_entry, zipped


def idx(array):
    array = np.asarray(array, np.uint8)
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def csv(images, labels, header="", first=True):
    rows = np.column_stack([labels, images] if first else [images, labels])
    return (header + "\n".join(",".join(map(str, row)) for row in rows)).encode()


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (60, 5, 4), dtype=np.uint8)


@pytest.fixture
def labels():
    return np.arange(60) % 3


def same(parts, images, labels):
    """The set holds exactly these pairs, in whatever order the split has them."""

    def pairs(x, y):
        return sorted(zip(map(bytes, np.asarray(x).reshape(len(y), -1)), map(int, y), strict=True))

    assert pairs(parts.images, parts.labels) == pairs(images, labels)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_plain_or_packed_in_any_order(images, labels, pack):
    parts = uploads.read([("labels", pack(idx(labels))), ("images", pack(idx(images)))])
    same(parts, images, labels)
    assert parts.shape == (5, 4)
    assert np.bincount(parts.labels[parts.train_samples :]).tolist() == [3, 3, 3]  # a sixth of each class of 20


def test_idx_with_test_files_keeps_their_split(images, labels):
    files = [("t10k-images", idx(images[:40])), ("train-labels", idx(labels[40:])), ("t10k-labels", idx(labels[:40])),
             ("train-images", idx(images[40:]))]  # fmt: skip
    parts = uploads.read(files)
    np.testing.assert_array_equal(parts.images[:20], images[40:].reshape(20, -1))
    np.testing.assert_array_equal(parts.labels[20:], labels[:40])
    assert parts.train_samples == 20


@pytest.mark.parametrize("keys", [("x_train", "y_train"), ("images", "labels"), ("X", "y")])
def test_npz(images, labels, keys):
    parts = uploads.read([("a.npz", npz(**dict(zip(keys, (images, labels), strict=True))))])
    same(parts, images, labels)


def test_npz_with_a_test_set_fractions_a_channel_and_names(images, labels):
    fractions = (images / 255).astype(np.float32)[..., None]
    data = npz(x_train=fractions[:30], y_train=labels[:30, None], x_test=fractions[30:], y_test=labels[30:],
               class_names=np.array(["cat", "dog", "owl"]))  # fmt: skip
    parts = uploads.read([("a.npz", data)])
    np.testing.assert_array_equal(parts.images, images.reshape(60, -1))
    assert (parts.train_samples, parts.class_names) == (30, ("cat", "dog", "owl"))


def test_labels_with_gaps_are_numbered_and_keep_their_names(images, labels):
    parts = uploads.read([("a.npz", npz(images=images, labels=10 * labels + 5))])
    assert parts.class_names == ("5", "15", "25")
    same(parts, images, labels)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "after a byte order mark"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("header", [False, True])
def test_csv_with_the_label_on_either_side_with_or_without_a_header(rng, labels, first, header, mark):
    images = rng.integers(0, 256, (60, 16), dtype=np.uint8)
    names = [f"pixel{i}" for i in range(16)]
    line = ",".join(["label", *names] if first else [*names, "label"]) + "\n" if header else ""
    images[:, [0, -1]] = 0  # the edge, as in most pictures
    parts = uploads.read([("a.csv", mark + csv(images, labels, line, first))])
    same(parts, images, labels)
    assert parts.shape == (4, 4)


def test_csv_whose_header_tells_the_shape(images, labels):
    line = ",".join(["label", *(f"{r}x{c}" for r in range(1, 6) for c in range(1, 5))]) + "\n"
    assert uploads.read([("a.csv", csv(images.reshape(60, -1), labels, line))]).shape == (5, 4)


def test_a_set_is_called_by_its_content(images, labels):
    files = [("images", idx(images)), ("labels", idx(labels))]
    name = uploads.read(files).name
    assert name == uploads.read(files[::-1]).name
    images[0, 0, 0] ^= 1
    other = uploads.read([("images", idx(images)), ("labels", idx(labels))]).name
    assert other != name
    assert other.split("-")[:-1] == name.split("-")[:-1] == ["own", "5x4", "3", "51", "9"]


def typed(descr):
    """An .npz whose labels say that they are of this type, with as many bytes as it would need."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (60,), }}".ljust(117).encode() + b"\n"
    size = int(descr[2:] or 1)
    labels = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(60 * size)
    file = io.BytesIO(npz(images=IMAGES))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("labels.npy", labels)
    return file.getvalue()


def lying_size(data, size):
    return in_every_entry(data, 24, struct.pack("<L", size))


def one_place(data):
    return in_every_entry(data, 42, bytes(4))


def linked(data):
    return in_every_entry(data, 38, struct.pack("<L", (stat.S_IFLNK | 0o777) << 16))


IMAGES, LABELS = np.zeros((60, 5, 4), np.uint8), np.arange(60, dtype=np.uint8) % 3
FLAT = np.zeros((60, 4), np.uint8)
LIE = b"\0\0\x08\x03" + struct.pack(">3I", 60, 500, 400) + bytes(1200)
HUGE = b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(1200)
REFUSED = {
    "nothing": ([], "must come in 1 to 4 files, got 0"),
    "an empty file": ([("a", b"")], "an .npz or a CSV, but it begins with nothing"),
    "a picture": ([("a.png", b"\x89PNG\r\n\x1a\n1234")], "but it begins with '.x89PNG"),
    "a pdf called csv": ([("a.csv", b"%PDF-1.7 nothing")], "a.csv must be an IDX file"),
    "images alone": ([("a", idx(IMAGES))], "must come with one of labels, got 1 of images and 0 of labels"),
    "truncated gzip": ([("a.gz", gzip.compress(idx(IMAGES))[:-9]), ("b", idx(LABELS))], "a.gz must be whole"),
    "damaged gzip": ([("a.gz", gzip.compress(idx(IMAGES))[:-8] + b"12345678"), ("b", idx(LABELS))], "must be whole"),
    "a header that lies": ([("a", LIE), ("b", idx(LABELS))], "must have the 12,000,000 bytes that its header says"),
    "a header beyond measure": ([("a", HUGE), ("b", idx(LABELS))], "must hold at most 200 MiB, but its header says"),
    "more than the header says": ([("a", idx(IMAGES) + b"1"), ("b", idx(LABELS))], "that its header says, got more"),
    "floats in IDX": ([("a", b"\0\0\x0d\x03" + bytes(40)), ("b", idx(LABELS))], "IDX file of unsigned bytes"),
    "different lengths": ([("a", idx(IMAGES)), ("b", idx(LABELS[1:]))], "got 60 images and 59 labels"),
    "one class": ([("a", idx(IMAGES)), ("b", idx(np.zeros(60)))], "must have 2 to 100 classes, got 1"),
    "101 classes": ([("a", idx(np.zeros((202, 2, 2)))), ("b", idx(np.arange(202) // 2))], "classes, got 101"),
    "65 pixels": ([("a", idx(np.zeros((60, 65, 2)))), ("b", idx(LABELS))], "1 x 1 to 64 x 64 pixels, got 65 x 2"),
    "few images": ([("a", idx(IMAGES[:9])), ("b", idx(LABELS[:9]))], "at least 20 images, got 9"),
    "images without a pixel": ([("a.npz", npz(images=np.zeros((60, 0)), labels=LABELS))], "must be grey images"),
    "images of no height": ([("a.npz", npz(images=np.zeros((60, 0, 4)), labels=LABELS))], "64 x 64 pixels, got 0 x 4"),
    "pickled labels": ([("a.npz", npz(images=IMAGES, labels=LABELS.astype(object)))], "never opened here"),
    **{f"labels of type {descr}": ([("a.npz", typed(descr))], f"labels in a.npz must hold numbers, got {descr}, which")
       for descr in ("<f3", "<u9", "|b8", "<f0", "<i128", "<f16", "<U0", "<c16", "<M8", "|V8", "|S4", "<U99999", "|O",
                     "|b")},
    "names that are none": ([("a.npz", npz(images=IMAGES, labels=LABELS, class_names=np.full((3, 1), 2**31, "<u4")
                              .view("<U1")[:, 0]))], "class_names in a.npz must hold texts, but a character of them"),
    "many names": ([("a.npz", npz(images=IMAGES, labels=LABELS, class_names=np.full(300, "a")))], "most 256 texts"),
    "a bomb": ([("a.npz", npz(images=np.zeros((250_000, 30, 30), np.uint8), labels=LABELS))], "at most 200 MiB, got 2"),
    "a ratio": ([("a.npz", lying_size(npz(images=IMAGES, labels=LABELS), 10**8))], "at most 1,100 times its packed"),
    "one member under two names": ([("a.npz", one_place(npz(images=IMAGES, labels=LABELS)))], "overlaps another"),
    "a link": ([("a.npz", linked(npz(images=IMAGES, labels=LABELS)))], "images.npy in a.npz must be a file, got a lin"),
    **{f"a member called {name}": ([("a.npz", zipped([("x.npy", b"x"), (name, b"x")]))], "plain relative names, got")
       for name in ("../labels.npy", "/etc/labels.npy", "C:\\labels.npy")},
    "a member twice": ([("a.npz", zipped([("images.npy", b"x"), ("images.npy", b"x")]))], "must hold each name once"),
    "a password": ([("a.npz", in_every_entry(npz(images=IMAGES, labels=LABELS), 8, b"\x01"))], "without a password"),
    "no labels in npz": ([("a.npz", npz(images=IMAGES))], "must hold x_train and y_train, or images and labels"),
    "labels beyond": ([("a.npz", npz(images=IMAGES, labels=LABELS * 200.0))], "numbers from 0 to 255, got 400"),
    "labels below": ([("a.npz", npz(images=IMAGES, labels=LABELS - 1.0))], "numbers from 0 to 255, got -1"),
    "halves": ([("a.npz", npz(images=IMAGES, labels=LABELS + 0.5))], "whole numbers from 0 to 255, got 0.5"),
    "no number": ([("a.npz", npz(images=IMAGES, labels=np.full(60, np.nan)))], "from 0 to 255, got nan"),
    "texts": ([("a.npz", npz(images=IMAGES, labels=np.array(["a", "b", "c"] * 20)))], "must be whole numbers"),
    "dark pixels": ([("a.npz", npz(images=IMAGES - 1.0, labels=LABELS))], "numbers from 0 to 255, got -1"),
    "colour": ([("a.npz", npz(images=np.zeros((60, 4, 4, 3), np.uint8), labels=LABELS))], "must be grey images"),
    "names twice": ([("a.npz", npz(images=IMAGES, labels=LABELS, class_names=np.array(["a", "a", "b"])))], "'a' twi"),
    "words in CSV": ([("a.csv", csv(FLAT, ["cat", "dog", "owl"] * 20))], "must hold numbers alone, 5 a row"),
    "a short row": ([("a.csv", csv(FLAT, LABELS) + b"\n1,2")], "must hold a number in each of its 5 columns, but not "
                    "in row 61, column 3"),
    "a long row": ([("a.csv", csv(FLAT, LABELS) + b"\n1,2,3,4,5,6,7,8")], "must hold numbers alone, 5 a row"),
    "a formula": ([("a.csv", csv(FLAT, LABELS) + b'\n=1+1,0,0,0,0')], "must hold numbers alone"),
    "NUL": ([("a.csv", csv(FLAT, LABELS) + b"\n\0,0,0,0,0")], "a.csv must hold"),
    "a million columns": ([("a.csv", b"1" + b",0" * 1_000_000)], "must have at most 4,097 columns"),
    "oblong CSV": ([("a.csv", csv(np.zeros((60, 5), int), LABELS))], "must have square images"),
    "two formats": ([("a.csv", csv(FLAT, LABELS)), ("b", idx(LABELS))], "must all be IDX files"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_breaks_a_rule_gets_its_sentence(case):
    files, sentence = REFUSED[case]
    with pytest.raises(ImportRefused, match=sentence.replace("(", r"\(")):
        uploads.read(files)


def zeros(count):
    """That many zeros in one gzip, packed without ever holding them: a block that ends on a byte can be repeated."""
    block = 2**26
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, wbits=-15)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + again * (count // block - 1)


@pytest.mark.parametrize("start", [b"", b"\0\0\x08\x03" + struct.pack(">3I", 250_000, 28, 28)])
def test_ten_gigabytes_of_zeros_in_a_small_gzip_are_refused_in_little_memory(start):
    bomb = zeros(10 * 2**30) if not start else gzip.compress(start) + zeros(10 * 2**30)
    assert len(bomb) < 12 * 2**20
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused):
            uploads.read([("images.gz", bomb), ("labels", idx(LABELS))])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 500 * 2**20


def test_the_bomb_is_a_whole_gzip_as_far_as_it_goes():
    unpacked = zlib.decompressobj(wbits=31).decompress(zeros(2**28))
    assert (len(unpacked), any(unpacked)) == (2**28, False)
