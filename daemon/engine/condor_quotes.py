"""Fresh quotes for orders that close or adjust condors, each order priced by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from daemon.core.condor.build import price_combo
from daemon.core.condor.unwinding import ClosingStep
from daemon.core.market.contracts import ContractInfo, OptionContract
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import ComboPrice, Leg, Reason
from daemon.core.orders.ladder import PriceSteps
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal, check_quotes


@dataclass(frozen=True, slots=True)
class Seen:
    """Contracts with their quotes, where both were found."""

    infos: Mapping[OptionContract, ContractInfo]
    quotes: Mapping[OptionContract, Quote]

    def price(self, legs: Sequence[Leg]) -> ComboPrice:
        """Price legs; refuse by the name of what is missing, not live or too old."""
        options = [leg.contract for leg in legs]
        missing = [str(option) for option in options if option not in self.quotes or not self.quotes[option].two_sided]
        price = price_combo(legs, self.quotes)
        if missing or price is None:
            raise Refusal(Reason("leg_not_quoted", f"no two-sided quote for {', '.join(missing) or 'a leg'}"))
        return price


async def see(desk: Desk, options: Sequence[OptionContract], *, greeks: bool = False) -> Seen:
    """Quote contracts once; what is not found, not live or too old is absent. Raises BrokerError."""
    infos = await desk.broker.contracts(options)
    found = await desk.broker.quotes([infos[option] for option in options if option in infos], greeks=greeks)
    quotes = {}
    for option, quote in found.items():
        with suppress(Refusal):
            check_quotes(desk, {option: quote})
            # No bid is a bid of zero: a worthless wing does not keep a condor open.
            quotes[option] = replace(quote, bid_pts100=quote.bid_pts100 or 0)
    return Seen(infos, quotes)


@dataclass(frozen=True, slots=True)
class PricedStep:
    """One closing order with its price now, or why it has none."""

    step: ClosingStep
    price: ComboPrice | None
    steps_pts100: PriceSteps | None
    """Legal prices of a single option; None for a combination."""
    why: str = ""


async def priced_steps(desk: Desk, steps: Sequence[ClosingStep]) -> tuple[PricedStep, ...]:
    """Price each order by itself: a contract without a quote keeps no other order from its price."""
    seen = await see(desk, list(dict.fromkeys(leg.contract for step in steps for leg in step.legs)))
    return tuple(_priced(step, seen) for step in steps)


def _priced(step: ClosingStep, seen: Seen) -> PricedStep:
    first = step.legs[0].contract
    single = seen.infos[first].price_steps_pts100 if len(step.legs) == 1 and first in seen.infos else None
    try:
        return PricedStep(step, seen.price(step.legs), single)
    except Refusal as refusal:
        return PricedStep(step, None, single, str(refusal))
