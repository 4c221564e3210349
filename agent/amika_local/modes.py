"""Permissions that are too wide, made narrow again: the one thing that is changed about a file shared with others."""

import os
from stat import S_ISDIR, S_ISREG


def tighten(path: str) -> bool:
    """Take a file's or folder's permissions from everybody but its owner; True when that was needed and done.

    Only what is a regular file or a directory, and ours, is touched; a symlink never.
    """
    try:
        info = os.lstat(path)
        ours = (S_ISREG(info.st_mode) or S_ISDIR(info.st_mode)) and info.st_uid == os.geteuid()
        if not ours or not info.st_mode & 0o077:
            return False
        os.chmod(path, 0o700 if S_ISDIR(info.st_mode) else 0o600)
    except (OSError, AttributeError):  # no geteuid where permissions are of another kind
        return False
    return True
