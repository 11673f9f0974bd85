"""The Train page: empty, busy, at the end, and in error."""

import json
import shutil
import sqlite3

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from dashboard import datasets
from dashboard.datasets.openml import FASHION
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import environment, train_run
from dashboard.view.wording import NAMES
from mlpcore import EpochResult
from tests.dashboard.runs.test_engine import direct, figures
from tests.pages.runs_shown import badge, stored_run, text_of, until


def test_an_empty_store_greets_with_a_sentence_and_the_button(open_app):
    app = open_app()
    assert not app.exception
    assert "784-100-10" in app.header[0].value
    assert "60,000 handwritten digits" in text_of(app)
    assert app.button(key="body.train").label == app.button(key="side.train").label == "Train"
    assert "79,510 parameters" in text_of(app)
    assert not app.dataframe


def test_train_shows_the_run_grow_to_its_end(open_app, store):
    app = open_app(hidden="16", epochs="2")
    app.button(key="side.train").click().run()
    until(app, lambda app: badge(app, "Finished"), "the end of the run")
    run = store.latest(1)[0]
    assert app.query_params["run"] == run.id
    assert (run.status, run.config.hidden, run.epochs_done) == ("finished", (16,), 2)
    values = [metric.value for metric in app.metric]
    assert values[0] == f"{100 * run.last_accuracy:.2f} %"
    assert f"Reached **{100 * run.last_accuracy:.2f} %** of 10,000 test images" in text_of(app)
    assert "95 % interval" in text_of(app)
    assert len(app.get("vega_lite_chart")) == 2
    assert app.dataframe[0].value["Run"].tolist() == ["Run 1"]


def test_before_the_first_epoch_the_figures_are_dashes(open_app, store):
    app = open_app(run=stored_run(store, done=0, end=None).id)
    assert badge(app, "Running")
    assert {(metric.value, metric.delta) for metric in app.metric} == {("–", "–")}


def test_pause_resume_and_stop(open_app, store):
    app = open_app(hidden="100,100", epochs="100")
    app.button(key="side.train").click().run()
    until(app, lambda app: store.latest(1)[0].epochs_done, "the first epoch")
    app.run()
    app.button(key="side.pause").click().run()
    until(app, lambda app: badge(app, "Paused"), "the pause")
    app.button(key="body.resume").click().run()
    until(app, lambda app: badge(app, "Running"), "going on")
    app.button(key="body.stop").click().run()
    until(app, lambda app: badge(app, "Stopped"), "the stop")
    assert app.button(key="side.train").label == "Train"


def test_every_setting_is_in_the_link_and_a_link_sets_every_control(open_app):
    settings = {"hidden": "64,30", "lr": "0.25", "batch": "100", "epochs": "7", "seed": "42", "init": "normal"}
    app = open_app(**settings)
    assert not app.exception
    assert app.slider(key="set.layers").value == 2
    assert app.select_slider(key="set.lr").value == 0.25
    assert app.select_slider(key="set.batch_size").value == 100
    assert app.number_input(key="set.seed").value == 42
    assert {key: app.query_params[key] for key in settings} == settings
    app.slider(key="set.epochs").set_value(9).run()
    assert app.query_params["epochs"] == "9"


def test_a_preset_sets_the_controls_and_moving_one_makes_it_your_own(open_app):
    app = open_app()
    app.selectbox(key="set.preset").select("Deeper, as in the notebook").run()
    assert "784-100-100-10" in app.header[0].value
    assert app.query_params["init"] == "normal"
    app.select_slider(key="set.lr").set_value(1.0).run()
    assert app.selectbox(key="set.preset").value == "Your own"


def test_garbage_in_the_link_is_named_and_the_page_works(open_app):
    app = open_app(hidden="0", lr="nan", batch="70000", epochs="-3", seed="x", init="<script>", run="nope")
    assert not app.exception
    said = [warning.value for warning in app.warning]
    assert any("There is no run 'nope' here" in sentence for sentence in said)
    assert any("Hidden layer size must be a whole number from 1" in sentence for sentence in said)
    assert any("Learning rate must be a number > 0, got nan" in sentence for sentence in said)
    assert any("Batch size must be a whole number from 1 to 60,000" in sentence for sentence in said)
    assert len(said) == 7
    assert not app.button(key="side.train").disabled


