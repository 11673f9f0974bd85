"""nginx with docs/nginx.conf before a server that only counts: who sends too many files, or too large ones, is held."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from dashboard.limits import MAX_FILE_BYTES, MIB
from tests.browser.test_two_servers import Proxy
from tests.support import nginx

UPLOAD = "/_stcore/upload_file/session/file"


class Counter(BaseHTTPRequestHandler):
    """Answers everything, files only once they may go."""

    may_go = threading.Event()

    def do_GET(self):
        self.answer(200)

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.may_go.wait(30)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy(tmp_path):
    if nginx() is None:
        pytest.skip("nginx is not installed")
    Counter.may_go.set()
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Counter) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    proxy = Proxy(tmp_path, [SimpleNamespace(port=server.server_port) for server in servers])
    yield proxy
    Counter.may_go.set()
    proxy.end()
    for server in servers:
        server.shutdown()
        server.server_close()


def status(proxy, method, path, length=5):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    connection.putrequest(method, path)
    if method == "PUT":
        connection.putheader("Content-Length", str(length))
    connection.endheaders(b"12345" if method == "PUT" and length == 5 else None)
    got = connection.getresponse().status
    connection.close()
    return got


def test_a_class_may_send_its_files_but_nobody_sends_them_without_end(proxy):
    first = [status(proxy, "PUT", UPLOAD) for _ in range(40)]
    assert set(first) == {204}
    further = [status(proxy, "PUT", UPLOAD) for _ in range(200)]
    assert set(further) == {204, 429}
    assert {status(proxy, "GET", "/_stcore/health") for _ in range(200)} == {200}  # pages go on


def test_ten_files_are_sent_at_once_from_one_address(proxy):
    Counter.may_go.clear()
    with ThreadPoolExecutor(14) as pool:
        answers = [pool.submit(status, proxy, "PUT", UPLOAD) for _ in range(14)]
        refused = [answer for answer in answers if answer_soon(answer) == 429]
        Counter.may_go.set()
        assert len(refused) == 4
        assert sorted(answer.result() for answer in answers) == [204] * 10 + [429] * 4


def answer_soon(answer):
    """Its status, or None while it is held."""
    try:
        return answer.result(timeout=1)
    except TimeoutError:
        return None


def test_a_file_above_the_limit_is_refused_before_it_is_sent(proxy):
    assert status(proxy, "PUT", UPLOAD, MAX_FILE_BYTES + 2 * MIB) == 413
