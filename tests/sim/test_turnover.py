"""The likelihood of customers' rates and stops: its gradient is its slope, and the fit ends where there is none."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import check_grad

from sim.demand.turnover import _BOUNDS, _cost, turnover

Seen = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]


def seen(customers: int) -> Seen:
    """Return orders, days of ordering and days of silence of customers within 250 days, some of whom stopped."""
    rng = np.random.default_rng(customers)
    rate, ends = rng.gamma(1.5, 0.1, customers), rng.exponential(2000.0, customers)
    followed = np.minimum(ends, 250.0)
    orders = rng.poisson(rate * followed).astype(float)
    last = np.where(orders > 0, followed * rng.random(customers) ** (1 / np.maximum(orders, 1)), 0.0)
    return orders, last, 250.0 - last


def test_the_gradient_of_the_likelihood_is_its_slope():
    """Beside differences, at twenty places within the bounds."""
    rng, data = np.random.default_rng(2), seen(60)
    for _ in range(20):
        at = np.array([rng.uniform(low, high) for low, high in _BOUNDS])
        off = check_grad(lambda logs: _cost(logs, *data)[0], lambda logs: _cost(logs, *data)[1], at)
        assert off < 1e-5 * max(np.abs(_cost(at, *data)[1]).max(), 1.0)


@pytest.mark.parametrize("customers", [1, 40, 800, 5000])
def test_the_fit_ends_where_the_likelihood_has_no_slope(customers):
    """Or at a bound out of which it leads."""
    data = seen(customers)
    told = turnover(*data)
    r = told.shape[0] - data[0][0]
    at = np.log([r, told.shape[0] / told.before[0] - data[1][0], told.stop])
    for value, slope, (low, high) in zip(at, _cost(at, *data)[1], _BOUNDS, strict=True):
        assert abs(slope) < 1e-4 or (slope > 0 and value < low + 1e-6) or (slope < 0 and value > high - 1e-6)
