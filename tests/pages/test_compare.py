"""Compare: the verdict, what changed, the curves, and what can be done with the chosen runs."""

import json

import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from tests.pages.test_understand import text_of


@pytest.fixture
def make(store, cache_dir):
    """Make a run and train it on MNIST at once in this process."""

    def make(**settings):
        run = store.create(RunConfig(**({"hidden": (8,), "epochs": 2, "batch_size": 100} | settings)))
        train_run(run.id, run.submission, store.url)
        return store.get(run.id)

    return make


@pytest.fixture
def shallow(make):
    return make()


@pytest.fixture
def wide(make):
    return make(hidden=(30,))


def compare(open_app, *runs, **query):
    return open_app("pages/compare.py", runs=",".join(run.id for run in runs), **query)


def chart(app):
    return app.get("vega_lite_chart")[0].proto


def listed(app):
    return app.dataframe[0].value


def test_it_says_which_is_better_and_what_differs(open_app, shallow, wide):
    app = compare(open_app, shallow, wide)
    assert not app.exception
    assert "Run 2 fixes" in text_of(app)
    assert "What changed: hidden layers 8 → 30." in text_of(app)
    assert listed(app)["Run"].tolist() == ["Run 2", "Run 1"]
    assert app.query_params["runs"] == f"{shallow.id},{wide.id}"


def test_without_a_choice_the_latest_are_shown(open_app, shallow, wide):
    app = open_app("pages/compare.py")
    assert not app.exception
    assert "The latest 2 runs" in text_of(app)
    for key, values in (("metric", ("loss", "error")), ("over", ("updates", "seconds"))):
        for value in values:
            app.segmented_control(key=key).set_value(value).run()
            assert not app.exception


def test_more_than_one_change_is_no_proof_of_a_cause_and_the_missing_runs_are_queued(open_app, store, make, shallow):
    other = make(hidden=(12,), lr=0.5)
    app = compare(open_app, shallow, other)
    assert "the cause can't be told apart" in text_of(app)
    app.button(key="do.one_change").click().run()
    assert not app.exception
    new = [run.config for run in store.latest(2)]
    assert {(config.hidden, config.lr) for config in new} == {((12,), 3.0), ((8,), 0.5)}
    assert len(app.query_params["runs"].split(",")) == 4


def test_a_baseline_turns_curves_and_table_into_differences(open_app, shallow, wide):
    app = compare(open_app, shallow, wide, baseline=shallow.id)
    assert not app.exception
    table = listed(app).set_index("Run")
    assert table.loc["Run 1", "To baseline"] == 0
    gain = 100 * (wide.last_accuracy - shallow.last_accuracy)
    assert table.loc["Run 2", "To baseline"] == pytest.approx(gain)
    assert "less the baseline's" in chart(app).spec
    app.selectbox(key="compare.baseline").select(wide.id).run()
    assert app.query_params["baseline"] == wide.id
    assert listed(app).set_index("Run").loc["Run 2", "To baseline"] == 0


def test_repeats_are_queued_with_other_seeds(open_app, store, shallow):
    app = compare(open_app, shallow)
    app.number_input(key="do.repeat.count").set_value(3).run()
    app.button(key="do.repeat").click().run()
    assert not app.exception
    assert sorted(run.config.seed for run in store.latest(10)) == [0, 1, 2, 3]


def test_repeats_become_one_line_in_a_band(open_app, make):
    runs = [make(seed=seed) for seed in range(3)]
    app = compare(open_app, *runs, repeats="Mean")
    assert not app.exception
    spec = json.loads(chart(app).spec)
    assert spec["layer"][0]["encoding"]["y2"] == {"field": "s0_high"}
    assert spec["layer"][-1]["encoding"]["tooltip"][1]["title"] == "Run 1 × 3"


def test_match_parameters_proposes_the_one_wide_layer(open_app, store, make):
    deep = make(hidden=(100, 100), epochs=1)
    app = compare(open_app, deep)
    assert "One hidden layer of 113 units has 89,845 parameters; 784-100-100-10 has 89,610." in text_of(app)
    app.button(key="do.match").click().run()
    assert store.latest(1)[0].config.hidden == (113,)


