"""How texts from elsewhere become sentences."""

from __future__ import annotations

import pytest

from amika_tray.wording import sentences


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("the file is damaged", "repair it"), "The file is damaged. Repair it"),
        (("it failed.", "run `amika sync` again."), "It failed. Run “amika sync” again."),
        (("amika sync resolve r1 restore|adopt",), "amika sync resolve r1 restore|adopt"),
        (("amika auth login",), "amika auth login"),
        (("amika is not installed beside amika-tray",), "Amika is not installed beside amika-tray"),
        (("almyty: the key is refused",), "almyty: the key is refused"),
        (("/home/dev/.x is damaged", ""), "/home/dev/.x is damaged"),
        (("vault.reveal_without_terminal is off",), "vault.reveal_without_terminal is off"),
        (("", "  "), ""),
    ],
)
def test_each_begins_large_but_for_what_is_a_name_or_a_command(parts: tuple[str, ...], whole: str) -> None:
    assert sentences(*parts) == whole
