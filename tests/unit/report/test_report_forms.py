"""One report in three forms: what a script reads, a terminal prints and a page shows are the same figures."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from report_fakes import FakeStore
from report_values import MONDAY, TUESDAY, day_record, noon
from report_world import FIRST, LAST, World

from daemon.core.orders.intent import FillMarket
from daemon.core.records import HedgeBudget, HedgeSizing, Monitor, MonitorKind, RiskRecord, StressCell, StressTable
from daemon.report.cells import Amount, Unit
from daemon.report.html import render_html
from daemon.report.period import gather_report
from daemon.report.period_json import key_of, period_json
from daemon.report.period_text import period_text
from daemon.report.sections import SECTIONS, Document, document
from daemon.report.words import MINUS
from daemon.settings import load

BUDGET = HedgeBudget(
    wanted=5,
    carry_usd=612.5,
    carry_max_usd=700.0,
    debits_usd=1_250.25,
    credits_usd=9_000.0,
    debits_max_usd=1_800.0,
    guarded=True,
    suspended=False,
)
TABLE = StressTable(
    days=0.0, spx_pcts=(-20.0, 0.0, 10.0), vix_pcts=(-40.0, 200.0), pnl_usd=((-9321, 12, -455), (41_007, 0, 3))
)
RISK = RiskRecord(
    session=LAST,
    at=noon(LAST),
    spx=2000.0,
    vix=40.0,
    condors=None,
    hedge=None,
    linked_delta_usd=None,
    wing_notional_usd=50_000,
    maintenance_margin_usd_cents=5_000_000,
    max_loss_usd=(),
    worst=StressCell(spx_pct=-20.0, vix_pct=-40.0, days=0.0, condor_usd=-9000.0, hedge_usd=-321.0),
    stress=(TABLE, replace(TABLE, days=21.0)),
)


@pytest.fixture(scope="module")
def report() -> Document:
    """The made-up desk with a budget, a measured stress, a look of the monitors and the rolls of the settings."""
    desk = World()
    store = desk.run()
    store.computations = [
        replace(each, sizing=HedgeSizing(base_usd=each.wing_notional_usd, budget=replace(BUDGET, carry_usd=10.0 * n)))
        for n, each in enumerate(store.computations)
    ]
    market = FillMarket(mid_pts=1.25, natural_pts=1.45)
    store.intent_by_ref = {ref: replace(each, fill_market=market) for ref, each in store.intent_by_ref.items()}
    store.record_risk(RISK)
    line = Monitor(
        session=LAST,
        at=noon(LAST),
        kind=MonitorKind.PARITY,
        subject="SPX 2020-04-17",
        value=1.25,
        limit=1.1,
        unit="points",
        text="a strike",
    )
    store.record_monitors((line,), {})
    store.set_meta("first_session", FIRST.isoformat())
    policy = load([], {"HOME": "/nowhere"}).hedge_policy()
    return document(gather_report(store, FIRST, LAST, name="since the start", policy=policy))


def figures(value: Any) -> Iterator[dict[str, Any]]:
    """Return every figure below a JSON value."""
    if isinstance(value, dict):
        if value.keys() >= {"value", "unit", "digits"}:
            yield value
        for one in value.values():
            yield from figures(one)
    elif isinstance(value, list):
        for one in value:
            yield from figures(one)


def written(figure: dict[str, Any]) -> str:
    """Write a figure as the report does, without the sign of a gain, which not every place shows."""
    return Amount(figure["value"], Unit(figure["unit"]), figure["digits"]).text


def text_sections(text: str) -> dict[str, str]:
    parts = re.split(r"^== (.*) ==$", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def html_sections(page: str) -> dict[str, str]:
    """Return the words of each section, and under the empty name those before the first."""
    head, *sections = page[page.index("<body>") :].split('<section id="')
    words = {"": head} | {part[: part.index('"')]: part for part in sections}
    return {name: unescape(re.sub(r"<[^>]*>", " ", part)).replace(MINUS, "-") for name, part in words.items()}


def test_only_the_page_has_the_typographic_minus_sign(report: Document) -> None:
    parts = r"[+-]\$[\d,.]+ \(-\d"

    assert re.search(parts, period_text(report)), "points below dollars, negative"
    assert MINUS not in period_text(report)
    assert MINUS not in json.dumps(period_json(report), ensure_ascii=False)
    assert f"<small>{MINUS}" in render_html(report)


def test_every_figure_of_the_json_stands_in_the_same_section_of_text_and_page(report: Document) -> None:
    values = json.loads(json.dumps(period_json(report)))
    text, page = text_sections(period_text(report)), html_sections(render_html(report))

    counted = 0
    for anchor, title in [("", ""), *SECTIONS.items()]:
        for figure in figures(values["figures"] if anchor == "" else values["sections"][anchor]):
            assert written(figure) in text[title], f"{figure} of {anchor} in the text"
            assert written(figure) in page[anchor], f"{figure} of {anchor} in the page"
            counted += 1
    assert counted > 1000


def test_every_section_stands_in_every_form_once_and_in_one_order(report: Document) -> None:
    page = render_html(report)

    assert [*period_json(report)["sections"]] == [*SECTIONS]
    assert [*text_sections(period_text(report))][1:] == [*SECTIONS.values()]
    assert re.findall(r'<section id="(\w+)"', page) == [*SECTIONS]


def test_what_is_unknown_has_no_value_and_is_called_unknown() -> None:
    store = FakeStore()
    store.record_day(replace(day_record(MONDAY), hedge_target_usd=None, hedge_held_usd=None))

    found = document(gather_report(store, MONDAY, MONDAY))

    row = period_json(found)["sections"]["hedge"]["tables"]["held"]["rows"][0]
    assert row["target"] == {"value": None, "unit": "USD", "digits": 0}
    assert row["held"]["value"] == 0, "nothing is held, which is known"
    assert re.search(r"2020-03-02 .* unknown +\$0$", period_text(found), re.MULTILINE)


def test_figures_are_those_of_the_records(report: Document) -> None:
    found, days = period_json(report), report.data.days

    sessions = found["sections"]["equity"]["tables"]["sessions"]["rows"]
    assert [row["net_liquidation"]["value"] for row in sessions] == [d.net_liquidation_usd_cents / 100 for d in days]
    assert found["figures"]["net_liquidation"]["value"] == days[-1].net_liquidation_usd_cents / 100
    assert (found["from"], found["to"], found["sessions"]) == ("2020-02-18", "2020-03-31", 31)
    stress = found["sections"]["stress"]["tables"]["stress_0"]["rows"]
    assert stress[0]["VIX / SPX"] == "-40 %"
    assert [stress[0][name]["value"] for name in ("-20 %", "0 %", "+10 %")] == [-9321, 12, -455]


def test_only_the_sections_asked_for_are_shown(report: Document) -> None:
    found = document(report.data, ["stress", "equity"])

    assert [*period_json(found)["sections"]] == ["equity", "stress"]
    assert found.figures == report.figures


def test_a_heading_makes_a_key_a_script_can_use() -> None:
    assert key_of("Max drawdown, hedged") == "max_drawdown_hedged"
    assert key_of("Hedge, % of W") == "hedge_%_of_w"


def test_a_period_without_a_closed_session_says_so_in_every_form() -> None:
    found = document(gather_report(FakeStore(), FIRST, LAST))

    assert period_json(found)["period"] == "No session from 2020-02-18 to 2020-03-31 has closing figures"
    assert "There is nothing to show" in period_text(found)
    assert "There is nothing to show" in render_html(found)


@pytest.mark.parametrize(
    ("first", "last", "name", "words"),
    [
        ((2020, 3, 2), (2020, 3, 3), "", "2020-03-02 to 2020-03-03, 2 sessions"),
        ((2020, 3, 2), (2020, 3, 2), "2020-03-02", "2020-03-02, one session"),
        # Of the week the three sessions from Wednesday on are not recorded.
        (
            (2020, 3, 2),
            (2020, 3, 8),
            "week 10 of 2020",
            "week 10 of 2020: 2020-03-02 to 2020-03-03, 2 sessions; in part: 3 other sessions of it are not recorded",
        ),
        (
            (2020, 3, 3),
            (2020, 3, 4),
            "",
            "2020-03-03, one session; in part: 1 other session of it is not recorded",
        ),
    ],
)
def test_a_period_says_how_much_of_it_is_recorded(
    first: tuple[int, int, int], last: tuple[int, int, int], name: str, words: str
) -> None:
    store = FakeStore()
    for session in (MONDAY, TUESDAY):
        store.record_day(day_record(session))

    assert document(gather_report(store, date(*first), date(*last), name=name)).period == words
