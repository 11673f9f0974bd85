"""Every page with the largest own set that is allowed, and with the smallest number of classes."""

import numpy as np
import pytest

from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweep_worker import train_waiting
from dashboard.runs.sweeps import SweepPlan
from dashboard.runs.trainer import train_run
from tests.pages.test_understand import text_of

LARGEST = ((64, 64), 100)
SMALLEST = ((1, 3), 2)


@pytest.fixture(params=[LARGEST, SMALLEST], ids=["64 x 64, 100 classes", "1 x 3, 2 classes"])
def trained_on(request, store, cache_dir, rng):
    """(name, classes, run): a set, and a run trained on it for an epoch."""
    shape, classes = request.param
    labels = (np.arange(3 * classes + 14) % classes).astype(np.uint8)
    images = rng.integers(0, 256, (len(labels), shape[0] * shape[1]), dtype=np.uint8)
    names = tuple(f"class {number}" for number in range(classes))
    name = store.add_set(Parts(images, labels, shape, 2 * classes + 8, names), "At the limit")
    run = store.create(RunConfig(dataset=name, hidden=(5, 4), epochs=1, batch_size=4))
    train_run(run.id, run.submission, store.url)
    return name, classes, store.get(run.id)


def test_every_page_works_at_the_limits_of_own_sets(open_app, store, trained_on):
    name, classes, run = trained_on
    assert run.status == "finished"
    plan = SweepPlan(RunConfig(dataset=name, epochs=1, batch_size=4, validation=4), {"hidden": ((3,), (4,))})
    sweep = store.create_sweep(plan, first_configs(plan, points(plan)))
    train_waiting(store.url)
    for page, query in {
        None: {"run": run.id},
        "pages/compare.py": {"runs": f"{run.id},{store.runs_of(sweep.id)[0].id}"},
        "pages/mistakes.py": {"run": run.id},
        "pages/weights.py": {"run": run.id},
        "pages/learn.py": {"run": run.id},
        "pages/sweep.py": {"id": sweep.id},
        "pages/data.py": {"set": name},
        "pages/draw.py": {"run": run.id},
    }.items():
        app = open_app(page, **query)
        assert not app.exception, page
        assert not app.error, (page, [error.value for error in app.error])
        if page == "pages/learn.py":
            for title in app.select_slider(key="learn.step").options:
                app.select_slider(key="learn.step").set_value(title).run()
                assert not app.exception, title
        if page == "pages/data.py":
            assert f"of {classes} classes" in text_of(app)
            assert "class 0" in text_of(app)
        if page == "pages/draw.py":
            app.session_state["draw.pad.held"] = {"sheet": 0, "strokes": [[20, 60, 60, 220, 200]]}
            app.run()
            assert not app.exception
            assert any("reads a <b>class " in part.proto.body for part in app.get("html"))
            app.segmented_control(key="draw.mode").set_value("spoil").run()
            assert not app.exception
            assert "test images spoiled like this" in text_of(app)
