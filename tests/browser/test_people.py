"""Two people sign in at an OpenID provider, a process of its own on loopback: each sees what is theirs."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from tests.browser.proxy import Proxy
from tests.browser.server import go_to, wait_for
from tests.browser.signed import CLIENT_SECRET, SignedServer, running_provider, sign_in_at
from tests.browser.train_page import button, press_train, status
from tests.support import free_port, nginx


@pytest.fixture(scope="module")
def provider():
    with running_provider() as address:
        yield address


@pytest.fixture
def server(database_url, provider, tmp_path):
    with SignedServer(database_url, tmp_path, provider) as server:
        yield server
    log = server.log.read_text()
    assert "Traceback" not in log, log
    assert CLIENT_SECRET not in log


@pytest.fixture
def sign_in(server, chrome):
    """Open a browser of one's own and sign in."""
    contexts = []

    def sign_in(who):
        context = chrome.new_context(viewport={"width": 1400, "height": 900})
        contexts.append(context)
        page = context.new_page()
        sign_in_at(server.url, page, who)
        expect(button(page, "Train")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


STRANGE = {  # what a page tells somebody of a run, a sweep and a set that are not theirs
    **dict.fromkeys(("compare", "mistakes", "weights", "learn", "draw"), "no trained run yet"),
    "sweep": "There is no sweep",
    "data": "There is no data set",
}
PARTS = Parts(np.zeros((9, 4), np.uint8), (np.arange(9) % 3).astype(np.uint8), (2, 2), 6, ("Ada's a", "b", "c"))

PAGES = ("", "compare", "mistakes", "weights", "learn", "sweep", "data", "draw")


@pytest.mark.parametrize("page_name", PAGES)
def test_nobody_sees_a_page_before_signing_in(server, chrome, page_name):
    store = RunStore(server.database_url)
    run = store.of("somebody").create(RunConfig(hidden=(8,)), name="a secret run")
    token = store.of("somebody").share(run.id)
    store.close()
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/{page_name}?run={run.id}&runs={run.id}&share={token}")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Sign in to train networks")).to_be_visible()
    expect(page.get_by_text("Then open the link again")).to_be_visible()
    assert "a secret run" not in page.content()
    assert page.get_by_test_id("stSidebarNavLink").count() == page.get_by_test_id("stTopNavLink").count() == 0
    expect(page.get_by_role("button")).to_have_text(["Sign in"])
    context.close()


