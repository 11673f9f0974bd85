"""requirements.lock is what requirements*.txt ask for, each file with its hash."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKED = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M))


def asked():
    for name in ("requirements.txt", "requirements-postgres.txt", "requirements-optuna.txt", "requirements-auth.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and line[0] not in "#-":
                yield Requirement(line.split(" #")[0])


@pytest.mark.parametrize("requirement", list(asked()), ids=lambda requirement: requirement.name)
def test_what_is_asked_for_is_locked_to_a_version_that_will_do(requirement):
    assert requirement.specifier.contains(LOCKED[requirement.name.lower()])


def test_what_signing_in_needs_is_locked_too():
    """Extras are not in the name of a requirement: [auth] asks for these."""
    wanted = [Requirement(each) for each in requires("streamlit") or [] if "auth" in each.partition(";")[2]]
    assert {"authlib", "httpx"} <= {each.name.lower() for each in wanted}
    for requirement in wanted:
        assert requirement.specifier.contains(LOCKED[requirement.name.lower()])
    assert {"cryptography", "joserfc"} <= LOCKED.keys()


def test_every_locked_package_has_a_hash():
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    packages = [block for block in blocks if not block.startswith("#")]
    assert len(packages) > 40
    assert all("--hash=sha256:" in block for block in packages)
