"""Draw as a person does: with mouse, pen, finger and keyboard; undo, clear, and a second run asked."""

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.analysis import answers, drawing, evaluation, spoiling
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import train_run
from tests.browser.server import DRAWN, go_to, resting_box, wait_for

SEVEN = [(70, 60), (200, 60), (130, 230)]


@pytest.fixture(scope="module")
def runs(lasting_server):
    """A shallow and a deeper run, trained."""
    store = RunStore(lasting_server.database_url)
    made = [store.create(RunConfig(hidden=hidden, epochs=4, lr=3.0)) for hidden in ((16,), (100, 100))]
    with threadpool_limits(1, "blas"):  # as the workers have it: the same networks each time
        for run in made:
            train_run(run.id, run.submission, store.url)
    store.close()
    return made


@pytest.fixture
def server(lasting_server):
    return lasting_server


@pytest.fixture
def page(server, runs, open_page):
    page = open_page(server.url)
    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    return page


def places(page, points):
    """Points in the pad's units as places in the window."""
    box = resting_box(page, page.locator(".pad canvas"))
    return [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in points]


def stroke(page, points, lift=True):
    """With the mouse, in the pad's units."""
    first, *rest = places(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place, steps=8)
    if lift:
        page.mouse.up()


def answer(page, run):
    return page.get_by_text(re.compile(rf"Run {run} reads a \d, with"))


def settled(page, locator):
    """Its text once the last bit of the stroke is answered: the same over a few messages' time, nothing under way."""
    texts = []

    def same():
        if page.locator(DRAWN).count() == 0:
            texts.clear()
        texts.append(locator.text_content())
        page.wait_for_timeout(150)
        return texts[-1] if len(texts) > 4 and len(set(texts[-5:])) == 1 else None

    return wait_for(same, "an answer that stays")


ROWS = """(picture) => {  // of every bar its name, how long it is on the page, and what is written behind it
    const spans = [...picture.children];
    return spans.filter((_, i) => i % 2).map((row, i) => [
        spans[2 * i].textContent, row.children[0].getBoundingClientRect().width, row.children[1].textContent]);
}"""


def bars(page, run):
    """The outputs of one run, from the lengths of its bars and from the numbers beside them, which agree."""
    picture = page.get_by_role("img", name=f"The outputs of Run {run}")
    expect(picture).to_be_visible()
    names, lengths, texts = zip(*picture.evaluate(ROWS), strict=True)
    assert list(names) == list("0123456789")
    said = np.array([float(text.removesuffix(" %")) / 100 for text in texts])
    whole = max(lengths) / said.max()
    np.testing.assert_allclose(np.array(lengths) / whole, said, atol=1.5 / whole)  # a bar is a pixel at least
    return said


def pixels_of(page, name):
    """The RGBA of the picture called `name`, as (height, width, 4)."""
    picture = page.get_by_role("img", name=name, exact=True)
    expect(picture).to_be_visible()
    encoded = picture.get_attribute("src").split("base64,")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))


def drawn_seven():
    """SEVEN as the networks get it, nearly: a hand on a mouse stops at more places."""
    return drawing.prepare(drawing.raster([[20, *(number for point in SEVEN for number in point)]]))


def test_a_seven_is_read_by_two_runs_while_the_pen_is_down_and_explained(page, database, runs):
    page.get_by_role("combobox", name="Ask as well").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    stroke(page, SEVEN, lift=False)
    for run in (1, 2):
        expect(answer(page, run)).to_contain_text("reads a 7")
    settled(page, answer(page, 2))
    page.mouse.up()
    for run in runs:
        expected = answers.one_output(answers.network(database, database.get(run.id)), drawn_seven())
        lengths = bars(page, run.number)
        assert len(lengths) == 10
        assert int(np.argmax(lengths)) == 7
        said = re.search(r"with ([\d.]+) %", answer(page, run.number).text_content())[1]
        assert max(lengths) == pytest.approx(float(said) / 100, abs=0.02)
        assert max(lengths) == pytest.approx(float(expected[7]), abs=0.1)

    ink = pixels_of(page, "The prepared drawing")[3::6, 3::6, 3]
    assert ink.shape == (28, 28)
    assert np.corrcoef(ink.reshape(-1), drawn_seven())[0, 1] > 0.9
    expect(page.get_by_text("For and against a 7")).to_be_visible()
    for run in runs[::-1]:  # the newest is looked into first
        pictures = [page.get_by_role("img", name=name) for name in ("Pixels for and", "Activations of hidden layer 1")]
        before = [picture.get_attribute("src") for picture in pictures]
        page.get_by_role("radio", name=run.name).click()
        if run is not runs[-1]:
            for picture, src in zip(pictures, before, strict=True):
                expect(picture).not_to_have_attribute("src", src)
        assert_explained(page, answers.network(database, database.get(run.id)))


