"""The pictures of the documents are those that the default settings draw."""

from pathlib import Path

import pytest
from diagrams import FOLDER, drawn

PICTURES = drawn()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_the_defaults_draw_it(name: str) -> None:
    stored = (FOLDER / name).read_text(encoding="utf-8")

    assert stored == PICTURES[name], "run: python tests/docs/diagrams.py"


def test_every_stored_drawing_is_one_of_them() -> None:
    assert {path.name for path in Path(FOLDER).glob("*.svg")} == set(PICTURES)
