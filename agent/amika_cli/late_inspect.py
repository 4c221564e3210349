"""Keeps `inspect` out of commands that never use it: a tenth of the time that most of them take.

`dataclasses` imports it, and with it the whole compiler front end, for classes that have no docstring.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "inspect"


class Postponed(type(sys)):  # type: ignore[misc]  # the class of modules, without importing `types`
    """Stands for the module until somebody uses it."""

    def __getattr__(self, name: str) -> "Callable[..., object]":
        """Return the real module's attribute, importing it when it is the first."""
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        found: Callable[..., object] = getattr(__import__(NAME), name)
        return found

    def get_annotations(self, obj: object, **how: object) -> object:
        """Return what the real one returns; for a class without importing it: Python 3.13 asks at each dataclass."""
        if isinstance(obj, type) and not how and sys.version_info < (3, 14):
            return dict(vars(obj).get("__annotations__") or {})
        return self.__getattr__("get_annotations")(obj, **how)


def postpone() -> None:
    """Have `import inspect` bind a stand-in, unless the module is loaded already."""
    if NAME not in sys.modules:
        sys.modules[NAME] = Postponed(NAME)
