"""`amika config get KEY`."""

from amika_cli.flags import Args

USAGE = "KEY"
TEXT = "Prints the value of one setting; a list is printed with commas. `amika config list` shows them all."
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """Print one setting."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.settings_text import named, shown

    setting = named(args.words[0])
    with Context(args) as context:
        value = context.settings.values[setting.key]
        emit(args, {"key": setting.key, "value": value}, [shown(value)])
        return 0
