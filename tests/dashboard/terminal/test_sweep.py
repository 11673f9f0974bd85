"""`sweep` as a process: a plan carried out, Ctrl-C and after, and what it refuses."""

import json
import os
import pty
from functools import partial

import pytest

from dashboard.analysis.sweep_table import ranking
from tests import support

wait_for = partial(support.wait_for, patience=90)
SMALL = """
name = "Widths and  rates"
[base]
subset = 600
validation = 300
epochs = {epochs}
[vary]
hidden = [4, 8, "6-6"]
lr = [0.5, 3]
"""


@pytest.fixture
def plan(tmp_path):
    """Write a plan of six points."""

    def plan(epochs=2, more=""):
        (tmp_path / "plan.toml").write_text(more + SMALL.format(epochs=epochs))
        return "plan.toml"

    return plan


def test_a_plan_is_carried_out_kept_and_told(lab, store, plan):
    done = lab("sweep", plan())
    assert done.returncode == 0, done.stderr
    (sweep,) = store.latest_sweeps(5)
    runs = store.runs_of(sweep.id)
    assert (sweep.name, sweep.status, len(runs)) == ("Widths and rates", "finished", 6)
    assert all(run.status == "finished" for run in runs)
    assert done.stderr.startswith("Widths and rates: 6 runs, 12 epochs")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["hidden", "layers", "learning", "rate", "validation", "test", "epochs", "run", "no."]
    best = ranking(runs)[0]
    assert len(lines) == 6
    assert f"{100 * best.validation:.2f} %" in lines[1]
    assert lines[1].endswith(str(best.runs[0].number))


def test_json_has_every_point_the_best_first(lab, store, plan):
    done = lab("sweep", plan(epochs=1), "--name", "tonight", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["name"], told["status"], len(told["points"])) == ("tonight", "finished", 6)
    reached = [point["validation_accuracy"] for point in told["points"]]
    assert reached == sorted(reached, reverse=True)
    assert {tuple(point["settings"]["hidden"]) for point in told["points"]} == {(4,), (8,), (6, 6)}


def test_check_starts_nothing(lab, store, plan):
    done = lab("sweep", plan(more="halving = true\n", epochs=4), "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 runs, 18 epochs")
    assert store.latest_sweeps(5) == []


def test_ctrl_c_pauses_and_resume_ends_with_every_run_once(lab, start, store, plan):
    """A terminal sends Ctrl-C to all of its processes: the workers, too, must put their runs down first."""
    ours, theirs = pty.openpty()
    process = start("sweep", plan(epochs=40), stdin=theirs, start_new_session=True,
                    preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))  # fmt: skip
    os.close(theirs)
    sweep = wait_for(lambda: (found := store.latest_sweeps(1)) and found[0], "the sweep")
    wait_for(lambda: any(run.epochs_done for run in store.runs_of(sweep.id)), "an epoch")
    os.write(ours, b"\x03")
    _, said = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 130
    assert store.sweep(sweep.id).status == "paused"
    assert not [run for run in store.runs_of(sweep.id) if run.status in ("running", "interrupted")]
    assert f"Go on with: python -m dashboard sweep --resume {sweep.id}" in said
    done = lab("sweep", "--resume", "1")
    assert done.returncode == 0, done.stderr
    runs = store.runs_of(sweep.id)
    assert [(run.status, run.epochs_done) for run in runs] == [("finished", 40)] * 6
    again = lab("sweep", "--resume", "Widths and rates")
    assert (again.returncode, again.stdout) == (1, "")
    assert "Widths and rates is finished: only a paused sweep can go on" in again.stderr


def test_a_sweep_is_stopped_from_elsewhere(start, store, plan):
    process = start("sweep", plan(epochs=400), "--quiet")
    sweep = wait_for(lambda: (found := store.latest_sweeps(1)) and found[0], "the sweep")
    wait_for(lambda: any(run.epochs_done for run in store.runs_of(sweep.id)), "an epoch")
    store.wish_sweep(sweep.id, "stopped")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == "python -m dashboard: Widths and rates is stopped with 0 of 6 runs finished."


def test_a_scheduler_that_does_not_answer_is_said_and_the_sweep_can_go_on(lab, store, plan, environment):
    environment["MLP_SCHEDULER"] = f"tcp://127.0.0.1:{support.free_port()}"
    done = lab("sweep", plan(), "--quiet")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "does not answer. Start it, or unset MLP_SCHEDULER." in line
    del environment["MLP_SCHEDULER"]
    assert lab("sweep", "--resume", "1", "--quiet").returncode == 0
    assert store.latest_sweeps(1)[0].status == "finished"


@pytest.mark.parametrize(
    ("arguments", "text", "code", "says"),
    [
        ((), None, 2, "needs either PLAN or --resume SWEEP"),
        (("plan.toml", "--resume", "1"), None, 2, "needs either PLAN or --resume SWEEP"),
        (("--resume", "1", "--check"), None, 2, "--resume goes on with a sweep as it is"),
        (("plan.toml", "--name", " "), None, 2, "argument --name: must have 1 to 80 characters, got 0"),
        (("none.toml",), None, 1, "none.toml could not be read: No such file or directory"),
        (("--resume", "nine"), None, 1, "There is no sweep 'nine' here"),
        (("plan.toml",), "nonsense", 1, "plan.toml must be TOML"),
        (("plan.toml",), "name = 3\n[vary]\nlr = [1]", 1, "The name of a sweep must be a text of 1 to 80 characters"),
        (("plan.toml",), "[vary]\nlr = [-1]", 1, "Learning rate must be a number > 0, got -1"),
        (("plan.toml",), "speed = 3", 1, "A sweep file may have name, method, draws, seeds, halving, base, vary"),
        (("plan.toml",), "seeds = 100\n[vary]\nseeds = [1]", 1, "A sweep can vary settings of a run only"),
        (("plan.toml",), 'method = "random"\ndraws = 20000\n[vary]\nlr = [1]', 1, "Draws must be a whole number"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line_and_starts_nothing(lab, store, tmp_path, arguments, text, code, says):
    if text:
        (tmp_path / "plan.toml").write_text(text)
    done = lab("sweep", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert store.latest_sweeps(1) == []
