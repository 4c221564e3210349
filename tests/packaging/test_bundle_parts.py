"""What the bundle consists of on platforms that this machine is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


@pytest.fixture(scope="module")
def parts() -> ModuleType:
    # `packaging` is a name on PyPI: our folder of this name is no package
    spec = importlib.util.spec_from_file_location("bundle_parts", PACKAGING / "bundle_parts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bundle_parts"] = module  # dataclasses look it up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bundle_parts"]


def consoles(parts: ModuleType, platform: str) -> dict[str, bool]:
    return {program.name: program.console for program in parts.programs(platform)}


def test_only_what_people_type_has_a_console_on_windows(parts: ModuleType) -> None:
    assert consoles(parts, "win32") == {"amika": True, "amika-agent": False, "amika-tray": False}
    assert consoles(parts, "darwin") == {"amika": True, "amika-agent": True, "amika-tray": False}
    assert consoles(parts, "linux") == {"amika": True, "amika-agent": True, "amika-tray": True}


def test_only_macos_has_an_application_and_it_lives_in_the_menu_bar(parts: ModuleType) -> None:
    assert parts.app("linux") is None
    assert parts.app("win32") is None
    app = parts.app("darwin")
    assert app["name"] == "Amika.app"
    assert app["info_plist"]["LSUIElement"] is True
    assert app["info_plist"]["CFBundleExecutable"] in consoles(parts, "darwin")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_program_has_its_entry_and_only_the_tray_has_qt(parts: ModuleType, platform: str) -> None:
    for program in parts.programs(platform):
        assert (PACKAGING / "entry" / program.entry).is_file()
        assert ("PySide6" not in program.excludes) == (program.name == "amika-tray")
        assert not {"PySide6.QtWidgets", "PySide6.QtGui", "PySide6.QtCore", "PySide6.QtDBus"} & set(program.excludes)


def test_each_platform_has_its_own_keyring(parts: ModuleType) -> None:
    assert "keyring.backends.Windows" in parts.hidden("win32")
    assert "keyring.backends.macOS" in parts.hidden("darwin")
    assert "keyring.backends.SecretService" in parts.hidden("linux")
    assert "keyring.backends.macOS" not in parts.hidden("linux")
    for platform in ("linux", "darwin", "win32"):
        for name in parts.hidden(platform):
            assert importlib.util.find_spec(name) is not None, name


@pytest.mark.parametrize(
    "path",
    [
        "PySide6/Qt/lib/libQt6Quick.so.6",
        "PySide6/Qt/translations/qt_de.qm",
        "PySide6\\Qt\\plugins\\imageformats\\qjpeg.dll",
        "PySide6/Qt/plugins/wayland-decoration-client/libadwaita.so",
        "libQt6Network.so.6",
        "libQt6EglFSDeviceIntegration.so.6",
        "libgtk-3.so.0",
        "libkrb5.so.3",
    ],
)
def test_what_is_never_loaded_is_left_out(parts: ModuleType, path: str) -> None:
    assert parts.dropped(path)


@pytest.mark.parametrize(
    "path",
    [
        "PySide6/Qt/lib/libQt6Widgets.so.6",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/wayland-decoration-client/libbradient.so",
        "PySide6/Qt/plugins/wayland-shell-integration/libxdg-shell.so",
        "PySide6/QtDBus.abi3.so",
        "libQt6Gui.so.6",
        "libpython3.11.so.1.0",
        "libxcb.so.1",
        "libglib-2.0.so.0",
        "amika_agent/shell/start.bash",
    ],
)
def test_what_is_loaded_stays(parts: ModuleType, path: str) -> None:
    assert not parts.dropped(path)


def test_what_slows_each_start_stays_out_of_it(parts: ModuleType) -> None:
    for name in ("pyi_rth_inspect", "pyi_rth_multiprocessing", "pyi_rth_pkgutil"):
        assert not parts.keeps_script(name)
    assert parts.keeps_script("pyi_rth_pyside")
    assert parts.keeps_script("start_amika")


def test_what_still_has_symbols_loses_them_and_nothing_else_is_touched(parts: ModuleType) -> None:
    inside = "dist/amika/_internal"
    assert parts.stripped(f"{inside}/libpython3.11.so.1.0")
    assert parts.stripped(f"{inside}/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so")
    assert not parts.stripped(f"{inside}/PySide6/Qt/lib/libQt6Core.so.6")
    assert parts.stripped(f"{inside}/cryptography/hazmat/bindings/_rust.abi3.so")
    assert not parts.stripped(f"{inside}/libssl.so.3")


def test_every_file_that_the_hook_reads_is_in_the_bundle(parts: ModuleType) -> None:
    agent = PACKAGING.parent / "agent" / "amika_agent"
    collected = {path for pattern in parts.DATA for path in agent.glob(pattern)}
    loose = {path for path in (agent / "shell").iterdir() if path.suffix in (".bash", ".zsh", ".fish")}
    assert loose
    assert loose <= collected
