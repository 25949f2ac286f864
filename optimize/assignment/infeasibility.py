"""How many accounts can be served at all: a proof that some of those who must be cannot."""

from dataclasses import replace

import numpy as np

from optimize.assignment import prices as dual
from optimize.assignment.certificate import certify
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options


def unservable(options: Options, *, seed: int = 0) -> bool:
    """Say whether it is proven, by prices, that not all can be served who must be; False says nothing.

    With a value of 1 for each account served, the bound is on the number of accounts that can be.
    """
    must = options.people(np.flatnonzero(options.must_serve))
    count = must.accounts
    if not count:
        return False
    counted = replace(must, value=np.ones(len(must.value)), must_serve=np.zeros(count, np.bool_))
    price = dual.prices(counted, seed=seed)
    if dual.bound(counted, price) >= count and len(counted.value) <= EFFORT.relaxed_options:
        price = certify(counted, price, margin=np.inf)
    return dual.bound(counted, price) < count * (1 - 1e-9)


def premiums(options: Options, times: int = 2) -> Options:
    """Return the instance in which nobody must be served, but who must gains so many times what options differ by."""
    value = options.value
    most = float(np.ptp(value)) + float(np.abs(value).max()) if len(value) else 0.0
    raised = value + np.where(options.must_serve, (1 + times) * most, 0.0)[options.owner()]
    return replace(options, value=raised, must_serve=np.zeros(options.accounts, np.bool_))
