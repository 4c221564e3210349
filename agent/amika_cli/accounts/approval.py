"""What a person has to do to approve a sign-in, told on stderr; with `--local --yes` it is done for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from amika_cli.programs import has_display
from amika_cli.render import clean, note, span
from amika_cli.terminal.browser import opened

if TYPE_CHECKING:
    from amika_cli.context import Context


class Approval:
    """Handles the events of one sign-in; `choose` answers which organization.

    context   of the command; `--yes` approves at the local workspace and nowhere else
    say       tells the person one line
    """

    def __init__(self, context: Context, say: Callable[[str], None] = note) -> None:
        self._context = context
        self._say = say

    def show(self, event: Mapping[str, Any]) -> None:
        """Tell what one event asks of the person."""
        if event.get("event") == "code":
            self._code(event)
        elif event.get("event") == "waiting" and event.get("message"):
            self._say(str(event["message"]))

    def choose(self, organizations: list[dict[str, str]]) -> str | None:
        """Return the id of the organization that the person chooses.

        Raises:
            UsageError: nobody can be asked.

        """
        labels = [f"{clean(one['name'])} ({clean(one['id'])})" for one in organizations]
        otherwise = f"Sign in first and name it: {self._context.command('auth login --org NAME')}"
        return organizations[self._context.prompts.choose("Which organization?", labels, otherwise=otherwise)]["id"]

    def _code(self, event: Mapping[str, Any]) -> None:
        code = str(event.get("user_code", ""))
        if self._by_itself():
            from amika_agent.workspace.launch import decide

            self._say("Approving the sign-in at the local workspace (--yes).")
            decide(self._context.profile.workspace_dir, code, approve=True, clock=self._context.clock)
            return
        page = str(event.get("verification_uri_complete") or event.get("verification_uri") or "")
        left = max(0.0, float(event.get("expires_at") or 0.0) - self._context.clock.now())
        self._say(f"Waiting for your approval. Open  {page}")
        self._say(f"and check the code  {code}  (it is valid for {span(left)}).")
        if self._context.args.local:
            self._say(f"Or, from a terminal:  amika workspace approve {code}")
        elif self._context.args.has("yes"):
            self._say("--yes approves at the local workspace only; approve this one yourself.")
        if not event.get("joined") and (has_display(self._context.env) or self._context.env.get("BROWSER")):
            threading.Thread(target=_open, args=(page, self._say), name="browser", daemon=True).start()

    def _by_itself(self) -> bool:
        return self._context.args.local and self._context.args.has("yes")


def _open(page: str, say: Callable[[str], None]) -> None:
    if not opened(page):
        say("No browser could be opened; open the page yourself, on any device.")
