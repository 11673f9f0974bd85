"""What the page server itself refuses: files above the limit, before they are kept; and to tell of its inside."""

import http.client
import sqlite3
import tomllib
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette import starlette_app_utils
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.limits import MAX_FILE_BYTES
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from tests.browser.server import ROOT, Server, wait_for
from tests.browser.train_page import press_train, status

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
MAX_MESSAGE_BYTES = CONFIG["server"]["maxMessageSize"] * 10**6
HEAD = b'--x\r\nContent-Disposition: form-data; name="a.npz"; filename="a.npz"\r\n\r\n'
TAIL = b"PK no\r\n--x--\r\n"


@contextmanager
def session_of(url):
    """The id of a page that nobody has signed in to: all that is needed to send files."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, origin=url, subprotocols=["streamlit"], max_size=None) as socket:
        yield ask(socket)


def ask(socket, size=None):
    """The id of the session that answers a page's first message, of `size` bytes by a field that nobody reads."""
    said = BackMsg()
    said.rerun_script.query_string = ""
    plain = said.SerializeToString()
    if size:
        head = b"\xc2\x3e" + encode_varint(size - len(plain) - 6)  # field 1000, so many bytes
        plain += head + bytes(size - len(plain) - len(head))
    socket.send(plain)
    heard = ForwardMsg()
    while not heard.HasField("new_session"):
        heard = ForwardMsg.FromString(socket.recv(timeout=60))
    return heard.new_session.initialize.session_id


def encode_varint(number):
    """As protobuf writes lengths: seven bits a byte, the low ones first."""
    coded = bytearray()
    while number > 127:
        coded.append(number & 127 | 128)
        number >>= 7
    return bytes([*coded, number])


def put(server, session, length, pieces):
    """The status that answers a file of `pieces`, said to have `length` bytes, or none."""
    token = starlette_app_utils.generate_xsrf_token_string()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("PUT", f"/_stcore/upload_file/{session}/file")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Cookie", f"{XSRF_COOKIE_NAME}={token}")
    connection.putheader("X-Xsrftoken", token)
    connection.putheader(*(("Content-Length", str(length)) if length else ("Transfer-Encoding", "chunked")))
    connection.endheaders()
    try:
        for piece in pieces:
            connection.send(piece if length else b"%x\r\n%s\r\n" % (len(piece), piece))
        if not length:
            connection.send(b"0\r\n\r\n")
    except ConnectionError:
        pass  # it has answered already
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_file_above_the_limit_is_refused_with_413_whatever_it_says_of_its_length(database_url, tmp_path):
    with Server(database_url, tmp_path / "server.log") as server, session_of(server.url) as session:
        assert put(server, session, len(HEAD + TAIL), [HEAD, TAIL]) == 204
        assert put(server, "nobody", len(HEAD + TAIL), [HEAD, TAIL]) == 400
        assert put(server, session, MAX_FILE_BYTES + 1, []) == 413
        before = server.family()[0].memory_info().rss
        piece = bytes(2**20)
        assert put(server, session, None, [HEAD] + [piece] * (MAX_FILE_BYTES // len(piece) + 2)) == 413
        assert server.family()[0].memory_info().rss - before < 2 * MAX_FILE_BYTES


def test_a_message_above_the_limit_ends_its_connection_and_no_other(server, open_page):
    page = open_page(server.url)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    for size in (MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1):
        with connect(address, origin=server.url, subprotocols=["streamlit"], max_size=None) as socket:
            if size <= MAX_MESSAGE_BYTES:
                assert ask(socket, size)
            else:
                with pytest.raises(ConnectionClosed):
                    ask(socket, size)
    press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)


def test_a_server_and_all_that_it_starts_listen_on_this_machine_alone(database_url, tmp_path, open_page):
    with Server(database_url, tmp_path / "server.log") as server:
        page = open_page(f"{server.url}/?hidden=16&epochs=1")
        press_train(page)
        expect(status(page, "Finished")).to_be_visible()
        family = server.family()
        listening = {
            connection.laddr
            for process in family
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        page.close()
    assert len(family) >= 4  # the server, its scheduler, two workers at least
    assert len(listening) >= 4
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_a_fault_tells_nothing_of_the_inside(database_url, tmp_path, open_page):
    """A row that no version of the app writes, put there by hand."""
    with Server(database_url, tmp_path / "server.log") as server:
        store = RunStore(database_url)
        store.create(RunConfig(), status="finished")
        store.close()
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as db:
            db.execute("""UPDATE runs SET config = '{"nonsense": 1}'""")
        page = open_page(server.url)
        expect(page.get_by_test_id("stException").first).to_be_visible()
        said = page.content()
        for word in ("nonsense", "TypeError", "Traceback", "RunConfig", ".py", str(tmp_path), "/dashboard"):
            assert word not in said, word
        wait_for(lambda: "nonsense" in server.log.read_text(), "the fault in the log")
        page.close()
