"""The HTML report: complete by itself, the same each time, and with the same numbers as the text."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from html.parser import HTMLParser

import pytest
from report_fakes import FakeStore
from report_values import MONDAY, TUESDAY, WEDNESDAY, day_record, noon
from report_world import FIRST, LAST, World

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass, vix_future
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Reason, Strategy
from daemon.core.records import Decision, DecisionKind
from daemon.report.cells import ROWS_SHOWN
from daemon.report.day import gather_day
from daemon.report.html import minus, render_html
from daemon.report.period import gather_report
from daemon.report.sections import document
from daemon.report.svg import TOKENS, short_path

KILOBYTE = 1000
VIX_CALL = OptionContract(TradingClass.VIX, date(2020, 3, 18), 1800, Right.CALL)
VOID = {"meta", "br", "hr", "img", "input", "link"}


@pytest.fixture(scope="module")
def page(world: World) -> str:
    return render_html(document(gather_report(world.store, FIRST, LAST)))


class Checker(HTMLParser):
    """Collects tags, attributes and text, and whether every tag is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        self.text += data


def svgs(page: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", page, re.DOTALL)


def titles(page: str) -> list[str]:
    """Return the titles of the plots of a page, each up to its unit."""
    return [re.findall(r'aria-label="([^",]+)', svg)[0] for svg in svgs(page)]


class TestFile:
    def test_it_needs_nothing_from_a_network_and_runs_no_script(self, page: str) -> None:
        found = Checker(page)

        links = [
            value for _, name, value in found.attributes if name in ("src", "href", "xlink:href", "data", "action")
        ]
        assert all(value.startswith("#") for value in links)
        assert not found.tags.keys() & {"script", "link", "iframe", "object", "embed", "img"}
        assert not [name for _, name, _ in found.attributes if name.startswith("on")]
        assert "@import" not in page
        assert not re.search(r"url\((?!['\"]?#)", page)

    def test_every_tag_is_closed(self, page: str) -> None:
        assert Checker(page).open == []

    def test_it_is_small(self, page: str) -> None:
        assert len(page.encode()) < 400 * KILOBYTE

    def test_a_page_of_a_year_is_small(self) -> None:
        first, last = date(2019, 1, 2), date(2019, 12, 31)
        year = World().run(first, last)

        page = render_html(document(gather_report(year, first, last)))

        # A real year has 50 kB more: its signals and stress, the expected cost of the hedge, the rolls to come.
        assert len(page.encode()) < (400 - 50) * KILOBYTE

    def test_it_is_the_same_each_time(self, page: str, world: World) -> None:
        assert render_html(document(gather_report(world.store, FIRST, LAST))) == page

    def test_ids_are_unique_and_every_reference_is_met(self, page: str) -> None:
        found = Checker(page).attributes
        ids = Counter(value for _, name, value in found if name == "id")
        referred = {value[1:] for _, name, value in found if name in ("href", "xlink:href")}
        referred |= set(re.findall(r"url\(#([^)]+)\)", page))

        assert [name for name, count in ids.items() if count > 1] == []
        assert referred <= set(ids)

    def test_it_says_what_account_it_is_of(self, page: str) -> None:
        assert "SIMULATED" in Checker(page).text

    def test_texts_of_the_store_cannot_become_markup(self) -> None:
        store = FakeStore()
        reasons = (Reason("evil", "<script>alert(1)</script> & co"),)
        store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons))
        store.record_day(day_record(MONDAY))

        page = render_html(document(gather_report(store, MONDAY, MONDAY)))

        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page

    def test_the_drawing_library_is_loaded_only_when_something_is_drawn(self) -> None:
        code = "import sys, daemon.report.html, daemon.report.day_text; sys.exit('matplotlib' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestTables:
    @pytest.mark.parametrize("name", ["changes", "condor", "sources", "trades", "settlements", "decisions"])
    def test_each_stands_in_the_page_once(self, page: str, name: str) -> None:
        assert page.count(f'<table id="{name}_rows"') == 1

    def test_every_trade_and_every_decision_has_its_row(self, page: str, world: World) -> None:
        for order in world.store.intents():
            assert page.count(f"<small>{order.ref}</small>") == bool(order.filled)
        rows = page[page.index('<table id="decisions_rows"') :].split("</table>", maxsplit=1)[0].count("<tr>")
        assert rows == len(world.store.decided) + 1

    def test_a_long_one_has_its_newest_rows_and_says_where_the_others_are(self) -> None:
        store = FakeStore()
        for n in range(ROWS_SHOWN + 1):
            reasons = (Reason("number", f"choice {n} of many"),)
            store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons))
        store.record_day(day_record(MONDAY))

        page = render_html(document(gather_report(store, MONDAY, MONDAY)))

        assert f'All decisions <span class="count">the newest {ROWS_SHOWN} of {ROWS_SHOWN + 1}</span>' in page
        assert "choice 0 of many" not in page
        assert f"choice {ROWS_SHOWN} of many" in page
        assert "condord why tell of each session" in page

    def test_the_settlement_of_a_future_pays_nothing_beside_its_variation(self) -> None:
        store = FakeStore()
        future = vix_future(date(2020, 3, 18))
        store.ledger = [
            BookEntry(
                ExecId(f"settlement:{contract}"),
                EntryKind.SETTLEMENT,
                None,
                Strategy.HEDGE,
                "L1",
                ConId(n),
                contract,
                quantity=-1,
                price_pts100=6988,
                fee_usd_e4=0,
                at=noon(MONDAY),
                session=MONDAY,
            )
            for n, contract in enumerate([future, VIX_CALL])
        ]
        store.record_day(day_record(MONDAY))

        page = render_html(document(gather_report(store, MONDAY, MONDAY)))

        rows = page[page.index('<table id="settlements_rows"') :].split("</table>", maxsplit=1)[0]
        # A call at 69.88 points pays 100 dollars for each.
        assert rows.count("+$6,988") == 1
        assert rows.count("by variation") == 1

    def test_an_empty_table_is_a_sentence(self, page: str) -> None:
        text = Checker(page).text

        assert "Book and account agreed at every recorded close (31)." in text
        assert "No warning and no error was logged." in text


