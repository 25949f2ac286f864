"""The formulas of collections: numbers in, number out, `None` where the figure is not available.

Amounts are in any one unit (the same in all arguments), percents run from 0 to 100, durations are days. Nothing here
knows of tables; `ledger.kpis` feeds these functions from a ledger. Sources: Credit Research Foundation (CRF) and
National Association of Credit Management (NACM) definitions of receivables measures; Cyert, Davidson and Thompson
(1962) for the absorbing aging chain the known answers come from.
"""

from collections.abc import Sequence


def ratio(part: float, whole: float, *, scale: float = 1.0) -> float | None:
    """Return ``scale × (part ÷ whole)``; `None` unless the whole is positive.

    In this order a part that is at most the whole never comes out above the scale, by a last digit.

    >>> ratio(1, 4, scale=100), ratio(1, 0)
    (25.0, None)
    """
    return scale * (part / whole) if whole > 0 else None


def dso_simple(ar_end: float, credit_sales: float, days: float) -> float | None:
    """Days sales outstanding: how many days of sales the receivables stand for; lower is better.

    ``AR at the end ÷ credit sales of the window × days in the window`` (CRF).

    >>> dso_simple(15_000, 10_000, 30)
    45.0
    """
    return ratio(ar_end * days, credit_sales)


def best_possible_dso(current_ar: float, credit_sales: float, days: float) -> float | None:
    """Days sales outstanding if nothing were past due: the part that terms alone explain.

    ``AR not yet past due ÷ credit sales × days`` (CRF).

    >>> best_possible_dso(4_000, 10_000, 30)
    12.0
    """
    return ratio(current_ar * days, credit_sales)


def average_days_delinquent(dso: float | None, best_possible: float | None) -> float | None:
    """Days by which receivables exceed their terms: ``DSO − best possible DSO`` (CRF); lower is better.

    >>> average_days_delinquent(45.0, 12.0)
    33.0
    """
    return None if dso is None or best_possible is None else dso - best_possible


def dso_count_back(ar_end: float, monthly_sales: Sequence[float], month_days: Sequence[int]) -> float | None:
    """Days of the most recent sales that the receivables use up; sales trends hardly move it.

    Months are given latest first. Each month whose sales are wholly covered by the balance counts with all its days;
    the last one pro rata. `None` when the history runs out before the balance does (CRF, "count-back" or "exhaustion").

    >>> round(dso_count_back(212_000, [100_000, 80_000, 70_000], [30, 30, 30]), 4)
    73.7143
    >>> dso_count_back(300_000, [100_000, 80_000], [30, 30]) is None
    True
    """
    used, days = 0.0, 0.0
    for sales, length in zip(monthly_sales, month_days, strict=True):
        left = _rest(ar_end, used)
        if left <= 0:
            break
        if left < sales:
            return days + length * left / sales
        used += sales
        days += length
    return days if _rest(ar_end, used) <= 0 else None


def dso_true(amounts: Sequence[float], ages: Sequence[float], sales_of_issue_month: Sequence[float]) -> float | None:
    """Each open invoice's age, weighted by its share of the sales of the month in which it was issued.

    ``Σ amount × age ÷ sales of its own month`` over open invoices, age being days since issue. A row may also be all
    that is open of one month, with its amount-weighted mean age. 0 when nothing is open. `None` when a month in which
    an open invoice was issued has no sales.

    >>> dso_true([30_000, 16_000, 7_000], [20, 45, 80], [100_000, 80_000, 70_000])
    23.0
    """
    rows = list(zip(amounts, ages, sales_of_issue_month, strict=True))
    if any(amount > 0 and sales <= 0 for amount, _, sales in rows):
        return None
    return float(sum(amount * age / sales for amount, age, sales in rows if amount > 0))


def cei(beginning_ar: float, credit_sales: float, ending_ar: float, ending_current_ar: float) -> float | None:
    """CEI, collection effectiveness index: the percent of the collectible that was collected; higher is better.

    ``(beginning AR + sales − ending AR) ÷ (beginning AR + sales − ending current AR) × 100`` (CRF), the sales being
    those of the whole window. Everything that lowers AR counts as collected, a write-off too; see `cei_cash`.

    >>> round(cei(6_200, 10_890, 6_340, 3_590), 2)
    79.63
    """
    offered = beginning_ar + credit_sales
    return ratio(_rest(offered, ending_ar), _rest(offered, ending_current_ar), scale=100.0)


def cei_crf(
    beginning_ar: float, credit_sales: float, ending_ar: float, ending_current_ar: float, *, months: int
) -> float | None:
    """CEI with the window's sales divided by its number of months, as the CRF prints it.

    Over one month it equals `cei`; over more it is far lower, so the two must never share a name or a target.

    >>> round(cei_crf(6_200, 10_890, 6_340, 3_590, months=3), 2)
    55.93
    """
    return cei(beginning_ar, credit_sales / months, ending_ar, ending_current_ar)


