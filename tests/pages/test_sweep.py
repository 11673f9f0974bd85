"""The Sweep page: set-up, what is refused, the first glance, and the figures of a sweep that has ended."""

import json

import numpy as np
import pytest

from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweep_worker import train_waiting
from dashboard.runs.sweeps import Range, SweepPlan
from tests.pages.test_understand import text_of
from tests.support import wait_for

BASE = RunConfig(hidden=(8,), epochs=1, batch_size=100, subset=1000, validation=1000)


@pytest.fixture
def make(store, cache_dir):
    """Make a sweep, and train it at once in this process unless told otherwise."""

    def make(plan, train=True):
        sweep = store.create_sweep(plan, first_configs(plan, points(plan)))
        if train:
            train_waiting(store.url)
        else:
            store.wish_sweep(sweep.id, "paused")
        return store.sweep(sweep.id)

    return make


def plan(**further):
    return SweepPlan(BASE, {"hidden": ((4,), (8,), (16,), (24,)), "lr": (0.5, 2.0, 5.0)}, **further)


def button(app, label):
    return next(button for button in app.button if button.label == label)


def specs(app):
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def test_without_a_sweep_it_says_what_it_is_for_and_what_it_would_take(open_app):
    app = open_app("pages/sweep.py")
    assert not app.exception
    assert app.header[0].value == "Try many settings at once"
    assert "12 runs, 48 epochs" in text_of(app)
    assert not button(app, "Start sweep").disabled