def test_the_way_out_is_no_way_in(server, chrome):
    context = chrome.new_context()
    page = context.new_page()
    for path in ("", "sign-out"):
        page.goto(f"{server.url}/{path}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_role("button")).to_have_text(["Sign in"])
    context.close()


@pytest.mark.parametrize("left", ["", "[auth", "[other]\nx = 1\n"], ids=["nothing", "broken", "without a provider"])
def test_a_server_whose_secrets_go_away_lets_nobody_in(database_url, provider, tmp_path, chrome, left):
    context = chrome.new_context()
    page = context.new_page()
    with SignedServer(database_url, tmp_path, provider) as server:
        sign_in, refused = page.get_by_role("button", name="Sign in"), page.get_by_text("nobody is let in")
        page.goto(server.url)
        expect(sign_in).to_be_visible()
        (server.folder / "secrets.toml").write_text(left)

        def noticed():
            page.goto(f"{server.url}/data")
            expect(sign_in.or_(refused).first).to_be_visible()
            assert page.get_by_role("button", name="Add").count() == 0
            return refused.is_visible()

        wait_for(noticed, "the refusal")
        page.goto(server.url)
        expect(refused).to_be_visible()
        assert page.get_by_role("button", name="Train").count() == 0
    context.close()


def test_secrets_that_were_read_hold_when_their_file_is_gone_before_anybody_came(
    database_url, provider, tmp_path, chrome
):
    context = chrome.new_context()
    page = context.new_page()
    with SignedServer(database_url, tmp_path, provider) as server:
        (server.folder / "secrets.toml").unlink()
        page.goto(server.url)
        expect(
            page.get_by_role("button", name="Sign in").or_(page.get_by_text("nobody is let in")).first
        ).to_be_visible()
        assert page.get_by_role("button", name="Train").count() == 0
    context.close()


def test_two_people_see_their_own_runs_and_what_is_shared_until_it_is_revoked(server, database, sign_in):
    ada, bob = sign_in("ada"), sign_in("bob")
    run = press_train(ada)
    expect(status(ada, "Finished")).to_be_visible(timeout=60_000)
    assert database.get(run).owner.endswith(" ada")

    bob.goto(f"{server.url}/?run={run}")
    expect(bob.get_by_text(f"There is no run '{run}' here.")).to_be_visible()
    plan = SweepPlan(RunConfig(hidden=(4,), epochs=1, subset=1000, validation=1000), {"lr": (0.5, 1.0)})
    theirs = database.of(database.get(run).owner)
    sweep = theirs.create_sweep(plan, first_configs(plan, points(plan)), "Ada's sweep")
    own_set = theirs.add_set(PARTS, "Ada's images")
    for page, says in STRANGE.items():
        bob.goto(f"{server.url}/{page}?run={run}&runs={run}&id={sweep.id}&set={own_set}")
        expect(bob.get_by_test_id("stMain").get_by_text(says, exact=False).first).to_be_visible()
        assert not re.search("Run 1|Ada's", bob.content()), page

    ada.get_by_text("Share", exact=True).click()
    ada.get_by_role("button", name="Make a link").click()
    link = ada.get_by_test_id("stCode").filter(has_text="share=").inner_text().strip()
    bob.goto(link)
    expect(bob.get_by_test_id("stMain").get_by_text("Run 1: 16 of 16 epochs")).to_be_visible()
    expect(bob.get_by_text("Make a link")).to_have_count(0)

    ada.get_by_role("button", name="Revoke").click()
    expect(ada.get_by_role("button", name="Revoke")).to_have_count(0)
    bob.goto(f"{server.url}/?run={run}")
    expect(bob.get_by_text(f"There is no run '{run}' here.")).to_be_visible()
    bob.goto(link)
    expect(bob.get_by_text("This link shares nothing, or no longer.")).to_be_visible()


def test_a_person_signs_out_and_is_asked_again(server, sign_in):
    page = sign_in("ada")
    page.get_by_test_id("stTopNavSection").filter(has_text="Account").click()
    page.get_by_test_id("stTopNavDropdownLink").filter(has_text="Sign out ada").click()
    page.get_by_test_id("stMain").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # of the provider, which then leads back
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{server.url}/weights")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_forged_cookie_is_nobody(server, chrome):
    context = chrome.new_context()
    context.add_cookies([{"name": "_streamlit_user", "value": '{"sub":"ada","is_logged_in":true}', "url": server.url}])
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.close()


def test_a_shared_run_that_waits_has_no_buttons_for_a_visitor(server, database, sign_in):
    ada, bob = sign_in("ada"), sign_in("bob")
    run = press_train(ada)
    expect(status(ada, "Finished")).to_be_visible(timeout=60_000)
    owner = database.get(run).owner
    theirs = database.of(owner).create(RunConfig(hidden=(8,), epochs=2, subset=2000))
    database.wish(theirs.id, "pause")
    token = database.of(owner).share(theirs.id)
    bob.goto(f"{server.url}/?share={token}")
    expect(status(bob, "Paused")).to_be_visible()
    expect(bob.get_by_role("button", name="Resume")).to_have_count(0)
    expect(button(bob, "Train")).to_be_visible()
    go_to(bob, "Compare")
    expect(bob.get_by_text("no trained run yet", exact=False).first).to_be_visible()


def test_a_shared_run_is_seen_after_a_reload_and_in_another_browser_until_it_is_revoked(server, database, sign_in):
    """Revoked while it trains before the visitor's eyes: the open page loses it, too."""
    ada, bob = sign_in("ada"), sign_in("bob")
    ada.goto(f"{server.url}/?hidden=100,100&epochs=1000")
    run = press_train(ada)
    database.await_epoch(run, 60)
    owner = database.get(run).owner
    token = database.of(owner).share(run)
    bob.goto(f"{server.url}/?share={token}")
    expect(status(bob, "Running")).to_be_visible()
    assert "share=" not in bob.url
    bob.reload()
    expect(status(bob, "Running")).to_be_visible()
    elsewhere = sign_in("bob")
    elsewhere.goto(f"{server.url}/?run={run}")
    expect(status(elsewhere, "Running")).to_be_visible()
    eve = sign_in("eve")
    eve.goto(f"{server.url}/?run={run}")
    expect(eve.get_by_text(f"There is no run '{run}' here.")).to_be_visible()

    database.of(owner).revoke(token)
    expect(bob.get_by_text(f"There is no run '{run}' here.")).to_be_visible()
    expect(bob.get_by_test_id("stMetric")).to_have_count(0)
    bob.reload()
    expect(bob.get_by_text(f"There is no run '{run}' here.")).to_be_visible()
    assert database.get(run).status == "running"
    database.wish(run, "stop")


@pytest.mark.parametrize("who", ["More", "Understand", "\u200b\u202e", "**Ada** :material/home: $x$"])
def test_whatever_a_person_is_called_every_page_is_there(server, sign_in, who):
    page = sign_in(who)
    expect(page.get_by_test_id("stTopNavLink").filter(has_text="Train")).to_be_visible()
    for title, shown in (("Learn", "trained run yet"), ("Data", "10,000 test images")):
        go_to(page, title)
        expect(page.get_by_test_id("stMain").get_by_text(shown).first).to_be_visible()
    page.get_by_test_id("stTopNavSection").filter(has_text="Account").click()
    link = page.get_by_test_id("stTopNavDropdownLink").filter(has_text="Sign out")
    called = "" if not who.isprintable() else who
    shown = link.inner_text().replace("\u2060", "")  # which keeps icons from being made
    assert shown.split("\n")[-1].strip() == f"Sign out {called}"[: 9 + 24].strip()
    link.click()
    heading = page.get_by_test_id("stMain").get_by_role("heading").first
    wait_for(lambda: heading.inner_text().replace("\u2060", "") == (called or "You")[:24].strip(), "the person's name")


@pytest.mark.skipif(nginx() is None, reason="nginx is not installed")
def test_a_person_signs_in_and_trains_through_the_proxy_under_its_policy(database_url, provider, tmp_path, chrome):
    port, messages = free_port(), []
    with SignedServer(database_url, tmp_path, provider, front=f"http://127.0.0.1:{port}") as server:
        proxy = Proxy(tmp_path, [server, server], port)
        context = chrome.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()

        def note(message):
            if page.url.startswith(proxy.url):  # the provider's own page asks the network for its looks
                messages.append(f"{message.type}: {message.text}")

        page.on("console", note)
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(f"{proxy.url}/?hidden=8&epochs=2&subset=2000")
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[name=sub]").fill("ada")
        page.get_by_role("button", name="Authorize").click()
        expect(button(page, "Train")).to_be_visible()
        assert page.url.startswith(proxy.url)
        press_train(page)
        expect(status(page, "Finished")).to_be_visible(timeout=60_000)
        context.close()
        proxy.end()
    assert not messages
