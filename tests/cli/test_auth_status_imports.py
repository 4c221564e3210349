"""`auth status` runs in shell prompts: what it loads is fixed."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from tests.fakes.session_files import go_session, write_session

HEAVY = {
    "dataclasses",
    "typing",
    "argparse",
    "platformdirs",
    "asyncio",
    "re",
    "httpx",
    "json",
    "hashlib",
    "inspect",
    "enum",
}

SCRIPT = """
import sys
from amika_cli.main import main
code = main(sys.argv[1:])
print("\\n" + " ".join(sys.modules))
sys.exit(code)
"""


def loaded(*argv: str) -> tuple[int, set[str]]:
    # -S: the virtual environment's own start-up files load what they like
    paths = [path for path in sys.path if path]
    script = f"import sys; sys.path[:0] = {paths!r}\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, *argv], capture_output=True, text=True, check=False
    )
    return done.returncode, set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "argv", [["auth", "status"], ["auth", "status", "-o", "json"], ["whoami"], ["whoami", "--json"]]
)
@pytest.mark.parametrize("present", [True, False])
def test_nothing_heavy_is_loaded(home, tmp_path, monkeypatch, argv, present):
    monkeypatch.setenv("AMIKA_STATE_DIRECTORY", str(tmp_path))
    if present:
        write_session(tmp_path, go_session(iat=time.time()))
    code, modules = loaded(*argv)
    assert code == (0 if present else 3)
    assert modules & HEAVY == set()
    assert not any(name.startswith(("amika_agent", "amika_shared")) for name in modules)


def test_notes_of_a_rejected_token_cost_only_the_hash(home, tmp_path, monkeypatch):
    monkeypatch.setenv("AMIKA_STATE_DIRECTORY", str(tmp_path))
    write_session(tmp_path, go_session(iat=time.time()))
    (tmp_path / ".session.meta").write_text(json.dumps({"rejected": "0" * 64}))
    code, modules = loaded("auth", "status")
    assert code == 0
    assert modules & (HEAVY - {"hashlib"}) == set()


def test_other_services_cost_a_look_at_their_files(home, tmp_path, monkeypatch):
    monkeypatch.setenv("AMIKA_STATE_DIRECTORY", str(tmp_path))
    (home / ".almyty").mkdir(mode=0o700)
    almyty = {"url": "https://api.example.test", "token": "almyty_fake_token", "expiresAt": "2099-01-01T00:00:00Z"}
    (home / ".almyty" / "credentials.json").write_text(json.dumps(almyty))
    akos = home / ".local" / "share" / "amika-desktop" / "default"
    akos.mkdir(parents=True)
    session = {"access_token": "fake", "refresh_token": "fake", "user_id": "user_1", "tenant_id": "tenant_1"}
    (akos / "akos-session.json").write_text(json.dumps(session))
    for argv in (["auth", "status"], ["whoami", "almyty"], ["whoami", "akos"]):
        code, modules = loaded(*argv)
        assert code == 0
        assert modules & HEAVY == set()
        assert not any(name.startswith(("amika_agent", "amika_shared")) for name in modules)
