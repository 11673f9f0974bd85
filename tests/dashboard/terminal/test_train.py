"""`train` as a process: every setting, the files it leaves, Ctrl-C, and what it refuses."""

import json
import os
import pty
import re
import signal
import termios
import time
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import results
from mlpcore import MLP
from tests import support

SMALL = ("--hidden", "8", "--subset", "600", "--epochs", "2")
LONG = ("--hidden", "512,512", "--batch-size", "16", "--epochs", "50")
wait_for = partial(support.wait_for, patience=60)


def test_a_run_is_trained_kept_and_told(lab, store, tmp_path):
    done = lab("train", *SMALL, "--name", " small  one ", "--note", "in class", "--out", "w.npz")
    assert done.returncode == 0
    run = store.latest(1)[0]
    assert (run.name, run.note, run.status, run.origin) == ("small one", "in class", "finished", "trained")
    assert run.config == RunConfig(hidden=(8,), subset=600, epochs=2)
    assert "small one: 784-8-10, 6,370 parameters, 2 epochs" in done.stderr
    assert [line[:12] for line in done.stderr.splitlines()[1:]] == ["Epoch 1 of 2", "Epoch 2 of 2"]
    assert f"small one reached {100 * run.accuracy:.2f} % of 10,000 test images after epoch 2" in done.stdout
    net = MLP.load(tmp_path / "w.npz")
    np.testing.assert_array_equal(net.layers[0].W, store.state(run.id, 2).weights["fc1.W"])


def test_it_trains_what_the_trainer_trains_to_the_last_bit(lab, store):
    lab("train", *SMALL, "--quiet")
    run = store.latest(1)[0]
    with threadpool_limits(1):
        *_, (_, state) = results(run.config, None, iter)
    assert store.state(run.id, 2).digest == state.digest


def test_every_setting_of_a_run_is_an_option(lab, store):
    options = {
        "dataset": "mnist", "hidden": "9,8", "activation": "relu", "cost": "cross_entropy", "init": "he", "lr": "0.05",
        "batch_size": "30", "epochs": "1", "seed": "7", "optimizer": "nesterov", "momentum": "0.8",
        "schedule": "cosine", "l2": "0.001", "dropout": "0.1", "clip": "5", "patience": "2", "validation": "1000",
        "subset": "600", "shift": "1", "rotation": "5", "noise": "0.1",
    }  # fmt: skip
    assert {field.name for field in fields(RunConfig)} == set(options), "a new field needs its option here"
    given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    done = lab("train", *given, "--json")
    expected = RunConfig(hidden=(9, 8), activation="relu", cost="cross_entropy", init="he", lr=0.05, batch_size=30,
                         epochs=1, seed=7, optimizer="nesterov", momentum=0.8, schedule="cosine", l2=0.001, dropout=0.1,
                         clip=5, patience=2, validation=1000, subset=600, shift=1, rotation=5, noise=0.1)  # fmt: skip
    assert store.latest(1)[0].config == expected
    printed = json.loads(done.stdout)
    assert printed["config"]["hidden"] == [9, 8]
    assert printed["accuracy"] == store.latest(1)[0].accuracy


def test_a_preset_is_found_in_any_case_and_by_its_beginning_and_options_go_before_it(lab, store):
    lab("train", "--preset", "SHALLOW", "--epochs", "1", "--subset", "600", "--quiet")
    preset = vars(PRESETS["Shallow, as in the notebook"].config)
    assert store.latest(1)[0].config == RunConfig(**{**preset, "epochs": 1, "subset": 600})
    unknown = lab("train", "--preset", "none such")
    assert unknown.returncode == 2
    assert "argument --preset: must be one of A good start; Shallow" in unknown.stderr


def test_a_terminal_gets_a_bar_and_a_line_for_each_epoch(start):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = start("train", *SMALL, stderr=theirs)
    os.close(theirs)
    process.wait(60)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)
    for number in (1, 2):
        assert re.search(rf"\rEpoch {number} of 2: +\d+%\|.*\| \d+/19 \[.* batches", seen)
        assert re.search(rf"\nEpoch {number} of 2   train \d+\.\d\d %|\rEpoch {number} of 2   train", seen)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_pauses_and_says_how_to_go_on_and_the_end_is_the_same(lab, start, store, sent):
    settings = ("--hidden", "100", "--epochs", "6", "--seed", "3")
    process = start("train", *settings, "--quiet")
    run = wait_for(lambda: (found := store.latest(1)) and found[0].epochs_done >= 1 and found[0], "an epoch")
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    run = store.get(run.id)
    assert run.status == "paused"
    assert f"Go on with: python -m dashboard train --resume {run.id}" in said
    assert lab("train", "--resume", run.number, "--quiet").returncode == 0
    with threadpool_limits(1):
        *_, (_, state) = results(run.config, None, iter)
    assert store.state(run.id, 6).digest == state.digest


