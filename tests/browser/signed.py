"""People who sign in: an OpenID provider and a server that asks it, each a process on loopback."""

import subprocess
import sys
import urllib.request
from contextlib import contextmanager

from tests.browser.server import Server, wait_for
from tests.support import free_port

COOKIE_SECRET, CLIENT_SECRET = "a long text that nobody knows", "secret of the client"


@contextmanager
def running_provider():
    """Its address."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"

    def answers():
        assert process.poll() is None
        try:
            return urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=2).status == 200
        except OSError:
            return False

    wait_for(answers, "the provider's answer")
    yield address
    process.terminate()
    process.wait(10)


class SignedServer(Server):
    """A server whose secrets name the provider; `front` is the address that browsers know, where it is not its own."""

    def __init__(self, url, folder, provider, front=None, **settings):
        super().__init__(url, folder / "server.log", STREAMLIT_SECRETS_FILES=str(folder / "secrets.toml"), **settings)
        self.folder, self.provider, self.front = folder, provider, front

    def healthy(self):
        written = self.folder / "secrets.new"
        written.write_text(
            f'[auth]\nredirect_uri = "{self.front or self.url}/oauth2callback"\ncookie_secret = "{COOKIE_SECRET}"\n'
            f'client_id = "lab"\nclient_secret = "{CLIENT_SECRET}"\n'
            f'server_metadata_url = "{self.provider}/.well-known/openid-configuration"\n'
        )
        written.replace(self.folder / "secrets.toml")  # whole, or not there yet: the server reads it when it likes
        return super().healthy()


def sign_in_at(url, page, who):
    """As a person does."""
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(who)
    page.get_by_role("button", name="Authorize").click()
