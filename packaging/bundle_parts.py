"""What the bundle consists of, for each platform; pure. `amika.spec` hands it to PyInstaller.

`platform` is what sys.platform says: "linux", "darwin", "win32".
"""

from __future__ import annotations

from dataclasses import dataclass

APP_NAME = "Amika.app"
IDENTIFIER = "dev.amika.desktop"

DATA = ("workspace/templates/*", "shell/*.bash", "shell/*.zsh", "shell/*.fish")
KEYRING = {
    "linux": ("keyring.backends.SecretService", "keyring.backends.kwallet"),
    "darwin": ("keyring.backends.macOS",),
    "win32": ("keyring.backends.Windows",),
}
SERVER = (
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.off",
    "uvicorn.lifespan.on",
)

NEVER = (
    "tkinter", "unittest", "pydoc", "doctest", "test", "lib2to3", "idlelib", "curses", "setuptools", "pip", "trio",
    # the standard library asks for them wherever it handles archives, and does without: a quarter of a megabyte
    "bz2", "lzma",
)  # fmt: skip
NO_QT = ("PySide6", "shiboken6", "amika_tray")
# what Qt brings and a tray with two windows does not use
QT_NEVER = (
    "PySide6.QtNetwork", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets",
    "PySide6.QtSvg", "PySide6.QtSvgWidgets", "PySide6.QtSql", "PySide6.QtTest", "PySide6.QtXml",
    "PySide6.QtPrintSupport",
)  # fmt: skip
QT_DROPPED = (
    "Qt6Network", "Qt6Qml", "Qt6Quick", "Qt6OpenGL", "Qt6Svg", "Qt6Pdf", "Qt6VirtualKeyboard", "Qt6WaylandCompositor",
    "Qt6Egl", "plugins/imageformats", "plugins/platformthemes/libqgtk3", "plugins/platforms/libqeglfs",
    "plugins/platforms/libqvnc", "plugins/platforms/libqlinuxfb", "plugins/platforms/libqminimal",
    "plugins/platforms/libqvkkhrdisplay", "plugins/tls", "plugins/networkinformation",
    "plugins/egldeviceintegrations", "plugins/platforminputcontexts/libqtvirtual", "plugins/virtualkeyboard",
    "plugins/generic", "plugins/iconengines", "translations",
    # needs Qt6Svg, which is not there; the other decoration draws the frame
    "plugins/wayland-decoration-client/libadwaita",
    # for embedded screens and cars
    "plugins/wayland-shell-integration/libivi", "plugins/wayland-shell-integration/libfullscreen",
)  # fmt: skip
# came along with the parts above: GTK, Kerberos
LIBRARIES_DROPPED = (
    "libgtk-3", "libgdk", "libatk", "libatspi", "libcairo", "libpango", "libepoxy", "libpixman", "libharfbuzz",
    "libgraphite2", "libthai", "libdatrie", "libfribidi", "libgio-", "libgobject-", "libgmodule-", "libmount",
    "libblkid", "libselinux", "libjpeg", "libXinerama", "libXi.", "libXcomposite", "libXdamage", "libXcursor",
    "libXrandr", "libXfixes", "libXrender", "libXext", "libgssapi", "libkrb5", "libk5crypto", "libcom_err",
    "libkeyutils",
)  # fmt: skip


# they mend `inspect.getsource`, processes of `multiprocessing` and `pkgutil.iter_modules` in bundles, and import these
# three at each start for it; nothing here uses them
SCRIPTS_DROPPED = ("pyi_rth_inspect", "pyi_rth_multiprocessing", "pyi_rth_pkgutil")


@dataclass(frozen=True)
class Program:
    """One executable.

    name      of the executable, without ".exe"
    console   whether it has a window of text where the platform makes that choice
    qt        whether it draws
    """

    name: str
    console: bool
    qt: bool

    @property
    def entry(self) -> str:
        """The script that starts it, below packaging/entry."""
        return f"start_{self.name.replace('-', '_')}.py"

    @property
    def optimize(self) -> int:
        """Python's level: 2 leaves the docstrings out, a megabyte of memory; Qt's own modules read theirs."""
        return 1 if self.qt else 2

    @property
    def excludes(self) -> list[str]:
        """Modules that are never collected for it."""
        return [*NEVER, *(QT_NEVER if self.qt else NO_QT)]


def programs(platform: str) -> list[Program]:
    """Return the three executables.

    amika        the command line: always with a console
    amika-agent  in the background; on Windows a console would flash up at each login
    amika-tray   on Linux "console" means nothing but that its messages reach whoever started it
    """
    return [
        Program("amika", console=True, qt=False),
        Program("amika-agent", console=platform != "win32", qt=False),
        Program("amika-tray", console=platform not in ("win32", "darwin"), qt=True),
    ]


def hidden(platform: str) -> list[str]:
    """Return modules of others that are loaded by name, so that no analysis sees them."""
    return [*KEYRING.get(platform, KEYRING["linux"]), *SERVER]


def dropped(path: str) -> bool:
    """Tell whether a collected file, named relative to the bundle, is one that is never loaded."""
    path = path.replace("\\", "/")
    if "PySide6" in path or path.startswith("libQt6"):  # PyInstaller links to Qt's libraries from the top
        return any(part in path for part in QT_DROPPED)
    return path.startswith(LIBRARIES_DROPPED)


def keeps_script(name: str) -> bool:
    """Tell whether a start-up script of PyInstaller's is wanted; those that are not cost every start 60 ms together."""
    return name not in SCRIPTS_DROPPED


def stripped(path: str) -> bool:
    """Tell whether the symbols of a library may go: the interpreter's are 24 MB, cryptography's 3; Qt's are gone."""
    name = path.rpartition("/")[2]
    ours = ("libpython", "_rust.abi3", "_cffi_backend")
    return name.startswith(ours) or ("lib-dynload/" in path and name.endswith(".so"))


def app(platform: str) -> dict[str, object] | None:
    """Return what makes an application of the folder, on macOS: {"name", "bundle_identifier", "info_plist"}."""
    if platform != "darwin":
        return None
    return {
        "name": APP_NAME,
        "bundle_identifier": IDENTIFIER,
        # a menu-bar application: no icon in the Dock, no menu of its own
        "info_plist": {"LSUIElement": True, "NSHighResolutionCapable": True, "CFBundleExecutable": "amika-tray"},
    }
