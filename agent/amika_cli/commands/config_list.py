"""`amika config list`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = """Lists every setting with its value. `*` marks what differs from the default.
Settings are kept in a TOML file; its comments survive `amika config set`."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """List the settings; what of the file cannot be used is said on stderr."""
    from amika_cli.context import Context
    from amika_cli.render import emit, note, table, terminal_width
    from amika_cli.settings_text import shown
    from amika_shared.redaction import redact
    from amika_shared.settings_schema import SCHEMA, defaults

    with Context(args) as context:
        values = dict(context.settings.values)
        usual = defaults(context.profile.name)
        rows = [
            (s.key, redact(shown(values[s.key])), "" if values[s.key] == usual[s.key] else "*", s.text) for s in SCHEMA
        ]
        for problem in context.settings.problems:
            note(f"amika: {problem.message}. {problem.remedy}")
        place = context.profile.settings_file
        heads = ("SETTING", "VALUE", "", "WHAT IT DOES")
        text = table(heads, rows, width=terminal_width(), keep=(0, 2), below=(3,))
        told = {key: redact(value) if isinstance(value, str) else value for key, value in values.items()}
        emit(args, {"file": place, "settings": told}, [*text, "", f"file: {context.short(place)}"])
        return 0
