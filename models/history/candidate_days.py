"""What a learning model sees: invoices from the evening they are asked about, and the payment days before them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger.arrays import Flags, Floats, Ints, Singles
from models.history.customer_hazards import Axis, Kernel, customer_hazards, weekday_shares
from models.history.features import FEATURES, invoice_features
from models.history.history_columns import Asked, Past
from models.history.paydays import Paydays
from models.history.weekdays import weekday

HORIZON: Final = 75  # days past due up to which each payment day is looked at
KERNELS: Final = (
    Kernel(by_payment_days=True, half_life=120.0, other_weekday=0.2, other_term=0.2),
    Kernel(by_payment_days=False, half_life=120.0, other_weekday=0.3, other_term=0.3),
    Kernel(by_payment_days=True, half_life=30.0, other_weekday=0.5, other_term=0.5),
)
_QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
_FLOOR, _CEILING = 1e-3, 0.95  # of a kernel's hazard where a model starts from it

DAY_FEATURES: Final[tuple[str, ...]] = (
    "payment_days_late",  # of the candidate day
    "days_late",
    "weekday",
    "day_of_month",
    "payment_day_of_month",
    "payment_days_to_month_end",
    "days_after_holiday",
    "days_before_holiday",
    "days_since_asked",
    "weekday_share",  # of the customer's payments on that weekday
    *(
        f"{what}_{number}"
        for number in range(len(KERNELS))
        for what in ("log_hazard", "support", "log_hazard_before", "log_hazard_after")
    ),
)
INVOICE_FEATURES: Final[tuple[str, ...]] = (
    *FEATURES,
    *(f"kernel_{number}_{what}" for number in range(len(KERNELS)) for what in (*map(str, _QUANTILES), "support")),
    "payment_day_of_month",
    "payment_days_to_month_end",
    "days_after_holiday",
    "days_before_holiday",
    *(f"weekday_share_{day}" for day in range(7)),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class CandidateDays:
    """Invoices as seen from the evenings on which they are asked about."""

    asked: Asked
    paydays: Paydays
    features: Singles  # (asked, FEATURES)
    axes: tuple[Axis, ...]
    hazards: tuple[Singles, ...]  # (asked, axis), by kernel
    support: tuple[Singles, ...]  # weighted invoices at risk, same shapes
    shares: Singles  # (asked, 7)

    @classmethod
    def of(cls, past: Past, asked: Asked, weekdays: Flags, kernels: tuple[Kernel, ...] = KERNELS) -> "CandidateDays":
        """Look at invoices with what was known on their evenings; `weekdays` (7,) are the portfolio's payment days."""
        paydays = spanning(past, asked, weekdays)
        axes = tuple(Axis.of(kernel, paydays) for kernel in kernels)
        curves = [customer_hazards(past, asked, axis, kernel) for axis, kernel in zip(axes, kernels, strict=True)]
        return cls(
            asked=asked,
            paydays=paydays,
            features=invoice_features(past, asked),
            axes=axes,
            hazards=tuple(hazard for hazard, _ in curves),
            support=tuple(support for _, support in curves),
            shares=weekday_shares(past, asked, weekdays),
        )

    # -- candidate days

    def upto(self, day: Ints) -> Ints:
        """Return how many payment days lie between the last evening known unpaid and each day; shape of `day`."""
        country, unpaid = self.asked.country, self.asked.unpaid
        if day.ndim == 2:
            country, unpaid = country[:, None], unpaid[:, None]
        return np.asarray(np.maximum(self.paydays.counted(country, day) - self.paydays.counted(country, unpaid), 0))

    def candidates(self) -> tuple[Ints, Ints]:
        """Return the row and the day of each payment day from the last evening known unpaid to the horizon."""
        count = self.upto(self.asked.due + HORIZON)
        row = np.repeat(np.arange(len(self.asked)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
        country = self.asked.country[row]
        return row, self.paydays.day_of[country, self.paydays.counted(country, self.asked.unpaid[row]) + nth]

    def day_features(self, row: Ints, day: Ints) -> Singles:
        """Return (rows, FEATURES and DAY_FEATURES) of candidate days."""
        asked, paydays = self.asked, self.paydays
        country, at = asked.country[row], day - paydays.first
        late, days_late = self._late(row, day)
        falls = weekday(day)
        date = day.astype("datetime64[D]")
        columns: list[npt.NDArray[np.generic]] = [
            late,
            days_late,
            falls,
            (date - date.astype("datetime64[M]")).astype(np.int64),
            paydays.of_month[country, at],
            paydays.to_month_end[country, at],
            paydays.after_holiday[country, at],
            paydays.before_holiday[country, at],
            day - asked.evening[row],
            self.shares[row, falls],
        ]
        for number in range(len(self.axes)):
            cell = self._cell(number, row, day)
            hazard, size = self.hazards[number], self.axes[number].size
            columns += [np.log(hazard[row, cell]), self.support[number][row, cell]]
            columns += [np.log(hazard[row, np.clip(cell + step, 0, size - 1)]) for step in (-1, 1)]
        made = np.empty((len(row), self.features.shape[1] + len(columns)), np.float32)
        made[:, : self.features.shape[1]] = self.features[row]
        for k, column in enumerate(columns, start=self.features.shape[1]):
            made[:, k] = column
        return made

    def start(self, row: Ints, day: Ints, kernel: int) -> Floats:
        """Return the hazard of a kernel on candidate days, within the range that a model can start from."""
        hazard = self.hazards[kernel][row, self._cell(kernel, row, day)]
        return np.clip(hazard.astype(np.float64), _FLOOR, _CEILING)

    def _late(self, row: Ints, day: Ints) -> tuple[Ints, Ints]:
        country, due = self.asked.country[row], self.asked.due[row]
        return self.paydays.counted(country, day) - self.paydays.counted(country, due), day - due

    def _cell(self, number: int, row: Ints, day: Ints) -> Ints:
        axis = self.axes[number]
        late, days_late = self._late(row, day)
        return np.clip((late if axis.by_payment_days else days_late) - axis.first, 0, axis.size - 1)

    # -- invoices

    @cached_property
    def invoice_features(self) -> Singles:
        """Return (asked, INVOICE_FEATURES): the features, quantiles of each kernel's curve, the due day, the shares."""
        asked, paydays = self.asked, self.paydays
        columns: list[npt.NDArray[np.generic]] = []
        for axis, hazard, support in zip(self.axes, self.hazards, self.support, strict=True):
            begin = axis.at(asked.country, asked.unpaid) - axis.at(asked.country, asked.due) + 1 - axis.first
            counted = np.where(np.arange(axis.size) >= begin[:, None], -np.log1p(-np.minimum(hazard, 0.99)), 0.0)
            unpaid = np.exp(-np.cumsum(counted, axis=1))
            columns += [axis.first + (unpaid > 1 - q).sum(axis=1) for q in _QUANTILES]
            columns.append(support.max(axis=1))
        at = asked.due - paydays.first
        facts = (paydays.of_month, paydays.to_month_end, paydays.after_holiday, paydays.before_holiday)
        columns += [fact[asked.country, at] for fact in facts]
        return np.column_stack([self.features, *columns, self.shares]).astype(np.float32)


def spanning(past: Past, asked: Asked, weekdays: Flags) -> Paydays:
    """Return the payment days that cover all days of the past, of the invoices asked about, and their horizon."""
    days = [past.issue, past.due, past.end, asked.issue, asked.due, asked.unpaid, asked.evening]
    some = [part for part in days if len(part)] or [np.array([past.as_of])]
    first, last = min(int(part.min()) for part in some), max(int(part.max()) for part in some)
    return Paydays.of(past.countries, weekdays, first - 150, max(last, past.as_of) + 450)