class TestPlots:
    def test_each_is_drawn_for_a_desk_and_for_a_phone(self, page: str) -> None:
        shown = Counter(titles(page))

        assert set(shown.values()) == {2}
        assert len(shown) == 8
        assert "What the hedge was expected to cost is not recorded here." in page

    def test_each_is_well_formed_and_says_what_it_shows(self, page: str) -> None:
        for svg in svgs(page):
            root = ET.fromstring(svg.replace("xlink:href", "href"))

            assert root.get("role") == "img"
            assert root.get("aria-label")

    def test_colours_come_from_the_style_sheet_in_both_themes(self, page: str) -> None:
        used = set(re.findall(r"var\(--(\w+)\)", "".join(svgs(page))))
        themes = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
        light, dark = themes[0], themes[1]

        assert used <= TOKENS.keys()
        assert {"ink", "hedged", "unhedged", "put", "call", "vix"} <= used
        assert not re.search(r"#[0-9a-f]{6}", "".join(svgs(page)))
        for name in used:
            assert f"--{name}:" in light
            assert f"--{name}:" in dark

    def test_lines_are_written_as_steps_of_tenths_of_a_point(self) -> None:
        # From (1, 2) right to 3.04, down to 2.5, back to the start; then a line of its own from (0.26, 10) to (0, 20).
        path = "M 1 2 L 3.04 2 L 3.04 2.5 L 2 1.96 z M 0.26 10 L 0 20"

        assert short_path(path) == "m1 2h2v.5l-1 -.5zm-.7 8l-.3 10"

    def test_letters_stay_letters_in_the_readers_font(self, page: str) -> None:
        assert all("<text" in svg and "font-family" not in svg for svg in svgs(page))

    def test_none_of_their_letters_leave_the_frame(self, page: str) -> None:
        for svg in svgs(page):
            width, height = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
            for x, y in re.findall(r'<text[^>]* x="([-\d.]+)" y="([-\d.]+)"', svg):
                assert 0 <= float(x) <= width
                assert 0 <= float(y) <= height


