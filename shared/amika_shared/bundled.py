"""What a bundle's start puts into its own environment: meant for itself, and wrong for every program that it starts.

With `LD_LIBRARY_PATH` a shell, git or browser would load our copies of the C++ and TLS libraries; Qt's variables would
give another Qt program our plugins. This process has read them already when its own code runs.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LIBRARIES = "LD_LIBRARY_PATH"
_QT = ("QT_PLUGIN_PATH", "QML2_IMPORT_PATH")


def forget_bootloader(env: MutableMapping[str, str] = os.environ) -> None:
    """Give the environment back as it was before the bundle's start; does no harm a second time."""
    libraries = env.pop(f"{_LIBRARIES}_ORIG", None)  # what the person had set
    started = [name for name in env if name.startswith("_PYI_")]
    if started or libraries is not None:
        env.pop(_LIBRARIES, None)
    if libraries:
        env[_LIBRARIES] = libraries
    for name in (*started, *(_QT if started else ())):
        env.pop(name, None)
