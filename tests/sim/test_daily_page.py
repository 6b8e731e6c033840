"""The page of the day as the running daemon writes it: on a quiet day, a late start, a day missed, an outage, a halt."""

import json
from datetime import date, time
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, Life, live, rehearse
from report_fakes import HEADINGS

from daemon.core.calendar.sessions import new_york, sessions_between
from daemon.core.records import RunState

LAST = date(2020, 2, 26)
NEXT = date(2020, 2, 19)
THIRD = date(2020, 2, 20)


def page(logs: Path, session: date) -> dict[str, str]:
    """Return the page of a session by heading; each stands once, in the order of the page."""
    lines = (logs / f"{session}.log").read_text().splitlines()
    (begin,) = [n for n, line in enumerate(lines) if line == "=" * 100]
    found: dict[str, str] = {}
    for line in lines[begin + 1 :]:
        if line[:1].isalpha():
            found[line.split()[0]] = line[12:]
        elif line.startswith(" "):
            found[[*found][-1]] += f"\n{line.strip()}"
        elif line and found:
            break
    assert max(map(len, lines[begin - 1 : begin + 90])) <= 200
    return found


def facts(logs: Path, session: date) -> dict[str, object]:
    """Return the facts of the page beside it."""
    lines = map(json.loads, (logs / f"{session}.jsonl").read_text().splitlines())
    (found,) = [line for line in lines if line["event"] == "session_closed"]
    return dict(found)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    out = tmp_path_factory.mktemp("pages") / "out"
    return rehearse(out, LAST), out / "logs"


def test_every_session_has_all_sections_in_their_order_and_nothing_is_wider_than_the_page(
    week: tuple[Done, Path],
) -> None:
    for session in sessions_between(FIRST, LAST):
        text = (week[1] / f"{session}.log").read_text()
        block = text[text.index("=" * 100) :].split("\n\n# ")[0]

        assert [*page(week[1], session)][: len(HEADINGS)] == [*HEADINGS], session
        assert max(len(line) for line in block.splitlines() if " ET " not in line[:25]) <= 100


def test_the_json_lines_say_what_the_page_says(week: tuple[Done, Path]) -> None:
    for session in sessions_between(FIRST, LAST):
        shown, told = page(week[1], session), facts(week[1], session)

        assert shown["VERDICT"].replace("\n", " ") == told["verdict"]
        assert shown["SETTINGS"].startswith(f"digest {dict(told['settings'])['digest']}")  # type: ignore[call-overload]


def test_the_next_session_is_told_with_what_it_brings(week: tuple[Done, Path]) -> None:
    tomorrow = page(week[1], date(2020, 2, 25))["TOMORROW"]

    assert tomorrow.startswith("Wednesday 2020-02-26, market 09:30 to 16:00\njobs: preflight 09:00, signals 09:05")
    assert "rolls: L1 2020-02-26 DUE, L2 " in tomorrow


def test_a_late_start_says_what_was_missed_what_ran_late_and_that_there_was_no_connection(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(16, 45))
        shown = page(tmp_path / "state" / "logs", FIRST)

        assert [*shown][: len(HEADINGS)] == [*HEADINGS]
        assert "missed: cost_of_capital" not in shown["JOBS"]
        assert "late: preflight, signals, hedge_roll" in shown["JOBS"]
        assert "09:30 to 15:2" in shown["LINK"]
        assert "the daemon was not running" in shown["LINK"]

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)


def test_a_session_that_was_missed_gets_its_page_at_the_next_start(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(16, 0))
        await life.die()
        await life.until(THIRD, time(8, 0))
        await life.start()

        logs = tmp_path / "state" / "logs"
        for session in (FIRST, NEXT):
            shown = page(logs, session)
            assert [*shown][: len(HEADINGS)] == [*HEADINGS]
            assert shown["VERDICT"].startswith("ATTENTION: ")
            assert "no closing figures recorded" in shown["ATTENTION"]
            assert "the daemon was not running" in shown["JOBS"]
            assert shown["TOMORROW"].splitlines()[0].split()[1] == f"{NEXT if session == FIRST else THIRD},"
        assert shown["LINK"] == "nothing is recorded of this session"
        assert not (logs / f"{THIRD}.log").read_text().count("VERDICT")

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)


def test_an_outage_and_a_halt_stand_on_the_page(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(13, 0))
        await program.broker.disconnect()
        await life.until(FIRST, time(14, 0))
        await program.engine.halt("looks wrong", RunState.EXITS_ONLY)
        await life.until(FIRST, time(16, 45))
        shown = page(tmp_path / "state" / "logs", FIRST)

        assert "EXITS_ONLY by person: looks wrong" in shown["ATTENTION"]
        assert shown["ENTRY"].startswith("15:")
        assert "13:00 to 13:00" in shown["LINK"]

    live(tmp_path / "state", new_york(FIRST, time(8, 30)), scene)
