"""What a link may bring up of what is somebody else's: nothing that its name does not tell."""

from streamlit.testing.v1 import AppTest

from dashboard import datasets
from dashboard.view import people
from tests.dashboard.runs.test_owned import parts


def follow(url):
    """A page that only follows the link, as Bob."""
    import streamlit as st

    from dashboard.runs.store import open_store
    from dashboard.view import controls

    controls.follow_link(open_store(url).of("bob"))
    for problem in controls.problems_of_link():
        st.warning(problem)


def test_a_link_to_a_stranger_s_set_does_not_tell_its_title(store):
    name = store.of("ada").add_set(parts(), "secret")
    assert datasets.about(name).title == "secret"  # known in this process, which serves both
    app = AppTest.from_function(follow, args=(str(store.url),))
    app.query_params["dataset"], app.query_params["batch"] = name, "4"
    app.run()
    assert not app.exception
    assert [warning.value for warning in app.warning] == [
        "Own images, 4 x 3: this data set is not in the database here."
    ]


def test_two_people_whose_long_names_begin_alike_are_two(monkeypatch):
    monkeypatch.setattr(people, "required", lambda: True)

    def known_as(subject):
        monkeypatch.setattr(people.st, "user", {"iss": "https://id.example.org", "sub": subject})
        return people.person()

    assert known_as("7") == "https://id.example.org 7"
    ada, bob = (known_as(f"{'ou=people,' * 25}cn={name}") for name in ("ada", "bob"))
    assert ada != bob
    assert max(len(ada), len(bob)) <= people.LONGEST
