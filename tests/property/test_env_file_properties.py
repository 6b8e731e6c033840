"""Whatever an env file holds: where it is accepted without a word, every program reads the same from it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from env_grammars import RefusedError, docker, dotenv, systemd
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.settings.envfile import read_env_file

PIECES = (
    "A",
    "B_1",
    "=",
    "'",
    '"',
    "\\",
    "#",
    ";",
    " ",
    "\t",
    "\n",
    "export ",
    "x",
    "$",
    "${HOME}",
    "-",
    "\u00a0",
    "`",
)
"""What the grammars differ on, and a little of what they do not."""


def texts() -> st.SearchStrategy[str]:
    """Return texts that are often nearly an env file."""
    line = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
    assigned = st.tuples(st.sampled_from(("A=", "B_1=", "  A=", "export A=", "A =")), line).map("".join)
    return st.lists(line | assigned, max_size=4).map("\n".join)


def read_by_docker(text: str) -> dict[str, str] | None:
    try:
        return docker(text)
    except RefusedError:
        return None


@given(texts())
@settings(max_examples=1500)
def test_a_file_without_problem_and_warning_is_read_alike_by_all_three(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.env")
        path.write_text(text, encoding="utf-8")
        read = read_env_file(path)
    ours = {item.name: item.text for item in read.assignments}

    alike = ours == dotenv(text) == systemd(text) == read_by_docker(text)

    assert alike or read.problems or read.warnings
