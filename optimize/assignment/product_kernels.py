"""Compiled: the best of very many desks and slots for an account whose values are products.

An account of class c values action a at ``worth * factor[a, k]`` on resource k, so with prices its best resource
maximises ``factor - (minutes / worth) * price``: only resources on the upper envelope of the points (price, factor)
can be best, and which one is found by bisection.
"""

from typing import Any, NamedTuple

import numpy as np

from ledger.compiling import njit
from optimize.assignment.price_kernels import ROUNDING


class Products(NamedTuple):
    """What compiled code reads of `Factored`; allowed resources of class c are listed in `listed`."""

    worth: Any
    minutes: Any
    kind: Any
    factor: Any
    capacity: Any
    first: Any
    listed: Any


class Envelope(NamedTuple):
    """Price and factor along the envelope of each (class, action), which begins at ``first[class, action]``."""

    first: Any
    size: Any
    price: Any
    factor: Any


@njit(cache=True)
def envelope(products, prices):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the upper envelope of (price, factor) of each class and action."""
    classes, actions = len(products.first) - 1, len(products.factor)
    many = len(products.listed) * actions
    first, size = np.zeros((classes, actions), np.int64), np.zeros((classes, actions), np.int64)
    price, factor, made = np.empty(many), np.empty(many), 0
    for c in range(classes):
        ks = products.listed[products.first[c] : products.first[c + 1]]
        for a in range(actions):
            first[c, a] = begin = made
            for at in np.argsort(prices[ks]):
                p, f = prices[ks[at]], products.factor[a, ks[at]]
                if made > begin and f <= factor[made - 1]:
                    continue
                while made > begin:
                    if price[made - 1] == p:
                        made -= 1
                        continue
                    if made - begin < 2:
                        break
                    rise, run = f - factor[made - 1], p - price[made - 1]
                    if rise * (price[made - 1] - price[made - 2]) < (factor[made - 1] - factor[made - 2]) * run:
                        break
                    made -= 1
                price[made], factor[made] = p, f
                made += 1
            size[c, a] = made - begin
    return Envelope(first, size, price, factor)


@njit(cache=True)
def best_product(i, a, products, hull):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the best reduced value of account i with action a; -inf where it has none of positive value."""
    worth, c = products.worth[i, a], products.kind[i]
    if not worth > 0 or hull.size[c, a] == 0:
        return -np.inf
    low, high, slope = hull.first[c, a], hull.first[c, a] + hull.size[c, a] - 1, products.minutes[i, a] / worth
    while low < high:
        middle = (low + high) // 2
        if hull.factor[middle + 1] - hull.factor[middle] > slope * (hull.price[middle + 1] - hull.price[middle]):
            low = middle + 1
        else:
            high = middle
    return worth * hull.factor[low] - products.minutes[i, a] * hull.price[low]


@njit(cache=True)
def product_sum(products, hull):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the sum of the best reduced values, compensated, and an upper limit of what rounding took from it."""
    total, lost, slack = 0.0, 0.0, 0.0
    accounts, actions = products.worth.shape
    for i in range(accounts):
        best, size = 0.0, 0.0
        for a in range(actions):
            reduced = best_product(i, a, products, hull)
            best = max(best, reduced)
            if reduced > -np.inf:
                size = max(size, products.worth[i, a])
        slack += size
        new = total + best
        lost += (total - new) + best if abs(total) >= abs(best) else (best - new) + total
        total = new
    return total + lost, 64 * ROUNDING * (slack * max(products.factor.max(), 1.0) + total)


@njit(cache=True)
def by_resource(found, gain, count, most, taken):  # type: ignore[no-untyped-def]  # numba infers them
    """Keep the best, every n-th of the others and `taken`, in rising order of `found`: `most` or few more; how many."""
    if count > most:
        order, kept = np.argsort(-gain[:count], kind="mergesort"), 0
        chosen = np.empty(most + 1, np.int64)
        half = most // 2
        for j in range(most):
            at = order[j] if j < half else order[half + (j - half) * (count - half) // (most - half)]
            chosen[kept] = found[at]
            kept += 1
        found[:kept] = chosen[:kept]
        count = kept
    if taken >= 0 and not np.any(found[:count] == taken):
        found[count] = taken
        count += 1
    found[:count] = np.sort(found[:count])
    return count


@njit(cache=True)
def listed_factors(products):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the factor of each action on each allowed resource of each class, in the order of `listed`."""
    actions = len(products.factor)
    factor = np.empty((actions, len(products.listed)))
    for a in range(actions):
        factor[a] = products.factor[a][products.listed]
    return factor


@njit(cache=True)
def near_products(products, hull, prices, margin, most, taken, start, filled):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in options at most `margin` below their account's best, about `most`, and `taken`; say whether all fitted.

    `taken` is resource * actions + action of each account, -1 for none.
    """
    accounts, actions = products.worth.shape
    resource, value, minutes, origin = filled
    price, listed, factor = prices[products.listed], products.listed, listed_factors(products)
    best_of, made = np.empty(actions), 0
    found, gain = np.empty(len(prices) * actions + 1, np.int64), np.empty(len(prices) * actions)
    for i in range(accounts):
        best, count, c = 0.0, 0, products.kind[i]
        for a in range(actions):
            best_of[a] = best_product(i, a, products, hull)
            best = max(best, best_of[a])
        for a in range(actions):
            if best_of[a] < best - margin or not products.worth[i, a] > 0:
                continue
            worth, length = products.worth[i, a], products.minutes[i, a]
            for at in range(products.first[c], products.first[c + 1]):
                reduced = worth * factor[a, at] - length * price[at]
                if reduced >= best - margin and length <= products.capacity[listed[at]]:
                    found[count], gain[count] = listed[at] * actions + a, reduced
                    count += 1
        count = by_resource(found, gain, count, most, taken[i])
        if made + count > len(resource):
            return False
        for j in range(count):
            k, a = found[j] // actions, found[j] % actions
            resource[made], minutes[made], origin[made] = k, products.minutes[i, a], a * len(prices) + k
            value[made] = products.worth[i, a] * products.factor[a, k]
            made += 1
        start[i + 1] = made
    return True


@njit(cache=True)
def best_products(products, hull):  # type: ignore[no-untyped-def]  # numba infers them
    """Return each account's best reduced value, -inf where it has nothing of positive value."""
    accounts, actions = products.worth.shape
    best = np.full(accounts, -np.inf)
    for i in range(accounts):
        for a in range(actions):
            best[i] = max(best[i], best_product(i, a, products, hull))
    return best


@njit(cache=True)
def fill_products(products, order, prices, least):  # type: ignore[no-untyped-def]  # numba infers them
    """Give accounts, in `order`, the option of best reduced value that fits, if above `least`.

    Returns resource * actions + action of each account, -1 for none.
    """
    accounts, actions = products.worth.shape
    price, listed, factor = prices[products.listed], products.listed, listed_factors(products)
    free, taken = products.capacity.copy(), np.full(accounts, -1, np.int64)
    for i in order:
        best, c = least, products.kind[i]
        for a in range(actions):
            worth, length = products.worth[i, a], products.minutes[i, a]
            if not worth > 0:
                continue
            for at in range(products.first[c], products.first[c + 1]):
                reduced = worth * factor[a, at] - length * price[at]
                if reduced > best and length <= free[listed[at]]:
                    best, taken[i] = reduced, listed[at] * actions + a
        if taken[i] >= 0:
            free[taken[i] // actions] -= products.minutes[i, taken[i] % actions]
    return taken
