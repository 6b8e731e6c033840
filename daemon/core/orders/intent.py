"""An intent: our committed wish to trade, written down before any byte is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from daemon.core.market.contracts import OptionContract

OrderRef = NewType("OrderRef", str)
"""Our text on the order; identifies it for ever."""
PermId = NewType("PermId", int)
"""The broker's lasting number of an order."""

REF_PREFIX: Final = "cd"


class Strategy(StrEnum):
    """Whose order it is."""

    CONDOR = "condor"
    HEDGE = "hedge"


class Purpose(StrEnum):
    """Why an order exists (decision 8)."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    ROLL_BUY = "ROLL_BUY"
    ROLL_SELL = "ROLL_SELL"
    RESIZE = "RESIZE"
    DRIFT = "DRIFT"
    HARVEST = "HARVEST"
    SLEEVE = "SLEEVE"
    ETF = "ETF"
    FLATTEN = "FLATTEN"
    REPAIR = "REPAIR"


class IntentState(StrEnum):
    """States of an intent; a partial fill is a quantity, not a state."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    WORKING = "WORKING"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    ABSENT = "ABSENT"

    @property
    def terminal(self) -> bool:
        """Whether no further order can come of it (a late execution is still booked)."""
        return self in TERMINAL


TERMINAL: Final = frozenset(
    {IntentState.FILLED, IntentState.CANCELLED, IntentState.REJECTED, IntentState.EXPIRED, IntentState.ABSENT}
)


class TimeInForce(StrEnum):
    """How long an order rests."""

    DAY = "DAY"
    GTC = "GTC"


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of an order; ``ratio`` is positive to buy and negative to sell."""

    contract: OptionContract
    ratio: int


@dataclass(frozen=True, slots=True)
class OrderSpec:
    """What is sent: one or more legs, priced together.

    ``net_limit_pts100`` is the most we pay for one unit (all legs once), in points x 100: negative
    when we must receive. One convention for everything: a condor is entered by *buying* its legs as
    held at a negative net price; a single contract is sold by a leg of ratio -1 at a negative net price.
    """

    legs: tuple[Leg, ...]
    quantity: int
    net_limit_pts100: int
    tif: TimeInForce

    def __post_init__(self) -> None:
        assert self.legs, "an order needs a leg"
        assert self.quantity > 0, "an order of zero contracts is never made"
        assert all(leg.ratio != 0 for leg in self.legs), "a leg needs a direction"

    @property
    def contracts(self) -> int:
        """Return how many option contracts the whole order is of, every leg counted."""
        return self.quantity * sum(abs(leg.ratio) for leg in self.legs)

    @property
    def is_combo(self) -> bool:
        """Whether the broker sees it as a combination."""
        return len(self.legs) > 1


@dataclass(frozen=True, slots=True, order=True)
class IntentKey:
    """The unique key of an intent. Subject: the layer (``L2``) or the condor's id."""

    session: date
    strategy: Strategy
    purpose: Purpose
    subject: str
    attempt: int
    ref: OrderRef = field(init=False, repr=False, compare=False)
    """The order ref, the key as text; spelled once, because every table of orders goes by it."""

    def __post_init__(self) -> None:
        day = self.session.isoformat().replace("-", "")
        ref = f"{REF_PREFIX}.{day}.{self.strategy}.{self.purpose}.{self.subject}.{self.attempt}"
        object.__setattr__(self, "ref", OrderRef(ref))


def purpose_of(ref: OrderRef | None) -> Purpose | None:
    """Return the purpose that an order ref names; None for a trade without a ref of ours."""
    return _PURPOSES.get(_part(ref, _PURPOSE_PLACE))


def subject_of(ref: OrderRef | None) -> str | None:
    """Return the condor or layer that an order ref names; None for a trade without a ref of ours."""
    return _part(ref, _SUBJECT_PLACE) or None


def _part(ref: OrderRef | None, place: int) -> str:
    parts = [] if ref is None else ref.split(".")
    return parts[place] if len(parts) > place and parts[0] == REF_PREFIX else ""


_PURPOSE_PLACE: Final = 3
_SUBJECT_PLACE: Final = 4
_PURPOSES: Final = {purpose.value: purpose for purpose in Purpose}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a named gate or rule, the value found, the limit, and a sentence."""

    name: str
    text: str
    value: float | str | None = None
    limit: float | str | None = None


@dataclass(frozen=True, slots=True)
class ComboPrice:
    """What buying the legs of an order once costs in a market: negative for a credit."""

    mid_pts: float
    """Net of the mids in points; exact, a multiple of half a cent."""
    natural_pts100: int
    """Net of buying at the ask and selling at the bid, in points x 100."""


@dataclass(frozen=True, slots=True)
class FillMarket:
    """The market behind the prices at which an order filled, in points: a mean over the units filled."""

    mid_pts: float
    natural_pts: float


@dataclass(frozen=True, slots=True)
class Intent:
    """A committed intent with what is known of its order."""

    key: IntentKey
    spec: OrderSpec
    created_at: datetime
    state: IntentState = IntentState.PLANNED
    perm_id: PermId | None = None
    filled: int = 0
    reasons: tuple[Reason, ...] = field(default=())
    mid_at_decision_pts: float | None = None
    quoted: ComboPrice | None = None
    """The market when the order was planned or its price last changed; None where nobody looked."""
    fill_market: FillMarket | None = None
    """None while nothing is filled, and where the market behind a part of the fill is unknown."""

    @property
    def ref(self) -> OrderRef:
        """Return the order ref."""
        return self.key.ref

    @property
    def is_condor_entry(self) -> bool:
        """Whether it opens a condor."""
        return self.key.strategy is Strategy.CONDOR and self.key.purpose is Purpose.ENTRY

    @property
    def may_hold(self) -> bool:
        """Whether something of it was filled, or still may be."""
        return bool(self.filled) or not self.state.terminal

    @property
    def never_sent(self) -> bool:
        """Whether it is proven never to have reached the broker: withdrawn before its bytes left, or absent."""
        withdrawn = self.state is IntentState.CANCELLED and self.perm_id is None and not self.filled
        return withdrawn or self.state is IntentState.ABSENT
