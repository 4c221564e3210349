"""What somebody means who typed a command that there is not. Pure."""

from collections.abc import Iterable

# what other programs call it -> what it is called here
_ELSEWHERE = {
    "agent disable": "agent uninstall",
    "agent enable": "agent install",
    "auth list": "auth status",
    "auth revoke": "auth logout",
    "auth switch": "auth switch-org",
    "auth token": "auth extract",
    "config show": "config list",
    "config unset": "config set",
    "connections create": "connections add",
    "connections delete": "connections remove",
    "connections rm": "connections remove",
    "connections show": "connections inspect",
    "creds add": "creds set",
    "creds put": "creds set",
    "diagnose": "doctor",
    "env": "auth extract",
    "exec": "run",
    "export": "auth extract",
    "history": "activity",
    "log": "activity",
    "push": "secret push",
    "sandbox rm": "sandbox delete",
    "secret add": "secret push",
    "secret create": "secret push",
    "secret put": "secret push",
    "secret set": "secret push",
    "sync delete": "sync forget",
    "sync list": "sync rules",
    "sync remove": "sync forget",
    "sync rm": "sync forget",
    "unpause": "resume",
    "vault add": "vault put",
    "vault read": "vault get",
    "vault remove": "vault delete",
    "vault rm": "vault delete",
    "vault set": "vault put",
    "vault show": "vault get",
}
_MOST = 3


def guesses(typed: str, commands: Iterable[str]) -> "list[str]":
    """Return the commands that are most likely meant by `typed`, the likeliest first; at most three."""
    words, known = typed.split(), list(commands)
    for count in range(len(words), 0, -1):  # arguments may follow
        meant = _ELSEWHERE.get(" ".join(words[:count]))
        if meant in known:
            return [meant]
    family = [name for name in known if words and name.startswith(words[0] + " ")]
    last = words[min(1, len(family))] if len(words) > 1 else typed
    ending = [name for name in family or known if name.endswith(" " + last)]
    if 0 < len(ending) <= _MOST:
        return ending
    from difflib import get_close_matches

    if not family:
        return get_close_matches(typed, known, 1)
    below = {name.partition(" ")[2]: name for name in family}
    return [below[name] for name in get_close_matches(" ".join(words[1:]), below, 1)]
