"""A value that must not be seen by accident."""


class Secret:
    """A secret text whose `repr`, `str` and `format` hide it; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the plain value. Call it only where the value leaves the process on purpose."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    def __str__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return format("****", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> "tuple[object, ...]":
        raise TypeError("a Secret is not pickled")


def masked(value: str) -> str:
    """Return what may be shown of a secret: at most 4+4 characters, and only of 20 or more; never the length."""
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 20 and value.isprintable() else "****"