def test_a_run_from_the_terminal_is_seen_while_it_trains_and_stopped_from_elsewhere(start, store):
    process = start("train", *LONG)
    run = wait_for(lambda: (found := store.latest(1)) and found[0].progress > 0 and found[0], "progress")
    assert run.status == "running"
    assert store.queued() == []  # no server takes it for one that waits
    store.wish(run.id, "stop")
    out, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == ""
    assert said.splitlines()[-1] == f"python -m dashboard: {run.name} stopped after epoch 0 of 50."


def test_a_killed_run_goes_on_with_resume(lab, start, store):
    process = start("train", "--hidden", "64", "--epochs", "8")
    run = wait_for(lambda: (found := store.latest(1)) and found[0].epochs_done >= 1 and found[0], "an epoch")
    process.kill()
    process.wait()
    store._update([], heartbeat=time.time() + 3600)  # a terminal that starts slowly finds it running, too
    refused = lab("train", "--resume", run.id)
    assert refused.returncode == 1
    assert "is running: only a paused or interrupted run can go on" in refused.stderr
    store._update([], heartbeat=0.0)  # as if time had passed
    assert lab("train", "--resume", run.id, "--quiet").returncode == 0
    assert store.get(run.id).epochs_done == 8


def test_a_diverged_run_fails_in_one_line(lab, store):
    done = lab("train", *SMALL, "--activation", "relu", "--lr", "1e30", "--quiet", "--out", "w.npz")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "failed after epoch 0 of 2. Training diverged in epoch 1" in done.stderr
    assert store.latest(1)[0].status == "failed"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--lr", "-1"), 2, "argument --lr: Learning rate must be a number > 0, got -1.0"),
        (("--lr", "nan"), 2, "argument --lr: Learning rate must be a number > 0, got nan"),
        (("--hidden", "10,x"), 2, "argument --hidden: Hidden layers must be whole numbers with commas"),
        (("--activation", "gelu"), 2, "argument --activation: Activation must be one of sigmoid"),
        (("--epochs", "1.5"), 2, "argument --epochs: Epochs must be a whole number from 1 to 1,000, got '1.5'"),
        (("--epoch", "3"), 2, "unrecognized arguments: --epoch 3"),
        (("--patience", "3"), 2, "Patience must be 0 without validation images"),
        (("--batch-size", "601", "--subset", "600"), 2, "Batch size must be a whole number from 1 to 600"),
        (("--resume", "1", "--lr", "2"), 2, "--resume goes on with a run as it is"),
        (("--name", " "), 2, "argument --name: must have 1 to 80 characters, got 0"),
        (("--note", "x" * 4001), 2, "argument --note: must have at most 4,000 characters, got 4,001"),
        (("--resume", "nine"), 1, "There is no run 'nine' here"),
        (("--hidden", "900000000"), 1, "of memory to train"),
        (("--out", "w.pickle"), 1, "w.pickle must end in .npz, .safetensors, .onnx, .json, .csv, .zip"),
        (("--out", "nowhere/w.npz"), 1, "nowhere/w.npz can't be written: its folder must exist and be writable"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line_before_anything_is_done(lab, store, arguments, code, says):
    done = lab("train", *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert store.latest(None) == []


def test_a_file_is_replaced_only_by_force(lab, tmp_path):
    (tmp_path / "w.npz").write_text("mine")
    refused = lab("train", *SMALL, "--out", "w.npz")
    assert (refused.returncode, (tmp_path / "w.npz").read_text()) == (1, "mine")
    assert "w.npz exists already" in refused.stderr
    assert lab("train", *SMALL, "--quiet", "--out", "w.npz", "--force").returncode == 0
    assert MLP.load(tmp_path / "w.npz").sizes == [datasets.DATASETS["mnist"].inputs, 8, 10]
