"""`secrets set` and `secrets list`: the vault through the running agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amika_local.errors import Failed
from amika_shared.client import AgentError

if TYPE_CHECKING:
    from amika_cli.context import Context


def ask(context: Context, op: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the agent's answer.

    Raises:
        Failed: no agent runs, or not one for these folders; names the command that starts it and the one that works
            without.
        AmikaError: what the agent refused.

    """
    from amika_cli.context import as_error

    client = require_agent(context)
    try:
        answer: dict[str, Any] = client.call(op, arguments)
    except AgentError as error:
        raise as_error(error) from None
    return answer


def require_agent(context: Context) -> Any:  # noqa: ANN401 -- an AgentClient
    """Return the connection to the agent. Raises Failed, see `ask`."""
    if context.agent is not None:
        return context.agent
    running = context.reached.code not in ("not_running", "")
    start = context.command("agent restart" if running else "agent start")
    without = context.command(f"vault {'put' if context.args.command.endswith('set') else 'list'}")
    raise Failed(
        f"{context.reached.reason or 'no agent is running'}; `amika {context.args.command}` goes through it",
        remedy=f"Start it: {start}. `{without}` does the same without an agent.",
    )