def test_a_network_beyond_the_memory_is_refused_with_the_figure(open_app, store):
    app = open_app(hidden="900000,900000")
    assert not app.exception
    assert "of memory to train, and one run here may use" in app.error[0].value
    assert app.button(key="side.train").disabled
    assert app.button(key="body.train").disabled
    assert store.latest(1) == []


def test_a_run_of_an_earlier_server_opens_by_its_link_with_its_settings(open_app, store):
    run = stored_run(store, lr=0.2, seed=9)
    app = open_app(run=run.id)
    assert not app.exception
    assert badge(app, "Finished")
    assert app.select_slider(key="set.lr").value == 0.2
    assert app.metric[1].value == "93.00 %"


def test_a_diverged_run_says_where_and_what_to_do(open_app, store):
    run = stored_run(store, done=1, end="failed", error="Training diverged in epoch 2, batch 7: … Try a smaller one.")
    app = open_app(run=run.id)
    assert "Training diverged in epoch 2, batch 7" in app.error[0].value
    assert app.metric[0].value == "91.00 %"


def test_a_run_that_ended_before_its_first_epoch_has_its_sentence_and_no_empty_figures(open_app, store):
    run = stored_run(store, done=0, end="failed", error="Training diverged in epoch 1, batch 2.")
    app = open_app(run=run.id)
    assert not app.exception
    assert "epoch 1, batch 2" in app.error[0].value
    assert not app.metric
    assert not app.get("vega_lite_chart")


def test_an_interrupted_run_says_so_and_resumes(open_app, store, database_url):
    run = stored_run(store, done=1, end=None)
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as db:
        db.execute("UPDATE runs SET heartbeat = heartbeat - 60")
        db.execute("DELETE FROM checkpoints")
    db.close()
    app = open_app(run=run.id)
    assert badge(app, "Interrupted")
    assert "interrupted after epoch 1" in app.warning[0].value
    app.button(key="side.resume").click().run()
    until(app, lambda app: badge(app, "Finished"), "the end of the run")
    assert store.get(run.id).epochs_done == 3


def test_a_run_that_the_database_failed_says_why(open_app, store):
    run = stored_run(store, done=1, end="interrupted", error="The database can't grow: its disk is full.")
    app = open_app(run=run.id)
    assert "interrupted after epoch 1. The database can't grow: its disk is full." in app.warning[0].value


def test_train_as_a_new_run_is_offered_beside_a_run_under_way(open_app, store):
    run = stored_run(store, done=1, end="paused")
    app = open_app(run=run.id)
    assert "side.new" not in [button.key for button in app.button]
    app.slider(key="set.epochs").set_value(2).run()
    app.button(key="side.new").click().run()
    assert not app.exception
    assert len(store.latest(5)) == 2
    assert store.get(run.id).status == "paused"


ADVANCED = {
    "activation": "leaky_relu", "cost": "cross_entropy", "init": "he", "optimizer": "nesterov", "momentum": "0.85",
    "schedule": "one_cycle", "l2": "2e-05", "dropout": "0.15", "clip": "3.5", "patience": "6", "validation": "7000",
    "subset": "4321", "shift": "3", "rotation": "12.5", "noise": "0.07", "seed": "5",
}  # fmt: skip


def test_a_link_sets_every_control_of_advanced_and_stays_as_it_is(open_app):
    app = open_app(**ADVANCED)
    assert not app.exception
    assert not app.warning
    for name, text in ADVANCED.items():
        kind = app.number_input if name == "seed" else app.selectbox if name in NAMES else app.select_slider
        value = kind(key=f"set.{name}").value
        assert str(value) == text, name
        assert app.query_params[name] == text
    app.slider(key="set.epochs").set_value(9).run()
    assert {name: app.query_params[name] for name in ADVANCED} == ADVANCED


def keys(app):
    return [widget.key for kind in ("selectbox", "select_slider", "slider") for widget in app.get(kind)]