class TestFigures:
    def test_money_is_that_of_the_text_report(self, page: str, world: World) -> None:
        day = gather_day(world.store, LAST).closing.day
        assert day is not None
        text = Checker(page).text

        assert f"${day.net_liquidation_usd_cents / 100:,.0f}" in text
        for cents in (day.condor_pnl_usd_cents, day.hedge_pnl_usd_cents):
            assert minus(f"{'-' if cents < 0 else '+'}${abs(cents) / 100:,.0f}") in text

    def test_profit_without_the_hedge_of_a_window_in_the_middle_begins_at_the_close_before_it(
        self, world: World
    ) -> None:
        days = world.store.days()
        data = gather_report(world.store, days[10].session, days[20].session)

        assert data.curve[-1].unhedged_usd_cents == days[20].net_liquidation_usd_cents - (
            days[20].hedge_pnl_usd_cents - days[9].hedge_pnl_usd_cents
        )

    def test_every_condor_that_was_filled_has_a_row_and_no_other(self, world: World) -> None:
        data = gather_report(world.store, FIRST, LAST)

        assert len(data.condors) == world.counts["condor_entries"] == data.entered
        assert data.decided == 31

    def test_a_window_leaves_out_condors_that_had_ended_before_it(self, world: World) -> None:
        days = world.store.days()
        data = gather_report(world.store, days[20].session, LAST)

        assert {line.condor_id for line in data.condors if line.ended is not None and line.ended < data.first} == set()
        assert len(data.condors) < world.counts["condor_entries"]

    def test_slippage_is_what_the_desk_gave_up(self, world: World) -> None:
        data = gather_report(world.store, FIRST, LAST)

        # every order was filled 0.05 points beyond its mid
        given_up = sum(500 * line.quantity for line in data.trades)
        assert data.slippage_usd_cents == given_up

    def test_no_sentence_promises_a_smaller_drawdown(self, page: str) -> None:
        text = Checker(page).text.lower()

        for word in ("reduc", "protect", "35-40", "35 to 40"):
            assert word not in text

    def test_a_minus_sign_replaces_the_hyphen_of_a_number_only(self) -> None:
        assert (minus("-$5"), minus("+$5"), minus("-"), minus("")) == ("\N{MINUS SIGN}$5", "+$5", "-", "")


class TestLittleOrNothing:
    def test_one_session_makes_a_report_without_curves(self) -> None:
        desk = World()
        desk.run(FIRST, FIRST)

        page = render_html(document(gather_report(desk.store, FIRST, FIRST)))

        assert Checker(page).open == []
        assert "one session" in page
        assert {*titles(page)} == {"Short strikes and wings against SPX", "Gain and loss at expiry"}
        assert "One session makes no curve over time" in page

    def test_no_session_makes_a_page_that_says_so(self) -> None:
        page = render_html(document(gather_report(FakeStore(), FIRST, LAST)))

        assert Checker(page).open == []
        assert "There is nothing to show" in page
        assert svgs(page) == []

    def test_sessions_that_were_never_closed_are_named(self) -> None:
        store = FakeStore()
        store.record_day(day_record(MONDAY))
        store.record_day(day_record(WEDNESDAY))

        data = gather_report(store, MONDAY, WEDNESDAY)

        assert data.unclosed == (TUESDAY,)
        assert "2 sessions; 1 more have no closing figures" in render_html(document(data))

    def test_sessions_without_any_hedge_figures_are_drawn(self) -> None:
        store = FakeStore()
        for session in (MONDAY, TUESDAY):
            day = day_record(session)
            store.record_day(
                type(day)(
                    day.session,
                    day.spx,
                    day.vix,
                    day.net_liquidation_usd_cents,
                    0,
                    0,
                    0,
                    None,
                    None,
                    None,
                    None,
                    breaks_open=1,
                )
            )

        page = render_html(document(gather_report(store, MONDAY, WEDNESDAY)))

        assert len(svgs(page)) == 2 * 3
        assert "No hedge was held and none was asked for" in page
        assert "Sessions that closed with a break" in page
