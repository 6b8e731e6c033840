"""The log's files and lines, and that nothing that fails there reaches the caller."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol, TextIO

import pytest

from daemon.adapters.log import (
    TEXT_SUFFIX,
    EventLog,
    JournalSocket,
    SessionFiles,
    build_logging,
    follow,
    goes_to_journal,
)
from daemon.core.calendar.sessions import log_session
from daemon.core.event_lines import text_line
from daemon.core.orders.intent import Reason
from daemon.core.records import EventRecord, Level
from daemon.settings import LogFormat, LogSettings

NOW = datetime(2020, 2, 18, 20, 30, 2, tzinfo=UTC)
TODAY = date(2020, 2, 18)
HEADER = "condord 0.1.0  SIMULATED  settings 0123456789ab"
FIRST_LINE = f"# {HEADER}  session 2020-02-18\n"


class Terminal(io.StringIO):
    """A terminal that people watch."""

    def isatty(self) -> bool:
        return True


class ClosedPipe(io.StringIO):
    """A reader that has gone away."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        raise BrokenPipeError


class Build(Protocol):
    """Builds a log that is closed after the test."""

    def __call__(
        self,
        log_dir: Path | None = None,
        terminal: TextIO | None = None,
        *,
        level: Level = Level.INFO,
        form: LogFormat = LogFormat.TEXT,
        journal: JournalSocket | None = None,
        header: str = HEADER,
        keep_days: int = 0,
    ) -> EventLog: ...


@pytest.fixture
def build() -> Iterator[Build]:
    built: list[EventLog] = []

    def one(
        log_dir: Path | None = None,
        terminal: TextIO | None = None,
        *,
        level: Level = Level.INFO,
        form: LogFormat = LogFormat.TEXT,
        journal: JournalSocket | None = None,
        header: str = HEADER,
        keep_days: int = 0,
    ) -> EventLog:
        settings = LogSettings(level=level, format=form, keep_days=keep_days)
        log = build_logging(
            settings,
            clock_now=lambda: NOW,
            log_session=log_session,
            log_dir=log_dir,
            terminal=terminal,
            header=header,
            journal=journal,
        )
        built.append(log)
        return log

    yield one
    for log in built:
        log.close()


def event(
    name: str = "daemon_stopped",
    fields: Mapping[str, object] | None = None,
    *,
    at: datetime = NOW,
    level: Level = Level.INFO,
) -> EventRecord:
    return EventRecord(name, at, log_session(at), level, fields or {"why": "asked"})


def test_a_line_has_new_york_time_the_name_in_words_and_what_happened() -> None:
    assert text_line(event("order_sent", {"order_ref": "cd.1", "limit_pts100": -435})) == (
        "15:30:02 ET   order sent            cd.1, limit -4.35"
    )


def test_a_line_of_another_day_than_its_session_says_which() -> None:
    evening = event(at=datetime(2020, 2, 22, 1, 5, tzinfo=UTC))

    assert evening.session == date(2020, 2, 24)
    assert text_line(evening).startswith("2020-02-21 20:05:00 ET ")


def test_the_session_of_a_job_is_told_only_when_it_is_another() -> None:
    fields = {"job": "settlement", "reason": "the daemon was not running"}

    same = text_line(event("job_missed", fields | {"of_session": "2020-02-18"}))
    other = text_line(event("job_missed", fields | {"of_session": "2020-02-14"}))

    assert same.endswith("settlement, the daemon was not running")
    assert other.endswith("settlement, the daemon was not running, of session 2020-02-14")


@pytest.mark.parametrize(
    ("level", "mark"), [(Level.DEBUG, "."), (Level.INFO, " "), (Level.WARNING, "!"), (Level.ERROR, "X")]
)
def test_the_margin_shows_how_severe_a_line_is(level: Level, mark: str) -> None:
    assert text_line(event(level=level)).startswith(f"15:30:02 ET {mark} daemon stopped")


def test_a_text_of_the_gateway_cannot_break_the_line_or_the_terminal() -> None:
    line = text_line(event("gateway_waiting", {"why": "a\nb\x1b[31mc"}))

    assert line.isprintable()
    assert line.endswith("a b [31mc")


def test_each_session_has_its_file_with_one_header(build: Build, tmp_path: Path) -> None:
    log = build(tmp_path)

    log.write(event())
    log.write(event())
    log.write(event(at=NOW + timedelta(days=1)))
    log.write(event())

    assert sorted(path.name for path in tmp_path.glob("*.log")) == ["2020-02-18.log", "2020-02-19.log"]
    lines = (tmp_path / "2020-02-18.log").read_text().splitlines(keepends=True)
    assert lines[0] == FIRST_LINE
    assert lines[1:] == [text_line(event()) + "\n"] * 3


