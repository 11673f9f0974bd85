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
from tests.browser.server import go_to
from tests.browser.test_train import press_train, status

HEIGHT, WIDTH, NAMES = 9, 6, ["ring", "bar", "<b>dot</b>"]


@pytest.fixture
def shapes(rng):
    """300 pictures of three shapes with noise, oblong."""
    labels = (np.arange(300) % 3).astype(np.uint8)
    images = rng.integers(0, 90, (300, HEIGHT, WIDTH), dtype=np.uint8)
    images[labels == 0, 1:8, 1] = images[labels == 0, 1:8, 4] = 250
    images[labels == 1, 1:8, 2:4] = 250
    images[labels == 2, 4:6, 2:4] = 250
    return images, labels


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def add(page, *files):
    """Through the dialog, as far as what was understood."""
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    )


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
    page.get_by_role("option", name=title).click()


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
    field = page.get_by_test_id("stImage").locator("img").nth(1)
    expect(field).to_be_visible()
    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()

    go_to(page, "Data")
    expect(page.get_by_text("Used by 1 run.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove")).to_be_disabled()


def as_npz(images, labels):
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=labels)
    return [("shapes.npz", file.getvalue())]


def as_csv(images, labels):
    rows = np.column_stack([images.reshape(len(images), -1), labels])
    return [("shapes.csv", "\n".join(",".join(map(str, row)) for row in rows).encode())]


def as_idx(images, labels):
    return [("shapes-images", idx(images)), ("shapes-labels", idx(labels))]


def download(page, name, tmp_path):
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button", name=name).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("form", [as_npz, as_csv, as_idx])
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


def test_a_csv_becomes_a_set_and_is_removed_again(server, open_page, shapes):
    images, labels = shapes
    squares = images[:, :6].reshape(300, -1)
    text = "\n".join(",".join(map(str, [label, *row])) for label, row in zip(labels, squares, strict=True))
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, ("six.csv", text.encode()))
    page.get_by_role("radio", name="First column").click()
    expect(page.get_by_role("dialog").get_by_text("6 x 6 pixels, 3 classes")).to_be_visible()
    save(page, "Six")
    expect(page.get_by_text("6 x 6 pixels each.")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("60,000 training and 10,000 test images")).to_be_visible()
    page.get_by_role("combobox", name="Data set").click()
    expect(page.get_by_role("option", name="Digits 8 x 8")).to_be_visible()
    expect(page.get_by_role("option", name="Six")).to_have_count(0)


def test_a_file_that_is_not_what_it_claims_gets_a_sentence(server, open_page, shapes):
    page = open_page(server.url)
    go_to(page, "Data")
    add(page, ("broken.npz", b"PK but not a zip file"))
    expect(page.get_by_role("dialog").get_by_text("broken.npz must be a zip file, but it begins with")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
