import tracemalloc

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


def test_the_estimate_of_memory_covers_what_a_training_takes(trained):
    tracemalloc.start()
    run = trained(hidden=(300, 100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert run.status == "finished"
    assert estimates.bytes_needed(run.config) > 0.8 * peak


def test_without_a_measurement_there_is_no_figure():
    assert estimates.cost(RunConfig(), None).seconds_per_epoch is None


def test_an_earlier_run_of_the_same_network_on_this_machine_counts_most(trained):
    run = trained()
    cost = estimates.cost(run.config, [1.0, 1.0, 1.0, 1.0], [run])
    assert cost.seconds_per_epoch == pytest.approx(run.seconds / 3)
    assert run.environment["machine"] == environment()["machine"]


def test_a_measurement_is_kept_and_a_damaged_one_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path))
    assert estimates.load_costs() is None
    estimates.save_costs([1.0, 2.0, 3.0, 4.0])
    assert estimates.load_costs() == [1.0, 2.0, 3.0, 4.0]
    for damage in ("", "[1.0, 2.0]", "{}", '["a", "b", "c", "d"]'):
        (tmp_path / "costs.json").write_text(damage)
        assert estimates.load_costs() is None
