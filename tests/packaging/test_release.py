"""packaging/release.sh, with a key made for the test: what it signs is checked with the commands of the document."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.house.repository import ROOT

PAGE = (ROOT / "docs" / "releasing.md").read_text()
CHECK = re.search(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SIGNER = "release@example.com"


class Clone:
    """A repository with a small bundle in it, and a key that its signers' file names."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder / "clone", folder / "clone/dist/release"
        self.key = folder / "key"
        self.folder.mkdir()
        for name in (".gitignore", "pyproject.toml", "packaging/release.sh", "requirements/bundle.txt"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.folder / name)
        bundle = self.folder / "dist/amika"
        bundle.mkdir(parents=True)
        (bundle / "amika").write_text("#!/bin/sh\necho it runs\n")
        (bundle / "amika").chmod(0o775)
        self.says("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(self.key))
        kind, public = self.key.with_suffix(".pub").read_text().split()[:2]
        self.signers = self.folder / "packaging/allowed_signers"
        self.signers.write_text(f'{SIGNER} namespaces="amika-desktop-release" {kind} {public}\n')
        self.says("git", "init", "-q")
        self.commit()

    def run(self, *words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "GIT_CONFIG_GLOBAL": "/dev/null"}
        return subprocess.run(
            words, cwd=cwd or self.folder, env={**own, **env}, capture_output=True, text=True, timeout=60, check=False
        )

    def says(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> None:
        self.says("git", "add", "-A")
        self.says("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", "one")

    def release(self, key: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("packaging/release.sh", str(self.key) if key is None else key)

    def check(self, signers: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Do what the document says, as somebody who downloaded it."""
        assert CHECK is not None
        shutil.copy(signers or self.signers, self.out / "allowed_signers")
        return self.run("bash", "-euc", CHECK[1], cwd=self.out, SIGNER=SIGNER)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_what_it_makes_is_checked_as_the_document_says(clone: Clone) -> None:
    done = clone.release()
    assert done.returncode == 0, done.stderr
    checked = clone.check()
    assert checked.returncode == 0, checked.stderr
    assert "Good" in checked.stdout
    assert checked.stdout.count(": OK") == 2
    assert clone.run(str(clone.out / "amika/amika")).stdout == "it runs\n"
    assert (clone.out / "amika/amika").stat().st_mode & 0o022 == 0
    listed = next(clone.out.glob("*.txt")).read_text()
    assert listed.startswith(f"# commit {clone.says('git', 'rev-parse', 'HEAD')}\n")
    assert "pyinstaller==" in listed


def test_the_same_folder_and_commit_make_the_same_bytes(clone: Clone) -> None:
    clone.release()
    first = (clone.out / "SHA256SUMS").read_bytes()
    os.utime(clone.folder / "dist/amika/amika", (1, 1))
    clone.release()
    assert (clone.out / "SHA256SUMS").read_bytes() == first


@pytest.mark.parametrize("changed", ["*.tar.gz", "*.txt", "SHA256SUMS"])
def test_what_was_changed_on_the_way_is_refused(clone: Clone, changed: str) -> None:
    clone.release()
    path = next(clone.out.glob(changed))
    path.write_bytes(path.read_bytes() + b"#")
    assert clone.check().returncode != 0
    assert not (clone.out / "amika").exists()


def test_another_key_than_the_published_one_is_refused(clone: Clone, tmp_path: Path) -> None:
    clone.release()
    clone.says("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other"))
    others = tmp_path / "others"
    others.write_text(f"{SIGNER} {(tmp_path / 'other.pub').read_text()}")
    assert clone.check(others).returncode != 0


def test_it_says_what_is_missing(clone: Clone, tmp_path: Path) -> None:
    done = clone.release("")
    assert (done.returncode, "make release KEY=" in done.stderr) == (2, True)
    done = clone.release(str(tmp_path / "none"))
    assert (done.returncode, "none.pub cannot be read" in done.stderr) == (2, True)
    clone.signers.write_text("# nobody\n")
    done = clone.release()
    assert (done.returncode, "no commit holds" in done.stderr) == (2, True)
    clone.commit()
    done = clone.release()
    assert (done.returncode, "Add and commit this line" in done.stderr) == (2, True)
    clone.signers.write_text(done.stderr.splitlines()[-1].strip().replace("you@example.com", SIGNER) + "\n")
    clone.commit()
    assert clone.release().returncode == 0
    shutil.rmtree(clone.folder / "dist/amika")
    done = clone.release()
    assert (done.returncode, "make bundle" in done.stderr) == (2, True)
