"""The key figures: name, words, unit, better direction, margin, decimals and formula of each, in the order shown.

An entry here is all that a figure needs: the tables and JSON of `kpi`, and where it is `compared` those of a
comparison, its report and its tracking, read what they say of a figure from its entry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ledger.kpi import formulas
from ledger.kpi.activity import Values
from ledger.kpi.window_totals import WindowTotals

Unit = Literal["days", "percent", "money", "count", "share", "per year"]
Basis = Literal["settled", "settled on a day", "sales", "open", "anything"]
Formula = Callable[[WindowTotals, Values], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure as people read and judge it.

    Parameters
    ----------
    name, label
        Key in every result; words for people, without the unit.
    unit, whole
        Money is in major units of the base currency, a share runs from 0 to 1. `whole`: what a percentage is one of.
    better
        +1 where higher is better, -1 where lower is, 0 where neither.
    margin
        Smallest difference that matters, in the figure's unit; where `relative`, as a share of the baseline's mean.
    places
        Decimals where strategies are compared.
    short
        Words for the head of a narrow column, where they are other ones.
    prominence
        2 in every table of strategies, 1 in the verdicts of a report as well, 0 only where all figures stand.
    """

    name: str
    label: str
    unit: Unit
    whole: str = ""
    better: int = 0
    margin: float = 0.0
    relative: bool = False
    places: int = 1
    short: str = ""
    prominence: int = 0

    @property
    def title(self) -> str:
        """The words at the start of a line."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def head(self) -> str:
        """The words at the head of a narrow column."""
        return self.short or self.title

    @property
    def named(self) -> str:
        """The words with the unit behind them, where they do not hold it."""
        words = self.unit_in("")
        return f"{self.label} ({words})" if words and words not in self.label else self.label

    def unit_in(self, currency: str) -> str:
        """Return the unit that stands beside a value."""
        percent = f"% of {self.whole}" if self.whole else "%"
        return {"money": currency, "percent": percent, "count": "", "share": ""}.get(self.unit, self.unit)

    def change_in(self, currency: str) -> str:
        """Return the unit that stands beside a difference of two values."""
        return "points" if self.unit == "percent" else self.unit_in(currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi(Measure):
    """A figure of a ledger over a window of days.

    Parameters
    ----------
    formula
        Its value from the sums of the window and the activity in it; `None` where it is not available.
    basis
        What must be known of the ledger: what was settled at all, on which day, all sales, or what was open on an
        earlier evening. Where it is not, the figure is withheld, or said to be a bound.
    compared
        Over which days strategies are compared by it: the last month of a run, or the whole run.
    """

    formula: Formula
    basis: Basis
    compared: Literal["month", "run"] | None = None


def _done(name: str) -> Formula:
    """Return the formula of a figure of what people did, which `ledger.kpi.activity` has computed."""
    return lambda _, done: done[name]


def _dso(totals: WindowTotals, _: Values) -> float | None:
    return formulas.dso_simple(totals.ar, totals.sales, totals.days)


def _dso_count_back(totals: WindowTotals, _: Values) -> float | None:
    return formulas.dso_count_back(totals.ar, totals.monthly_sales.tolist(), totals.month_days.tolist())


def _dso_true(totals: WindowTotals, _: Values) -> float | None:
    return formulas.dso_true(totals.open_by_month.tolist(), totals.age_by_month.tolist(), totals.monthly_sales.tolist())


def _best_possible_dso(totals: WindowTotals, _: Values) -> float | None:
    return formulas.best_possible_dso(totals.current_ar, totals.sales, totals.days)


def _add(totals: WindowTotals, done: Values) -> float | None:
    return formulas.average_days_delinquent(_dso(totals, done), _best_possible_dso(totals, done))


def _cei(totals: WindowTotals, _: Values) -> float | None:
    return formulas.cei(totals.beginning_ar, totals.sales, totals.ar, totals.current_ar)


def _cei_crf(totals: WindowTotals, _: Values) -> float | None:
    return formulas.cei_crf(totals.quarter_beginning_ar, totals.quarter_sales, totals.ar, totals.current_ar, months=3)


def _cei_cash(totals: WindowTotals, _: Values) -> float | None:
    return formulas.cei_cash(totals.cash_applied, totals.beginning_ar, totals.sales, totals.current_ar)


def _percent_current(totals: WindowTotals, _: Values) -> float | None:
    return formulas.percent_of_ar(totals.current_ar, totals.ar)


def _percent_over_91(totals: WindowTotals, _: Values) -> float | None:
    return formulas.percent_of_ar(float(totals.aging[-1]), totals.ar)


def _bad_debt_percent(totals: WindowTotals, _: Values) -> float | None:
    return formulas.bad_debt_percent(totals.written_off, totals.sales)


def _ar_turnover(totals: WindowTotals, _: Values) -> float | None:
    return formulas.ar_turnover(totals.sales, (totals.beginning_ar + totals.ar) / 2, totals.days)


def _ar_net(totals: WindowTotals, _: Values) -> float | None:
    return formulas.net_ar(totals.ar, totals.unapplied, totals.unapplied_credit)


# one line an entry: a table
# fmt: off
_KPIS: Final = (
    Kpi(name="dso", label="DSO", unit="days", better=-1, margin=0.5, prominence=2,
        formula=_dso, basis="sales", compared="month"),
    Kpi(name="dso_count_back", label="DSO, count-back", unit="days", better=-1, margin=0.5,
        formula=_dso_count_back, basis="sales", compared="month"),
    Kpi(name="dso_true", label="DSO, true", unit="days", better=-1, formula=_dso_true, basis="settled"),
    Kpi(name="best_possible_dso", label="best possible DSO", unit="days", better=-1, margin=0.5,
        formula=_best_possible_dso, basis="sales", compared="month"),
    Kpi(name="add", label="average days delinquent", unit="days", better=-1, margin=0.5,
        formula=_add, basis="sales", compared="month"),
    Kpi(name="terms", label="terms, amount-weighted", unit="days",
        formula=lambda totals, _: totals.terms, basis="anything"),
    Kpi(name="mean_days_late", label="mean days late of paid invoices", unit="days", better=-1,
        formula=lambda totals, _: totals.mean_days_late, basis="settled on a day"),
    Kpi(name="cei", label="CEI", unit="percent", better=1, margin=1.0, prominence=2,
        formula=_cei, basis="settled", compared="month"),
    Kpi(name="cei_crf", label="CEI, CRF over 3 months", unit="percent", better=1, formula=_cei_crf, basis="settled"),
    Kpi(name="cei_cash", label="CEI, cash only", unit="percent", better=1, formula=_cei_cash, basis="settled"),
    Kpi(name="percent_current", label="AR not yet due", unit="percent", better=1, margin=1.0,
        formula=_percent_current, basis="open", compared="month"),
    Kpi(name="percent_over_91", label="AR 91+ days past due", short="91+ days late", unit="percent", better=-1,
        margin=0.25, places=2, prominence=2, formula=_percent_over_91, basis="open", compared="month"),
    Kpi(name="bad_debt_percent", label="bad debt", unit="percent", whole="sales", better=-1, margin=0.05, places=2,
        prominence=1, formula=_bad_debt_percent, basis="settled", compared="run"),
    Kpi(name="ar_turnover", label="AR turnover", unit="per year", better=1, formula=_ar_turnover, basis="settled"),
    Kpi(name="ar_open", label="open AR, gross", unit="money", formula=lambda totals, _: totals.ar, basis="open"),
    Kpi(name="unapplied_cash", label="unapplied cash", unit="money",
        formula=lambda totals, _: totals.unapplied, basis="anything"),
    Kpi(name="unapplied_credit", label="unapplied credits", unit="money",
        formula=lambda totals, _: totals.unapplied_credit, basis="anything"),
    Kpi(name="ar_net", label="open AR, net of both", unit="money", formula=_ar_net, basis="open"),
    Kpi(name="beginning_ar", label="open AR before the window", unit="money",
        formula=lambda totals, _: totals.beginning_ar, basis="settled on a day"),
    Kpi(name="sales", label="credit sales, gross", unit="money",
        formula=lambda totals, _: totals.sales, basis="anything"),
    Kpi(name="cash_collected", label="cash collected", unit="money", better=1, margin=0.005, relative=True, places=0,
        prominence=2, formula=lambda totals, _: totals.cash_received, basis="settled on a day", compared="run"),
    Kpi(name="written_off", label="written off", unit="money", better=-1,
        formula=lambda totals, _: totals.written_off, basis="settled on a day"),
    Kpi(name="promise_kept_percent", label="promises kept", unit="percent", whole="matured", better=1,
        formula=_done("promise_kept_percent"), basis="anything"),
    Kpi(name="promise_kept_amount_percent", label="promises kept", unit="percent", whole="amount", better=1,
        formula=_done("promise_kept_amount_percent"), basis="anything"),
    Kpi(name="right_party_percent", label="right party", unit="percent", whole="phone attempts", better=1,
        formula=_done("right_party_percent"), basis="anything"),
    Kpi(name="contacts_per_customer", label="contacts per contacted customer", unit="count",
        formula=_done("contacts_per_customer"), basis="anything"),
    Kpi(name="dispute_mean_open_days", label="open disputes, mean age", unit="days", better=-1,
        formula=_done("dispute_mean_open_days"), basis="anything"),
    Kpi(name="dispute_past_sla_percent", label="open disputes past 10 business days", unit="percent", better=-1,
        formula=_done("dispute_past_sla_percent"), basis="anything"),
    Kpi(name="cash_per_specialist_hour", label="cash per staffed hour", unit="money", better=1,
        formula=_done("cash_per_specialist_hour"), basis="settled on a day"),
    Kpi(name="cost_to_collect", label="staff cost", unit="percent", whole="cash", better=-1,
        formula=_done("cost_to_collect"), basis="settled"),
)
# fmt: on
KPIS: Final = {kpi.name: kpi for kpi in _KPIS}


def resting_on(*bases: Basis) -> tuple[str, ...]:
    """Return the names of the figures that rest on each basis, one basis after the other."""
    return tuple(kpi.name for basis in bases for kpi in KPIS.values() if kpi.basis == basis)
