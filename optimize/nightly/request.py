"""What is asked of a night: the request, read and found good and fresh before anything is planned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from ledger import BadInput, Ledger, read_ledger
from ledger.errors import Unavailable
from ledger.files.database import safe
from ledger.importing import import_ledger
from ledger.policy.roster import SHIFT_START
from ledger.policy.strategy import Strategy
from ledger.table.exchange import rates_in_words, with_rates
from ledger.table.ledger import Day, as_day
from ledger.table.places import home_zone
from ledger.wording import plural
from models.registry.reference import check_reference
from optimize.plans.request import check_numbers
from optimize.plans.rules import stopped_until
from optimize.publish.database import PlanDatabase
from optimize.publish.folder import check_out
from optimize.roster.load import load_team
from optimize.roster.shifts import working_days
from optimize.roster.team import Team

MAX_AGE: Final = 4  # calendar days


@dataclass(frozen=True, kw_only=True)
class NightRequest:
    """What is asked of a night.

    Parameters
    ----------
    ledger
        A ledger's folder, or an SQL URL, which is imported with `preset` or `mapping` (see `import_ledger`).
    roster, strategy, model
        As `optimize.plan` takes them; the model may be a registered one.
    date, days
        First day, and number of working days; by default from the next working day whose shift has not begun.
    out, state, database
        Folder of plans, state folder, and URL of the database to publish to.
    max_age
        Most calendar days between the ledger's last day and `date`; the next working day is always near enough.
    previous
        Folder to compare with; by default the last plan in `out` for an earlier day.
    again
        Replace the plan of the same date and snapshot, or of a later date.
    seconds, exploration, stops, seed
        As `optimize.plan` takes them.
    rates
        Base-currency units for one unit of a currency for which the ledger has no rate.
    """

    ledger: str
    roster: str
    strategy: str
    out: Path
    state: Path
    date: Day | None = None
    days: int = 5
    database: str | None = None
    model: str = "kaplan_meier"
    previous: Path | None = None
    max_age: int = MAX_AGE
    seconds: float | None = None
    exploration: float = 0.0
    stops: Path | None = None
    seed: int = 0
    preset: str | None = None
    mapping: Path | None = None
    again: bool = False
    rates: Mapping[str, float] = field(default_factory=dict)

    def team(self, ledger: Ledger | None = None) -> Team:
        """Return the team; a table's open clock and currency, and those of standard full-timers, are the ledger's."""
        source = int(self.roster) if self.roster.isdigit() else self.roster
        if ledger is None:
            return load_team(source)
        return load_team(source, timezone=home_zone(ledger), currency=ledger.base_currency)


@dataclass(frozen=True, eq=False, kw_only=True)
class NightInputs:
    """A request whose parts were read and found good."""

    request: NightRequest
    date: pd.Timestamp
    known: Ledger
    team: Team
    strategy: Strategy
    database: PlanDatabase | None
    stops: pd.DataFrame | None
    notes: tuple[str, ...]

    @property
    def day(self) -> str:
        """The first day as text."""
        return f"{self.date:%Y-%m-%d}"


def check_request(request: NightRequest) -> tuple[Strategy, PlanDatabase | None]:
    """Return what can be known to be good before the ledger is read."""
    check_out(request.out)
    check_reference(request.model)
    check_numbers(request.days, request.exploration, request.seconds)
    if request.previous is not None and not request.previous.is_dir():
        raise BadInput("is not a folder of plans", where=str(request.previous), field="previous")
    if request.max_age < 0:
        raise BadInput("must be at least 0", field="max_age", value=request.max_age)
    request.team()
    return Strategy.load(request.strategy), None if request.database is None else PlanDatabase(request.database)


def task_of(
    request: NightRequest, strategy: Strategy, database: PlanDatabase | None, *, now: pd.Timestamp | None
) -> NightInputs:
    """Return the request with its ledger read, its first day known, and found fresh.

    Raises
    ------
    BadInput
        Where the ledger cannot be used.
    Unavailable
        Where it is stale, or its database cannot be reached.
    """
    ledger, notes = ledger_at(request.ledger, preset=request.preset, mapping=request.mapping)
    ledger = with_rates(ledger, request.rates)
    notes += rates_in_words(request.rates, ledger.base_currency)
    team = request.team(ledger)
    asked = default_date(team, now) if request.date is None else as_day(request.date, field="date")
    date = working_days(asked, 1, team.country)[0]
    if date != asked:
        notes += (f"{asked:%Y-%m-%d} is no working day in {team.country}: planned from {date:%Y-%m-%d}.",)
    if date <= ledger.as_of:
        evening = date - pd.Timedelta(days=1)
        notes += (f"The ledger knows of {ledger.as_of:%Y-%m-%d}; used as known on the evening of {evening:%Y-%m-%d}.",)
        first = ledger.invoices["issue_date"].min() if len(ledger.invoices) else None
        ledger = ledger.snapshot(evening)
        if first is not None and not len(ledger.invoices):
            rule = f"nothing was known on the evening before: the ledger's first invoice is of {first:%Y-%m-%d}"
            raise BadInput(rule, field="date", value=f"{date:%Y-%m-%d}")
    check_fresh(ledger.as_of, asked, team.country, max_age=request.max_age, called=safe(request.ledger))
    stops, idle = (None, ()) if request.stops is None else _stops(request.stops, ledger.customers["customer_id"])
    return NightInputs(
        request=request,
        date=date,
        known=ledger,
        team=team,
        strategy=strategy,
        database=database,
        stops=stops,
        notes=notes + idle,
    )


def _stops(path: Path, customers: "pd.Series[str]") -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return who must not be contacted, and until when: a CSV of customer_id and until; and who of them is unknown."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", where=str(path), field="stops") from error
    except ValueError as error:  # pandas' errors of content
        raise BadInput(f"cannot be read as a table: {str(error).splitlines()[0]}", where=str(path)) from error
    stopped_until(table, customers, where=str(path))
    unknown = [] if table.empty else table.loc[~table["customer_id"].isin(customers), "customer_id"].tolist()
    if not unknown:
        return table, ()
    said = f"{len(unknown):,} of {len(table):,} stops in {path} name no customer of the ledger"
    return table, (f"{said} and stop nobody; the first is {unknown[0]!r}.",)


def ledger_at(place: str, *, preset: str | None = None, mapping: Path | None = None) -> tuple[Ledger, tuple[str, ...]]:
    """Return the ledger of a folder, or that of a database, imported, with notes on the import.

    Raises
    ------
    BadInput
        Where it cannot be used.
    Unavailable
        Where the database cannot be reached.
    """
    if "://" not in place:
        return read_ledger(place), ()

    imported = import_ledger(place, preset=preset, mapping=mapping)
    rejected = (f"{imported.rejected:,} of {imported.rows:,} rows of the ledger were rejected.",)
    return imported.ledger, (rejected if imported.rejected else ()) + imported.warnings


def default_date(team: Team, now: pd.Timestamp | None = None) -> pd.Timestamp:
    """Return the first working day of the team whose shift has not begun, on the team's clock."""
    moment = (pd.Timestamp.now(tz="UTC") if now is None else now).tz_convert(team.timezone).tz_localize(None)
    begun = moment - moment.normalize() >= pd.Timedelta(seconds=SHIFT_START)
    return working_days(moment.normalize() + pd.Timedelta(days=int(begun)), 1, team.country)[0]


def check_fresh(as_of: pd.Timestamp, date: pd.Timestamp, country: str, *, max_age: int, called: str) -> None:
    """Raise Unavailable where a ledger is too old to plan from.

    It is fresh when its last day lies at most `max_age` calendar days before `date`, or when `date` is the first
    working day after it, however long the holidays were.
    """
    age = (date - as_of).days
    if age > max_age and date > working_days(as_of + pd.Timedelta(days=1), 1, country)[0]:
        raise Unavailable(
            f"the ledger {called} is stale: it knows nothing after {as_of:%Y-%m-%d}, {plural(age, 'day')} before "
            f"{date:%Y-%m-%d}, and at most {max_age} are allowed (--max-age); nothing was written"
        )
