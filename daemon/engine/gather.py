"""Reading the market for a decision: index values, the median of VIX, chains, forwards."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.expiries import settlement_at
from daemon.core.condor.build import price_combo
from daemon.core.condor.quality import judge_freshness
from daemon.core.condor.selection import nearest
from daemon.core.hedge.sizing import UnitValue
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass, Underlying
from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import black76, implied_vol
from daemon.core.market.quotes import DataKind, IndexQuote, Quote
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import ComboPrice, Leg, Reason
from daemon.engine.context import Desk
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

MEDIAN_MINUTES: Final = 15
MEDIAN_MIN_BARS: Final = 5
YEAR_DAYS: Final = 365.0
FORWARD_GUESSES: Final = (1.0, 1.15, 1.35, 1.6)
"""Multiples of VIX, or of the share of a fund, at which a call and a put are looked for, until both have a bid and an ask."""
SPX_STEPS_PTS100: Final = (500, 2_500, 10_000)
"""Distances of SPX strikes: the coarser they are, the more expiries list them."""
NO_QUOTE: Final = "no_hedge_quote"
"""Name of the reason that an option of the hedge is not listed or not quoted."""


@dataclass(frozen=True, slots=True)
class Indexes:
    """SPX and VIX as last seen, with the age of the older one."""

    spx: float
    vix: float
    age_s: float


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """A named reason why something is not done now."""

    def __init__(self, *reasons: Reason, inputs: Mapping[str, float | int | str | None] = MappingProxyType({})) -> None:
        super().__init__("; ".join(reason.text for reason in reasons))
        self.reasons = reasons
        self.inputs = inputs
        """The numbers of what was refused, as far as it had been found."""


class LackingError(Refusal):
    """A refusal that lasts only until a value arrives, so that another try is worth it."""


async def indexes(desk: Desk) -> Indexes:
    """Read SPX and VIX; refuse what is missing, delayed or frozen. Raises LinkDownError without a connection."""
    spx, vix = await index_value(desk, Underlying.SPX), await index_value(desk, Underlying.VIX)
    age_s = (desk.clock.now() - min(spx.at, vix.at)).total_seconds()
    return Indexes(spx.value_pts, vix.value_pts, age_s)


async def index_value(desk: Desk, underlying: Underlying) -> IndexQuote:
    """Read one index; a value that is only late may still come."""
    try:
        quote = await desk.broker.index_quote(underlying)
    except LinkDownError:
        raise
    except BrokerTimeoutError as error:
        raise LackingError(_index_missing(underlying, error)) from error
    except BrokerError as error:
        raise Refusal(_index_missing(underlying, error)) from error
    if quote.kind is not DataKind.LIVE:
        text = f"{underlying} is {quote.kind}, and only live data are traded on"
        raise Refusal(Reason("data_not_live", text, quote.kind.value, DataKind.LIVE.value))
    return quote


def _index_missing(underlying: Underlying, error: BrokerError) -> Reason:
    return Reason("index_missing", f"There is no value of {underlying}: {error}", error.code)


async def account_values(desk: Desk) -> AccountValues:
    """Return the latest account values, streamed or read; refuse by name while the gateway does not tell all."""
    streamed, read = await streamed_account(desk), desk.link.valued
    return streamed if read is None or streamed.at >= read.at else read


async def streamed_account(desk: Desk) -> AccountValues:
    """Return the account values that go with the marks, as both are streamed; where they lack, those read last."""
    try:
        return await desk.broker.account_values()
    except LinkDownError:
        raise
    except BrokerError as error:
        if (read := desk.link.valued) is None:
            raise Refusal(Reason("account_missing", f"The account cannot be valued: {error}", error.code)) from error
        return read


async def fresh_account_values(desk: Desk) -> AccountValues:
    """Return the account values, read anew when the latest are too old to open risk on."""
    account = await account_values(desk)
    if (desk.clock.now() - account.at).total_seconds() <= desk.policy.limits.account_max_age_s:
        return account
    desk.link.valued = (await desk.broker.snapshot()).account
    return await account_values(desk)


async def vix_median(desk: Desk) -> float:
    """Return the median of VIX over the last 15 minutes (decision 25); refuse when there are too few bars."""
    bars = await desk.broker.bars(Underlying.VIX, minutes=1, count=MEDIAN_MINUTES)
    oldest_s = (MEDIAN_MINUTES + 2) * 60
    fresh = [bar.close for bar in bars if (desk.clock.now() - bar.at).total_seconds() <= oldest_s]
    if len(fresh) < MEDIAN_MIN_BARS:
        text = f"VIX has {len(fresh)} fresh one-minute bars in the last {MEDIAN_MINUTES} minutes"
        raise Refusal(Reason("vix_stale", text, len(fresh), MEDIAN_MIN_BARS))
    return statistics.median(fresh)


async def leg_quotes(desk: Desk, legs: Sequence[OptionContract]) -> Mapping[OptionContract, Quote]:
    """Quote contracts that are known by name; refuse with what is missing, delayed or stale."""
    infos = await desk.broker.contracts(legs)
    missing = [str(leg) for leg in legs if leg not in infos]
    if missing:
        raise Refusal(Reason("leg_not_quoted", f"no contract for {', '.join(missing)}"))
    quotes = await desk.broker.quotes([infos[leg] for leg in legs], greeks=False)
    missing = [str(leg) for leg in legs if leg not in quotes]
    if missing:
        raise Refusal(Reason("leg_not_quoted", f"no quote for {', '.join(missing)}"))
    check_quotes(desk, quotes)
    return quotes


def check_quotes(desk: Desk, quotes: Mapping[OptionContract, Quote]) -> None:
    """Refuse quotes that are not live or too old to trade on."""
    if refusals := judge_freshness(quotes, desk.clock.now(), max_age_s=desk.policy.limits.quote_max_age_s):
        raise Refusal(*refusals)


async def market_of(desk: Desk, legs: Sequence[Leg], *, no_bid_is_zero: bool = False) -> ComboPrice:
    """Quote and price the legs of an order as the market is now; refuse with what is missing.

    With ``no_bid_is_zero`` a leg that nobody bids for is sold for nothing: it does not keep a position open.
    """
    quotes = await leg_quotes(desk, [leg.contract for leg in legs])
    if no_bid_is_zero:
        quotes = {leg: replace(quote, bid_pts100=quote.bid_pts100 or 0) for leg, quote in quotes.items()}
    return priced(quotes, legs)


def priced(quotes: Mapping[OptionContract, Quote], legs: Sequence[Leg]) -> ComboPrice:
    """Price the legs or refuse by the name of what is missing."""
    price = price_combo(legs, quotes)
    if price is None:
        one_sided = [str(contract) for contract, quote in quotes.items() if not quote.two_sided]
        raise Refusal(Reason("leg_not_quoted", f"no two-sided quote for {', '.join(one_sided) or 'a leg'}"))
    return price


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option as the hedge sees it: forward of the same expiry, own delta, quote."""

    info: ContractInfo
    quote: Quote
    forward_pts: float
    iv: float | None
    delta: float

    @property
    def mid_pts(self) -> float:
        """Return the mean of bid and ask; where nobody bids, the bid is zero."""
        return (self.at_once_pts100(-1) + self.at_once_pts100(1)) / 200

    def at_once_pts100(self, direction: int) -> int:
        """Return the ask that a purchase (+1) pays or the bid that a sale (-1) gets; where nobody bids, nothing."""
        if direction < 0:
            return self.quote.bid_pts100 or 0
        assert self.quote.ask_pts100 is not None, "an option without an ask has no delta either"
        return self.quote.ask_pts100


