"""Writes what packages may ship to start our programs at login, from the same functions that the programs use.

python packaging/startup/render.py
"""

from __future__ import annotations

import os

from amika_shared.startup import AGENT_UNIT, LAUNCH_LABEL, TRAY_ID, desktop_entry, launch_agent, run_key, systemd_unit

FOLDER = os.path.dirname(os.path.abspath(__file__))
BIN = "/opt/amika"


def files() -> dict[str, str]:
    """Return name -> content."""
    tray = [f"{BIN}/amika-tray", "--hidden"]
    agent = [f"{BIN}/amika-agent", "run"]
    windows = [r"C:\Program Files\Amika\amika-tray.exe", "--hidden"]
    return {
        f"{TRAY_ID}.desktop": desktop_entry(tray, comment="Keeps your coding agents' credentials fresh"),
        AGENT_UNIT: systemd_unit(agent, description="Amika agent: keeps coding agents' credentials fresh"),
        f"{LAUNCH_LABEL}.plist": launch_agent(tray, label=LAUNCH_LABEL),
        "dev.amika.agent.plist": launch_agent(agent, label="dev.amika.agent", keep_alive=True),
        "run-key.txt": run_key(windows) + "\n",
    }


if __name__ == "__main__":
    for name, content in files().items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(content)
