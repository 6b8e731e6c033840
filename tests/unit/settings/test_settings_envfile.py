"""Env files: what is read, what is refused, and that each sentence names file and line."""

from pathlib import Path

import pytest
from env_grammars import systemd

from daemon.settings.envfile import EnvFile, read_env_file


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "condord.env"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_names_and_values_are_read_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, "# a comment\n\nCONDORD_LOG_LEVEL=debug\nTZ=UTC\n")

    read = read_env_file(path)

    assert [(item.name, item.text, item.place) for item in read.assignments] == [
        ("CONDORD_LOG_LEVEL", "debug", f"{path}:3"),
        ("TZ", "UTC", f"{path}:4"),
    ]
    assert read.problems == ()
    assert read.warnings == ()


@pytest.mark.parametrize("text", ["A=", "A=a#b", "A=${HOME}", "A=x y", "A=b=c", "A=~/x", "  A=1"])
def test_lines_that_all_readers_read_alike_are_accepted(tmp_path: Path, text: str) -> None:
    read = read_env_file(write(tmp_path, text))

    assert read.problems == ()
    assert [(item.name, item.text) for item in read.assignments] == [("A", text.strip().partition("=")[2])]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("what is this", "cannot be read"),
        ("=5", "cannot be read"),
        ('A="open', "cannot be read"),
        ("CONDORD_LOG_LEVEL", "has no value"),
        ("export A=1", "begins with export"),
        ("A=4 # four", "comment behind the value"),
        ("A='x y' # two", "comment behind the value"),
        ("A = 4", "spaces or quotes"),
        ('A="a\\nb"', "backslash"),
        ("A=path\\", "backslash"),
        ("A=C:\\data", "backslash"),
        ("A-B=1", "systemd leaves out"),
        ("; a comment", "begin the line with #"),
        ("\u00a0A=1", "spaces or quotes"),
    ],
)
def test_a_line_that_readers_read_differently_is_a_problem_with_its_place(
    tmp_path: Path, line: str, words: str
) -> None:
    path = write(tmp_path, f"B=1\n{line}\nC=2\n")

    read = read_env_file(path)

    assert len(read.problems) == 1
    assert read.problems[0].startswith(f"{path}:2 ")
    assert words in read.problems[0]
    assert [item.name for item in read.assignments] == ["B", "C"]


@pytest.mark.parametrize(
    "line",
    [
        "mailtos://me:HUSH@example.com",
        "mailtos://me:HUSH@example.com?smtp=m.example.com",
        'tgram://HUSH/1 "x',
        "json://a#HUSH",
    ],
)
def test_a_file_of_outlets_that_is_taken_for_an_env_file_is_not_repeated(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, line)

    said = read_env_file(path)

    assert said.problems == (
        f"{path}:1 is a URL; name the file of outlets with CONDORD_ALERT_URLS_FILE=PATH instead (docs/alerts.md)",
    )
    assert said.warnings == ()


def test_a_comment_that_ends_in_a_backslash_would_swallow_a_line_and_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "# kept in C:\\\nA=1\n")

    (problem,) = read_env_file(path).problems

    assert problem.startswith(f"{path}:1 is a comment that ends in a backslash")
    assert systemd(path.read_text()) == {}


def test_what_nothing_is_put_in_the_place_of_is_warned_about(tmp_path: Path) -> None:
    (warning,) = read_env_file(write(tmp_path, "A=${HOME}/x")).warnings

    assert "nothing is put in the place of ${...}" in warning


def test_the_last_of_two_lines_counts_and_is_warned_about(tmp_path: Path) -> None:
    path = write(tmp_path, "A=1\nB=2\nA=3\n")

    read = read_env_file(path)

    assert {item.name: item.text for item in read.assignments} == {"A": "3", "B": "2"}
    assert read.warnings == (f"{path}:3 sets A again; this line counts, {path}:1 does not",)


@pytest.mark.parametrize("line", ['A="x"', "A='x'", "A=x  "])
def test_what_only_docker_reads_differently_is_a_warning(tmp_path: Path, line: str) -> None:
    read = read_env_file(write(tmp_path, line))

    assert [item.text for item in read.assignments] == ["x"]
    assert len(read.warnings) == 1
    assert "docker" in read.warnings[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / "no.env").problems == (
        f"env file {tmp_path / 'no.env'} does not exist; check the path",
    )


def test_a_file_with_a_minus_in_front_of_its_path_may_be_missing_and_is_read_when_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    assert read_env_file(Path(f"-{path}")) == EnvFile(())

    path.write_text("A=1\nB\n")

    read = read_env_file(Path(f"-{path}"))
    assert [(item.text, item.place) for item in read.assignments] == [("1", f"{path}:1")]
    assert read.problems[0].startswith(f"{path}:2 has no value")
    assert "is a folder" in read_env_file(Path(f"-{tmp_path}")).problems[0]


def test_a_folder_is_no_env_file(tmp_path: Path) -> None:
    assert "is a folder" in read_env_file(tmp_path).problems[0]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"A=1\nB=\xff\n", 2, "UTF-8"),
        (b"\xef\xbb\xbfA=1\n", 1, "byte order mark"),
        (b"A=1\n\nB=2\r\n", 3, "Windows"),
    ],
)
def test_files_in_other_encodings_are_refused_with_the_line(tmp_path: Path, data: bytes, line: int, words: str) -> None:
    path = write(tmp_path, data)

    read = read_env_file(path)

    assert read.assignments == ()
    assert read.problems[0].startswith(f"{path}:{line} ")
    assert words in read.problems[0]
