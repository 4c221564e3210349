"""A login of a service beside Amika as it lies in a JSON file: read, or named with what is wrong with it."""

from amika_local.credential import Problem
from amika_local.document import DocumentError, parse_object, text_of
from amika_local.errors import NotSignedIn
from amika_local.regular_file import read

MAX_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


class LoginFileError(NotSignedIn):
    """The file is there but no login can be read from it; `kind`: "corrupt", "blank" or "unreadable"."""

    code = "login_file"

    def __init__(self, kind: str, path: str, what: str, remedy: str) -> None:
        super().__init__(f"{path} {what}", remedy=remedy)
        self.kind = kind
        self.path = path


def read_object(path: str, source: str, again: str, *, bom: bool = False) -> "dict[str, object] | None":
    """Return the JSON object in `path`, or None when there is no such file.

    Args:
        path: the file.
        source: whose file it is.
        again: the command that makes a new one.
        bom: whether a byte order mark is taken.

    Raises:
        LoginFileError: "corrupt" or "unreadable". The text names the file, never the content.

    """
    data = read(path, source, limit=MAX_BYTES)
    if data is None:
        return None
    if isinstance(data, Problem):
        what = data.message.removeprefix(f"cannot read {path}: ").removeprefix(f"{path} ")
        raise LoginFileError(
            "unreadable", path, what if what.startswith("is ") else f"cannot be read: {what}", data.remedy
        )
    if data.startswith(_BOM) and not bom:
        what = f"begins with a byte order mark, which no {source} program reads"
        raise LoginFileError("corrupt", path, what, sign_in_again(again))
    try:
        return parse_object(data)
    except DocumentError as error:
        raise LoginFileError("corrupt", path, str(error), sign_in_again(again)) from None


def blank(path: str, again: str) -> LoginFileError:
    """Return the error of a file without a token."""
    return LoginFileError("blank", path, "holds no token", sign_in_again(again))


def sign_in_again(command: str) -> str:
    """Return the remedy of a login that is of no use."""
    return f"Sign in again: {command}"


def refuse(found: "dict[str, object]", problem: str, reason: str, remedy: str) -> None:
    """Note in an identity that nobody is signed in, why, and what helps."""
    found.update(authenticated=False, method="none", problem=problem, reason=reason, remedy=remedy)
    warnings = found["warnings"]
    if isinstance(warnings, list):
        warnings.append(f"{reason}; {remedy[:1].lower()}{remedy[1:].rstrip('.')}")


def text(found: "dict[str, object]", key: str) -> str:
    """Return a text field, or ""."""
    value = found.get(key)
    return text_of(value) if isinstance(value, str) else ""