def test_a_restart_appends_without_a_second_header(build: Build, tmp_path: Path) -> None:
    build(tmp_path).write(event())

    build(tmp_path).write(event())

    assert (tmp_path / "2020-02-18.log").read_text().count("# ") == 1


def test_a_restart_with_other_settings_writes_its_own_header(build: Build, tmp_path: Path) -> None:
    for header in ("a", "b", "a"):
        build(tmp_path, header=header).write(event())

    lines = (tmp_path / "2020-02-18.log").read_text().splitlines()
    assert [line[2] for line in lines if line.startswith("# ")] == ["a", "b", "a"]


def test_a_line_cut_by_a_crash_is_ended_before_the_next(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "2020-02-18.log"
    path.write_text(FIRST_LINE + "15:29:00 ET   order se")

    build(tmp_path).write(event())

    assert path.read_text().splitlines()[1:] == ["15:29:00 ET   order se", text_line(event())]


def test_every_line_is_on_the_disk_before_the_log_is_closed(build: Build, tmp_path: Path) -> None:
    log = build(tmp_path)

    log.write(event())

    assert (tmp_path / "2020-02-18.log").read_text().endswith("asked\n")
    log.close()


def test_the_page_of_the_day_is_appended_to_its_session(build: Build, tmp_path: Path) -> None:
    log = build(tmp_path)
    log.write(event())

    log.write_page(TODAY, "VERDICT\n  all well\n", {})

    assert (tmp_path / "2020-02-18.log").read_text().endswith("asked\n\nVERDICT\n  all well\n\n")


def test_less_severe_events_than_the_setting_are_left_out(build: Build, tmp_path: Path) -> None:
    terminal = io.StringIO()
    log = build(tmp_path, terminal, level=Level.WARNING)

    log.write(event())
    log.write(event(level=Level.WARNING))

    assert len(terminal.getvalue().splitlines()) == 1
    assert len((tmp_path / "2020-02-18.log").read_text().splitlines()) == 2


def test_json_lines_carry_the_frame_and_every_field(build: Build) -> None:
    terminal = io.StringIO()
    reason = Reason("low_credit", "the credit is 2.10", 2.1, 3.75)

    build(None, terminal, form=LogFormat.JSON).write(
        event("condor_entry_skipped", {"reasons": (reason,), "session": TODAY, "qty": 2})
    )

    assert json.loads(terminal.getvalue()) == {
        "timestamp": "2020-02-18T20:30:02Z",
        "level": "info",
        "event": "condor_entry_skipped",
        "session": "2020-02-18",
        "session_": "2020-02-18",
        "reasons": [{"name": "low_credit", "text": "the credit is 2.10", "value": 2.1, "limit": 3.75}],
        "qty": 2,
    }


def test_a_session_has_a_file_of_text_and_one_of_json_lines_whatever_the_terminal_gets(
    build: Build, tmp_path: Path
) -> None:
    log = build(tmp_path, io.StringIO(), form=LogFormat.JSON)
    log.write(event())
    log.write_page(TODAY, "the page of the day", {"verdict": "ok", "profit": {"day_usd": 1.5}})

    assert text_line(event()) + "\n" in (tmp_path / "2020-02-18.log").read_text()
    line, page = map(json.loads, (tmp_path / "2020-02-18.jsonl").read_text().splitlines())
    assert (line["event"], line["why"]) == ("daemon_stopped", "asked")
    assert (page["event"], page["session"], page["level"]) == ("session_closed", "2020-02-18", "info")
    assert (page["verdict"], page["profit"]) == ("ok", {"day_usd": 1.5})


def test_files_of_sessions_too_long_ago_go_when_a_session_begins(build: Build, tmp_path: Path) -> None:
    for name in ("2020-02-10.log", "2020-02-10.jsonl", "2020-02-11.log", "mine.log", "2019.log"):
        (tmp_path / name).write_text("old")

    build(tmp_path, keep_days=7).write(event())  # of 2020-02-18

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"2020-02-11.log", "2020-02-18.log", "2020-02-18.jsonl", "mine.log", "2019.log"}


