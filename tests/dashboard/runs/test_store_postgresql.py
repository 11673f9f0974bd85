"""What a PostgreSQL server may do to the store: be away, refuse, be crowded, be used by many at once."""

import subprocess
import sys
import threading

import pytest
from sqlalchemy import create_engine, make_url, text

from dashboard.runs import database
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, StoreError
from tests.postgres import PASSWORD, Postgres

OPEN_AND_CREATE = (
    "import sys; from dashboard.runs.store import RunStore; from dashboard.runs.config import RunConfig\n"
    "sys.stdin.readline(); store = RunStore(sys.argv[1])\n"
    "for _ in range(10): store.create(RunConfig())"
)


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()


@pytest.fixture
def own_server(postgres):
    """A server that a test may stop. (It asks for the shared one first, to be skipped where there is none.)"""
    server = Postgres().start()
    yield server
    server.remove()


def changed(url, **parts):
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_four_processes_make_the_tables_once_and_number_runs_without_collision(database_url):
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN_AND_CREATE, database_url], stdin=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:  # all are up: now they open the empty database at once
        process.stdin.write("go\n")
        process.stdin.close()
    assert [process.wait() for process in processes] == [0] * 4
    store = RunStore(database_url)
    assert sorted(run.number for run in store.latest(100)) == list(range(1, 41))
    store.close()


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"password": "hunter2 wrong"}, "refuses this user or password"),
        ({"password": ""}, "refuses this user or password"),
        ({"username": "nobody"}, "refuses this user or password"),
        ({"database": "nowhere"}, "The database nowhere at .* does not exist on its server"),
        ({"port": 1}, "at 127.0.0.1:1 does not answer"),
        ({"host": "nowhere.invalid"}, "at nowhere.invalid:.* does not answer"),
        ({"drivername": "postgresql+pg8000"}, "The database's driver pg8000 must be installed"),
        ({"drivername": "postgres+nonsense"}, "must be one that SQLAlchemy knows"),
    ],
)
def test_a_server_that_can_not_be_used_is_said_without_the_password(database_url, parts, sentence):
    with pytest.raises(StoreError, match=sentence) as refused:
        RunStore(changed(database_url, **parts))
    for secret in (PASSWORD, "hunter2", "secret"):
        assert secret not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("password", ["p@ss:word7", "pa@ss7", "7pa/ss@x", "a:b7"])
def test_a_password_that_was_not_encoded_is_not_shown_in_parts(password):
    with pytest.raises(StoreError) as refused:
        RunStore(f"postgresql+psycopg://lab:{password}@127.0.0.1:1/lab")
    assert "7" not in str(refused.value).replace("127.0.0.1", "")
    assert "ss" not in str(refused.value).replace("password", "").replace("address", "")


def test_the_url_keeps_its_password_to_itself_where_it_is_printed(store):
    assert PASSWORD not in repr((store.url, {"url": store.url}))
    assert make_url(store.url).password == PASSWORD


def test_a_database_of_another_program_is_left_as_it_is(database_url):
    engine = create_engine(database_url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE recipes (name TEXT)"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"holds other tables \(recipes\)"):
        RunStore(database_url)


def test_a_store_outlives_a_restart_of_its_server_and_a_writer_waits_for_it(own_server):
    store = RunStore(own_server.new_database())
    run = store.create(RunConfig())
    own_server.stop()
    with pytest.raises(StoreError, match=r"does not answer\. Start its server"):
        store.get(run.id)
    written = threading.Thread(target=store.rename, args=(run.id, "patient"))
    written.start()
    own_server.start()
    written.join()
    assert store.get(run.id).name == "patient"
    store.close()


def test_a_writer_does_not_wait_for_ever(own_server, monkeypatch):
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.5)
    store = RunStore(own_server.new_database())
    own_server.stop()
    with pytest.raises(StoreError, match="does not answer"):
        store.create(RunConfig())
    store.close()
    own_server.start()


def test_a_deadlock_that_the_server_breaks_is_tried_again(store):
    first, second = store.create(RunConfig()), store.create(RunConfig())
    tries, met = {"a": 0, "b": 0}, threading.Barrier(2)

    def cross(name, ids):
        def work(db):
            tries[name] += 1
            for place, run in enumerate(ids):
                db.execute(text("UPDATE runs SET note = :name WHERE id = :run"), {"name": name, "run": run})
                if place == 0 and tries[name] == 1:
                    met.wait()

        store._write(work)

    ids = [first.id, second.id]
    threads = [threading.Thread(target=cross, args=("a", ids)), threading.Thread(target=cross, args=("b", ids[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tries.values()) == [1, 2]
    assert store.get(first.id).note == store.get(second.id).note != ""


def test_a_wish_is_not_lost_while_a_trainer_takes_the_run_up(store):
    """The trainer's update waits for nobody; the wish must see the status that it leaves."""
    run = store.create(RunConfig())
    engine = create_engine(store.url)
    with engine.begin() as trainer:
        trainer.execute(text("UPDATE runs SET status = 'running', attempt = 1 WHERE id = :run"), {"run": run.id})
        wishing = threading.Thread(target=store.wish, args=(run.id, "stop"))
        wishing.start()
        wishing.join(0.3)
        assert wishing.is_alive()  # it waits for the row
    wishing.join()
    engine.dispose()
    assert (store.get(run.id).status, store.get(run.id).wish) == ("running", "stop")


def test_a_text_that_postgresql_can_not_keep_is_said(store):
    run = store.create(RunConfig())
    with pytest.raises(StoreError, match="could not be used: PostgreSQL text fields cannot contain NUL"):
        store.get(f"{run.id}\0")
    store.annotate(run.id, "a\0b")  # notes are kept without what is not printable
    assert store.get(run.id).note == "ab"
