"""`runs`, `evaluate` and `serve` as processes, bad input included."""

import csv
import io
import json
import re
import signal
import socket
import subprocess
import urllib.request
from functools import partial

import numpy as np
import psutil
import pytest

from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from dashboard.terminal import serve
from mlpcore import MLP
from tests import support

wait_for = partial(support.wait_for, patience=60)


@pytest.fixture
def run(store):
    """A trained run, number 1."""
    run = store.create(RunConfig(hidden=(8,), subset=600, epochs=3))
    train_run(run.id, run.submission, store.url)
    return store.get(run.id)


def test_help_names_every_command_and_its_examples(lab):
    alone = ("train", "sweep", "runs", "evaluate", "backup", "restore", "ready", "serve")
    for words in ((), *((word,) for word in alone), ("runs", "list"), ("runs", "export")):
        done = lab(*words, "--help")
        assert done.returncode == 0
        assert "usage: python -m dashboard" in done.stdout
        assert words == ("serve",) or "examples:\n  python -m dashboard" in done.stdout


def test_list_shows_the_newest_first_and_an_empty_store_says_so(lab, store):
    assert lab("runs", "list").stdout == "There are no such runs.\n"
    assert json.loads(lab("runs", "list", "--json").stdout) == []
    for number in range(1, 24):
        store.create(RunConfig(), name=f"try {number}", status="finished" if number % 2 else "stopped")
    lines = lab("runs", "list").stdout.splitlines()
    assert len(lines) == 21
    assert re.match(r" 23  [0-9a-f]{12}  try 23  finished  784-100-10 +0/16 +–", lines[1])
    assert len(lab("runs", "list", "--all").stdout.splitlines()) == 24
    got = json.loads(lab("runs", "list", "--json", "--limit", "3", "--status", "stopped").stdout)
    assert [each["name"] for each in got] == ["try 22", "try 20", "try 18"]


def test_a_reader_that_has_seen_enough_is_no_error(store, environment, tmp_path):
    for number in range(500):
        store.create(RunConfig(), name=f"a name as long as it may be, number {number}")
    command = f"{support.python()} -m dashboard runs list --all --json | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[\n", "")


def test_show_tells_settings_and_epochs(lab, store, run):
    text = lab("runs", "show", run.id).stdout
    assert re.search(r"^test accuracy +\d\d\.\d\d % after epoch 3$", text, re.MULTILINE)
    assert re.search(r"^Hidden layers +8$", text, re.MULTILINE)
    assert text.splitlines()[-1].lstrip().startswith("3 ")
    told = json.loads(lab("runs", "show", "1", "--json").stdout)
    assert RunConfig(**told["config"]) == run.config
    assert told["accuracy"] == run.accuracy
    assert [each["epoch"] for each in told["epochs"]] == told["kept"] == [1, 2, 3]
    assert told["created"].endswith("Z")


def test_a_name_can_not_steer_the_terminal(lab, store, run):
    store.rename(run.id, "\x1b[31mred\x07")
    assert "\x1b" not in lab("runs", "list").stdout + lab("runs", "show", "1").stdout


def test_a_run_is_meant_by_number_id_or_name_and_never_two_at_once(lab, store):
    first, second, third = (store.create(RunConfig(), name=name) for name in ("twin", "twin", "1"))
    assert json.loads(lab("runs", "show", "2", "--json").stdout)["id"] == second.id
    assert json.loads(lab("runs", "show", first.id, "--json").stdout)["number"] == 1
    twins = lab("runs", "show", "twin")
    assert twins.returncode == 1
    assert "'twin' may mean 2 runs. Say which by its id" in twins.stderr
    assert first.id in twins.stderr
    assert "may mean 2 runs" in lab("runs", "show", "1").stderr  # a number of one, the name of another
    assert json.loads(lab("runs", "show", third.id, "--json").stdout)["name"] == "1"


@pytest.mark.parametrize("kind", ["npz", "safetensors", "onnx", "json", "csv", "zip"])
def test_a_run_is_exported_in_every_form(lab, run, tmp_path, kind):
    done = lab("runs", "export", run.number, "--out", f"w.{kind}")
    assert done.returncode == 0
    assert f"Run 1: w.{kind}, " in done.stdout
    assert (tmp_path / f"w.{kind}").stat().st_size > 100
    assert sorted(path.name for path in tmp_path.glob("w*")) == [f"w.{kind}"]


def test_an_export_takes_its_name_from_the_run_or_goes_to_a_pipe_and_tells_of_any_kept_epoch(lab, run, tmp_path):
    lab("runs", "export", "1")
    assert MLP.load(tmp_path / "Run-1.npz").sizes == [784, 8, 10]
    early = lab("runs", "export", "1", "--format", "csv", "--epoch", "2", "--out", "-")
    assert [row["epoch"] for row in csv.DictReader(io.StringIO(early.stdout))] == ["1", "2"]


def test_import_measures_and_delete_can_be_taken_back(lab, store, run):
    lab("runs", "export", "1", "--out", "w.npz")
    lab("runs", "export", "1", "--out", "all.zip")
    done = lab("runs", "import", "w.npz", "all.zip")
    assert done.returncode == 0
    bundle, bare = store.latest(2)
    assert (bare.origin, bare.accuracy, bundle.claimed_accuracy) == ("imported", run.accuracy, run.accuracy)
    assert bundle.config == run.config
    assert done.stdout.splitlines()[0].startswith(f"Run 2 ({bare.id}), w: Imported: measured ")
    gone = lab("runs", "delete", "2", bundle.id)
    assert f"runs restore {bare.id} {bundle.id}" in gone.stdout
    assert [each.number for each in store.latest(9)] == [1]
    assert lab("runs", "restore", bundle.id).returncode == 0
    assert [each.number for each in store.latest(9)] == [3, 1]
    assert json.loads(lab("runs", "import", "w.npz", "--json").stdout)["number"] == 4


