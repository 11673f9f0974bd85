"""Data sets: the embedded one, its cache, and OpenML through a small stand-in on loopback."""

import gzip
import hashlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from sklearn.datasets import _openml

from dashboard import datasets
from dashboard.datasets import cache
from dashboard.datasets import openml as fashion


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path))
    cache.arrays.cache_clear()
    yield tmp_path
    cache.arrays.cache_clear()


def test_embedded_mnist_is_the_standard_split():
    mnist = datasets.load("mnist")
    (X, y), (X_test, y_test) = mnist.train, mnist.test
    assert (X.shape, X_test.shape, X.dtype) == ((60_000, 784), (10_000, 784), np.uint8)
    assert y[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_it_is_memory_mapped_and_can_not_be_written():
    mnist = datasets.load("mnist")
    assert isinstance(mnist.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        mnist.images[0, 0] = 1


def cut(path):
    path.write_bytes(path.read_bytes()[:1_000_000])


def alter_one_pixel(path):
    with open(path, "r+b") as file:
        file.seek(20_000_000)
        byte = file.read(1)[0]
        file.seek(20_000_000)
        file.write(bytes([byte ^ 1]))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, alter_one_pixel, empty])
def test_a_damaged_cache_file_is_noticed_and_rebuilt(own_cache, damage):
    datasets.load("mnist")
    cache.arrays.cache_clear()
    path = next((own_cache / "datasets").glob("mnist-images-*.npy"))
    damage(path)
    rebuilt = datasets.load("mnist")
    assert hashlib.sha256(rebuilt.images.data).hexdigest() == datasets.MNIST_SHA256[0]
    assert not list((own_cache / "datasets").glob("*.part"))


def test_a_cache_folder_that_can_not_be_written_is_said(own_cache, monkeypatch):
    (own_cache / "file").write_text("not a folder")
    monkeypatch.setenv("MLP_CACHE_DIR", str(own_cache / "file"))
    with pytest.raises(datasets.DatasetError, match=r"cache folder .* could not be written: Not a directory"):
        datasets.load("mnist")


def arff(images, labels):
    lines = ["@RELATION mnist_784"]
    lines += [f"@ATTRIBUTE pixel{i + 1} INTEGER" for i in range(images.shape[1])]
    lines += ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
    lines += [",".join(map(str, [*row, label])) for row, label in zip(images, labels, strict=True)]
    return gzip.compress("\n".join(lines).encode())


@pytest.fixture
def openml_of(monkeypatch, own_cache):
    """Start a stand-in of the parts of OpenML's API that fetch_openml uses, with one set; gives the paths asked for."""
    servers = []

    def feature(i, name, kind, target):
        return {"index": str(i), "name": name, "data_type": kind, "is_target": target, "is_ignore": "false",
                "is_row_identifier": "false", "number_of_missing_values": "0"}  # fmt: skip

    def openml_of(name, images, labels, sent=1.0):
        file, asked = arff(images, labels), []
        pixels = images.shape[1]
        features = [feature(i, f"pixel{i + 1}", "numeric", "false") for i in range(pixels)]
        classes = {"nominal_value": [str(digit) for digit in range(10)]}
        features.append(feature(pixels, "class", "nominal", "true") | classes)

        class Api(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                described = {"id": "554", "name": name, "version": "1", "format": "ARFF", "status": "active",
                             "description": "", "url": f"{base}/file", "md5_checksum": hashlib.md5(
                                 gzip.decompress(file)).hexdigest()}  # fmt: skip
                instances = {"name": "NumberOfInstances", "value": str(len(labels))}
                answers = {
                    f"/list/{name.lower()}/data_version/1": {"data": {"dataset": [{"did": 554, "status": "active"}]}},
                    "/data/554": {"data_set_description": described},
                    "/features/554": {"data_features": {"feature": features}},
                    "/qualities/554": {"data_qualities": {"quality": [instances]}},
                }
                packed = self.path == "/file"
                if packed:
                    body = file
                elif self.path in answers:
                    body = json.dumps(answers[self.path]).encode()
                else:
                    return self.send_error(404)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                if packed:
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                return self.wfile.write(body[: int(sent * len(body))] if packed else body)

            def log_message(self, *_):
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Api)
        base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        for what, path in (("SEARCH_NAME", "list"), ("DATA_INFO", "data"), ("DATA_FEATURES", "features"),
                           ("DATA_QUALITIES", "qualities")):  # fmt: skip
            monkeypatch.setattr(_openml, f"_{what}", f"{base}/{path}/{{}}")
        return asked

    yield openml_of
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def openml(openml_of, monkeypatch):
    """A stand-in of OpenML with 60 + 10 small images as mnist_784."""
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (70, 9), dtype=np.uint8), rng.integers(0, 10, 70, dtype=np.uint8)
    sums = hashlib.sha256(images).hexdigest(), hashlib.sha256(labels).hexdigest()
    monkeypatch.setitem(datasets.DATASETS, "mnist_784", datasets.About("MNIST from OpenML", 60, 10, 9, 10, *sums))
    return images, labels, openml_of("mnist_784", images, labels)


