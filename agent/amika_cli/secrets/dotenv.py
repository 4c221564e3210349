"""The `.env` format of `--from-file`: KEY=VALUE a line, values verbatim. An error names the line, never its text."""

from amika_local.errors import UsageError
from amika_local.secret import Secret

LIMIT = 1 << 20


def parse(data: bytes, name: str) -> "dict[str, Secret]":
    r"""Return the pairs of a file in the order of first appearance; the last value of a name counts.

    Lines end in \n, one \r before it is dropped; blank lines and lines whose first character is # are skipped; the
    first = splits; the key is trimmed; the value is taken as it is: no quotes, no comments, no `export`, no ${}.

    Raises:
        UsageError: not UTF-8, or a line without =, or without a key. It names the file and the line only.

    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text", remedy="Save it as UTF-8 and run the command again.") from None
    pairs: dict[str, Secret] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r")
        trimmed = line.strip()
        if not trimmed or trimmed.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise UsageError(f"{name}, line {number}: there is no =", remedy="Write KEY=VALUE, or # for a comment.")
        key = key.strip()
        if not key:
            raise UsageError(f"{name}, line {number}: there is no key before =", remedy="Write KEY=VALUE.")
        pairs[key] = Secret(value)
    return pairs


def pair(word: str, number: int) -> "tuple[str, Secret]":
    """Return the name and value of one KEY=VALUE argument.

    Raises:
        UsageError: no = or no key; names the argument by its number, never by its text.

    """
    key, equals, value = word.partition("=")
    if not equals or not key.strip():
        raise UsageError(
            f"argument {number} is not KEY=VALUE", remedy="Write KEY=VALUE, or name variables with --from-env KEY."
        )
    return key.strip(), Secret(value)
