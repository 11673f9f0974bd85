import tracemalloc
from dataclasses import replace

import pytest

from dashboard.runs import estimates
from dashboard.runs.config import ConfigError, RunConfig
from dashboard.runs.trainer import environment

GB = 10**9


@pytest.mark.parametrize("hidden", [(1_000_000,), (50_000, 50_000), (10**9, 10**9)])
def test_a_network_beyond_the_memory_is_refused_with_the_figures_before_anything_is_allocated(hidden):
    config = RunConfig(hidden=hidden)
    tracemalloc.start()
    with pytest.raises(ConfigError, match=r"This network needs [\d.,]+ GB of memory .* one run here may use 2\.00 GB"):
        estimates.refuse_absurd(config, memory=2 * GB)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_network_too_large_for_the_database_is_refused():
    with pytest.raises(ConfigError, match="at most 200,000,000 parameters"):
        estimates.refuse_absurd(RunConfig(hidden=(20_000, 20_000)), memory=10**15)


def test_ordinary_networks_are_not_refused():
    for hidden in ((), (16,), (1024, 1024), (1024,) * 6):
        estimates.refuse_absurd(RunConfig(hidden=hidden), memory=4 * GB)


EVERYTHING = {"optimizer": "adam", "lr": 0.01, "dropout": 0.2, "rotation": 5.0, "validation": 100, "patience": 2}


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["plain", "everything"])
def test_the_estimate_of_memory_covers_what_a_training_takes(trained, settings):
    tracemalloc.start()
    run = trained(hidden=(300, 100), **settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert run.status == "finished"
    assert estimates.bytes_needed(run.config) > 0.8 * peak


def test_what_an_optimizer_remembers_counts_towards_the_largest_network():
    config = RunConfig(hidden=(10_000, 8_000))
    estimates.refuse_absurd(config, memory=10**15)
    with pytest.raises(ConfigError, match="at most 66,666,666 parameters with these settings"):
        estimates.refuse_absurd(replace(config, optimizer="adam"), memory=10**15)


def test_an_option_that_takes_time_is_in_the_estimate_and_one_switched_off_is_not():
    costs = [0.0, 0.0, 0.0, 0.0, 1e-9, 1e-9, 1e-6, 1e-5, 1e-6]
    plain = estimates.cost(RunConfig(), costs).seconds_per_epoch
    assert plain == 0
    for option in ({"optimizer": "adam"}, {"dropout": 0.1}, {"shift": 1}, {"rotation": 5.0}, {"noise": 0.1}):
        assert estimates.cost(RunConfig(**option), costs).seconds_per_epoch > 0, option
    assert estimates.cost(RunConfig(rotation=5.0), costs).seconds_per_epoch == pytest.approx(0.6)
    assert estimates.cost(RunConfig(rotation=5.0, subset=6000), costs).seconds_per_epoch == pytest.approx(0.06)


def test_a_run_with_other_options_is_no_measure_of_the_time(trained):
    run = trained()
    assert estimates.cost(replace(run.config, lr=0.1, seed=3), None, [run]).seconds_per_epoch is not None
    assert estimates.cost(replace(run.config, shift=1), None, [run]).seconds_per_epoch is None
    assert estimates.cost(replace(run.config, subset=300), None, [run]).seconds_per_epoch is None


def test_measuring_gives_a_figure_for_each_cost():
    costs = estimates.measure()
    assert len(costs) == estimates.COSTS
    assert all(cost > 0 for cost in costs[4:])


def test_without_a_measurement_there_is_no_figure():
    assert estimates.cost(RunConfig(), None).seconds_per_epoch is None


def test_an_earlier_run_of_the_same_network_on_this_machine_counts_most(trained):
    run = trained()
    cost = estimates.cost(run.config, [1.0] * estimates.COSTS, [run])
    assert cost.seconds_per_epoch == pytest.approx(run.seconds / 3)
    assert run.environment["machine"] == environment()["machine"]


def test_a_measurement_is_kept_and_a_damaged_one_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path))
    assert estimates.load_costs() is None
    measured = [float(n) for n in range(estimates.COSTS)]
    estimates.save_costs(measured)
    assert estimates.load_costs() == measured
    for damage in ("", "[1.0, 2.0]", "{}", '["a", "b", "c", "d", "e", "f", "g", "h", "i"]'):
        (tmp_path / "costs.json").write_text(damage)
        assert estimates.load_costs() is None
