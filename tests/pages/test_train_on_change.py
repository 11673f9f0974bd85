"""Train on change: every moved control trains anew, and leaves nothing behind."""

import pyarrow
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from dashboard.runs.store import RunStore, StoreError
from tests.pages.runs_shown import PATIENCE, badge, stored_run, until
from tests.support import wait_for


def test_train_on_change_replaces_the_run_and_leaves_no_litter(open_app, store):
    app = open_app(hidden="16", epochs="100")
    app.toggle(key="set.instant").set_value(True).run()
    assert not app.exception
    first = store.latest(1)[0]
    assert first.config.hidden == (16,)
    app.select_slider(key="set.lr").set_value(1.0).run()
    assert not app.exception
    second = store.latest(1)[0]
    assert (second.config.lr, app.query_params["run"]) == (1.0, second.id)
    wait_for(
        lambda: not any(run.active for run in store.latest(9) if run.id != second.id), "the end of the first", PATIENCE
    )
    assert all(run.epochs_done for run in store.latest(9) if run.id != second.id)
    app.toggle(key="set.instant").set_value(False).run()
    app.select_slider(key="set.lr").set_value(2.0).run()
    assert store.latest(1)[0].id == second.id
    store.wish(second.id, "stop")


@pytest.mark.parametrize("meanwhile", ["create", "wish", "get", "await_epoch"])
def test_a_slider_moved_while_a_run_takes_the_place_of_another_leaves_none_that_no_page_knows(
    open_app, store, monkeypatch, meanwhile
):
    app = open_app(hidden="16", epochs="100")
    app.toggle(key="set.instant").set_value(True).run()
    work = getattr(RunStore, meanwhile)

    def and_another_move(self, *args, **settings):
        done = work(self, *args, **settings)
        if script := get_script_run_ctx():
            monkeypatch.setattr(RunStore, meanwhile, work)
            widgets = WidgetStates(widgets=script.session_state.get_widget_states())
            script.script_requests.request_rerun(RerunData(widget_states=widgets))  # ends at the next look at the state
        return done

    monkeypatch.setattr(RunStore, meanwhile, and_another_move)
    app.select_slider(key="set.lr").set_value(1.0).run()
    assert not app.exception
    assert not app.warning
    shown = app.query_params["run"]
    assert store.get(shown).config.lr == 1.0
    wait_for(lambda: [run.id for run in store.latest(9) if run.active] == [shown], "the end of the first", PATIENCE)
    store.wish(shown, "stop")


def test_a_run_that_was_interrupted_before_its_first_epoch_leaves_none_a_paused_one_stays(open_app, store):
    for end in ("interrupted", "paused"):
        before = stored_run(store, done=0, end=end)
        app = open_app(run=before.id)
        app.toggle(key="set.instant").set_value(True).run()
        app.select_slider(key="set.lr").set_value(1.0).run()
        assert not app.exception
        assert store.latest(1)[0].config.lr == 1.0
        assert (before.id in [run.id for run in store.latest(None)]) is (end == "paused")
        for run in store.latest(None):
            if run.active:
                store.wish(run.id, "stop")


def test_going_back_to_settings_that_were_tried_before_trains_them_again(open_app, store):
    app = open_app(hidden="300", epochs="3", lr="0.5", subset="6000", init="xavier")
    app.toggle(key="set.instant").set_value(True).run()
    app.selectbox(key="set.init").select("normal").run()
    until(app, lambda app: "hint.0" in [button.key for button in app.button], "the hint")
    hinted = store.latest(1)[0]
    app.button(key="hint.0").click().run()
    assert store.latest(1)[0].config.init == "xavier"
    until(app, lambda app: badge(app, "Finished"), "the end of the run with the remedy")
    assert ghosts(app) == [epoch.test_accuracy for epoch in store.epochs(hinted.id)]
    app.selectbox(key="set.init").select("normal").run()
    assert not app.exception
    newest = store.latest(1)[0]
    assert (newest.config.init, newest.number) == ("normal", hinted.number + 2)
    assert app.query_params["run"] == newest.id


def test_a_setting_that_can_not_be_trained_is_not_tried_over_and_over(open_app, store, monkeypatch):
    app = open_app(hidden="16", epochs="100")
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "create", refuse)
        app.toggle(key="set.instant").set_value(True).run()
    assert not app.exception
    assert [error.value for error in app.error] == ["no room"]


def refuse(*_, **__):
    raise StoreError("no room")


def ghosts(app):
    """The accuracies of the pale curve."""
    data = app.get("vega_lite_chart")[0].proto.data.data
    table = pyarrow.ipc.open_stream(data).read_pandas()
    return table.loc[table["set"] == "before", "accuracy"].tolist()