def cei_cash(cash: float, beginning_ar: float, credit_sales: float, ending_current_ar: float) -> float | None:
    """CEI that counts cash alone: no write-off, credit or discount is a collection; percent, higher is better.

    ``cash applied ÷ (beginning AR + sales − ending current AR) × 100``; never above `cei`.

    >>> round(cei_cash(149_550, 183_000, 150_000, 150_000), 3)
    81.721
    """
    return ratio(cash, _rest(beginning_ar + credit_sales, ending_current_ar), scale=100.0)


def _rest(whole: float, taken: float) -> float:
    """Return what is left of the whole; exactly nothing where only the rounding of sums of currencies is left."""
    left = whole - taken
    return left if abs(left) > 1e-12 * max(abs(whole), abs(taken)) else 0.0


def net_ar(ar_open: float, unapplied_cash: float, unapplied_credit: float) -> float:
    """Open receivables less the cash and the credits that no invoice has yet; below 0 where customers are owed more.

    >>> net_ar(1_000, 150, 50)
    800
    """
    return ar_open - unapplied_cash - unapplied_credit


def bad_debt_percent(write_offs: float, credit_sales: float) -> float | None:
    """Write-offs of the window in percent of its credit sales; lower is better.

    >>> round(bad_debt_percent(450, 150_000), 2)
    0.3
    """
    return ratio(write_offs, credit_sales, scale=100.0)


def ar_turnover(credit_sales: float, average_ar: float, days: float, *, days_per_year: float = 365.0) -> float | None:
    """How often a year the receivables turn over: ``annualised sales ÷ average AR``; higher is better.

    >>> round(ar_turnover(150_000, 183_000, 30, days_per_year=360), 3)
    9.836
    """
    return ratio(credit_sales * days_per_year / days, average_ar)


def percent_of_ar(part: float, ar: float) -> float | None:
    """Part of the open receivables in percent, for aging buckets; `None` when nothing is open.

    Sums of several currencies, added up in another order, may leave a part a last digit above the whole: it is the
    whole then.

    >>> percent_of_ar(50, 200), percent_of_ar(0.1 + 0.2, 0.3)
    (25.0, 100.0)
    """
    return ratio(min(part, ar), ar, scale=100.0)


def promise_kept_percent(kept: int, matured: int) -> float | None:
    """Promises kept in full in percent of those *matured* (due by now); higher is better.

    >>> promise_kept_percent(7, 10)
    70.0
    """
    return ratio(kept, matured, scale=100.0)


def promise_kept_amount_percent(paid: float, promised: float) -> float | None:
    """Money paid on matured promises, each at most its promise, in percent of the money promised; higher is better.

    >>> promise_kept_amount_percent(55_000 + 10_000, 55_000 + 25_000 + 20_000)
    65.0
    """
    return ratio(paid, promised, scale=100.0)


def right_party_percent(right_party: int, base: int) -> float | None:
    """Conversations with someone who can decide on payment, in percent of a base the caller must name.

    Of attempts and of connects are different figures for the same day's work.

    >>> right_party_percent(18, 120), right_party_percent(18, 48)
    (15.0, 37.5)
    """
    return ratio(right_party, base, scale=100.0)


def promises_per_right_party_percent(promises: int, right_party: int) -> float | None:
    """Promises won in percent of right-party conversations; higher is better.

    >>> promises_per_right_party_percent(9, 18)
    50.0
    """
    return ratio(promises, right_party, scale=100.0)


def early_discount_apr(discount_percent: float, discount_days: int, net_days: int) -> float | None:
    """Yearly interest in percent that a customer earns by taking the discount, without compounding.

    ``d ÷ (100 − d) × 365 ÷ (net days − discount days) × 100``: what an offer such as 2/10 net 30 costs the seller.

    >>> round(early_discount_apr(2, 10, 30), 2)
    37.24
    """
    part = ratio(discount_percent, 100.0 - discount_percent)
    return None if part is None else ratio(part * 365.0, net_days - discount_days, scale=100.0)


def early_discount_effective_rate(discount_percent: float, discount_days: int, net_days: int) -> float | None:
    """Yearly interest in percent that a customer earns by taking the discount, compounded.

    >>> round(early_discount_effective_rate(2, 10, 30), 2)
    44.59
    """
    part = ratio(discount_percent, 100.0 - discount_percent)
    if part is None or net_days <= discount_days:
        return None
    return float(100.0 * ((1.0 + part) ** (365.0 / (net_days - discount_days)) - 1.0))


def per_hour(amount: float, hours: float) -> float | None:
    """Amount per hour worked.

    >>> per_hour(9_000, 30)
    300.0
    """
    return ratio(amount, hours)


def cost_to_collect(cost: float, cash: float) -> float | None:
    """Cost of collecting in percent of the cash collected; lower is better.

    >>> cost_to_collect(500, 100_000)
    0.5
    """
    return ratio(cost, cash, scale=100.0)


def forecast_error(forecast: Sequence[float], actual: Sequence[float]) -> float | None:
    """Absolute error of a cash forecast in percent of the cash that came (WAPE); lower is better.

    >>> forecast_error([90, 120], [100, 100])
    15.0
    """
    missed = sum(abs(f - a) for f, a in zip(forecast, actual, strict=True))
    return ratio(missed, sum(actual), scale=100.0)
