"""Names, notes and links that try to be more than text: wherever they are shown, nothing of them lives."""

import csv
import re
import urllib.parse
from itertools import count

import numpy as np
import pytest
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard import exports, formats
from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from dashboard.runs.trainer import train_run
from mlpcore import MLP
from tests.browser.server import go_to, resting_box, wait_drawn
from tests.browser.test_draw import SEVEN, stroke
from tests.support import wait_for

MARK = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script><b id=alive>x</b>"
NAMES = {
    "html": MARK[:80],
    "markdown": "[press](javascript:window.hacked=1) ![a](http://127.0.0.1:9/a.png) :red[x] $x^2$",
    "backwards": "\u202egnp.exe \u2066 :material/home: **bold** # head",
    "formula": "=cmd|' /C calc'!A0",
}
NOTE = f"{MARK} [press](javascript:window.hacked=1) " + "long " * 700
TITLE = MARK[:40] + "\u202e[a](javascript:1)"
CLASSES = ("<b id=alive>x", "[a](javascript:1)", "$x^2$\u2066")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
LIVES = """() => [window.hacked, document.getElementById('alive'),
    [...document.querySelectorAll('a[href]')].find(a => a.host != location.host && a.protocol != 'blob:'),
    [...document.querySelectorAll('img')].find(i => i.src.endsWith('/x') || i.src.includes('127.0.0.1:9')),
    [...document.querySelectorAll('[data-testid=stMain] [data-testid=stAlert] :is(strong, code, h1)')][0],
    [...document.querySelectorAll('.katex annotation')].find(formula => formula.textContent.trim() == 'x^2')
].filter(each => each).map(String)"""


@pytest.fixture
def runs(database):
    """A trained run under each name, with the note."""
    made = []
    for name in NAMES.values():
        run = database.create(RunConfig(hidden=(8,), epochs=2, subset=2000))
        database.rename(run.id, name)
        database.annotate(run.id, NOTE)
        with threadpool_limits(1, "blas"):
            train_run(run.id, run.submission, database.url)
        made.append(database.get(run.id))
    return made


@pytest.fixture
def further(database, runs):
    """A set and two sweeps with names of that kind; the first sweep."""
    rng = np.random.default_rng(0)
    labels = (np.arange(60) % 3).astype(np.uint8)
    parts = Parts(rng.integers(0, 256, (60, 12), dtype=np.uint8), labels, (4, 3), 48, CLASSES)
    plan = SweepPlan(RunConfig(hidden=(4,), epochs=1, subset=1000, validation=1000), {"lr": (0.5, 1.0, 2.0)})
    sweep = database.create_sweep(plan, first_configs(plan, points(plan)), "\u202e" + NAMES["html"])
    database.create_sweep(plan, first_configs(plan, points(plan)), NAMES["markdown"])
    database.add_set(parts, TITLE)
    return sweep


def check_inert(page, where):
    """Nothing lives on the page, and nothing on it, in its fields or its hints turns the direction of the writing."""
    assert page.evaluate(LIVES) == [], where
    said = page.evaluate(
        """() => document.documentElement.outerHTML
        + [...document.querySelectorAll('input, textarea')].map(field => field.value).join()"""
    )
    assert not TURNING.search(said), where


