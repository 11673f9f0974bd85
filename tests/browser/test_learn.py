"""Learn as a person uses it: every step forward and back, a gradient check, both experiments."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import answers, experiments, moves, steps
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from dashboard.view.learn import walk
from tests.browser.server import go_to, wait_drawn, wait_for
from tests.browser.train_page import press_train, status


def test_a_person_follows_an_image_forward_and_back_and_sees_the_faults(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=6,5&epochs=1")
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Learn")
    run = database.latest(1)[0]
    test, labels = datasets.load("mnist").test
    found = steps.trace(answers.network(database, run), test[3], int(labels[3]))

    field = page.get_by_role("spinbutton", name="Test image")
    expect(field).to_be_visible()
    field.fill("3")
    field.press("Enter")
    expect(page.get_by_text(f"A {labels[3]}, read as", exact=False)).to_be_visible()
    titles = [step.title for step in walk.steps(3)]
    slider = page.get_by_test_id("stSliderThumbValue")
    for title in titles[1:]:
        page.get_by_role("button", name="Next").click()
        expect(slider).to_have_text(title)
        if title == "The cost C":
            expect(page.locator(".katex-mathml").last).to_contain_text(f"{found.cost:.6f}")
        if title.endswith("gradient"):
            expect(page.get_by_text("backpropagation is right")).to_be_visible()
    after = moves.first_step(found, run.config).cost
    expect(page.get_by_text(f"from {found.cost:.6f} to {after:.6f}")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(slider).to_have_text(titles[-2])

    page.get_by_text("Carry them out").click()
    raw, frozen = experiments.unscaled_test_images(), experiments.frozen_biases(6)
    assert min(raw.damage, frozen.damage) > 0.002
    said = page.get_by_text(f"judged by raw pixels, lose {100 * raw.damage:.1f} points of accuracy")
    expect(said).to_be_visible(timeout=60_000)
    expect(said).to_contain_text(f"and {100 * (raw.right[0] - raw.wrong[0]):.1f} after the first")
    expect(page.get_by_text(f"with 6 hidden units is {100 * frozen.damage:.1f} points worse")).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("radio", name="30").click()
    expect(page.get_by_text("with 30 hidden units is")).to_be_visible(timeout=60_000)


def walk_to(page, title):
    """With Next, as far as the step `title`."""
    step = page.get_by_test_id("stSliderThumbValue")
    for _ in range(20):
        before = step.text_content()
        if before == title:
            return
        page.get_by_role("button", name="Next").click()
        expect(step).not_to_have_text(before)
    raise AssertionError(title)


def choose(page, field, number):
    box = page.get_by_role("spinbutton", name=field)
    expect(box).to_be_visible()
    wait_drawn(page)
    box.fill(str(number))
    box.press("Enter")


def formula(page, beginning):
    """The text, as LaTeX has it, of the formula that begins like this."""
    text = re.compile(rf"^\s*\\displaystyle {re.escape(beginning)}")
    found = page.locator(".katex-mathml annotation").filter(has_text=text)
    expect(found.last).to_be_attached()
    return found.last.text_content().strip()


def value(text):
    """The number at the end of a formula."""
    end = text.rsplit("=", 1)[1].strip().removesuffix("}")
    mantissa, _, exponent = end.partition(r"\cdot 10^{")
    return float(mantissa) * 10 ** int(exponent or 0)


def expect_value(page, beginning, number):
    wait_for(lambda: value(formula(page, beginning)) == number, f"{beginning} {number}")


def test_every_number_of_a_unit_is_that_of_the_network(server, database, open_page):
    run = database.create(RunConfig(hidden=(6, 5), epochs=1, subset=2000, optimizer="momentum", lr=0.3))
    train_run(run.id, run.submission, database.url)
    run = database.get(run.id)
    test, labels = datasets.load("mnist").test
    found = steps.trace(answers.network(database, run), test[0], int(labels[0]))
    move = moves.first_step(found, run.config)
    first, second, last = found.layers
    page = open_page(server.url)
    go_to(page, "Learn")

    choose(page, "Unit of layer 1", 2)
    expect_value(page, "z_{2} =", pytest.approx(first.z[2], abs=6e-6))
    walk_to(page, "Layer 1: activation a")
    expect_value(page, "a_{2} =", pytest.approx(first.a[2], abs=6e-6))
    walk_to(page, "Layer 2: sum z")
    choose(page, "Unit of layer 2", 4)
    expect_value(page, "z_{4} =", pytest.approx(second.z[4], abs=6e-6))
    walk_to(page, "Layer 3: activation a")
    expect_value(page, "a_{7} =", pytest.approx(last.a[7], abs=6e-6))
    page.get_by_role("combobox", name="Output (digit)").click()
    page.get_by_role("option", name="3", exact=True).click()
    expect_value(page, "a_{3} =", pytest.approx(last.a[3], abs=6e-6))
    walk_to(page, "Layer 3: delta δ")
    expect_value(page, "a =", pytest.approx(last.delta[3], rel=1e-3, abs=6e-6))
    walk_to(page, "Layer 1: delta δ")
    expect_value(page, r"\delta_{2} =", pytest.approx(first.delta[2], rel=1e-3, abs=6e-6))

    walk_to(page, "Layer 1: gradient")
    pixel = int(np.flatnonzero(first.input > 0.5)[3])
    choose(page, "From input", pixel)
    analytic = first.gradient[2, pixel]
    expect_value(page, rf"\frac{{\partial C}}{{\partial W_{{2,{pixel}}}}}", pytest.approx(analytic, rel=1e-3))
    expect_value(page, r"\frac{C(w + \varepsilon)", pytest.approx(analytic, rel=1e-3))
    walk_to(page, "The update")
    for number, layer in ((1, first), (2, second)):
        page.get_by_test_id("stButtonGroup").get_by_role("radio", name=str(number), exact=True).click()
        unit, source = (2, pixel) if layer is first else (4, int(second.input.argmax()))
        before, after = layer.W[unit, source], move.W[number - 1][unit, source]
        expect_value(page, f"W_{{{unit},{source}}} = {before:.6f}", pytest.approx(after, abs=1e-6))
