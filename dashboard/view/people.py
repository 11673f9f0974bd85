"""Who is looking. On one's own machine nobody in particular; with an [auth] section in the secrets, who signed in."""

import hashlib
import math
import threading
import time
from pathlib import Path

import streamlit as st

from .. import formats
from ..runs.run import Run
from ..runs.store import RunStore, database_url, open_store
from .problems import problems_kept, problems_said

GONE, SHARED = "people.gone", "people.shared"
AGAIN_SECONDS = 1  # after a link was made, before another one is
SHARE = "share"  # the link's parameter
LONGEST = 200  # characters of what a provider calls a person, as the database holds it; of longer ones, a hash
SHOWN = 24  # characters of a person's name in the navigation


_signing_in = threading.Event()  # once people had to: a server whose secrets go away does not let everybody in


def required() -> bool:
    """Whether people have to sign in here. Secrets that are there but can't be read may say so: then, too."""
    if not _signing_in.is_set():
        there = [Path(path) for path in st.get_option("secrets.files") if Path(path).exists()]
        if not st.secrets.load_if_toml_exists():
            return bool(there)
        if not len(st.secrets):  # read while it was being written, perhaps
            return any(path.is_file() and path.stat().st_size for path in there)
        if "auth" in st.secrets:
            _signing_in.set()
    return _signing_in.is_set()


def signed_in() -> bool:
    """Whether who is looking has signed in; not where the secrets do not say how."""
    return bool(st.user.get("is_logged_in", False))


def person() -> str | None:
    """Who signed in, as the provider knows them for good; None where nobody has to."""
    if not required():
        return None
    known_as = f"{st.user.get('iss', '')} {st.user['sub']}"
    return known_as if len(known_as) <= LONGEST else hashlib.sha256(known_as.encode()).hexdigest()


def name() -> str:
    """What the person is called, on one line; empty when nothing of it can be shown."""
    called = st.user.get("name") or st.user.get("email") or st.user["sub"]
    printable = "".join(character if character.isprintable() else " " for character in str(called))
    return " ".join(printable.split())[:SHOWN].strip()


def store() -> RunStore:
    """The run store as this person may see it; StoreError when its database can't be opened."""
    return open_store(database_url()).of(person())


def mine(run: Run) -> bool:
    """Whether the run may be changed by this person."""
    return run.owner == person() or not required()


def admit() -> None:
    """At the beginning of every page: who has to sign in does so here, and sees nothing before."""
    if required():
        if not (st.secrets.load_if_toml_exists() and "auth" in st.secrets):
            st.error("The secrets of this server can't be read, so nobody is let in. Its log says why.",
                     icon=":material/error:")  # fmt: skip
            st.stop()
        if not signed_in():
            _sign_in()
            st.stop()
        _follow_share()


def _sign_in():
    with st.container(horizontal_alignment="center", gap="medium"):
        st.space("large")
        st.header("MLP Lab", anchor=False, width="content")
        st.markdown("Sign in to train networks and to see your runs.", width="content")
        st.button("Sign in", type="primary", on_click=st.login)
        if SHARE in st.query_params:
            st.caption("Then open the link again: it shows the run that was shared with you.", width="content")


def sign_out() -> None:
    """A page of its own, so that it is where the other pages are."""
    admit()
    st.header(formats.plain(name()) or "You", anchor=False)
    st.button("Sign out", on_click=st.logout)


def _follow_share():
    """A link that shares a run is remembered for the person, and becomes the link of that run."""
    token = st.query_params.get(SHARE)
    if token is None:
        if st.session_state.pop(GONE, False):
            st.warning("This link shares nothing, or no longer.", icon=":material/link_off:")
        return
    with problems_said():
        run = store().follow(token)
    if run is None:
        st.session_state[GONE] = True
        st.query_params.clear()
    else:
        st.query_params.from_dict({"run": run})
    st.rerun()


def share(run: Run) -> None:
    """Links by which others may look at the run: made, shown, taken back. Nothing where nobody signs in."""
    if not required() or not mine(run):
        return
    part = st.expander("Share", key="people.share", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption("Who has a link may look at this run: curves, mistakes, weights. They change nothing.")
        here = (st.context.url or "").split("?")[0]
        for token in store().shares(run.id):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.code(f"{here}?{SHARE}={token}", language=None, width="stretch")
                st.button("Revoke", key=f"people.revoke.{token}", on_click=_revoke, args=(token,))
        st.button("Make a link", icon=":material/link:", on_click=_share, args=(run.id,))


def _share(run):
    """A press that the browser tells of twice makes one link: this part is drawn again in between."""
    with problems_kept():
        if time.monotonic() > st.session_state.get(SHARED, -math.inf) + AGAIN_SECONDS:
            store().share(run)
            st.session_state[SHARED] = time.monotonic()


def _revoke(token):
    with problems_kept():
        store().revoke(token)
