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


def test_httpx_comes_without_command_line_and_event_loops_and_hides_nothing_for_good() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