@dataclass(frozen=True, slots=True)
class UnitView:
    """What a layer buys as one, as the hedge sees it: its options on the forward of their expiry."""

    unit: HedgeUnit
    forward_pts: float
    options: tuple[tuple[int, OptionView], ...]
    """Each option with its direction: +1 the long one, -1 the short one."""
    vix_share: float = 1.0
    """VIX delta-dollars that a delta-dollar of its underlying stands for."""

    @property
    def value(self) -> UnitValue:
        """Return what one is worth by the measures."""
        return UnitValue(
            forward_pts=self.forward_pts,
            delta=sum(direction * option.delta for direction, option in self.options),
            mid_pts=sum(direction * option.mid_pts for direction, option in self.options),
            vix_share=self.vix_share,
            multiplier=self.unit.long.multiplier,
        )

    @property
    def natural_pts100(self) -> int:
        """Return what one costs at once: bought at the ask, sold at the bid; where nobody bids, for nothing."""
        return sum(direction * option.at_once_pts100(direction) for direction, option in self.options)

    @property
    def quotes(self) -> dict[OptionContract, Quote]:
        """Return the quotes of its options."""
        return {option.info.contract: option.quote for _, option in self.options}


class HedgeChain:
    """One expiry: its parity forward and its options, read with few requests."""

    def __init__(self, desk: Desk, trading_class: TradingClass, expiry: date, strikes_pts100: Sequence[int]) -> None:
        self._desk = desk
        self.trading_class = trading_class
        self.expiry = expiry
        self.strikes_pts100 = tuple(strikes_pts100)
        self._forward: float | None = None

    def call(self, strike_pts100: int) -> OptionContract:
        """Return a call of this expiry."""
        return OptionContract(self.trading_class, self.expiry, strike_pts100, Right.CALL)

    def put(self, strike_pts100: int) -> OptionContract:
        """Return a put of this expiry."""
        return OptionContract(self.trading_class, self.expiry, strike_pts100, Right.PUT)

    async def forward(self, guess_pts: float) -> float:
        """Return the forward by put-call parity at the listed strike nearest to it (never spot VIX).

        In a calm market puts near VIX may have no bid and the forward is higher: then the pair is looked for above. Of
        SPX not every expiry has every strike: then the pair is looked for at coarser ones.
        """
        if self._forward is None:
            strike, found = await self._first_pair(guess_pts)
            nearer = self._nearest(found)
            second = found if nearer == strike else await self._parity(nearer)
            self._forward = found if isinstance(second, Reason) else second
        return self._forward

    async def _first_pair(self, guess_pts: float) -> tuple[int, float]:
        reasons: list[Reason] = []
        for strike in dict.fromkeys(self._guesses(guess_pts)):
            found = await self._parity(strike)
            if not isinstance(found, Reason):
                return strike, found
            reasons.append(found)
        raise Refusal(reasons[0])

    async def view(self, unit: HedgeUnit, forward_pts: float) -> UnitView:
        """Quote the options of a unit and compute their deltas by Black-76 on the same-expiry forward."""
        quoted = await self._quoted(unit.contracts)
        options = tuple((leg.ratio, self._option(*quoted[leg.contract], forward_pts)) for leg in unit.legs)
        return UnitView(unit, forward_pts, options)

    def _option(self, info: ContractInfo, quote: Quote, forward_pts: float) -> OptionView:  # pairs of _quoted
        years = years_to(self._desk.clock.now(), info.contract)
        iv, delta = option_delta(quote, info.contract, forward_pts, years)
        return OptionView(info, quote, forward_pts, iv, delta)

    def _guesses(self, guess_pts: float) -> list[int]:
        """Return the strikes at which the pair is looked for, in their order."""
        if self.trading_class.underlying is not Underlying.SPX:
            return [self._nearest(guess_pts * factor) for factor in FORWARD_GUESSES]
        grids = [[strike for strike in self.strikes_pts100 if strike % step == 0] for step in SPX_STEPS_PTS100]
        return [nearest(grid, round(guess_pts * 100)) for grid in grids if grid]

    def _nearest(self, level_pts: float) -> int:
        return min(self.strikes_pts100, key=lambda strike: (abs(strike - level_pts * 100), strike))

    async def _parity(self, strike_pts100: int) -> float | Reason:
        """Return the forward by one strike, or why its call and put do not tell it."""
        pair = [
            OptionContract(self.trading_class, self.expiry, strike_pts100, right) for right in (Right.CALL, Right.PUT)
        ]
        try:
            quoted = await self._quoted(pair)
        except Refusal as refusal:
            if refusal.reasons[0].name != NO_QUOTE:
                raise
            return refusal.reasons[0]
        call_mid, put_mid = (quoted[contract][1].mid_pts for contract in pair)
        if call_mid is None or put_mid is None:
            text = f"{self.expiry} {strike_pts100 / 100:g} has no two-sided call and put for the parity forward"
            return Reason("no_forward", text, None, None)
        return parity_forward([strike_pts100 / 100], [call_mid], [put_mid], 1.0)

    async def _quoted(self, wanted: Sequence[OptionContract]) -> dict[OptionContract, tuple[ContractInfo, Quote]]:
        infos = await self._desk.broker.contracts(wanted)
        quotes = await self._desk.broker.quotes([infos[c] for c in wanted if c in infos], greeks=False)
        missing = [str(contract) for contract in wanted if contract not in infos or contract not in quotes]
        if missing:
            raise Refusal(Reason(NO_QUOTE, f"no contract or no quote for {', '.join(missing)}", None, None))
        check_quotes(self._desk, {contract: quotes[contract] for contract in wanted})
        return {contract: (infos[contract], quotes[contract]) for contract in wanted}


