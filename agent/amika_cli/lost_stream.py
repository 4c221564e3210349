"""A stdout or stderr that takes nothing: closed, its reader gone, the disk full."""

import os


def give_up(descriptor: int) -> None:
    """Send what the stream still holds to nowhere: at its exit the interpreter would fail on it once more.

    That failure would be a complaint, and exit code 120 instead of the command's own.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
