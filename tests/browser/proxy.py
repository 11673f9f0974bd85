"""nginx before page servers, as a process. Used by tests."""

import subprocess
import urllib.request
from pathlib import Path

from tests.browser.server import ROOT, wait_for
from tests.support import free_port, nginx


class Proxy:
    """nginx with docs/nginx.conf, its ports and folders exchanged for the test's."""

    def __init__(self, folder, servers, port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        text = (ROOT / "docs" / "nginx.conf").read_text()
        ours = {"127.0.0.1:8080": f"127.0.0.1:{self.port}", "/run/": f"{folder}/", "/var/log/": f"{folder}/"}
        ours |= {f"127.0.0.1:850{i}": f"127.0.0.1:{server.port}" for i, server in enumerate(servers, start=1)}
        for theirs, value in ours.items():
            assert theirs in text
            text = text.replace(theirs, value)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi",
                                                                               "uwsgi", "scgi"))  # fmt: skip
        config = Path(folder) / "nginx.conf"
        config.write_text(text.replace("http {", f"http {{\n{temporary}", 1))
        self.log = folder / "mlp-lab-nginx.log"
        command = [nginx(), "-c", config, "-e", self.log, "-g", "daemon off;"]
        self.process = subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL)
        wait_for(self.answers, "an answer of nginx")

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/_stcore/health").status == 200
        except OSError:
            return False

    def get(self, path, **headers):
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=5)

    def end(self):
        self.process.terminate()
        self.process.wait(10)
