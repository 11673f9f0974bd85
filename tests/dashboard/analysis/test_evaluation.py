import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from dashboard.analysis.evaluation import (
    SAMPLE_LOSSES,
    accuracy_interval,
    compare,
    confusion,
    judged,
    missed_by_every_run,
    mistakes,
    paired_groups,
    predictions,
    scores_by_class,
)
from mlpcore import COSTS, MLP, evaluate


def pair(fixes, breaks, both_wrong=0, both_right=0):
    """(first, second, labels) with those counts; every label is 0, and 1 is wrong."""
    first = [1] * fixes + [0] * breaks + [1] * both_wrong + [0] * both_right
    second = [0] * fixes + [1] * breaks + [1] * both_wrong + [0] * both_right
    return np.array(first), np.array(second), np.zeros(len(first), int)


def guesses(rng, n=500, classes=10):
    """(labels, predicted): right two times in three; class 7 does not occur and 8 is never predicted."""
    labels = rng.choice([0, 1, 2, 3, 4, 5, 6, 8, 9], n)
    predicted = np.where(rng.random(n) < 0.67, labels, rng.integers(classes, size=n))
    predicted[predicted == 8] = 9
    return labels.astype(np.uint8), predicted


@pytest.mark.parametrize(("right", "samples"), [(0, 10), (1, 10), (9_421, 10_000), (10_000, 10_000), (598, 600)])
def test_the_interval_is_that_of_statsmodels(right, samples):
    expected = proportion_confint(right, samples, method="wilson")
    assert accuracy_interval(right / samples, samples) == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_one_right_answer_in_ten_by_hand():
    # z^2 = 3.8415; centre (0.1 + 0.19207) / 1.38415 = 0.21101; half 1.95996 / 1.38415 * sqrt(0.009 + 0.0096036)
    assert accuracy_interval(0.1, 10) == pytest.approx((0.01788, 0.40415), abs=1e-5)


def test_predictions_are_the_networks_outputs_for_any_number_of_images(rng):
    net = MLP([6, 4, 3], rng=rng)
    images = rng.integers(256, size=(2_345, 6), dtype=np.uint8)
    outputs = predictions(net, images)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, net(images), atol=1e-6)
    assert predictions(net, images[:0]).shape == (0, 3)
    with pytest.raises(ValueError, match=r"input must be \(batch, 6\), got \(2, 5\)"):
        predictions(net, np.zeros((2, 5)))


def test_predictions_of_a_float64_network_are_float32(rng):
    assert predictions(MLP([6, 4, 3], rng=rng, dtype=np.float64), np.zeros((2, 6))).dtype == np.float32


def test_confusion_counts_every_image_once(rng):
    labels, predicted = guesses(rng)
    counts = np.zeros((10, 10), int)
    for true, guess in zip(labels, predicted, strict=True):
        counts[true, guess] += 1
    np.testing.assert_array_equal(confusion(labels, predicted), counts)


def test_scores_agree_with_counting_and_say_what_is_not_defined(rng):
    labels, predicted = guesses(rng)
    table = scores_by_class(labels, predicted)
    for digit, row in table.iterrows():
        hits = sum(t == digit == p for t, p in zip(labels, predicted, strict=True))
        claimed, there = sum(p == digit for p in predicted), sum(t == digit for t in labels)
        assert row["support"] == there
        assert row["precision"] == pytest.approx(hits / claimed if claimed else math.nan, nan_ok=True)
        assert row["recall"] == pytest.approx(hits / there if there else math.nan, nan_ok=True)
        assert row["f1"] == pytest.approx(2 * hits / (claimed + there))
    assert math.isnan(table.loc[8, "precision"])
    assert math.isnan(table.loc[7, "recall"])


@pytest.mark.parametrize("cost", COSTS)
def test_the_mean_of_the_losses_is_the_loss_of_the_core(rng, cost):
    net = MLP([6, 4, 3], cost=cost, rng=rng)
    images, labels = rng.integers(256, size=(300, 6), dtype=np.uint8), rng.integers(3, size=300)
    table = judged(predictions(net, images), labels, cost)
    loss, accuracy = evaluate(net, (images, labels))
    assert table["loss"].mean() == pytest.approx(loss, rel=1e-5)
    assert table["correct"].mean() == pytest.approx(accuracy)


def test_the_losses_agree_with_loops_over_the_formulas(rng):
    outputs = rng.uniform(0.01, 0.99, (50, 4)).astype(np.float32)
    labels = rng.integers(4, size=50)
    formulas = {
        "quadratic": lambda a, y: sum((t - o) ** 2 for o, t in zip(a, y, strict=True)) / 2,
        "binary_cross_entropy": lambda a, y: -sum(math.log(o if t else 1 - o) for o, t in zip(a, y, strict=True)),
        "cross_entropy": lambda a, y: -math.log(a[y.index(1)]),
    }
    assert formulas.keys() == SAMPLE_LOSSES.keys() >= COSTS.keys()
    for cost, formula in formulas.items():
        losses = judged(outputs, labels, cost)["loss"]
        for output, label, loss in zip(outputs.tolist(), labels, losses, strict=True):
            assert loss == pytest.approx(formula(output, [int(j == label) for j in range(4)]), rel=1e-6)


