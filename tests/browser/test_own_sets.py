"""A data set of one's own, from its files to a trained run's mistakes and weights, in its own shape and words."""

import gzip
import io
import re
import struct
import subprocess
import sys
import zipfile

import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import expect

from dashboard import uploads
from tests.browser.server import Server, go_to, wait_drawn
from tests.browser.train_page import press_train, status
from tests.dashboard.uploads.test_read import zeros

HEIGHT, WIDTH, NAMES = 9, 6, ["ring", "bar", "<b>dot</b>"]


def three_shapes(rng):
    """(images, labels) of 300 pictures of three shapes with noise, oblong."""
    labels = (np.arange(300) % 3).astype(np.uint8)
    images = rng.integers(0, 90, (300, HEIGHT, WIDTH), dtype=np.uint8)
    images[labels == 0, 1:8, 1] = images[labels == 0, 1:8, 4] = 250
    images[labels == 1, 1:8, 2:4] = 250
    images[labels == 2, 4:6, 2:4] = 250
    return images, labels


@pytest.fixture
def shapes(rng):
    return three_shapes(rng)


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def add(page, *files):
    """Through the dialog, as far as what was understood."""
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    )


def ask_for_fashion(page):
    """Through the same dialog, once the maps of a first look at Data are there, which take their time."""
    go_to(page, "Data")
    expect(page.get_by_text("60,000 training and 10,000 test images")).to_be_visible()
    wait_drawn(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Fashion-MNIST from OpenML").click()


def save(page, title, names=""):
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Title").fill(title)
    if names:
        dialog.get_by_role("textbox", name="Class names").fill(names)
        dialog.get_by_role("textbox", name="Class names").press("Enter")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def choose_set(page, title):
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name=title, exact=True).click()


def test_idx_files_become_a_set_that_is_trained_on_and_understood(server, open_page, shapes):
    images, labels = shapes
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, ("shapes-images.gz", gzip.compress(idx(images))), ("shapes-labels.gz", gzip.compress(idx(labels))))
    expect(page.get_by_role("dialog").get_by_text("9 x 6 pixels, 3 classes")).to_be_visible()
    save(page, "Three shapes", ", ".join(NAMES))
    expect(page.get_by_text("249 training and 51 test images of 3 classes, 9 x 6 pixels each.")).to_be_visible()
    expect(page.get_by_role("radio", name="<b>dot</b>")).to_be_visible()
    expect(page.get_by_text("Used by 0 runs")).to_be_visible()

    go_to(page, "Train")
    choose_set(page, "Three shapes")
    expect(page.get_by_role("heading", name="54-100-3")).to_be_visible()
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()

    go_to(page, "Mistakes")
    expect(page.get_by_text(re.compile(r"of 51 images are misread"))).to_be_visible()
    matrix = page.get_by_test_id("stVegaLiteChart").first
    expect(matrix.get_by_text("ring").first).to_be_visible()
    expect(matrix.get_by_text("<b>dot</b>").first).to_be_visible()

    go_to(page, "Weights")
    field = page.get_by_role("img", name=re.compile("^Weights of Unit"))
    expect(field).to_be_visible()
    assert size_of(field) == (8 * (WIDTH + 2), 8 * (HEIGHT + 2))  # a clear edge around it
    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()

    go_to(page, "Data")
    expect(page.get_by_text("Used by 1 run.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove")).to_be_disabled()


def size_of(picture):
    """(width, height) of the picture itself, in pixels."""
    expect(picture).to_be_visible()
    return tuple(picture.evaluate("image => [image.naturalWidth, image.naturalHeight]"))


def as_npz(images, labels):
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=labels)
    return [("shapes.npz", file.getvalue())]


def as_csv(images, labels):
    """The label last, under a name that does not tell what it is, after a mark as spreadsheets write it."""
    rows = np.column_stack([images.reshape(len(images), -1), labels])
    head = [f"p{i}" for i in range(rows.shape[1])]
    return [("shapes.csv", "\n".join(",".join(map(str, row)) for row in (head, *rows)).encode("utf-8-sig"))]


