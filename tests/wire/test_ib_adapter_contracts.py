"""Expiry dates in both directions, and what is not an SPX or VIX option."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.ib.contracts import date_of, describe, expiry_of, option_of, params_of, query_of
from daemon.adapters.ib.greeting import readable_time, zone_of
from daemon.adapters.ib.messages import ChainRow, WireContract
from daemon.core.calendar.sessions import sessions_between
from daemon.core.market.contracts import OPTION_CLASSES, OptionContract, Right, TradingClass, Underlying, vix_future

SPX, SPXW, VIX, VIXW = TradingClass.SPX, TradingClass.SPXW, TradingClass.VIX, TradingClass.VIXW

# Class, lastTradeDate as the gateway sends it, OCC symbol, settlement. The first two are recorded contracts;
# the rest follow the Cboe expiration calendars of those years.
LISTED = [
    (SPX, "20200116", "SPX   200117P03205000", date(2020, 1, 17)),
    (VIX, "20230620", "VIX   230621C00017000", date(2023, 6, 21)),
    (SPXW, "20200318", "SPXW  200318C02500000", date(2020, 3, 18)),
    (VIXW, "20200303", "VIXW  200304C00020000", date(2020, 3, 4)),
    # Good Friday 2019 was the third Friday: SPX settled on Thursday, traded last on Wednesday.
    (SPX, "20190417", "SPX   190418C02900000", date(2019, 4, 18)),
    # Juneteenth 2024 (a Wednesday) closed the exchange: VIX settled on Tuesday, traded last on Monday.
    (VIX, "20240617", "VIX   240618C00015000", date(2024, 6, 18)),
    # Presidents' Day before a Tuesday settlement: the last trade is on Friday.
    (SPXW, "20200218", "SPXW  200218P03300000", date(2020, 2, 18)),
    # Christmas 2019 was a Wednesday: that week's VIX settled on Tuesday the 24th.
    (VIXW, "20191223", "VIXW  191224C00014000", date(2019, 12, 24)),
]


def wire(trading_class: TradingClass, last_trade: str, local_symbol: str) -> WireContract:
    return WireContract(
        con_id=1,
        sec_type="OPT",
        symbol=trading_class.underlying.value,
        last_trade=last_trade,
        strike=float(local_symbol[13:]) / 1000,
        right=local_symbol[12],
        multiplier="100",
        currency="USD",
        local_symbol=local_symbol,
        trading_class=trading_class.value,
    )


@pytest.mark.parametrize(("trading_class", "last_trade", "symbol", "settles"), LISTED)
class TestListedContracts:
    """What the gateway calls the last trade date, and we the expiry."""

    def test_the_symbol_gives_the_settlement(
        self, trading_class: TradingClass, last_trade: str, symbol: str, settles: date
    ) -> None:
        contract = option_of(wire(trading_class, last_trade, symbol))

        assert contract is not None
        assert contract.expiry == settles

    def test_the_calendar_gives_the_same_where_no_symbol_does(
        self, trading_class: TradingClass, last_trade: str, symbol: str, settles: date
    ) -> None:
        assert expiry_of(trading_class, last_trade, "") == settles

    def test_a_real_expiration_of_either_kind_changes_nothing(
        self, trading_class: TradingClass, last_trade: str, symbol: str, settles: date
    ) -> None:
        for said in (last_trade, f"{settles:%Y%m%d}", "", "0", "20990101"):
            assert expiry_of(trading_class, last_trade, symbol, real_expiration=said) == settles
            assert expiry_of(trading_class, last_trade, "", real_expiration=said) == settles

    def test_what_we_ask_for_is_the_last_trade(
        self, trading_class: TradingClass, last_trade: str, symbol: str, settles: date
    ) -> None:
        contract = option_of(wire(trading_class, last_trade, symbol))

        assert contract is not None
        assert query_of(contract).expires == last_trade

    def test_a_login_zone_in_asia_does_not_move_the_expiry(
        self, trading_class: TradingClass, last_trade: str, symbol: str, settles: date
    ) -> None:
        # The last trade at 15:15 in Chicago is the next morning in Shanghai.
        moved = datetime.strptime(last_trade + "1515", "%Y%m%d%H%M").replace(tzinfo=ZoneInfo("America/Chicago"))
        text = f"{moved.astimezone(ZoneInfo('Asia/Shanghai')):%Y%m%d %H:%M:%S} Asia/Shanghai"

        assert text[:8] != last_trade
        assert expiry_of(trading_class, text, "") == settles
        assert expiry_of(trading_class, text[:8], symbol) == settles


@given(
    trading_class=st.sampled_from(list(OPTION_CLASSES)),
    expiry=st.sampled_from(sessions_between(date(2012, 1, 3), date(2030, 12, 31))),
    strike=st.integers(1, 2000).map(lambda n: n * 50),
    right=st.sampled_from(list(Right)),
)
def test_every_contract_survives_the_way_out_and_back(
    trading_class: TradingClass, expiry: date, strike: int, right: Right
) -> None:
    contract = OptionContract(trading_class, expiry, strike, right)
    asked = query_of(contract)
    answer = WireContract(
        con_id=1,
        sec_type="OPT",
        symbol=asked.symbol,
        last_trade=asked.expires,
        strike=asked.strike,
        right=asked.right,
        multiplier="100",
        trading_class=asked.trading_class,
    )

    assert option_of(answer) == contract


FOREIGN = {
    "a share": WireContract(1, "STK", "SPY", currency="USD", local_symbol="SPY", trading_class="SPY"),
    "an index": WireContract(1, "IND", "SPX", trading_class="SPX"),
    "a weekly future": WireContract(1, "FUT", "VIX", "20200325", multiplier="1000", trading_class="VX13"),
    "a mini future": WireContract(1, "FUT", "VIX", "20200318", multiplier="100", trading_class="VXM"),
    "a future that settles on no monthly date": WireContract(
        1, "FUT", "VIX", "20200324", multiplier="1000", trading_class="VX"
    ),
    "a share option": WireContract(1, "OPT", "SPY", "20200320", 300.0, "P", "100", "USD", "", "SPY"),
    "a mini option": WireContract(1, "OPT", "SPX", "20200320", 300.0, "P", "10", "USD", "", "SPX"),
    "an option without a strike": WireContract(1, "OPT", "SPX", "20200320", 0.0, "P", "100", "USD", "", "SPX"),
    "an option without a right": WireContract(1, "OPT", "SPX", "20200320", 3000.0, "?", "100", "USD", "", "SPX"),
    "an option without a date": WireContract(1, "OPT", "SPX", "202003", 3000.0, "P", "100", "USD", "", "SPX"),
    "a combo": WireContract(28812380, "BAG", "SPX", local_symbol="28812380", trading_class="COMB"),
}


@pytest.mark.parametrize(
    ("last_trade", "real_expiration"),
    [
        ("20200318", ""),  # trades until the morning of its settlement
        ("20200317", ""),  # the evening before
        ("20200317", "20200318"),
        ("20200318 09:00:00 US/Eastern", "20200318"),
    ],
)
def test_a_monthly_vix_future_is_ours_however_its_last_trade_is_told(last_trade: str, real_expiration: str) -> None:
    # VXH0 settled on Wednesday, 18 March 2020 (Cboe).
    wire = WireContract(1, "FUT", "VIX", last_trade, multiplier="1000", local_symbol="VXH0", trading_class="VX")

    assert option_of(wire, real_expiration) == vix_future(date(2020, 3, 18))


def test_an_option_on_a_fund_is_asked_for_and_read_as_other_options_are() -> None:
    call = OptionContract(TradingClass.VXX, date(2020, 3, 20), 3350, Right.CALL)
    wire = WireContract(1, "OPT", "VXX", "20200320", 33.5, "C", "100", "USD", "VXX   200320C00033500", "VXX")
    asked = query_of(call)

    assert option_of(wire) == call
    assert (asked.sec_type, asked.symbol, asked.expires, asked.strike) == ("OPT", "VXX", "20200320", 33.5)
    assert option_of(replace(wire, trading_class="VXX1")) is None  # what a split has changed
    assert option_of(replace(wire, sec_type="STK")) is None


def test_a_future_is_asked_for_by_its_month_at_its_own_exchange() -> None:
    asked = query_of(vix_future(date(2022, 3, 15)))

    assert (asked.sec_type, asked.symbol, asked.trading_class, asked.exchange) == ("FUT", "VIX", "VX", "CFE")
    assert (asked.expires, asked.multiplier, asked.right) == ("202203", "1000", "")


@pytest.mark.parametrize("name", FOREIGN)
def test_anything_else_is_described_and_not_ours(name: str) -> None:
    assert option_of(FOREIGN[name]) is None
    assert describe(FOREIGN[name]).startswith(FOREIGN[name].sec_type)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20230623", date(2023, 6, 23)),
        ("20230624 04:00:00 Asia/Shanghai", date(2023, 6, 23)),
        ("20230623 15:00:00 US/Central", date(2023, 6, 23)),
        ("202306", None),
        ("", None),
        ("20231350", None),
        ("20230624 04:00:00 Nowhere/Land", None),
    ],
)
def test_dates_are_read_as_the_date_at_the_exchange(text: str, expected: date | None) -> None:
    assert date_of(text) == expected


def test_option_parameters_take_one_row_a_class_and_name_settlements() -> None:
    rows = [
        ChainRow("CBOE", "SPX", "100", ("20200319",), (3000.0,)),
        ChainRow("SMART", "SPX", "100", ("20200319", "20200416"), (3000.0, 3005.0)),
        ChainRow("SMART", "SPXW", "100", ("20200318", "20200320"), (2500.5, 0.0, 2500.0)),
        ChainRow("SMART", "XSP", "100", ("20200320",), (300.0,)),
        ChainRow("SMART", "SPXW", "10", ("20200320",), (1.0,)),
    ]

    spx, spxw = params_of(rows, Underlying.SPX)

    assert (spx.trading_class, spx.expiries) == (SPX, (date(2020, 3, 20), date(2020, 4, 17)))
    assert spxw.expiries == (date(2020, 3, 18), date(2020, 3, 20))
    assert spxw.strikes_pts100 == (250000, 250050)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20230224  12:04:56", "20230224 12:04:56 America/New_York"),
        ("20230224 12:04:56", "20230224 12:04:56 America/New_York"),
        ("20230224-17:04:56", "20230224 17:04:56 UTC"),
        ("20230224 12:04:56 US/Eastern", "20230224 12:04:56 US/Eastern"),
        ("20230224 12:04:56 EST", "20230224 12:04:56 America/New_York"),
        ("20230224 12:04:56 Mars/Olympus", "20230224 12:04:56 America/New_York"),
        ("1677258296", "1677258296"),
    ],
)
def test_execution_times_of_every_spelling_become_readable(text: str, expected: str) -> None:
    assert readable_time(text, "America/New_York") == expected


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("20260115 09:30:00 EST", "America/New_York"),
        ("20260115 09:30:00 US/Eastern", "US/Eastern"),
        ("20260115 09:30:00 Europe/Berlin", "Europe/Berlin"),
        ("20260115 09:30:00 China Standard Time", None),
        ("20260115 09:30:00", None),
    ],
)
def test_the_login_zone_is_read_from_the_greeting(text: str, zone: str | None) -> None:
    assert zone_of(text) == zone