def test_names_and_notes_are_text_on_every_page(server, runs, open_page):
    page = open_page(server.url)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
    for title, shows in (
        ("Train", "Recent runs"),
        ("Compare", "The latest"),
        ("Mistakes", "images are misread"),
        ("Weights", "Every layer"),
        ("Learn", "Two faults of naive code"),
        ("Data", "of the variance"),
        ("Draw", "Nothing is drawn yet"),
    ):
        go_to(page, title)
        expect(page.get_by_text(shows).locator("visible=true").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        boxes = page.get_by_test_id("stMain").get_by_role("combobox")
        if title in ("Mistakes", "Weights", "Learn"):
            boxes.first.click()
            expect(page.get_by_role("option").first).to_be_visible()
            page.keyboard.press("Escape")
        if title == "Draw":
            stroke(page, SEVEN)
            expect(page.get_by_text("For and against a")).to_be_visible()
        check_inert(page, title)


def test_the_names_of_sets_classes_and_sweeps_are_text(server, database, further, open_page):
    page = open_page(server.url)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
    go_to(page, "Sweep")
    expect(page.get_by_text("Earlier sweeps")).to_be_visible()
    wait_for(lambda: not database.sweep(further.id).active, "the sweep's end", patience=90)
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    check_inert(page, "Sweep")
    go_to(page, "Data")
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option").filter(has_text="<img").click()
    expect(page.get_by_text("48 training and 12 test images of 3 classes")).to_be_visible()
    expect(page.get_by_role("radio", name="<b id=alive>x")).to_be_visible()
    plane = page.get_by_test_id("stVegaLiteChart").last
    expect(plane.get_by_text("of the variance").first).to_be_visible()
    wait_drawn(page)
    picture, at = page.locator("#vg-tooltip-element img"), count()
    mark = plane.locator("svg .mark-symbol.role-mark path").nth(30)

    def hovers():
        """What is above the plane may still grow, and a hand that rests moves a little."""
        box = resting_box(page, mark)
        page.mouse.move(box["x"] + box["width"] / 2 + next(at) % 2, box["y"] + box["height"] / 2)
        return picture.is_visible()

    wait_for(hovers, "the image that is pointed at", patience=60)
    check_inert(page, "Data")
    go_to(page, "Train")
    page.get_by_role("combobox", name="Data set").click()
    expect(page.get_by_role("option").filter(has_text="<img")).to_be_visible()
    check_inert(page, "Train")


PAGES_OF_CLASSES = {
    "": "2 of 2 epochs",
    "compare": "1 chosen",
    "mistakes": "misread",
    "weights": "Every layer",
    "learn": "Two faults of naive code",
    "data": "of 3 classes",
    "draw": "Nothing is drawn yet",
}


def test_the_names_of_classes_are_text_on_every_page_of_a_run(server, database, further, chrome):
    """By links, so not by open_page: see below."""
    name = next(iter(database.own_sets()))
    run = database.create(RunConfig(hidden=(4,), epochs=2, batch_size=10, dataset=name, seed=3))
    with threadpool_limits(1, "blas"):
        train_run(run.id, run.submission, database.url)
    context = chrome.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    for title, shows in PAGES_OF_CLASSES.items():
        page.goto(f"{server.url}/{title}?run={run.id}&runs={run.id}&set={name}")
        expect(page.get_by_test_id("stMain").get_by_text(shows).locator("visible=true").first).to_be_visible()
        wait_drawn(page)
        page.wait_for_load_state("networkidle")
        if title == "draw":
            stroke(page, SEVEN)
            answer = page.get_by_text(f"{run.name} reads a ")
            expect(answer).to_be_visible()
            assert any(formats.clean(name) in answer.text_content() for name in CLASSES)
        check_inert(page, title)
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_opened_by_its_link_shows_its_name_as_it_is(server, runs, open_page, name):
    run = next(run for run in runs if run.name == formats.clean(NAMES[name]))
    page = open_page(f"{server.url}/?run={run.id}")
    body = page.get_by_test_id("stMain")
    expect(body.get_by_text(": 2 of 2 epochs")).to_be_visible()
    assert f"{run.name}: 2 of 2 epochs" in body.inner_text().replace("\u2060", "")  # which keeps links from being made
    check_inert(page, name)


@pytest.mark.parametrize(
    "query",
    [
        f"run={MARK}",
        "run=" + "a" * 10_000,
        f"hidden={MARK}&lr={MARK}",
        f"{MARK}={MARK}",
        "run=%00%E2%80%AE[x](javascript:1)",
    ],
    ids=["html", "long", "settings", "key", "control"],
)
def test_a_link_that_is_hostile_gets_a_sentence(server, open_page, query):
    page = open_page(f"{server.url}/?{query}")
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(LIVES) == []
    assert page.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= element.clientWidth")


TRIES = {
    "link": "[press](https://evil.example)",
    "references": "www&#46;evil.example http&colon;//evil.example me&commat;evil.example :streamlit: :material/home:",
    "picture": "![a](http://127.0.0.1:9/a.png)",
    "code": "`x` **bold** $x^2$",
    "html": MARK,
    "backwards": "\u202egnp.exe",
    "long": "a" * 10_000,
}
ASKS = {  # what each page reads from its link
    "compare": ("runs", "baseline", "metric", "over", "smoothing", "repeats"),
    "mistakes": ("run", "vs"),
    "weights": ("run", "epoch"),
    "learn": ("run",),
    "sweep": ("id",),
    "data": ("set", "split", "digit", "run"),
    "draw": ("run",),
}


@pytest.mark.parametrize("title", ASKS)
def test_what_a_page_reads_from_its_link_is_text(server, runs, chrome, title):
    """Not by open_page: opened by its own link, a page makes Streamlit ask for two missing files, says the console."""
    context = chrome.new_context()
    for text in TRIES.values():
        query = "&".join(f"{name}={urllib.parse.quote(text)}" for name in (*ASKS[title], "share"))
        page = context.new_page()
        page.goto(f"{server.url}/{title}?{query}")
        expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(r"\S"))  # it has begun
        wait_drawn(page)
        page.wait_for_load_state("networkidle")
        check_inert(page, text[:40])
        page.close()
    context.close()


