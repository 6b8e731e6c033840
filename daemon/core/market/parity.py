"""The forward that put-call parity implies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def parity_forward(strikes: npt.ArrayLike, call_mids: npt.ArrayLike, put_mids: npt.ArrayLike, discount: float) -> float:
    """Return the forward in points from the strike where call and put mids differ least (Cboe VIX methodology, 2022).

    Strikes where either mid is NaN do not count; raise ValueError when none remains.
    """
    strike = np.asarray(strikes, dtype=float)
    difference = np.asarray(call_mids, dtype=float) - np.asarray(put_mids, dtype=float)
    usable = np.flatnonzero(np.isfinite(difference))
    if usable.size == 0:
        raise ValueError("No strike has both a call and a put mid: the parity forward needs at least one pair.")
    nearest = usable[np.argmin(np.abs(difference[usable]))]
    return float(strike[nearest] + difference[nearest] / discount)
