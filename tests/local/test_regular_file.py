from __future__ import annotations

import contextlib
import os
import socket
import tempfile

import pytest

from amika_local.credential import Problem
from amika_local.regular_file import read


def problem_of(path, **more) -> Problem:
    found = read(os.fspath(path), "claude-oauth", **more)
    assert isinstance(found, Problem)
    assert found.source == "claude-oauth"
    assert found.path == os.fspath(path)
    assert os.fspath(path) in found.message
    assert found.remedy
    return found


def test_a_regular_file_and_a_link_to_one(tmp_path):
    (tmp_path / "real").write_bytes(b"content")
    (tmp_path / "link").symlink_to("real")
    assert read(str(tmp_path / "real"), "x") == b"content"
    assert read(str(tmp_path / "link"), "x") == b"content"


@pytest.mark.parametrize("name", ["missing", "missing/folder", "dangling"])
def test_nothing_there(tmp_path, name):
    (tmp_path / "dangling").symlink_to("nowhere")
    assert read(str(tmp_path / name), "x") is None


def test_a_fifo_without_writer_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert problem_of(tmp_path / "fifo").code == "not_a_file"


def test_directories_devices_and_sockets_are_refused(tmp_path):
    assert "directory" in problem_of(tmp_path).message
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert problem_of(tmp_path / "zero").code == "not_a_file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert problem_of(tmp_path / "socket").code in ("not_a_file", "unreadable")


def test_a_file_in_place_of_a_folder_and_a_link_loop(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    assert problem_of(tmp_path / "file" / "auth.json").code == "unreadable"
    assert problem_of(tmp_path / "loop").code == "unreadable"


@contextlib.contextmanager
def unprivileged():
    """Root reads everything, so the test steps down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_permission_names_the_command_that_gives_it():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.write(b"x")
        os.chmod(path, 0)
        with unprivileged():
            found = problem_of(path)
    assert found.code == "unreadable"
    assert f"chmod u+r {path}" in found.remedy


def test_the_limit_counts_what_is_read_not_what_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert read(str(tmp_path / "file"), "x", limit=100) == b"x" * 100
    assert problem_of(tmp_path / "file", limit=99).code == "too_large"
    # /proc files say they are empty
    assert read("/proc/self/cmdline", "x")
    assert problem_of("/proc/self/cmdline", limit=1).code == "too_large"


def test_twenty_mebibytes_are_read_and_one_byte_more_is_not(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"")
    os.truncate(path, 20 << 20)
    data = read(str(path), "x")
    assert isinstance(data, bytes)
    assert len(data) == 20 << 20
    os.truncate(path, (20 << 20) + 1)
    assert problem_of(path).code == "too_large"
