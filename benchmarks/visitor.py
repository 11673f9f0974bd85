"""A visitor of a running server without a browser: speaks Streamlit's websocket, one task of asyncio each.

Does what the page in a browser does: opens a page, reads what the script sends until it has finished, asks for each
part that renews itself at its interval, presses buttons. Draws nothing, so a hundred of them fit beside the server.
"""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette import starlette_app_utils
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from websockets.asyncio.client import connect

PATIENCE = 60  # seconds, before a script that does not finish fails
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@dataclass
class Look:
    """One run of a page's script, or of a part of it."""

    began: float
    seconds: float
    part: bool
    messages: int
    bytes: int


class Visitor:
    """One session, open on a page; `looks` are the script's runs so far."""

    def __init__(self, socket, url):
        self._socket, self._url = socket, url
        self.looks: list[Look] = []
        self.buttons: dict[str, str] = {}  # id by label
        self.texts: list[str] = []  # of errors
        self._page, self._query = "", ""
        self._every: dict[str, tuple[float, float]] = {}  # part -> (interval, when it is due)

    async def open(self, page: str = "", query: str = "") -> Look:
        """Go to a page by its name in the address, and read it to its end."""
        self._every, self._page, self._query = {}, "", query
        return await self._run(page_name=page)

    async def press(self, label: str) -> Look:
        """Press the button, and read what follows to its end."""
        return await self._run(pressed=self.buttons[label])

    async def watch(self, seconds: float) -> None:
        """Stay, and have each part of the page renewed at its interval."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            part, (interval, due) = min(self._every.items(), key=lambda item: item[1][1], default=("", (0, until)))
            await asyncio.sleep(max(0, min(due, until) - time.perf_counter()))
            if due < until:
                self._every[part] = (interval, max(due, time.perf_counter()) + interval)
                await self._run(part=part)

    async def _run(self, *, page_name="", pressed=None, part=""):
        said = BackMsg()
        state = said.rerun_script
        state.query_string, state.page_name, state.page_script_hash = self._query, page_name, self._page
        state.fragment_id, state.is_auto_rerun = part, bool(part)
        state.context_info.url, state.context_info.timezone = self._url, "UTC"
        if pressed:
            state.widget_states.widgets.add(id=pressed).trigger_value = True
        began = time.perf_counter()
        await self._socket.send(said.SerializeToString())
        messages = size = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                data = await self._socket.recv()
                messages, size = messages + 1, size + len(data)
                if self._heard(ForwardMsg.FromString(data)):
                    break
        look = Look(began, time.perf_counter() - began, bool(part), messages, size)
        self.looks.append(look)
        return look

    def _heard(self, message):
        """Take in a message; whether the script has finished."""
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._page, self._every, self.buttons = message.new_session.page_script_hash, {}, {}
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._every[message.auto_rerun.fragment_id] = (interval, time.perf_counter() + interval)
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._drawn(message.delta.new_element)
        return kind == "script_finished" and message.script_finished != EARLY

    def _drawn(self, element):
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "exception":
            self.texts.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert":
            self.texts.append(element.alert.body)


@asynccontextmanager
async def visit(url: str, cookies: str = "", token: str = ""):
    """A session of its own on the server at `url`."""
    headers = {"Cookie": cookies} if cookies else {}
    protocols = ["streamlit", token] if token else ["streamlit"]
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        address, origin=url, additional_headers=headers, subprotocols=protocols, max_size=None, open_timeout=PATIENCE
    ) as socket:
        yield Visitor(socket, url)


def signed_in(url: str, secret: str, who: str) -> dict[str, str]:
    """What `visit` needs to come as `who`, to a server whose cookies are signed with `secret`."""
    told = {"origin": url, "is_logged_in": True, "iss": "https://provider.example.org", "sub": who, "name": who}
    user = starlette_app_utils.create_signed_value(secret, USER_COOKIE_NAME, json.dumps(told)).decode()
    token = starlette_app_utils.generate_xsrf_token_string()
    return {"cookies": f"{USER_COOKIE_NAME}={user}; {XSRF_COOKIE_NAME}={token}", "token": token}