def test_a_sweep_that_ended_shows_the_best_and_every_point_in_order(open_app, make):
    sweep = make(plan())
    app = open_app("pages/sweep.py", id=sweep.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == 12
    assert table["Validation"].is_monotonic_decreasing
    assert set(table["Status"]) == {"Finished"}
    assert app.metric[0].value == f"{table['Validation'][0]:.2f} %"
    assert app.metric[1].value == f"{table['Test'][0]:.2f} %"
    assert len(app.get("vega_lite_chart")) == 3
    assert app.query_params["id"] == sweep.id


def test_the_heat_map_is_over_any_two_settings(open_app, make):
    values = {"hidden": ((4,), (8,)), "lr": (0.5, 2.0), "batch_size": (50, 100, 200)}
    sweep = make(SweepPlan(BASE, values))
    app = open_app("pages/sweep.py", id=sweep.id)
    next(box for box in app.selectbox if box.label == "Across").set_value("batch_size").run()
    next(box for box in app.selectbox if box.label == "Up").set_value("lr").run()
    assert not app.exception
    heat = specs(app)[0]
    assert heat["encoding"]["x"]["scale"]["domain"] == ["50", "100", "200"]
    assert heat["encoding"]["y"]["scale"]["domain"] == ["2", "0.5"]


def test_drawn_points_are_shown_on_axes_of_their_ranges(open_app, make):
    drawn = SweepPlan(BASE, {}, {"lr": Range(0.1, 10), "l2": Range(1e-6, 1e-3)}, method="random", draws=12)
    app = open_app("pages/sweep.py", id=make(drawn).id)
    assert not app.exception
    assert len(app.dataframe[0].value) == 12
    heat, lines, _ = specs(app)
    assert len(heat["encoding"]["x"]["scale"]["domain"]) == 8
    assert "Learning rate" in json.dumps(lines)


def test_points_that_halving_dropped_say_so(open_app, make):
    halved = SweepPlan(RunConfig(**{**vars(BASE), "epochs": 4}), {"lr": (0.01, 0.5, 2.0, 5.0)}, halving=True)
    app = open_app("pages/sweep.py", id=make(halved).id)
    assert not app.exception
    assert app.dataframe[0].value["Status"].tolist() == ["Finished", "Finished", "Dropped", "Dropped"]


def test_values_that_break_a_rule_are_said_and_nothing_starts(open_app, store):
    app = open_app("pages/sweep.py")
    next(text for text in app.text_input if text.label == "Learning rate").set_value("0.1, fast").run()
    assert not app.exception
    assert app.error[0].value.endswith("got 'fast'.")
    assert button(app, "Start sweep").disabled
    assert store.latest_sweeps(10) == []


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_draws_come_from_ranges(open_app, method):
    app = open_app("pages/sweep.py")
    app.session_state["sweep.method"] = method
    app.run()
    assert not app.exception
    rate = next(text for text in app.text_input if text.label == "Learning rate")
    assert rate.value == "0.1 to 10"
    assert "20 runs, 80 epochs" in text_of(app)


def test_start_makes_the_runs_and_they_are_trained(open_app, store):
    app = open_app("pages/sweep.py")
    next(text for text in app.text_input if text.label == "Hidden layers").set_value("4, 8").run()
    next(text for text in app.text_input if text.label == "Learning rate").set_value("3").run()
    next(slider for slider in app.slider if slider.label == "Epochs").set_value(1).run()
    button(app, "Start sweep").click().run()
    assert not app.exception
    (sweep,) = store.latest_sweeps(10)
    assert app.query_params["id"] == sweep.id
    assert {run.config.hidden for run in store.runs_of(sweep.id)} == {(4,), (8,)}
    wait_for(lambda: store.sweep(sweep.id).status == "finished", "the end of the sweep", patience=60)
    assert app.run().dataframe[0].value["Status"].tolist() == ["Finished"] * 2


def test_a_small_set_of_ones_own_is_swept_with_as_many_images_held_out_as_it_can_spare(open_app, store, cache_dir, rng):
    labels = np.arange(300, dtype=np.uint8) % 3
    images = rng.integers(0, 100, (300, 12), dtype=np.uint8)
    images[np.arange(300), labels] = 255
    name = store.add_set(Parts(images, labels, (4, 3), 249, ("cat", "dog", "owl")), "Animals")
    app = open_app(dataset=name, hidden="4", epochs="1")
    assert app.select_slider(key="set.validation").options[1:] == ["5", "10", "20", "50", "100"]
    assert app.select_slider(key="set.subset").options == ["100", "200", "All"]
    app.switch_page("pages/sweep.py").run()

    def held_out():
        return next(slider for slider in app.select_slider if slider.label == "Validation images")

    assert (held_out().value, held_out().options) == (10_000, ["1,000", "2,000", "5,000", "10,000", "20,000"])
    app.selectbox(key="sweep.base").set_value("The Train page").run()
    assert not app.exception
    assert (held_out().value, held_out().options) == (50, ["5", "10", "20", "50", "100"])
    held_out().set_value(20).run()
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/sweep.py").run()
    assert held_out().value == 20
    next(text for text in app.text_input if text.label == "Hidden layers").set_value("4, 8").run()
    next(text for text in app.text_input if text.label == "Learning rate").set_value("3").run()
    next(slider for slider in app.slider if slider.label == "Epochs").set_value(1).run()
    assert not app.error
    button(app, "Start sweep").click().run()
    (sweep,) = store.latest_sweeps(10)
    assert sweep.plan.base.validation == 20
    wait_for(lambda: store.sweep(sweep.id).status == "finished", "the end of the sweep", patience=60)
    assert app.run().dataframe[0].value["Status"].tolist() == ["Finished"] * 2
    app.selectbox(key="sweep.base").set_value("A good start").run()
    assert held_out().value == 10_000


def test_stop_all_stops_the_runs_of_a_paused_sweep(open_app, store, make):
    sweep = make(plan(), train=False)
    app = open_app("pages/sweep.py", id=sweep.id)
    assert not app.exception
    assert button(app, "Resume")
    button(app, "Stop all").click().run()
    assert store.sweep(sweep.id).status == "stopped"
    assert {run.status for run in store.runs_of(sweep.id)} == {"stopped"}
    assert not app.exception


def test_a_link_to_a_sweep_that_is_gone_says_so(open_app):
    app = open_app("pages/sweep.py", id="nothing")
    assert not app.exception
    assert "There is no sweep 'nothing' here" in app.warning[0].value


def test_of_several_sweeps_the_newest_is_shown_and_the_others_are_a_click_away(open_app, make):
    first, second = make(plan(), train=False), make(plan(), train=False)
    app = open_app("pages/sweep.py")
    assert app.header[0].value == second.name
    assert first.name in [link.proto.label.split(",")[0] for link in app.get("page_link")]
