"""Commands that a text names, made to be typed as they stand: in the local profile they need `--local`. Pure."""

SERVICES = ("amika", "almyty", "akos")


def with_local(text: str, commands: "dict[str, tuple[str, str]]") -> str:
    """Return `text` in which every `amika COMMAND` it names has `--local`; one that says it already stays as it is."""
    if "--local" in text:
        return text
    first, *others = text.split("amika ")
    return first + "".join("amika " + _marked(rest, commands) for rest in others)


def _marked(rest: str, commands: "dict[str, tuple[str, str]]") -> str:
    for words in (3, 2, 1):
        parts = rest.split(" ", words)
        name = " ".join(parts[:words])
        bare = name.rstrip(").,;:`")
        if bare in commands:
            return _after(rest, len(bare))
    return rest


def _after(rest: str, end: int) -> str:
    for service in SERVICES:
        following = rest[end : end + len(service) + 1]
        if following == f" {service}" and not rest[end + len(service) + 1 : end + len(service) + 2].isalnum():
            end += len(following)
    return f"{rest[:end]} --local{rest[end:]}"