def test_settings_that_do_not_apply_are_left_away_or_at_rest(open_app):
    app = open_app()
    assert "set.momentum" not in keys(app)
    assert app.select_slider(key="set.patience").disabled
    app.selectbox(key="set.optimizer").select("nesterov").run()
    app.select_slider(key="set.momentum").set_value(0.5).run()
    assert app.query_params["momentum"] == "0.5"
    app.select_slider(key="set.validation").set_value(5000).run()
    app.select_slider(key="set.patience").set_value(3).run()
    assert (app.query_params["validation"], app.query_params["patience"]) == ("5000", "3")
    app.selectbox(key="set.optimizer").select("adam").run()
    app.select_slider(key="set.validation").set_value(0).run()
    assert not app.exception
    assert not app.error
    assert "set.momentum" not in keys(app)
    assert app.query_params["patience"] == "0"
    app.select_slider(key="set.validation").set_value(5000).run()
    assert app.select_slider(key="set.patience").value == 0


def test_settings_that_do_not_go_together_are_refused_with_the_sentence(open_app, store):
    app = open_app(subset="100")
    app.select_slider(key="set.batch_size").set_value(1024).run()
    assert not app.exception
    assert "Batch size must be a whole number from 1 to 100, the training samples that remain" in app.error[0].value
    assert app.button(key="side.train").disabled
    assert app.button(key="body.train").disabled
    app.select_slider(key="set.batch_size").set_value(16).run()
    assert not app.error
    assert not app.button(key="body.train").disabled


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_recognised_in_its_link(open_app, name):
    app = open_app(**PRESETS[name].config.to_query())
    assert not app.exception
    assert app.selectbox(key="set.preset").value == name


def validated_run(store, **settings):
    config = RunConfig(**({"hidden": (16, 8), "epochs": 6, "validation": 5000, "patience": 2} | settings))
    run = store.create(config)
    run = store.take_up(run.id, run.submission, environment())
    for epoch, (test, held_out) in enumerate([(0.90, 0.91), (0.93, 0.95), (0.96, 0.94), (0.95, 0.93)], start=1):
        layers = {
            f"fc{layer}": {"gradient_norm": 0.1, "weight_norm": 5.0, "update_ratio": None, "saturated": share,
                           "dead": share}
            for layer, share in ((1, 0.25), (2, 0.5), (3, None))
        }  # fmt: skip
        result = EpochResult(epoch, 0.1, 0.9, 0.1, test, 0.5, 0.2, held_out, {"layers": layers})
        store.commit_epoch(run.id, run.attempt, result, b"-")
    store.settle(run.id, run.attempt, "finished")
    return store.get(run.id)


def test_with_validation_the_headline_says_what_it_chose_and_the_test_accuracy_apart(open_app, store):
    app = open_app(run=validated_run(store).id)
    assert not app.exception
    said = text_of(app)
    assert "Stopped early: no better epoch among the last 2." in said
    assert "Validation chose **epoch 2**, with 95.00 % of 5,000 held-out images." in said
    assert "Reached **93.00 %** of 10,000 test images, which had no part in that, in 2.0 s." in said
    assert [metric.label for metric in app.metric][:2] == ["Test accuracy", "Best validation"]
    assert [metric.value for metric in app.metric][:2] == ["93.00 %", "95.00 %"]
    assert app.dataframe[0].value["Accuracy"].tolist() == pytest.approx([93.0])
    spec = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    assert spec["layer"][0]["encoding"]["strokeDash"]["scale"]["domain"] == ["test", "validation", "train"]


def test_the_set_up_of_a_run_is_told_in_a_line(open_app, store):
    app = open_app(run=validated_run(store, optimizer="adam", lr=0.001, activation="relu").id)
    assert "Learning rate 0.001 · batch size 32 · ReLU · Adam · patience 2 epochs · 5,000 validation images" in text_of(
        app
    )