def as_headed_csv(images, labels):
    """The label first, and pixels called by their places, as scikit-learn's and Kaggle's files have them."""
    _, height, width = images.shape
    head = ["label", *(f"{row}x{column}" for row in range(1, height + 1) for column in range(1, width + 1))]
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    return [("shapes.csv", "\n".join(",".join(map(str, row)) for row in (head, *rows)).encode())]


def as_idx(images, labels):
    return [("shapes-images", idx(images)), ("shapes-labels", idx(labels))]


def as_gz(images, labels):
    return [(f"{name}.gz", gzip.compress(data)) for name, data in as_idx(images, labels)]


def download(page, name, tmp_path):
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button", name=name).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("form", [as_npz, as_csv, as_headed_csv, as_idx, as_gz])
def test_a_set_of_each_format_is_trained_shown_and_exported(server, database, open_page, shapes, tmp_path, form):
    images, labels = shapes
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, *form(images[:, :6], labels))
    if form is as_csv:
        page.get_by_role("radio", name="Last column").click()
    save(page, "Squares")
    expect(page.get_by_text("6 x 6 pixels each.")).to_be_visible()
    data = download(page, "Download", tmp_path)
    assert uploads.read([(data.name, data.read_bytes())]).name == next(iter(database.own_sets()))

    go_to(page, "Train")
    choose_set(page, "Squares")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    accuracy = f"{100 * database.get(run).last_accuracy:.2f} %"
    go_to(page, "Mistakes")
    expect(page.get_by_text("of 51 images")).to_be_visible()

    go_to(page, "Weights")
    main = page.get_by_test_id("stMain")
    main.get_by_role("button", name="Download", exact=True).click()
    onnx = download(page, "ONNX", tmp_path)
    bundle = download(page, "Bundle", tmp_path)
    with np.load(data) as held:
        test, truth = held["x_test"].reshape(51, 36), held["y_test"]
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    outputs = session.run(["outputs"], {"image_uint8": test})[0]
    assert f"{100 * (outputs.argmax(axis=1) == truth).mean():.2f} %" == accuracy
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-I", str(tmp_path / "predict.py"), str(data)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.startswith(f"accuracy {accuracy}")
    assert "of 51 images" in said


def test_the_largest_images_and_the_most_classes_are_shown_on_every_page(server, open_page, rng):
    labels = (np.arange(2400) % 100).astype(np.uint8)
    patterns = rng.integers(0, 256, (100, 64, 64))
    images = ((patterns[labels] + rng.integers(0, 256, (2400, 64, 64))) // 2).astype(np.uint8)
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, *as_npz(images, labels))
    expect(page.get_by_role("dialog").get_by_text("64 x 64 pixels, 100 classes")).to_be_visible()
    save(page, "A hundred signs")
    expect(page.get_by_text("of 100 classes, 64 x 64 pixels each.")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last.get_by_text("of the variance").first).to_be_visible()

    go_to(page, "Train")
    choose_set(page, "A hundred signs")
    expect(page.get_by_role("heading", name="4096-100-100")).to_be_visible()
    press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)
    go_to(page, "Mistakes")
    expect(page.get_by_text("of 400 images are misread")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    go_to(page, "Weights")
    width, height = size_of(page.get_by_role("img", name=re.compile("^Weights of Unit")))
    assert width == height >= 64
    go_to(page, "Learn")
    expect(page.get_by_text("Input a⁰, 4,096 pixels")).to_be_visible()
    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    go_to(page, "Compare")
    expect(page.get_by_text("The latest run.")).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= element.clientWidth")


def test_a_csv_becomes_a_set_and_is_removed_again(server, open_page, shapes):
    images, labels = shapes
    squares = images[:, :6].reshape(300, -1)
    squares[:, -1] = 7 + 2 * (np.arange(300) % 2)  # as labels would be
    text = "\n".join(",".join(map(str, [label, *row])) for label, row in zip(labels, squares, strict=True))
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, ("six.csv", text.encode()))
    dialog = page.get_by_role("dialog")
    names = dialog.get_by_role("textbox", name="Class names")
    expect(dialog.get_by_text("does not tell where its label is")).to_be_visible()
    page.get_by_role("radio", name="Last column").click()
    expect(dialog.get_by_text("6 x 6 pixels, 2 classes")).to_be_visible()
    expect(names).to_have_value("7, 9")
    page.get_by_role("radio", name="First column").click()
    expect(dialog.get_by_text("6 x 6 pixels, 3 classes")).to_be_visible()
    expect(names).to_have_value("0, 1, 2")
    save(page, "Six", "ring, bar, dot")
    expect(page.get_by_text("6 x 6 pixels each.")).to_be_visible()
    expect(page.get_by_role("radio", name="bar")).to_be_visible()

    add(page, ("again.csv", text.encode()))  # what it is called stays, but for what is changed now
    page.get_by_role("radio", name="First column").click()
    expect(dialog.get_by_text("These images are here already.")).to_be_visible()
    expect(names).to_have_value("ring, bar, dot")
    expect(dialog.get_by_role("textbox", name="Title")).to_have_value("Six")
    save(page, "Six", "ring, beam, dot")
    expect(page.get_by_role("radio", name="beam")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("60,000 training and 10,000 test images")).to_be_visible()
    page.get_by_role("combobox", name="Data set").click()
    expect(page.get_by_role("option", name="Digits 8 x 8")).to_be_visible()
    expect(page.get_by_role("option", name="Six")).to_have_count(0)


