"""`amika whoami` is `amika auth status`."""

from amika_cli.commands.auth_status import FLAGS, TEXT, USAGE, WORDS, run

__all__ = ["FLAGS", "TEXT", "USAGE", "WORDS", "run"]
