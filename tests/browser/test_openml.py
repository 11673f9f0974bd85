"""Sets from OpenML without a network: scikit-learn finds its own downloads again; and an OpenML that stays silent."""

import gzip
import hashlib
import json
import socket

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.datasets import openml
from tests.browser.server import Server, go_to, wait_drawn
from tests.browser.test_own_sets import ask_for_fashion, choose_set
from tests.browser.train_page import press_train, status

NOBODY = "http://127.0.0.1:9"
AT_ONCE = 5000  # images written at once
DIGITS = np.array([list(b"%03d," % value) for value in range(256)], np.uint8)


def arff(name, images, labels):
    """The lines of an ARFF file, in parts: pixels with three digits each, the class last."""
    yield f"@RELATION {name}\n".encode()
    yield "".join(f"@ATTRIBUTE pixel{i + 1} INTEGER\n" for i in range(images.shape[1])).encode()
    yield b"@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n@DATA\n"
    for first in range(0, len(images), AT_ONCE):
        part = DIGITS[images[first : first + AT_ONCE]].reshape(-1, 4 * images.shape[1])
        ends = np.stack([labels[first : first + AT_ONCE] + ord("0"), np.full(len(part), ord("\n"))], axis=1)
        yield np.concatenate([part, ends.astype(np.uint8)], axis=1).tobytes()


def keep(cache, number, name, images, labels):
    """What scikit-learn would have kept of OpenML's data set `number` in the app's cache folder."""
    place, checksum = cache / "openml" / "openml.org", hashlib.md5()
    file = place / f"data/v1/download/{number}/{name}.arff.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wb", compresslevel=1) as packed:
        for part in arff(name, images, labels):
            packed.write(part)
            checksum.update(part)

    def feature(i, called, kind, target):
        return {"index": str(i), "name": called, "data_type": kind, "is_target": target, "is_ignore": "false",
                "is_row_identifier": "false", "number_of_missing_values": "0"}  # fmt: skip

    pixels = images.shape[1]
    features = [feature(i, f"pixel{i + 1}", "numeric", "false") for i in range(pixels)]
    features.append(feature(pixels, "class", "nominal", "true") | {"nominal_value": list("0123456789")})
    described = {"id": str(number), "name": name, "version": "1", "format": "ARFF", "status": "active",
                 "description": "", "md5_checksum": checksum.hexdigest(),
                 "url": f"https://openml.org/data/v1/download/{number}/{name}.arff"}  # fmt: skip
    answers = {
        f"list/data_name/{name.lower()}/limit/2/data_version/1": {
            "data": {"dataset": [{"did": number, "status": "active"}]}
        },
        str(number): {"data_set_description": described},
        f"features/{number}": {"data_features": {"feature": features}},
        f"qualities/{number}": {
            "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": str(len(labels))}]}
        },
    }
    for path, answer in answers.items():
        file = place / f"api/v1/json/data/{path}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps(answer).encode()))


def garments():
    """70,000 made-up images in ten classes, a bar in a place of its own for each."""
    labels = (np.arange(70_000) % 10).astype(np.uint8)
    images = np.zeros((70_000, 28, 28), np.uint8)
    for label in range(10):
        images[labels == label, 2 * label + 2 : 2 * label + 5] = 200
    images[np.arange(70_000), 0, np.arange(70_000) % 28] = np.arange(70_000) % 251  # so that many differ
    return images.reshape(-1, 784), labels


@pytest.fixture
def start(database_url, tmp_path):
    """Start a server with a cache folder of its own, and a proxy for whatever it asks the network."""
    servers = []

    def start(proxy):
        server = Server(database_url, tmp_path / "server.log", MLP_CACHE_DIR=str(tmp_path / "cache"),
                        HTTPS_PROXY=proxy, https_proxy=proxy)  # fmt: skip
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.end()


def until_fetched(page, ask, said):
    """Ask as often as the page says that it is still being fetched; `ask` returns when what was said before is gone."""
    for _ in range(10):
        ask()
        waiting = page.get_by_text("It is still being fetched").first
        expect(said.or_(waiting).first).to_be_visible()
        if said.is_visible():
            return
    raise AssertionError("it was never fetched")


def test_mnist_from_openml_is_chosen_and_trained_on(start, open_page, tmp_path):
    mnist = datasets.load("mnist")
    keep(tmp_path / "cache", 554, "mnist_784", mnist.images, mnist.labels)
    server = start(NOBODY)
    page = open_page(server.url)
    go_to(page, "Data")

    def ask():
        choose_set(page, "Digits 8 x 8")
        expect(page.get_by_text("1,498 training and 299 test images")).to_be_visible()
        choose_set(page, "MNIST from OpenML")
        expect(page.get_by_text("1,498 training and 299 test images")).to_be_hidden()

    until_fetched(page, ask, page.get_by_text("60,000 training and 10,000 test images of 10 handwritten digits"))
    page.goto(f"{server.url}/?dataset=mnist_784&epochs=1&hidden=16")
    press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)
    page.close()


def test_fashion_mnist_is_added_from_openml_and_trained_on(start, database, open_page, tmp_path):
    keep(tmp_path / "cache", 40996, "Fashion-MNIST", *garments())
    page = open_page(f"{start(NOBODY).url}/?epochs=1&hidden=16")
    expect(page.get_by_text("60,000 handwritten digits")).to_be_visible()
    go_to(page, "Data")
    page.get_by_role("button", name="Add", exact=True).click()
    said = page.get_by_text("60,000 training and 10,000 test images of 10 classes")

    def ask():
        page.get_by_role("button", name="Fashion-MNIST from OpenML").click()
        asking = page.get_by_text("Asking OpenML")
        expect(asking.or_(said).first).to_be_visible()
        expect(asking).to_be_hidden(timeout=20_000)
        wait_drawn(page)

    until_fetched(page, ask, said)
    expect(page.get_by_role("radio", name="Ankle boot")).to_be_visible()
    go_to(page, "Train")
    choose_set(page, "Fashion-MNIST")
    run = press_train(page)
    assert database.get(run).config.dataset in database.own_sets()
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)
    page.close()


def test_a_silent_openml_is_said_within_ten_seconds_and_the_embedded_set_still_works(start, open_page):
    assert openml.PATIENCE < 9
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        server = start(f"http://127.0.0.1:{silent.getsockname()[1]}")
        page = open_page(server.url)
        ask_for_fashion(page)
        said = page.get_by_role("dialog").get_by_text("OpenML has not sent Fashion-MNIST within")
        expect(said).to_be_visible(timeout=10_000)
        page.keyboard.press("Escape")
        choose_set(page, "MNIST from OpenML")
        expect(page.get_by_text("OpenML has not sent mnist_784 within")).to_be_visible(timeout=10_000)
        page.goto(f"{server.url}/?dataset=mnist_784&epochs=1&hidden=16")
        expect(page.get_by_role("combobox", name="Data set")).to_be_visible()
        expect(page.get_by_text("OpenML has not sent mnist_784 within")).to_be_visible(timeout=10_000)
        choose_set(page, "MNIST")
        press_train(page)
        expect(status(page, "Finished")).to_be_visible(timeout=60_000)
        page.close()