def test_following_a_session_goes_on_into_the_next_one(build: Build, tmp_path: Path) -> None:
    log = build(tmp_path)
    log.write(event())
    later = event(at=NOW + timedelta(days=1))
    added = iter((event(), later))

    seen = follow(tmp_path / "2020-02-18.log", lambda: log.write(next(added)))
    texts = [next(seen) for _ in range(4)]

    assert texts[0] == f"{FIRST_LINE}{text_line(event())}\n"
    assert texts[1:] == [text_line(event()) + "\n", "", f"# {HEADER}  session 2020-02-19\n{text_line(later)}\n"]


def test_colours_are_for_people_only(build: Build) -> None:
    watched, piped = Terminal(), io.StringIO()

    build(None, watched).write(event(level=Level.ERROR))
    build(None, piped).write(event(level=Level.ERROR))

    assert "\x1b[" in watched.getvalue()
    assert "\x1b[" not in piped.getvalue()


def test_a_disk_that_fails_is_told_once_and_its_recovery_once(build: Build, tmp_path: Path) -> None:
    terminal = io.StringIO()
    folder = tmp_path / "logs"
    folder.write_text("a file where the folder should be")
    log = build(folder, terminal)

    log.write(event())
    log.write(event())
    log.write_page(TODAY, "page", {})
    folder.unlink()
    log.write(event())
    log.write(event())

    told = terminal.getvalue()
    assert told.count("log failed") == 1
    assert told.count("log recovered") == 1
    assert told.count("daemon stopped") == 4
    assert (folder / "2020-02-18.log").read_text().count("daemon stopped") == 2


def test_an_event_that_is_not_written_proves_no_recovery(build: Build, tmp_path: Path) -> None:
    terminal = io.StringIO()
    folder = tmp_path / "logs"
    folder.write_text("a file where the folder should be")
    log = build(folder, terminal)

    log.write(event())
    log.write(event(level=Level.DEBUG))

    assert "log failed" in terminal.getvalue()
    assert "log recovered" not in terminal.getvalue()


def test_without_a_terminal_a_disk_that_fails_is_told_on_standard_error(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    folder.write_text("a file where the folder should be")

    build(folder).write(event())

    assert "log failed" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_raises_from_the_file_and_closes_it(tmp_path: Path) -> None:
    (tmp_path / "2020-02-18.log").symlink_to("/dev/full")
    files = SessionFiles(tmp_path, TEXT_SUFFIX, header=HEADER)

    with pytest.raises(OSError, match="No space left"):
        files.append(TODAY, "line\n")

    (tmp_path / "2020-02-18.log").unlink()
    files.append(TODAY, "line\n")
    files.close()
    assert (tmp_path / "2020-02-18.log").read_text() == f"{FIRST_LINE}line\n"


def test_a_terminal_that_went_away_is_left_alone(build: Build, tmp_path: Path) -> None:
    terminal = ClosedPipe()
    log = build(tmp_path, terminal)

    log.write(event())
    log.write(event())

    assert terminal.writes == 1
    assert (tmp_path / "2020-02-18.log").read_text().count("daemon stopped") == 2


def test_a_narrow_encoding_of_the_terminal_loses_no_line(build: Build) -> None:
    raw = io.BytesIO()
    log = build(None, io.TextIOWrapper(raw, encoding="ascii"))

    log.write(event("gateway_waiting", {"why": "no route \u2192 host"}))

    assert rb"no route \u2192 host" in raw.getvalue()


def test_two_logs_in_one_process_do_not_touch_each_other(build: Build, tmp_path: Path) -> None:
    quiet = build(tmp_path / "a", level=Level.ERROR)
    loud = build(tmp_path / "b", level=Level.DEBUG)

    quiet.write(event())
    loud.write(event(level=Level.DEBUG))

    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b" / "2020-02-18.log").exists()


def test_a_stream_is_the_journal_only_by_device_and_inode(tmp_path: Path) -> None:
    path = tmp_path / "stream"
    with path.open("w") as stream:
        status = path.stat()

        assert goes_to_journal(stream, f"{status.st_dev}:{status.st_ino}")
        assert not goes_to_journal(stream, f"{status.st_dev}:{status.st_ino + 1}")
        assert not goes_to_journal(stream, None)
    assert not goes_to_journal(io.StringIO(), "1:1")


def test_whoever_asks_is_told_when_the_files_fail_and_when_they_are_back(build: Build, tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    log = build(folder, io.StringIO())
    log.on_trouble = lambda event: told.append(event.name)

    log.write(event())
    log.write(event())
    folder.unlink()
    log.write(event())

    assert told == ["log_failed", "log_recovered"]