def assert_explained(page, net):
    """The pictures of what decided, and of each hidden layer, are those of this network."""
    evidence = drawing.evidence(net, drawn_seven(), 7).reshape(28, 28)
    shown = pixels_of(page, "Pixels for and against").astype(int)[6 + 3 : -6 : 6, 6 + 3 : -6 : 6]
    signs = np.where(shown[..., 3] > 40, np.where(shown[..., 2] > shown[..., 0], 1, -1), 0)
    telling = np.abs(evidence) > np.abs(evidence).max() / 2
    assert signs.shape == (28, 28)
    assert (signs[telling] == np.sign(evidence[telling])).mean() > 0.9
    for number, a in enumerate(drawing.activations(net, drawn_seven()), start=1):
        shown = pixels_of(page, f"Activations of hidden layer {number}")[7::14, 7::14, 3].reshape(-1)[: len(a)] / 255
        assert np.corrcoef(shown, a)[0, 1] > 0.9


def test_a_wider_line_is_drawn_wider(page):
    line = [(140, 40), (140, 240)]
    stroke(page, line)
    expect(answer(page, 2)).to_be_visible()
    settled(page, answer(page, 2))
    thin = (pixels_of(page, "The prepared drawing")[..., 3] > 0).mean()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    width = page.get_by_role("slider", name="Line width")
    width.focus()
    width.press("End")
    assert width.input_value() == "40"
    stroke(page, line)
    expect(answer(page, 2)).to_be_visible()
    settled(page, answer(page, 2))
    assert (pixels_of(page, "The prepared drawing")[..., 3] > 0).mean() > 1.3 * thin


def test_a_pen_draws_and_a_second_pointer_meanwhile_does_not(page):
    (x, y), (_, low) = places(page, [(140, 40), (140, 240)])

    def pointer(kind, pointer_id, x, y):
        about = {"pointerId": pointer_id, "pointerType": "pen", "clientX": x, "clientY": y, "bubbles": True,
                 "button": 0, "pressure": 0.5, "isPrimary": True}  # fmt: skip
        page.locator(".pad canvas").dispatch_event(kind, about)

    # a pointer that the browser did not make can't be captured
    page.evaluate("() => { HTMLCanvasElement.prototype.setPointerCapture = () => {}; }")
    pointer("pointerdown", 7, x, y)
    pointer("pointerdown", 8, x + 80, y)
    for part in range(1, 9):
        pointer("pointermove", 7, x, y + part * (low - y) / 8)
        pointer("pointermove", 8, x + 80, y + part * (low - y) / 8)
    pointer("pointerup", 8, x + 80, low)
    pointer("pointerup", 7, x, low)
    expect(answer(page, 2)).to_contain_text("reads a 1")


