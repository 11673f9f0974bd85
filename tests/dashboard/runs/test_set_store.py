"""Own data sets in a real database: stored, read back, trained on without a shared folder, removed when unused."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dashboard import datasets
from dashboard.datasets import Parts, cache
from dashboard.runs.config import ConfigError, RunConfig
from dashboard.runs.store import RunStore, StoreError, open_store
from dashboard.runs.trainer import train_run


@pytest.fixture
def parts(rng):
    labels = np.arange(300, dtype=np.uint8) % 3
    images = rng.integers(0, 100, (300, 12), dtype=np.uint8)
    images[np.arange(300), labels] = 255  # what tells the classes apart
    return Parts(images, labels, (4, 3), 240, ("cat", "dog", "owl"))


@pytest.fixture
def name(store, parts):
    datasets.read_from(store)
    return store.add_set(parts, "Animals")


def test_it_is_read_back_as_it_was_stored(store, parts, name):
    again = store.set_parts(name)
    np.testing.assert_array_equal(again.images, parts.images)
    np.testing.assert_array_equal(again.labels, parts.labels)
    assert (again.shape, again.train_samples, again.class_names) == ((4, 3), 240, ("cat", "dog", "owl"))
    about = store.own_sets()[name]
    assert (about.title, about.inputs, about.classes, about.test_samples) == ("Animals", 12, 3, 60)


def test_the_same_images_are_stored_once_and_called_as_they_were_last(store, parts, name):
    assert datasets.load(name).about.title == "Animals"
    assert store.add_set(replace(parts, class_names=("Katze", "Hund", "Eule")), "Tiere") == name
    ((title, names),) = [(about.title, about.names) for about in store.own_sets().values()]
    assert (title, names) == ("Tiere", ["Katze", "Hund", "Eule"])
    assert store.set_parts(name).class_names == ("Katze", "Hund", "Eule")
    np.testing.assert_array_equal(store.set_parts(name).images, parts.images)
    assert (datasets.load(name).about.title, datasets.load(name).about.names) == (title, names)


def test_what_others_have_too_keeps_its_name(store, parts):
    ada, bob = store.of("ada"), store.of("bob")
    name = ada.add_set(parts, "Animals")
    assert bob.add_set(parts, "Bob's") == name
    assert bob.own_sets()[name].title == "Animals"
    bob.remove_set(name)
    assert ada.add_set(parts, "Ada's") == name
    assert ada.own_sets()[name].title == "Ada's"


def test_it_is_loaded_from_the_database_and_from_then_on_from_the_cache(store, parts, name):
    np.testing.assert_array_equal(datasets.load(name).test[0], parts.images[240:])
    store.remove_set(name)
    cache.arrays.cache_clear()
    np.testing.assert_array_equal(datasets.load(name).train[1], parts.labels[:240])


def test_a_run_learns_from_it(store, name):
    config = RunConfig(dataset=name, hidden=(8,), epochs=30, batch_size=10, lr=2.0)
    assert config.sizes == [12, 8, 3]
    run = store.create(config)
    train_run(run.id, run.submission, store.url)
    assert store.get(run.id).last_accuracy > 0.9


def test_a_worker_with_an_empty_cache_gets_it_from_the_database(store, name, tmp_path):
    run = store.create(RunConfig(dataset=name, hidden=(8,), epochs=1, batch_size=10))
    code = f"from dashboard.runs.trainer import train_run; train_run({run.id!r}, {run.submission}, {str(store.url)!r})"
    environment = {"MLP_CACHE_DIR": str(tmp_path / "elsewhere"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert store.get(run.id).status == "finished"
    assert list((tmp_path / "elsewhere" / "datasets").glob(f"{name}-*.npy"))


def test_it_is_removed_only_when_no_run_uses_it(store, name):
    run = store.create(RunConfig(dataset=name, hidden=(), batch_size=10, epochs=1))
    train_run(run.id, run.submission, store.url)
    store.delete([run.id])  # can still be taken back
    with pytest.raises(StoreError, match="when no run uses it, but 1 do"):
        store.remove_set(name)
    store.purge(before=float("inf"))
    store.remove_set(name)
    assert store.own_sets() == {}


def test_no_run_is_made_on_a_set_that_is_not_there(store, name):
    store.remove_set(name)
    with pytest.raises(StoreError, match="is not in the database here"):
        store.create(RunConfig(dataset=name, hidden=(), batch_size=10))


def test_one_that_nobody_has_is_said(store):
    datasets.read_from(store)
    with pytest.raises(datasets.DatasetError, match="Own images, 9 x 9: this data set is not in the database here"):
        datasets.load("own-9x9-2-30-10-0123456789abcdef")


def test_a_closed_database_is_not_asked(store, name, tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path / "cache"))
    cache.arrays.cache_clear()
    store.close()
    with pytest.raises(datasets.DatasetError, match="is not in the database here"):
        datasets.load(name)


def test_a_damaged_one_is_noticed_and_mended_by_another_upload(store, parts, name, tmp_path, monkeypatch):
    from tests.dashboard.runs.test_store import sql

    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path / "cache"))
    cache.arrays.cache_clear()
    sql(store, "UPDATE set_blocks SET data = x'00' WHERE part = 'labels'")
    with pytest.raises(StoreError, match=r"Animals is damaged in the database\. Upload it again"):
        datasets.load(name)
    store.add_set(parts, "Animals")
    np.testing.assert_array_equal(datasets.load(name).test[1], parts.labels[240:])


@pytest.mark.parametrize("name", ["own", "own-65x1-2-3-3-0123456789abcdef", "own-4x4-101-3-3-0123456789abcdef",
                                  "own-4x4-2-0-3-0123456789abcdef", "own-4x4-2-3-3-0123456789ABCDEF", "x"])  # fmt: skip
def test_a_name_that_no_set_can_have_is_refused(name):
    with pytest.raises(ConfigError, match="Data set must be one of mnist, digits, mnist_784 or an uploaded set, got"):
        RunConfig(dataset=name)


def test_every_process_that_opens_the_store_finds_its_sets(store, name):
    code = (
        "from dashboard.runs.store import open_store; from dashboard import datasets; "
        f"open_store({str(store.url)!r}); print(datasets.load({name!r}).about.title)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Animals"
    assert isinstance(open_store(str(store.url)), RunStore)
