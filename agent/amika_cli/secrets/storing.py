"""The part that `secret push` and `secret extract --push` share: preview, question, storing, report."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from amika_cli.children import project
from amika_cli.files import read_given
from amika_cli.render import emit, note, show, table, terminal_width
from amika_cli.rules.pausing import refuse_while_paused
from amika_cli.secrets import bulk, dotenv
from amika_cli.secrets.counting import counted
from amika_cli.terminal.terminal_input import unseen
from amika_local.errors import AmikaError, Failed, NotSignedIn, UsageError
from amika_shared.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.stores.amika_api import GenericSecret
    from amika_cli.context import Context


def scope_of(context: Context) -> str:
    """Return the scope that the flags choose: "user" or "org"."""
    return context.args.get("scope", "user")


def given_items(context: Context) -> list[bulk.Item]:
    """Return what the flags and arguments of `secret push` give: file < arguments < environment.

    Raises:
        UsageError: nothing was given, or something that is no pair, no variable, no readable file; a name that is
            most likely a value.

    """
    args = context.args
    layers: list[list[bulk.Item]] = []
    if args.has("from-file"):
        data, name = read_given(args.get("from-file"))
        layers.append([bulk.Item(key, value, name) for key, value in dotenv.parse(data, name).items()])
    with unseen(typed=True):  # several may be asked for in a row, and typed ahead
        layers.append([_of_word(context, word, number) for number, word in enumerate(args.words, 1)])
    layers += [bulk.from_environment(names, context.env) for names in args.all("from-env")]
    items = bulk.gathered(*layers)
    if not items:
        raise UsageError("there is nothing to store", remedy="Pass KEY=VALUE, --from-env A,B or --from-file PATH.")
    for item in items:
        if _is_value(item.name):
            # not quoted; names are listed, and everybody of an organization sees them
            remedy = "Write NAME=VALUE; a name is shown wherever secrets are listed. Nothing was stored."
            raise UsageError(f"a name ({item.origin}) looks like the value of a secret", remedy=remedy)
    return items


def _is_value(name: str) -> bool:
    # `npm_config` begins as a token does, too: a token is long and has digits
    return len(name) >= 20 and any(character.isdigit() for character in name) and redact(name) != name


def _of_word(context: Context, word: str, number: int) -> bulk.Item:
    # a name alone is asked for; anything that may be a value typed by mistake is not repeated on the screen
    if context.prompts.interactive and project.is_variable(word) and redact(word) == word:
        answer = context.prompts.secret(f"Value of {word}", otherwise="")
        if not answer.reveal().strip():
            raise UsageError(f"what you typed for {word} is blank", remedy="Nothing was stored.")
        return bulk.Item(word, answer, "typed")
    return bulk.Item(*dotenv.pair(word, number), "argument")


def store_items(context: Context, items: Sequence[bulk.Item], scope: str) -> int:
    """Show what will be stored, ask, store it, say what was done and what was not. Return the exit code.

    Raises:
        UsageError: nobody can be asked and there is no --yes.
        NotSignedIn, Unreachable: before anything was sent.
        Failed: something was not stored; running it again finishes.

    """
    _announce(context, items, scope)
    refuse_while_paused(context)
    listing = context.api.list_generic()
    planned = bulk.steps(items, listing, scope)
    if not agreed(context, planned, listing):
        return 0
    with counted(context.api, len(planned)):
        progress = bulk.store(context.api, planned)
    for step in progress.done:
        context.diary.note(bulk.DID[step.action], f"{step.item.name} ({scope})", f"from {step.item.origin}",
                           account=context.email)  # fmt: skip
    emit(context.args, bulk.as_json(progress), _report(progress))
    _warn_of_missing(listing, planned)
    if progress.interrupted:
        raise KeyboardInterrupt
    if progress.left:
        raise _incomplete(progress)
    return 0


def _announce(context: Context, items: Sequence[bulk.Item], scope: str) -> None:
    if any(item.origin == "argument" for item in items):
        note(
            "warning: a value on the command line is visible to other programs and stays in the shell's history; "
            "--from-env and --from-file keep it out of both."
        )
    for item in items:
        if item.name.startswith("export "):
            note(f"warning: the name is {item.name!r}, with the word export in it; remove the word from the file.")
        elif not project.is_variable(item.name):
            use = context.command(f"sandbox create --remote --secret env:VARIABLE={shlex.quote(item.name)}")
            note(f"{item.name!r} is no name of a variable; a sandbox needs one for it: {use}")
    if scope == "org":
        note("Scope org: every member of the organization can use these secrets.")
    _ = context.account


def agreed(context: Context, planned: Sequence[bulk.Step], listing: Sequence[GenericSecret], then: str = "") -> bool:
    """Check what would be stored, show it masked, and ask; JSON output gets the result only.

    Raises:
        UsageError: something cannot be stored, or nobody can be asked and there is no --yes.

    """
    bulk.checked(planned)
    if context.args.output == "text":
        rows = bulk.preview(planned, listing)
        heads = ("NAME", "VALUE", "FROM", "WHAT HAPPENS")
        show([*table(heads, rows, width=terminal_width(), keep=(1,)), ""])
    count = "1 secret" if len(planned) == 1 else f"{len(planned)} secrets"
    whose = f" for {context.whose}" if context.whose else ""
    if context.prompts.confirm(f"Store {count} in scope {scope_of(context)}{whose}{then}?"):
        return True
    note("Nothing was stored.")
    return False


def _report(progress: bulk.Progress) -> list[str]:
    lines = [f"{bulk.DID[step.action]} {step.item.name}" for step in progress.done]
    return lines + [f"not stored: {step.item.name}: {reason}" for step, reason in progress.left]


def _incomplete(progress: bulk.Progress) -> AmikaError:
    if isinstance(progress.error, NotSignedIn) and not progress.done:
        return progress.error
    done, left = len(progress.done), len(progress.left)
    reason = progress.error.message if progress.error else ""
    remedy = "Run the same command again; it finishes the rest."
    if progress.error and progress.error.remedy:
        remedy = f"{progress.error.remedy} {remedy}"
    return Failed(f"{done} stored, {left} not: {reason}", remedy=remedy)


def _warn_of_missing(listing: Sequence[object], planned: Sequence[bulk.Step]) -> None:
    try:
        wanted = project.find(".")
    except UsageError as error:
        note(f"warning: {error.message}; whether what it names is stored was not checked")
        return
    if wanted is None:
        return
    known = {getattr(secret, "name", "") for secret in listing} | {step.item.name for step in planned}
    missing = sorted({name for name in wanted.secrets.values() if name not in known})
    if missing:
        note(f"warning: {wanted.path} names secrets that are not stored: {', '.join(missing)}")