IMAGES, LABELS = np.zeros((60, 5, 4), np.uint8), np.arange(60, dtype=np.uint8) % 3
LIE = b"\0\0\x08\x03" + struct.pack(">3I", 60, 500, 400) + bytes(1200)
WORDS = b"\n".join(b"0,0,0,0,%s" % word for word in (b"cat", b"dog", b"owl") * 20)
BOMB = gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 250_000, 28, 28)) + zeros(10 * 2**30)
BROKEN = {
    "no zip file": ([("broken.npz", b"PK but not a zip file")], "broken.npz must be a zip file, but it begins with"),
    "truncated gzip": ([("a.gz", gzip.compress(idx(IMAGES))[:-9]), ("b", idx(LABELS))], "a.gz must be whole"),
    "a header that lies": ([("a", LIE), ("b", idx(LABELS))], "a must have the 12,000,000 bytes that its header says"),
    "a label out of range": (as_npz(IMAGES, LABELS * 200.0), "must be whole numbers from 0 to 255, got 400"),
    "labels that are words": ([("words.csv", WORDS)], "words.csv must hold numbers alone, 5 a row"),
    "labels that are texts": (as_npz(IMAGES, np.array(["a", "b", "c"] * 20)), "must be whole numbers"),
    "unequal lengths": ([("a", idx(IMAGES)), ("b", idx(LABELS[1:]))], "got 60 images and 59 labels"),
    "one class": ([("a", idx(IMAGES)), ("b", idx(LABELS * 0))], "must have 2 to 100 classes, got 1"),
    "a bomb": ([("a.gz", BOMB), ("b", idx(LABELS))], "a.gz must have the 196,000,000 bytes that its header says"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_not_what_it_claims_gets_a_sentence(server, database, open_page, case):
    files, sentence = BROKEN[case]
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, *files)
    expect(page.get_by_role("dialog").get_by_text(sentence)).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert database.own_sets() == {}


def test_an_openml_out_of_reach_is_said_and_the_embedded_set_still_trains(database_url, open_page, tmp_path):
    nobody = "http://127.0.0.1:9"
    with Server(database_url, tmp_path / "server.log", HTTPS_PROXY=nobody, https_proxy=nobody) as server:
        page = open_page(server.url)
        ask_for_fashion(page)
        said = page.get_by_role("dialog").get_by_text("Fashion-MNIST could not be fetched")
        expect(said).to_be_visible(timeout=10_000)
        expect(said).to_contain_text("The embedded MNIST")
        page.keyboard.press("Escape")
        choose_set(page, "MNIST from OpenML")
        said = page.get_by_test_id("stMain").get_by_text("OpenML's mnist_784 could not be fetched")
        expect(said).to_be_visible(timeout=10_000)
        go_to(page, "Train")
        press_train(page)
        expect(status(page, "Finished")).to_be_visible(timeout=60_000)
        page.close()