def test_diagnostics_are_drawn_only_when_unfolded(open_app, store):
    run = validated_run(store)
    app = open_app(run=run.id)
    assert len(app.get("vega_lite_chart")) == 2
    app.session_state["live.inside"] = True
    app.run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 7
    assert "From pale to strong: hidden 1, hidden 2, output." in text_of(app)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda path: path.write_text("my diary " * 200), "is not a database"),
        (lambda path: path.mkdir(), "can't be opened"),
    ],
)
def test_a_bad_database_is_a_sentence_on_the_page(open_app, tmp_path, prepare, sentence):
    prepare(tmp_path / "runs.db")
    app = open_app()
    assert not app.exception
    assert sentence in app.error[0].value


def test_the_shallow_notebook_preset_pressed_on_the_page_gives_what_mlpcore_gives_to_the_last_bit(open_app, store):
    app = open_app()
    app.selectbox(key="set.preset").select("Shallow, as in the notebook").run()
    app.button(key="body.train").click().run()
    until(app, lambda app: badge(app, "Finished"), "the end of the run")
    run = store.latest(1)[0]
    assert (run.config.architecture, run.epochs_done) == ("784-16-10", 16)
    assert figures(store.epochs(run.id)) == direct(run.config)[0]


def test_a_click_before_the_browser_has_heard_of_the_controls_leaves_them_at_the_links_settings(open_app, store):
    app = open_app(hidden="16,24", epochs="2", lr="0.05", batch="16", seed="7", l2="0.001", subset="1000", init="he")
    switch = app.toggle(key="set.instant").set_value(True)
    app._run(WidgetStates(widgets=[switch._widget_state]))
    assert not app.exception
    sliders = [app.slider(key=f"set.{name}") for name in ("layers", "epochs")]
    sliders += [
        app.select_slider(key=f"set.{name}") for name in ("units.0", "units.1", "lr", "batch_size", "l2", "subset")
    ]
    others = [app.selectbox(key="set.preset"), app.selectbox(key="set.init"), app.number_input(key="set.seed")]
    assert [control.key for control in (*sliders, *others) if not control.proto.set_value] == []
    until(app, lambda app: badge(app, "Finished"), "the end of the run")
    (run,) = store.latest(None)
    assert (run.config.hidden, run.config.lr, run.config.seed) == ((16, 24), 0.05, 7)
    assert (run.config.l2, run.config.init, run.config.subset) == (0.001, "he", 1000)


def test_the_data_sets_that_are_here_can_be_chosen(open_app, store, cache_dir):
    images = np.zeros((60, 784), np.uint8)
    name = store.add_set(datasets.Parts(images, np.arange(60).astype(np.uint8) % 10, (28, 28), 50, FASHION),
                         "Fashion-MNIST")  # fmt: skip
    datasets.load("mnist")
    fetched = []
    for path in (cache_dir / "datasets").glob("mnist-*"):  # the same bytes as OpenML's
        fetched.append(path.with_name(path.name.replace("mnist-", "mnist_784-")))
    app = open_app()
    box = app.selectbox(key="set.dataset")
    assert box.options == ["MNIST", "Digits 8 x 8", "Fashion-MNIST"]
    try:
        for path in fetched:
            shutil.copy(path.with_name(path.name.replace("mnist_784-", "mnist-")), path)
        app.run()
        assert app.selectbox(key="set.dataset").options == [
            "MNIST", "Digits 8 x 8", "MNIST from OpenML", "Fashion-MNIST",
        ]  # fmt: skip
    finally:
        for path in fetched:
            path.unlink()
    app.selectbox(key="set.dataset").select(name).run()
    assert not app.exception
    assert app.query_params["dataset"] == name


def test_a_hint_tells_its_evidence_and_trains_with_the_remedy(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(300,), init="normal", lr=0.5, epochs=3, subset=6000))
    train_run(run.id, run.submission, store.url)
    app = open_app(run=run.id)
    assert not app.exception
    shown = " ".join(markdown.value for markdown in app.markdown)
    assert "of the activations stand where the slope is nearly flat" in shown
    app.button(key="hint.0").click().run()
    assert not app.exception
    new = store.latest(1)[0]
    assert new.config.init == app.query_params["init"] == "xavier"
    store.wish(new.id, "stop")