def test_nothing_is_deleted_when_one_of_several_is_unknown(lab, store, run):
    done = lab("runs", "delete", "1", "99")
    assert (done.returncode, len(store.latest(9))) == (1, 1)


def test_evaluate_measures_a_file_as_the_trainer_did(lab, run):
    lab("runs", "export", "1", "--out", "w.safetensors")
    text = lab("evaluate", "w.safetensors").stdout
    assert f"784-8-10, sigmoid, quadratic: {100 * run.accuracy:.2f} % of 10,000 test images" in text
    assert len(text.splitlines()) == 14
    figures = json.loads(lab("evaluate", "w.safetensors", "--json", "--split", "train").stdout)
    assert (figures["images"], figures["split"]) == (60_000, "train")
    assert set(figures["classes"]) == set("0123456789")
    assert 0 < figures["interval_95"][0] < figures["accuracy"] < figures["interval_95"][1] < 1


def test_evaluate_measures_weights_for_a_set_of_ones_own(lab, store, rng, tmp_path):
    images, labels = rng.integers(0, 256, (60, 12), dtype=np.uint8), (np.arange(60) % 3).astype(np.uint8)
    name = store.add_set(Parts(images, labels, (4, 3), 48, ("a", "b", "c")), "Mine")
    MLP([12, 5, 3], rng=rng).save(tmp_path / "w.npz")
    done = lab("evaluate", "w.npz", "--dataset", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "12-5-3, sigmoid, quadratic: " in done.stdout
    assert "% of 12 test images" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "the following arguments are required: COMMAND"),
        (("fly",), 2, "invalid choice: 'fly'"),
        (("runs",), 2, "the following arguments are required: COMMAND"),
        (("runs", "list", "--limit", "-1"), 2, "--limit: must be a whole number from 0, got '-1'"),
        (("runs", "list", "--status", "happy"), 2, "invalid choice: 'happy'"),
        (("runs", "show", "7"), 1, "There is no run '7' here"),
        (("runs", "show", "9" * 40), 1, "There is no run '999"),
        (("runs", "export", "1", "--epoch", "9"), 1, "The weights after epoch 9 of this run are not kept"),
        (("runs", "export", "1", "--out", "w.gif"), 1, "w.gif must end in .npz"),
        (("runs", "export", "1", "--out", "no/w.npz"), 1, "its folder must exist and be writable"),
        (("runs", "import", "nothing.npz"), 1, "nothing.npz can't be read: no such file or directory"),
        (("runs", "import", "."), 1, ". can't be read: is a directory"),
        (("runs", "import", "text.npz"), 1, "text.npz"),
        (("runs", "restore", "abc"), 1, "There is no run 'abc' here"),
        (("evaluate", "nothing.npz"), 1, "nothing.npz can't be read"),
        (("evaluate", "text.npz"), 1, "text.npz"),
        (("evaluate", "text.txt"), 1, "text.txt must be a file named .npz, .safetensors, .zip"),
        (("evaluate", "small.npz"), 1, "or 784 inputs and 10 outputs"),
        (("evaluate", "/dev/zero"), 1, "must be a file named"),
        (("serve", "--port", "0"), 2, "--port: must be a whole number from 1 to 65,535, got '0'"),
    ],
)
def test_bad_input_is_answered_in_one_line(lab, run, rng, tmp_path, arguments, code, says):
    (tmp_path / "text.npz").write_text("not a zip")
    (tmp_path / "text.txt").write_text("not a zip")
    MLP([4, 2], rng=rng).save(tmp_path / "small.npz")
    done = lab(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_run_without_an_epoch_has_no_weights_to_export(lab, store):
    store.create(RunConfig())
    assert "Run 1 has no weights yet: it has not finished an epoch" in lab("runs", "export", "1").stderr


@pytest.mark.parametrize("url", ["sqlite:////nowhere/runs.db", "postgresql+psycopg://lab:hunter2@127.0.0.1:1/lab"])
def test_a_database_that_can_not_be_opened_is_one_line_without_its_password(lab, environment, url):
    environment["MLP_DATABASE_URL"] = url
    done = lab("runs", "list")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith("python -m dashboard: The database ")
    assert "hunter2" not in done.stderr


def test_serve_answers_this_computer_alone(start):
    port = support.free_port()
    process = start("serve", "--port", port, "--no-browser")

    def healthy():
        assert process.poll() is None, process.stderr.read()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    wait_for(healthy, "the server's health")
    listening = [each.laddr for each in psutil.Process(process.pid).net_connections() if each.status == "LISTEN"]
    assert listening == [("127.0.0.1", port)]
    process.send_signal(signal.SIGINT)
    process.wait(20)


def test_serve_on_a_port_that_is_taken_fails(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("serve", "--port", taken.getsockname()[1], "--no-browser")
        process.wait(60)
    assert process.returncode == 1
    assert "Traceback" not in process.stderr.read()


def test_serve_takes_a_sqlite_file_as_seen_from_where_it_was_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert serve.absolute("sqlite:///mine.db") == f"sqlite:///{tmp_path}/mine.db"
    for same in ("sqlite:////data/runs.db", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://lab@db/lab"):
        assert serve.absolute(same) == same