def test_what_the_tables_own_button_saves_begins_no_formula(server, runs, open_page):
    page = open_page(server.url)
    page.evaluate("delete window.showSaveFilePicker")  # a dialog of the system's, which nobody is here to answer
    for title, last in (("Train", "Recent runs"), ("Compare", "All settings")):
        go_to(page, title)
        expect(page.get_by_text(last)).to_be_visible()
        wait_drawn(page)
        expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
        table = page.get_by_test_id("stDataFrame").last
        box = resting_box(page, table)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Download as CSV").last.click()
        cells = [cell for row in csv.reader(saved.value.path().read_text().splitlines()) for cell in row]
        assert "'" + formats.clean(NAMES["formula"]) in cells
        assert [cell for cell in cells if cell.lstrip()[:1] in "=+-@" and not is_number(cell) and cell.strip()] == []


def is_number(text):
    return re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", text) is not None


LONG = "<img src=x onerror=window.hacked=1>[a](javascript:1)\u202e" + "x" * 190 + ".npz"  # no file has a longer one


@pytest.mark.parametrize("name", [LONG[:50] + ".npz", LONG], ids=["html", "long"])
def test_a_file_name_is_text_where_it_is_refused(server, database, open_page, name):
    page = open_page(server.url)
    go_to(page, "Data")
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": b"PK no"}
    dialog.locator("input[type=file]").set_input_files([file])
    expect(dialog.get_by_text("must be a zip file")).to_be_visible()
    assert page.evaluate(LIVES) == []
    assert dialog.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert database.own_sets() == {}


def test_the_name_of_a_file_of_weights_is_text_refused_or_kept(server, runs, database, open_page):
    page = open_page(server.url)
    go_to(page, "Weights")
    page.get_by_role("button", name="Upload", exact=True).click()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files([{"name": LONG, "mimeType": "application/octet-stream", "buffer": b"PK no"}])
    expect(page.get_by_text("must be a zip file")).to_be_visible()
    wait_drawn(page)  # the chooser comes after the sentence
    check_inert(page, "refused")
    net, config = MLP([784, 4, 10], rng=np.random.default_rng(0)), RunConfig(hidden=(4,))
    good = {"name": LONG, "mimeType": "application/octet-stream", "buffer": exports.write("npz", net, config, [], "x")}
    page.goto(server.url)
    go_to(page, "Weights")
    page.get_by_role("button", name="Upload", exact=True).click()
    chooser.set_input_files([good])
    expect(page.get_by_text("Imported: measured")).to_be_visible()
    assert database.latest(1)[0].name == formats.clean(LONG)[:80]
    wait_drawn(page)  # until then the field may hold the file's own name
    check_inert(page, "kept")