def test_a_fork_begins_with_the_weights_of_its_parent(open_app, store, shallow):
    app = compare(open_app, shallow)
    app.select_slider(key=f"do.fork.{shallow.id}.epoch").set_value(1).run()
    app.number_input(key=f"do.fork.{shallow.id}.lr").set_value(0.5).run()
    app.button(key="do.fork").click().run()
    assert not app.exception
    fork = store.latest(1)[0]
    assert (fork.origin, fork.parent, fork.parent_epoch, fork.config.lr) == ("fork", shallow.id, 1, 0.5)
    assert store.state(fork.id, 0).digest == store.state(shallow.id, 1).digest
    assert "Fork of Run 1, epoch 1" in listed(app)["From"].tolist()


def test_a_reproduction_is_identical_or_says_where_it_differs(open_app, store, shallow):
    app = compare(open_app, shallow)
    app.button(key="do.reproduce").click().run()
    again = store.latest(1)[0]
    assert (again.origin, again.parent, again.config) == ("reproduction", shallow.id, shallow.config)


def test_a_run_is_renamed_noted_and_found_by_both(open_app, store, shallow, wide):
    app = compare(open_app, shallow)
    app.text_input(key=f"do.name.{shallow.id}").set_value("narrow **one**")
    app.text_area(key=f"do.note.{shallow.id}").set_value("for the lecture")
    app.button[0].click().run()
    assert not app.exception
    assert (store.get(shallow.id).name, store.get(shallow.id).note) == ("narrow **one**", "for the lecture")
    app.text_input(key="filter").set_value("lecture").run()
    assert listed(app)["Run"].tolist() == ["narrow **one**"]
    app.text_input(key="filter").set_value("784-30").run()
    assert listed(app)["Run"].tolist() == ["Run 2"]


def test_a_name_that_breaks_its_rule_is_refused_in_a_sentence(open_app, store, shallow):
    app = compare(open_app, shallow)
    app.text_input(key=f"do.name.{shallow.id}").set_value(" ")
    app.button[0].click().run()
    assert not app.exception
    assert "must have 1 to 80 characters, got 0" in app.warning[0].value
    assert store.get(shallow.id).name == "Run 1"


def test_a_deleted_run_is_gone_until_undo(open_app, store, shallow, wide):
    app = compare(open_app, shallow)
    app.button(key="do.delete").click().run()
    assert not app.exception
    assert listed(app)["Run"].tolist() == ["Run 2"]
    assert "runs" not in app.query_params
    app.button(key="do.undo").click().run()
    assert listed(app)["Run"].tolist() == ["Run 2", "Run 1"]
    assert app.query_params["runs"] == shallow.id


def test_runs_of_different_data_sets_are_not_compared(open_app, store, shallow, wide):
    other = store.create(RunConfig(dataset="mnist_784"))
    app = compare(open_app, shallow, other)
    assert "different data sets" in text_of(app)


def test_a_run_deleted_in_another_tab_is_said(open_app, store, shallow, wide):
    app = compare(open_app, shallow, wide)
    store.delete([shallow.id])
    app.run()
    assert not app.exception
    assert "There is no run" in app.warning[0].value


def test_the_filter_keeps_what_it_hides_chosen(open_app, shallow, wide):
    app = compare(open_app, shallow, wide, filter="784-30")
    assert listed(app)["Run"].tolist() == ["Run 2"]
    assert "Run 2 fixes" in text_of(app)


def test_a_browser_that_still_sends_the_link_of_before_undoes_nothing(open_app, shallow, wide):
    app = compare(open_app, shallow)
    app.button(key="do.repeat").click().run()
    chosen = app.query_params["runs"]
    app.query_params["runs"] = shallow.id  # the page's own link of a moment ago
    app.run()
    assert app.query_params["runs"] == chosen
    app.query_params["runs"] = wide.id  # a link that somebody followed
    app.run()
    assert app.query_params["runs"] == wide.id