@pytest.mark.parametrize("cost", SAMPLE_LOSSES)
def test_a_loss_is_finite_and_largest_where_the_network_is_sure_and_wrong(cost):
    outputs = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    losses = judged(outputs, [1, 1, 1], cost)["loss"]
    assert np.isfinite(losses).all()
    assert losses.idxmax() == 0
    assert losses[1] == 0


def test_mistakes_are_the_wrong_ones_the_most_confident_first():
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.99, 0.3]], np.float32)
    table = mistakes(outputs, np.array([1, 1, 0, 1], np.uint8), "quadratic")
    assert table["index"].tolist() == [3, 0, 2]
    assert table["label"].tolist() == [1, 1, 0]
    assert table["predicted"].tolist() == [0, 0, 1]
    np.testing.assert_allclose(table["confidence"], [0.99, 0.9, 0.6], rtol=1e-6)
    np.testing.assert_allclose(table["loss"], [(0.99**2 + 0.7**2) / 2, 0.81, 0.36], rtol=1e-6)


def test_a_network_without_mistakes_has_an_empty_table_with_the_same_columns():
    outputs = np.eye(3, dtype=np.float32)
    table = mistakes(outputs, [0, 1, 2], "quadratic")
    assert len(table) == 0
    assert list(table) == ["index", "label", "predicted", "confidence", "loss", "correct"]


@pytest.mark.parametrize(("fixes", "breaks"), [(61, 38), (38, 61), (0, 6), (5, 0), (1, 0), (9, 9), (310, 1200)])
def test_the_paired_verdict_is_mcnemars_exact_test(fixes, breaks):
    verdict = compare(*pair(fixes, breaks, both_wrong=7, both_right=100))
    table = [[100, breaks], [fixes, 7]]
    assert verdict.p_value == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)
    assert (verdict.fixes, verdict.breaks, verdict.both_wrong, verdict.both_right) == (fixes, breaks, 7, 100)


def test_five_fixes_and_no_break_by_hand():
    assert compare(*pair(5, 0)).p_value == pytest.approx(2 * 0.5**5)


def test_with_many_images_the_exact_test_agrees_with_the_chi_square():
    chi_square = (abs(520 - 440) - 1) ** 2 / 960
    assert compare(*pair(520, 440)).p_value == pytest.approx(stats.chi2.sf(chi_square, 1), rel=0.01)


@pytest.mark.parametrize(
    ("fixes", "breaks", "sentence"),
    [
        (61, 38, "B fixes 61, breaks 38; McNemar p = 0.03. If both were equally good, a split this uneven would happen "
                 "about 27 times in 1,000: it is hardly luck that B does better on images like these."),
        (38, 61, "B fixes 38, breaks 61; McNemar p = 0.03. If both were equally good, a split this uneven would happen "
                 "about 27 times in 1,000: it is hardly luck that A does better on images like these."),
        (3, 1, "B fixes 3, breaks 1; McNemar p = 0.62. If both were equally good, a split this uneven would happen "
               "about 625 times in 1,000: it may well be luck, and shows neither as the better one."),
        (1_200, 10, "B fixes 1,200, breaks 10; McNemar p < 0.001. If both were equally good, a split this uneven "
                    "would happen less than once in 1,000 times: it is hardly luck that B does better on "
                    "images like these."),
        (4, 4, "B fixes 4, breaks 4; McNemar p = 1.00. It gains as many images as it loses: nothing says that one of "
               "them is better."),
        (0, 0, "A and B are right and wrong on the very same images: nothing tells them apart here."),
    ],
)  # fmt: skip
def test_the_verdict_is_put_into_words(fixes, breaks, sentence):
    assert compare(*pair(fixes, breaks, 2, 3)).sentence == sentence


def test_a_p_value_beside_the_limit_is_not_rounded_to_it():
    # 2 * P(at most 64 of 153) = 0.0519; of 154, 0.0437
    assert "p = 0.052." in compare(*pair(89, 64)).sentence
    assert "p = 0.04." in compare(*pair(90, 64)).sentence


def test_the_verdict_uses_the_names_of_the_runs():
    assert compare(*pair(9, 0), names=("Run 1", "Run 2")).sentence.startswith("Run 2 fixes 9, breaks 0;")


def test_the_groups_agree_with_a_loop_and_hold_every_image(rng):
    labels, first = guesses(rng)
    second = rng.permutation(first)
    expected = {"fixes": [], "breaks": [], "both_wrong": [], "both_right": []}
    names = {(False, True): "fixes", (True, False): "breaks", (False, False): "both_wrong", (True, True): "both_right"}
    for i, (a, b, y) in enumerate(zip(first, second, labels, strict=True)):
        expected[names[bool(a == y), bool(b == y)]].append(i)
    assert {name: group.tolist() for name, group in paired_groups(first, second, labels).items()} == expected


def test_two_runs_on_different_images_are_not_compared():
    with pytest.raises(ValueError, match=r"must have one shape, got \(3,\), \(4,\) and \(3,\)"):
        compare(np.zeros(3), np.zeros(4), np.zeros(3))


def test_missed_by_every_run_agrees_with_a_loop(rng):
    labels, first = guesses(rng)
    runs = [first, rng.permutation(first), rng.permutation(first)]
    expected = [i for i, label in enumerate(labels) if all(run[i] != label for run in runs)]
    assert expected
    assert missed_by_every_run(runs, labels).tolist() == expected


def test_missed_by_every_run_needs_a_run():
    with pytest.raises(ValueError, match="at least one run, got none"):
        missed_by_every_run([], np.zeros(3))