def test_a_long_scribble_is_answered_and_ends_where_the_pad_is_full(page):
    page.locator(".pad canvas").evaluate(
        """canvas => {
            const box = canvas.getBoundingClientRect();
            const pen = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {
                pointerId: 1, clientX: box.left + x, clientY: box.top + y, button: 0, bubbles: true }));
            canvas.setPointerCapture = () => {};  // there is no such pointer
            pen("pointerdown", 40, 20);
            for (let n = 0; n < 4000; n++) pen("pointermove", n % 2 ? 40 : 60, 20 + n / 20);
            pen("pointerup", 60, 220);
        }"""
    )
    expect(answer(page, 2)).to_be_visible()
    ink = pixels_of(page, "The prepared drawing")
    assert ink.any()
    expect(page.get_by_text("The pad is full.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    expect(page.get_by_text("The pad is full.")).to_be_hidden()


def test_delete_clears(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    page.locator(".pad canvas").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()


def test_a_link_asks_an_older_run(server, runs, chrome):
    context = chrome.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()  # one whose console may speak: a page's own link makes Streamlit ask for missing files
    page.goto(f"{server.url}/draw?run={runs[0].id}")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    stroke(page, SEVEN)
    expect(answer(page, 1)).to_contain_text("reads a 7")
    expect(answer(page, 2)).to_have_count(0)
    assert f"run={runs[0].id}" in page.url
    context.close()


def test_undo_takes_a_stroke_back_and_clear_all_of_them(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    before = settled(page, answer(page, 2))
    stroke(page, [(60, 150), (220, 150)])
    expect(answer(page, 2)).not_to_have_text(before)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(answer(page, 2)).to_have_text(before)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()


def test_the_keyboard_draws(page):
    page.locator(".pad canvas").focus()
    for key, times in (("ArrowUp", 10), ("Space", 1), ("ArrowDown", 20), ("Space", 1), ("ArrowLeft", 5)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(answer(page, 2)).to_contain_text("reads a 1")
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()


def test_a_drawing_is_still_there_after_a_look_at_another_page(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    go_to(page, "Mistakes")
    expect(page.get_by_text("are misread")).to_be_visible()
    go_to(page, "Draw")
    expect(answer(page, 2)).to_contain_text("reads a 7")


def test_a_finger_draws_at_400_pixels_and_the_page_stays_where_it_is(server, runs, chrome):
    context = chrome.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server.url}/draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    finger = context.new_cdp_session(page)
    corners = places(page, SEVEN)
    top = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", corners[0])
    for (x, y), (to_x, to_y) in pairwise(corners):
        for part in range(1, 9):
            touch("touchMove", (x + part * (to_x - x) / 8, y + part * (to_y - y) / 8))
    touch("touchEnd")
    expect(answer(page, 2)).to_contain_text("reads a 7")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == top
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    context.close()


def test_digits_of_ones_own_are_kept_measured_removed_and_made_a_data_set(page, database):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    page.get_by_role("button", name="7", exact=True).dblclick()  # kept once
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    expect(page.get_by_role("group", name="Keep it as a")).to_be_hidden()
    expect(page.get_by_text("Your digits: 1")).to_be_visible()
    expect(page.get_by_text("Run 2 reads 1 of 1, 100.00 %")).to_be_visible()
    stroke(page, [(140, 40), (140, 240)])
    expect(answer(page, 2)).to_contain_text("reads a 1")
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.get_by_text("Run 2 reads 1 of 2, 50.00 %")).to_be_visible()
    assert [kept.label for kept in database.drawings()] == [7, 4]

    page.get_by_role("button", name="Your 4, read as 1").click()
    page.get_by_role("button", name="Remove the picked one").click()
    expect(page.get_by_text("Your digits: 1")).to_be_visible()
    expect(page.get_by_role("button", name="Save as a data set")).to_be_disabled()
    for i in range(19):
        database.keep_drawing(1, [[20, 100 + i, 40, 140, 240]])
    go_to(page, "Learn")
    expect(page.get_by_text("Two faults of naive code")).to_be_visible()
    go_to(page, "Draw")
    expect(page.get_by_text("Your digits: 20")).to_be_visible()
    page.get_by_role("button", name="Save as a data set").click()
    expect(page.get_by_text("Saved as My 20 digits")).to_be_visible()
    (about,) = database.own_sets().values()
    assert (about.title, about.names, about.shape) == ("My 20 digits", ["1", "7"], (28, 28))


def shown_ink(page):
    """The pixels of the spoiled image, as strong as they are drawn."""
    return pixels_of(page, "The spoiled image")[3::6, 3::6, 3].reshape(-1)


def test_a_test_image_is_spoiled_in_every_way_and_accuracy_is_drawn_against_strength(page, runs, database):
    page.get_by_role("radio", name="Spoil a test image").click()
    expect(page.get_by_text("A 7, as it is")).to_be_visible()
    page.get_by_role("combobox", name="Ask as well").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    data = datasets.load("mnist")
    nets = [answers.network(database, database.get(run.id)) for run in reversed(runs)]

    def right(net, images):
        return (evaluation.predictions(net, images).argmax(axis=1) == data.test[1]).mean()

    for way, about in spoiling.WAYS.items():
        page.get_by_role("radio", name=about.title, exact=True).click()
        strengths = about.none, about.strengths[-1]
        whole, last = ([right(net, spoiling.spoiled(data.test[0], data.about.shape, way, strength)) for net in nets]
                       for strength in strengths)  # fmt: skip
        slider = page.get_by_role("slider", name=about.title)
        slider.focus()
        slider.press("End")
        for run, row, start in zip((2, 1), last, whole, strict=True):
            said = (
                f"Run {run}: {100 * start:.2f} % as they are, {100 * row:.2f} % at {about.strengths[-1]} {about.unit}."
            )
            expect(page.get_by_text(said)).to_be_visible()
        points = page.get_by_test_id("stVegaLiteChart").last.locator("svg .mark-symbol.role-mark path")
        expect(points).to_have_count(2 * len(about.strengths))
        spoiled = spoiling.spoiled(data.test[0][:1], data.about.shape, way, about.strengths[-1])[0]
        wait_for(lambda spoiled=spoiled: np.array_equal(shown_ink(page), spoiled), f"the image spoiled by {way}")
        for number, net in zip((2, 1), nets, strict=True):
            read = int(answers.one_output(net, spoiled).argmax())
            expect(answer(page, number)).to_contain_text(f"reads a {read}, with")
    expect(answer(page, 2)).to_be_visible()