def test_openml_is_fetched_as_version_one_and_kept(openml):
    images, labels, asked = openml
    data = datasets.load("mnist_784")
    np.testing.assert_array_equal(data.train[0], images[:60])
    np.testing.assert_array_equal(data.test[1], labels[60:])
    assert asked[0] == "/list/mnist_784/data_version/1"
    before = len(asked)
    cache.arrays.cache_clear()
    datasets.load("mnist_784")
    assert len(asked) == before


def test_openml_that_serves_something_else_is_refused(openml, monkeypatch):
    about = datasets.About("MNIST from OpenML", 60, 10, 9, 10, *datasets.MNIST_SHA256)
    monkeypatch.setitem(datasets.DATASETS, "mnist_784", about)
    with pytest.raises(datasets.DatasetError, match="must have the published images, but their checksum differs"):
        datasets.load("mnist_784")


def test_openml_out_of_reach_is_said_with_the_way_out(openml, monkeypatch):
    monkeypatch.setattr(_openml, "_SEARCH_NAME", "http://127.0.0.1:9/list/{}")
    with pytest.raises(datasets.DatasetError, match="could not be fetched: <urlopen error"):
        datasets.load("mnist_784")


@pytest.mark.parametrize("hangs_up", [True, False])
def test_an_openml_that_is_silent_is_waited_for_no_longer_than_promised(own_cache, monkeypatch, hangs_up):
    assert fashion.PATIENCE < 10
    monkeypatch.setattr(fashion, "PATIENCE", 0.3)
    monkeypatch.setattr(fashion, "SILENCE", 60 if hangs_up else 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        monkeypatch.setattr(_openml, "_SEARCH_NAME", f"http://127.0.0.1:{silent.getsockname()[1]}/list/{{}}")
        with pytest.raises(datasets.DatasetError, match=r"has not sent Fashion-MNIST within 0\.3 seconds\. It is"):
            fashion.fashion_mnist()
        waiting = fashion._asking["Fashion-MNIST"]
        assert waiting.is_alive()
        if hangs_up:
            silent.accept()[0].close()
        else:  # for good: another fetching can begin all the same
            waiting.join(20)
    waiting.join(20)
    with pytest.raises(datasets.DatasetError, match="could not be fetched"):  # asked again: what came of it
        fashion.fashion_mnist()


def test_what_is_not_openml_s_answer_is_said(openml_of, monkeypatch):
    """A file that ends early, as a broken connection leaves it; and JSON that is about something else."""
    labels = np.arange(70, dtype=np.uint8) % 10
    images = np.random.default_rng(2).integers(0, 256, (70, 784), dtype=np.uint8)
    openml_of("Fashion-MNIST", images, labels, sent=0.5)
    with pytest.raises(datasets.DatasetError, match=r"Fashion-MNIST (could not be fetched|is not its answer)"):
        fashion.fashion_mnist()
    monkeypatch.setattr(_openml, "_DATA_INFO", _openml._DATA_FEATURES)
    with pytest.raises(datasets.DatasetError, match=r"What came for OpenML's Fashion-MNIST is not its answer\."):
        fashion.fashion_mnist()


def test_three_people_who_ask_at_once_get_one_answer(monkeypatch):
    asked, waiting = [], threading.Semaphore(0)

    def fetch(name, version):
        asked.append(name)
        for _ in range(3):
            assert waiting.acquire(timeout=20)
        return np.zeros((2, 4), np.uint8), np.arange(2, dtype=np.uint8)

    def join(fetching, timeout):
        waiting.release()
        threading.Thread.join(fetching, timeout)

    def ask(answers):
        answers.append(fashion.patiently("some", 1))

    monkeypatch.setattr(fashion, "fetch", fetch)
    monkeypatch.setattr(fashion._Asked, "join", join)
    answers = []
    threads = [threading.Thread(target=ask, args=(answers,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 3
    assert all(answer is answers[0] for answer in answers)
    assert (asked, fashion._asking) == (["some"], {})


def test_fashion_mnist_from_an_openml_out_of_reach_is_said(own_cache, monkeypatch):
    monkeypatch.setattr(_openml, "_SEARCH_NAME", "http://127.0.0.1:9/list/{}")
    with pytest.raises(datasets.DatasetError, match="Fashion-MNIST could not be fetched: <urlopen error"):
        fashion.fashion_mnist()


def test_fashion_mnist_is_fetched_and_keeps_its_split_and_names(openml_of, monkeypatch):
    labels = np.arange(70, dtype=np.uint8) % 10
    images = np.random.default_rng(2).integers(0, 256, (70, 784), dtype=np.uint8)
    openml_of("Fashion-MNIST", images, labels)
    monkeypatch.setattr(fashion, "EACH", 7)
    monkeypatch.setattr(fashion, "TRAINING", 60)
    parts = fashion.fashion_mnist()
    np.testing.assert_array_equal(parts.images, images)
    np.testing.assert_array_equal(parts.labels, labels)
    assert (parts.shape, parts.train_samples, parts.class_names[9]) == ((28, 28), 60, "Ankle boot")


def test_a_fashion_mnist_with_other_classes_is_refused(openml_of, monkeypatch):
    openml_of("Fashion-MNIST", np.zeros((70, 784), np.uint8), np.zeros(70, np.uint8))
    monkeypatch.setattr(fashion, "EACH", 7)
    with pytest.raises(datasets.DatasetError, match="must have 7 images of 28 x 28 pixels in each of 10 classes"):
        fashion.fashion_mnist()
