"""What the presets say of themselves, and of what to try next, is so. They are trained for real."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_limits

from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import results

ROOT = Path(__file__).parents[3]


@cache
def trained(name, **changes):
    """[(EpochResult, TrainingState)] of the preset with these settings changed; by one thread."""
    with threadpool_limits(1, "blas"):
        return list(results(replace(PRESETS[name].config, **changes), None, iter))


def reached(name, **changes):
    """Its test accuracy after each epoch."""
    return [result.test_accuracy for result, _ in trained(name, **changes)]


def last(name):
    return trained(name)[-1][0]


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_comes_with_a_paragraph_on_what_to_watch_and_what_to_try_next(name):
    teaches = PRESETS[name].teaches
    assert 40 <= len(teaches.split()) <= 80
    assert "atch " in teaches
    assert "Next, " in teaches


def test_a_good_start(cache_dir):
    accuracies = reached("A good start", epochs=6)
    assert accuracies[0] > 0.9
    assert accuracies[5] > 0.97


def test_the_notebook_s_shallow_model_levels_off_near_nine_in_ten(cache_dir):
    result = last("Shallow, as in the notebook")
    assert 0.88 < result.test_accuracy < 0.92
    assert abs(result.train_accuracy - result.test_accuracy) < 0.01
    assert reached("Shallow, as in the notebook", init="xavier", epochs=2)[1] > result.test_accuracy


def test_the_notebook_s_deeper_model_is_worse_until_it_starts_with_xavier(cache_dir):
    result = last("Deeper, as in the notebook")
    assert 0.65 < result.test_accuracy < 0.8
    assert result.diagnostics["layers"]["fc1"]["saturated"] > 0.5
    assert reached("Deeper, as in the notebook", init="xavier", epochs=1)[0] > result.test_accuracy


def test_98_percent_in_five_epochs(cache_dir):
    assert last("98 % in seconds").test_accuracy > 0.98
    assert max(reached("98 % in seconds", schedule="constant")) < 0.98  # what it was worth
    assert max(reached("98 % in seconds", optimizer="sgd")) < 0.98


def test_99_percent_trains_harder_than_it_is_tested(cache_dir):
    epochs = [result for result, _ in _first("99 %", 3)]
    assert all(epoch.train_accuracy < epoch.test_accuracy for epoch in epochs)
    assert epochs[-1].test_accuracy > 0.97  # 0.976 to 0.982, by how the processor rounds


def _first(name, epochs):
    """The first epochs of the preset itself: its schedule knows of them all."""
    with threadpool_limits(1, "blas"):
        training = results(PRESETS[name].config, None, iter)
        return [next(training) for _ in range(epochs)]


def test_a_rate_too_high_kills_every_unit_for_good(cache_dir):
    assert max(reached("Learning rate too high")) < 0.15
    assert last("Learning rate too high").diagnostics["layers"]["fc1"]["dead"] == 1.0
    assert reached("Learning rate too high", lr=0.1, epochs=1)[0] > 0.9


def test_a_saturated_start_crawls_and_stays_saturated(cache_dir):
    epochs = [result for result, _ in trained("Saturated start")]
    assert epochs[-1].test_accuracy < 0.4
    shares = [epoch.diagnostics["layers"]["fc1"]["saturated"] for epoch in epochs]
    assert min(shares) > 0.5
    assert max(shares) - min(shares) < 0.05
    assert reached("Saturated start", init="xavier", epochs=1)[0] > 0.88


def test_a_vanishing_gradient_waits_for_five_epochs(cache_dir):
    accuracies = reached("Vanishing gradient")
    assert max(accuracies[:5]) < 0.2
    assert accuracies[-1] > 0.7
    assert reached("Vanishing gradient", activation="relu", init="he", lr=0.1, epochs=1)[0] > 0.9


def test_a_thousand_images_are_learned_by_heart(cache_dir):
    epochs = [result for result, _ in trained("Overfitting 1,000 images")]
    assert epochs[-1].train_accuracy > 0.999
    assert epochs[-1].test_accuracy < 0.92
    assert epochs[-1].test_loss > 1.05 * min(epoch.test_loss for epoch in epochs)
    helped = trained("Overfitting 1,000 images", shift=1, dropout=0.2)[-1][0]
    assert helped.test_accuracy > epochs[-1].test_accuracy + 0.02


def test_two_units_are_too_narrow_and_eight_are_not(cache_dir):
    epochs = [result for result, _ in trained("A bottleneck of two units")]
    assert all(max(epoch.train_accuracy, epoch.test_accuracy) < 0.5 for epoch in epochs)
    assert reached("A bottleneck of two units", hidden=(4,), epochs=3)[-1] > 0.6
    assert reached("A bottleneck of two units", hidden=(8,), epochs=3)[-1] > 0.9


def test_units_that_begin_alike_stay_alike(cache_dir):
    result, state = trained("Zero initialisation")[-1]
    assert 0.2 < result.test_accuracy < 0.45
    pictures = state.weights["fc1.W"]
    np.testing.assert_array_equal(pictures, np.broadcast_to(pictures[0], pictures.shape))
    assert np.abs(pictures).max() > 0.01
    assert max(reached("Zero initialisation", init="xavier", epochs=3)) > 0.9


IN_A_PROCESS = """
import numpy as np, threadpoolctl
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import results
*_, (result, state) = results(PRESETS["Zero initialisation"].config, None, iter)
(blas,) = (each for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas")
print(blas["architecture"], result.test_accuracy, len(np.unique(state.weights["fc1.W"], axis=0)))
"""
KERNELS = {"Nehalem": "SSE42", "Haswell": "AVX2", "SkylakeX": "AVX512_SKX"}  # of OpenBLAS, and what they ask for


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kernels", KERNELS)
def test_units_that_begin_alike_stay_alike_however_the_processor_rounds(kernels, threads, cache_dir):
    if not __cpu_features__.get(KERNELS[kernels]):
        pytest.skip(f"this processor has no {KERNELS[kernels]}")
    environment = os.environ | {"OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    used, accuracy, different = done.stdout.split()
    assert used == kernels
    assert 0.2 < float(accuracy) < 0.45
    assert int(different) == 1


def test_batch_size_1_learns_much_in_an_epoch_and_1024_little_quickly(cache_dir):
    small = _first("Batch size 1", 1)[0][0]
    large = [result for result, _ in trained("Batch size 1,024")]
    assert small.test_accuracy > 0.9
    assert large[-1].test_accuracy < 0.5
    assert small.seconds > 3 * large[0].seconds  # 60,000 steps beside 59
    assert reached("Batch size 1,024", lr=3.0, epochs=10)[-1] > 0.9