def option_delta(
    quote: Quote, contract: OptionContract, forward_pts: float, years: float
) -> tuple[float | None, float]:
    """Return implied volatility and delta of an option by Black-76 on its own forward, undiscounted.

    An option that quotes within its spread of intrinsic value has no volatility to find: deep in the money its delta
    is 1, or -1 of a put, far out of it 0. Without an ask there is no value at all, and the option is refused.
    """
    if quote.ask_pts100 is None:
        raise Refusal(Reason(NO_QUOTE, f"{contract} has no ask"))
    bid = quote.bid_pts100 or 0  # no bid is a bid of zero: nobody pays for it
    mid_pts = (bid + quote.ask_pts100) / 200
    side, is_call = contract.right.outward, contract.right is Right.CALL
    intrinsic_pts = max(0.0, side * (forward_pts - contract.strike))
    iv = implied_vol(mid_pts, forward_pts, contract.strike, years, 1.0, is_call)
    if math.isnan(iv):
        if mid_pts - intrinsic_pts > (quote.ask_pts100 - bid) / 100:
            text = f"{contract} at {mid_pts:g} fits no volatility on its forward {forward_pts:.2f}"
            raise Refusal(Reason(NO_QUOTE, text, mid_pts, intrinsic_pts))
        return None, float(side) if intrinsic_pts > 0 else 0.0
    return iv, float(black76(forward_pts, contract.strike, years, iv, 1.0, is_call).delta)


def years_to(now: datetime, contract: OptionContract) -> float:
    """Return calendar years to settlement, at least one minute."""
    seconds = (settlement_at(contract.trading_class, contract.expiry) - now).total_seconds()
    return max(seconds, 60.0) / (YEAR_DAYS * 86_400)
