"""`amika config set KEY VALUE`."""

from amika_cli.flags import Args

USAGE = "KEY VALUE"
TEXT = """Changes one setting. A list takes commas (claude,codex), a switch true or false, and "" clears a text.
A running agent takes the change at once where it can; otherwise this says that it needs a restart."""
FLAGS = ()
WORDS = (2, 2)


def run(args: Args) -> int:
    """Check the value, store it, tell a running agent."""
    from amika_agent.settings import store
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.settings_text import named, parsed, shown
    from amika_shared.redaction import redact

    setting = named(args.words[0])
    value = parsed(setting, args.words[1])
    if setting.key.endswith("_url") and value:
        from amika_agent.http.urls import checked_url

        value = checked_url(str(value), setting.key)
    if setting.key == "network.proxy" and value:
        _check_proxy(str(value))
    with Context(args) as context:
        store(context.profile.settings_file, setting.key, value, context.clock)
        running = context.reached.client is not None
        if running and setting.live:
            context.nudge()
        told = redact(value) if isinstance(value, str) else value  # a proxy's address may hold a password
        text = [f"{setting.key} = {shown(told)}"]
        if running and not setting.live:
            text.append(f"The running agent takes it when it starts: {context.command('agent restart')}")
        emit(args, {"key": setting.key, "value": told, "needs_restart": running and not setting.live}, text)
        return 0


def _check_proxy(address: str) -> None:
    from urllib.parse import urlsplit

    from amika_local.errors import UsageError

    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("network.proxy is not the address of a proxy", remedy="It looks like http://HOST:PORT.")
