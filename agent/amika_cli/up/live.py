"""`amika up`: the agent, the menu-bar application and a live view, until it is interrupted."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from amika_agent import process
from amika_cli.accounts.approval import Approval
from amika_cli.context import as_error
from amika_cli.homedir import homedir
from amika_cli.programs import has_display, tray_command
from amika_cli.render import encoded, note, terminal_width
from amika_cli.terminal.interruption import undisturbed
from amika_cli.up.live_text import changes, summary
from amika_cli.up.once import suggestions
from amika_local.errors import AmikaError, Failed
from amika_shared.client import AgentClient, AgentError, reach
from amika_shared.snapshot import Snapshot, empty_snapshot, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_cli.context import Context

TRAY_END = 5.0


def live(context: Context) -> int:
    """Start what does not run yet, sign in, show what happens; on the way out stop what was started here.

    Raises:
        KeyboardInterrupt: how it normally ends.
        Failed: the agent does not start, or ended by itself.

    """
    with contextlib.ExitStack() as stack:
        _start_agent(context, stack)
        tray = _start_tray(context, stack)
        view = View(context, _connected(context))
        stack.callback(view.close)
        view.start()
        if tray is not None:
            tray.tell(view.say, context.command("tray"))
        if not view.signed_in():
            _sign_in(context, view)
        view.wait()
    raise Failed("the agent ended", remedy=f"Its log says why: {context.command('agent logs')}")


def _start_agent(context: Context, stack: contextlib.ExitStack) -> None:
    args = context.args
    home = homedir(args)
    started = process.start(local=args.local, homedir=home)
    if started.already:
        note(f"The agent runs already (pid {started.pid}) and goes on when this ends.")
        return
    note(f"Started the agent (pid {started.pid}).")
    stack.callback(_stop_agent, local=args.local, homedir=home)


def _stop_agent(*, local: bool, homedir: str | None) -> None:
    with undisturbed():
        process.stop(local=local, homedir=homedir)
        note("Stopped the agent.")


def _start_tray(context: Context, stack: contextlib.ExitStack) -> Tray | None:
    command = tray_command(local=context.args.local)
    if context.args.has("no-tray"):
        return None
    if command is None or not has_display(context.env):
        why = "there is no screen here" if command else "it is not installed"
        note(f"The menu-bar application is not started: {why}. Everything else works without it.")
        return None
    tray = Tray(command)
    note("Started the menu-bar application.")
    stack.callback(tray.stop)
    return tray


class Tray:
    """The menu-bar application as a child of ours; one that runs already is shown by it, and the child ends with 0."""

    def __init__(self, command: list[str]) -> None:
        quiet = subprocess.DEVNULL
        self._child = subprocess.Popen(  # noqa: S603 -- a fixed program of ours
            command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
        self._wanted = threading.Event()

    def tell(self, say: Callable[[str], None], command: str) -> None:
        """From now on say when it ends with an error, and what shows the reason."""
        threading.Thread(target=self._watch, args=(say, command), name="tray", daemon=True).start()

    def _watch(self, say: Callable[[str], None], command: str) -> None:
        if self._child.wait() and not self._wanted.is_set():
            say(f"The menu-bar application has ended; this shows why: {command}. Everything else works without it.")

    def stop(self) -> None:
        """End it; a stubborn one is killed."""
        self._wanted.set()
        with undisturbed():
            self._child.terminate()
            try:
                self._child.wait(TRAY_END)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()


def _connected(context: Context) -> AgentClient:
    found = reach(context.profile, env=context.env, timeout=5.0)
    if found.client is None:
        remedy = f"Stop it first: {context.command('agent stop')}"
        raise Failed(f"the running agent cannot be used: {found.reason}", remedy=remedy)
    return found.client


def _sign_in(context: Context, view: View) -> None:
    """Follow the sign-in at the agent; a failed one is said, and the rest goes on without an account."""
    approval = Approval(context, view.say)
    try:
        with _connected(context) as client:
            for event in client.stream("sign_in"):
                approval.show(event)
                if event.get("event") == "choose_organization":
                    _choose(context, approval, event)
        context.nudge()
    except (AgentError, AmikaError) as error:
        told = as_error(error) if isinstance(error, AgentError) else error
        view.say(f"Not signed in: {told.message}. {told.remedy}".strip())
        view.say(f"The rest goes on without an account. To sign in later: {context.command('auth login')}")


def _choose(context: Context, approval: Approval, event: dict[str, Any]) -> None:
    chosen = approval.choose(event["organizations"])
    with _connected(context) as client:
        client.call("choose_organization", {"id": chosen})


class View:
    """Prints what changes, from a thread of its own, so that a question can be asked meanwhile."""

    def __init__(self, context: Context, client: AgentClient) -> None:
        self._context = context
        self._client = client
        self._present: Snapshot = empty_snapshot()
        self._first = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live view", daemon=True)
        self._sticky = sys.stdout.isatty() and context.args.output == "text"
        self._suggested = False
        self._writing = threading.Lock()

    def start(self) -> None:
        """Begin; return when the first snapshot is there."""
        self._thread.start()
        self._first.wait(10.0)

    def signed_in(self) -> bool:
        """Tell whether anybody is signed in."""
        return any(account["signed_in"] for account in self._present["accounts"])

    def wait(self) -> None:
        """Return when the agent has ended; a signal interrupts it."""
        # without a time limit a signal would not be seen on some systems
        while not self._over.wait(3600.0):
            pass

    def say(self, line: str) -> None:
        """Tell the person one line; the line at the bottom makes room for it."""
        with self._writing:
            self._erase()
            note(line)
            self._stick()

    def close(self) -> None:
        """End the view."""
        self._client.close()
        self._thread.join(2.0)
        self._erase()

    def _follow(self) -> None:
        try:
            for item in self._client.stream("watch"):
                self._show(read_snapshot(item))
                self._first.set()
        except AgentError:
            pass
        finally:
            self._first.set()
            self._over.set()

    def _show(self, snapshot: Snapshot) -> None:
        before, self._present = self._present, snapshot
        if self._context.args.output != "text":
            print(encoded(snapshot, "json"), flush=True)
            return
        now = self._context.clock.now()
        lines = changes(before, snapshot, now, self._context.short)
        if snapshot["state"] in ("in_sync", "attention") and not self._suggested:
            self._suggested = True
            lines += suggestions(self._context, snapshot)
        with self._writing:
            self._erase()
            for line in lines:
                print(f"{_stamp(now)}  {self._context.typed(line)}")
            self._stick()

    def _erase(self) -> None:
        if self._sticky:
            print("\r\x1b[K", end="", flush=True)

    def _stick(self) -> None:
        if self._sticky:
            text = f"{summary(self._present)} · Ctrl-C stops"
            print(text[: (terminal_width() or 80) - 1], end="")
        sys.stdout.flush()


def _stamp(now: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(now, UTC).astimezone().strftime("%H:%M:%S")
