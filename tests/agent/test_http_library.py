from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from amika_agent.http import library as http_library
http_library.load()
for name in ("click", "rich", "trio", "anyio", "httpx._main"):
    assert name not in sys.modules, name
import httpx
client = httpx.Client(trust_env=False)
client.close()
assert "trio" not in sys.modules
import anyio  # whoever needs it still gets it
http_library.load()
assert sys.modules["anyio"] is anyio
"""
SELDOM = """
import sys, types
from amika_agent.http import library as http_library
http_library.load()
import httpcore, httpx
assert httpx.URL("http://127.0.0.1:1/").host == "127.0.0.1"
assert "idna" not in sys.modules and "certifi" not in sys.modules
assert httpx.URL("https://b\u00fccher.example/").raw_host == b"xn--bcher-kva.example"
assert httpx.URL("https://xn--bcher-kva.example/").host == "b\u00fccher.example"
try:
    httpx.URL("https://\u2260\u200d.example/")
except httpx.InvalidURL:
    pass
else:
    raise AssertionError("not a name")
httpcore.default_ssl_context()
import certifi, idna
assert type(certifi) is type(idna) is types.ModuleType
"""
FIRST = """
import certifi, idna, sys
from amika_agent.http import library as http_library
http_library.load()
import httpx
assert sys.modules["idna"] is idna and sys.modules["certifi"] is certifi
assert httpx._urlparse.idna is idna
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_httpx_comes_without_command_line_and_event_loops_and_hides_nothing_for_good() -> None:
    run(CODE)


def test_what_is_needed_seldom_comes_when_it_is() -> None:
    run(SELDOM)


def test_what_was_there_before_is_used() -> None:
    run(FIRST)
