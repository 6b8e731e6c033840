from pathlib import Path

import pytest

from daemon.adapters.halt_file import HaltFile
from daemon.errors import UserError


def test_without_a_file_nothing_halts(tmp_path: Path) -> None:
    file = HaltFile(tmp_path)

    assert file.reason() is None
    file.must_be_gone()


def test_its_text_is_the_reason_in_one_line_and_not_too_long(tmp_path: Path) -> None:
    file = HaltFile(tmp_path)
    file.path.write_text("  back\non Monday \n" + "x" * 5_000, encoding="utf-8")

    reason = file.reason()

    assert reason is not None
    assert reason.startswith("back on Monday xxx")
    assert len(reason) <= 500


def test_an_empty_one_halts_and_says_that_it_is_empty(tmp_path: Path) -> None:
    file = HaltFile(tmp_path)
    file.path.touch()

    assert file.reason() == f"{file.path} has no text"


def test_one_that_cannot_be_read_halts_all_the_same(tmp_path: Path) -> None:
    file = HaltFile(tmp_path)
    file.path.mkdir()

    assert file.reason() == f"{file.path} is there and cannot be read: Is a directory"


def test_while_it_is_there_nothing_is_resumed(tmp_path: Path) -> None:
    file = HaltFile(tmp_path)
    file.path.write_text("on holiday", encoding="utf-8")

    with pytest.raises(UserError, match=r"HALT is still there \(on holiday\); take it away first, then resume"):
        file.must_be_gone()
