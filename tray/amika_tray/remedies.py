"""What the button beside a problem does: a pure function of the problem. No Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from amika_shared.snapshot import ProblemLine
from amika_tray.wording import COMMANDS, t

# in backticks, or one of ours up to the end of what it is said in
_COMMAND = re.compile(rf"`([a-z][^`\n]{{1,200}})`|(?:^|[\s:(])(amika (?:{COMMANDS})(?: [\w/=-]+)*)")

_CHOICE = r"(?:accept|restore|adopt|keep|delete)"
_ANSWERS = re.compile(rf"(?:^|[\s:(`])amika sync resolve (\w[\w-]{{0,120}}) ({_CHOICE}(?:\|{_CHOICE})*)(?!\w)")


@dataclass(frozen=True)
class Remedy:
    """A button: its label, and the action and target that a click asks the application for."""

    label: str
    action: str
    target: str = ""


def remedy(problem: ProblemLine) -> Remedy:
    """Return the most helpful thing that one click can do about a problem."""
    command = suggested(problem["remedy"])
    for start, found in (
        ("amika auth login", Remedy(t("Sign in…"), "sign_in", _service(command))),
        ("amika agent restart", Remedy(t("Restart the agent"), "restart_agent")),
        ("amika agent start", Remedy(t("Start the agent"), "start_agent")),
        ("amika resume", Remedy(t("Resume"), "resume")),
        ("amika config", Remedy(t("Open settings"), "open", "settings")),
        ("amika doctor", Remedy(t("Open diagnostics"), "open", "diagnostics")),
    ):
        if command == start or command.startswith(f"{start} "):
            return found
    if command:
        return Remedy(t("Copy command"), "copy_text", command)
    if problem["path"]:
        return Remedy(t("Show file"), "show_file", problem["path"])
    return Remedy(t("Try again"), "sync")


def remedies(problem: ProblemLine) -> list[Remedy]:
    """Return what is offered beside a problem, a button each: every answer to what a rule asks, else one remedy."""
    asked = _ANSWERS.search(problem["remedy"])
    if asked is None:
        return [remedy(problem)]
    labels = {
        "accept": t("Push it"),
        "restore": t("Store ours again"),
        "adopt": t("Keep what is stored"),
        "keep": t("Leave it stored"),
        "delete": t("Delete what is stored…"),
    }
    return [Remedy(labels[choice], "resolve", f"{asked[1]} {choice}") for choice in asked[2].split("|")]


def suggested(text: str) -> str:
    """Return the command that a remedy names, or ""; the first one counts."""
    match = _COMMAND.search(text)
    return "" if match is None else (match[1] or match[2]).strip()


def _service(command: str) -> str:
    word = command.removeprefix("amika auth login").strip().partition(" ")[0]
    return word if word in ("almyty", "akos") else "amika"
