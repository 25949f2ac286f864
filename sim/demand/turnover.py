"""Who still orders, and how often: each customer's own rate, with what its silence says.

While a customer is with the house it orders by a Poisson process of its own rate λ, and it stops at a hazard μ that is
the same for all; λ is gamma distributed over customers, with shape r and scale 1/α. That is the Pareto/NBD model of
Schmittlein, Morrison and Colombo ("Counting your customers", 1987) with one μ. Time is counted in working days from the
customer's first order on; x orders came after it, the last one after b − α days, and then s days of silence:

    still with the house  ∝ q^k                               q = b/(b + s),  k = r + x + μ·b
    stopped in between    ∝ μ·b·(1 − q^(k − 1))/(k − 1)

(the chance e^(−μu) of not having stopped for u days is written as (b/(b + u))^(μb), so that the integral is closed).
Who is still with the house has a rate of gamma shape r + x and scale 1/(b + s). r, α and μ maximise the likelihood of
all customers; μ starts from one stop in ten years, so that a handful of customers who never stopped does not prove that
nobody does. The search is SLSQP with the gradient in closed form; L-BFGS on differences could stop a hundred log units
short of the highest likelihood, where hundreds of customers make it large beside what a step gains.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Floats

_TEN_YEARS: Final = 2500.0  # working days
_BOUNDS: Final = ((-3.0, 0.7), (-3.0, 9.0), (-14.0, -3.0))  # of log r, log α, log μ


@dataclass(frozen=True, kw_only=True, slots=True)
class Turnover:
    """Rates of customers by the law above, one per customer.

    Parameters
    ----------
    shape, rate
        Gamma shape and mean of each customer's orders per working day, given that it is still with the house.
    alive
        Chance that it is.
    before
        Mean rate of one that has stopped, while it ordered.
    stop
        Hazard of stopping per working day.
    """

    shape: Floats
    rate: Floats
    alive: Floats
    before: Floats
    stop: float


def turnover(orders: Floats, ordering: Floats, silence: Floats) -> Turnover:
    """Return what each customer's orders and silence say.

    Parameters
    ----------
    orders
        Orders after the first day that counts.
    ordering
        Working days from then to the last order.
    silence
        Working days since.
    """
    from scipy.optimize import minimize

    mean = orders.sum() / max(ordering.sum() + silence.sum(), 1.0) + 1e-3
    start = np.clip([0.0, -np.log(mean), -np.log(_TEN_YEARS)], *np.transpose(_BOUNDS))
    seen = (orders, ordering, silence)
    found = minimize(_cost, start, seen, "SLSQP", jac=True, bounds=_BOUNDS, options={"ftol": 1e-10, "maxiter": 200})
    r, alpha, mu = np.exp(found.x)
    shape, scale = r + orders, alpha + ordering
    still, gone = _chances(shape, scale, silence, mu)
    return Turnover(
        shape=shape,
        rate=shape / (scale + silence),
        alive=still / (still + gone),
        before=shape / scale,
        stop=float(mu),
    )


def _cost(logs: Floats, orders: Floats, ordering: Floats, silence: Floats) -> tuple[float, Floats]:
    """Return the negative log likelihood of log r, log α and log μ per customer, and its gradient."""
    from scipy.special import gammaln, psi

    r, alpha, mu = np.exp(logs)
    shape, scale = r + orders, alpha + ordering
    still, gone = _chances(shape, scale, silence, mu)
    told = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(scale) - mu * ordering
    likelihood = told + np.log(still + gone)
    log_q, k, less = _silence(shape, scale, silence, mu)
    end, span = np.exp(less * log_q), -np.expm1(less * log_q) / less
    by_k = still * log_q - mu * scale * (log_q * end + span) / less
    by_scale = by_k * mu + mu * span + (still * k - mu * scale * end) * silence / (scale * (scale + silence))
    to_r = psi(shape) - psi(r) + np.log(alpha / scale) + by_k / (still + gone)
    to_alpha = r / alpha - shape / scale + by_scale / (still + gone)
    to_mu = (by_k + span) * scale / (still + gone) - ordering
    slope = np.array([-to_r.sum(), -to_alpha.sum(), _TEN_YEARS - to_mu.sum()]) * np.exp(logs) - [0.0, 0.0, 1.0]
    many = max(len(orders), 1)
    return float(mu * _TEN_YEARS - logs[2] - likelihood.sum()) / many, slope / many


def _chances(shape: Floats, scale: Floats, silence: Floats, stop: float) -> tuple[Floats, Floats]:
    """Return the likelihood of the silence if the customer is still there, and if it stopped in between."""
    log_q, k, less = _silence(shape, scale, silence, stop)
    return np.exp(k * log_q) + 1e-300, stop * scale * -np.expm1(less * log_q) / less


def _silence(shape: Floats, scale: Floats, silence: Floats, stop: float) -> tuple[Floats, Floats, Floats]:
    """Return log q, k, and k − 1 kept off 0."""
    k = shape + stop * scale
    return -np.log1p(silence / scale), k, np.where(np.abs(k - 1) < 1e-6, 1e-6, k - 1)
