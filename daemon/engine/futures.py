"""The VIX future that a layer holds or would buy (001-01, 001-03)."""

from __future__ import annotations

from datetime import date

from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.rolls import choose_layer_expiry, listing
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import OptionContract, vix_future
from daemon.core.orders.intent import Reason
from daemon.engine.context import Desk
from daemon.engine.gather import NO_QUOTE, OptionView, Refusal, UnitView, check_quotes


async def new_future(desk: Desk, wanted: LayerPolicy, session: date) -> tuple[UnitView, tuple[Reason, ...]]:
    """Return the future of the expiry that is looked for, with why it is outside of its window.

    Which futures there are the rules of the exchange say; one that the broker does not know is refused by name.
    """
    expiry, reasons = choose_layer_expiry(listing(session, wanted.classes), session, wanted)
    if expiry is None:
        raise Refusal(*reasons)
    return await view_future(desk, vix_future(expiry)), reasons


async def view_future(desk: Desk, future: OptionContract) -> UnitView:
    """Quote a future: its mid is the forward, and its delta is 1."""
    infos = await desk.broker.contracts([future])
    quotes = await desk.broker.quotes([*infos.values()], greeks=False)
    quote = quotes.get(future)
    mid_pts = None if quote is None else quote.mid_pts
    if quote is None or mid_pts is None:
        unknown = f"the broker knows no {future}; the account may lack the permission for futures"
        raise Refusal(Reason(NO_QUOTE, f"{future} has no two-sided quote" if infos else unknown))
    check_quotes(desk, quotes)
    return UnitView(HedgeUnit(future), mid_pts, ((1, OptionView(infos[future], quote, mid_pts, None, 1.0)),))
