"""Teams: the specialists of a roster file, and the labour rules under which they work."""

from typing import Annotated, Final, Self
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator

from ledger import Ledger
from ledger.files.reading import Written
from ledger.policy.roster import BLOCKS, FULL_SHIFT, Roster, roster
from ledger.table.currency import decimals
from ledger.table.exchange import Rates
from ledger.table.tables import TEXT
from optimize.roster.fields import WEEKDAYS, Cells, Days, Languages, Words

FULL_HOURS: Final = FULL_SHIFT / 3600


class Specialist(Written):
    """One person.

    Parameters
    ----------
    id, name
        Key in every table, and what people say.
    skills
        Free words; "firm" gives the authority for firm contacts.
    languages
        ISO 639-1 codes, at least one.
    timezone
        IANA name; by default the team's, and all of a team share it.
    weekly_hours
        Contracted and paid, 0 to 80; a day has at most 8.
    absences
        Days away, in a file also as ranges; weekly hours fall by a fifth for each.
    cost_per_hour
        Of a paid hour, major units of the team's currency; 0 stands for the assumed wage.
    preferred, unavailable
        Parts of the week: "fri" for a day, "fri 4" for one of its blocks, "* 1" for a block of every day.
    usual_customers
        Ids of customers whom this person usually calls.
    """

    id: str = Field(pattern=r"^\S+$", description="a word without spaces")
    name: str = ""
    skills: Words = ()
    languages: Languages = ("en",)
    timezone: str = ""
    weekly_hours: float = Field(default=40, ge=0, le=80)
    absences: Days = ()
    cost_per_hour: float = Field(default=0, ge=0, le=1_000_000)
    preferred: Cells = ()
    unavailable: Cells = ()
    usual_customers: Words = ()

    @property
    def label(self) -> str:
        """The name, or the id where there is none."""
        return self.name or self.id


class Cover(Written):
    """At least so many specialists with a skill and a language are at work, on each weekday named.

    Without `blocks` it is enough that they come at any time of the day; with them they are there in each, all through.
    """

    specialists: int = Field(ge=1, le=1000)
    skill: str = ""
    language: str = ""
    weekdays: Cells = ("*",)
    blocks: tuple[Annotated[int, Field(ge=1, le=BLOCKS)], ...] = ()

    @field_validator("weekdays")
    @classmethod
    def _are_whole_days(cls, weekdays: tuple[str, ...]) -> tuple[str, ...]:
        if any(" " in day for day in weekdays):
            raise ValueError("must be whole days; name blocks in `blocks`")
        return weekdays

    def able(self, specialist: Specialist) -> bool:
        """Return whether this person counts."""
        return self.skill in ("", *specialist.skills) and self.language in ("", *specialist.languages)

    def on(self, weekday: int) -> bool:
        """Return whether the rule holds on a weekday (Monday 0)."""
        return bool({"*", WEEKDAYS[weekday]} & set(self.weekdays))


class Rules(Written):
    """Labour rules, which a roster never breaks, and the cover that it should give.

    Parameters
    ----------
    hours_per_day, days_per_week, consecutive_days
        Most paid hours in a day (0 to 8], most days in a calendar week, and most days at a stretch.
    rest_hours
        Least time between the end of a shift and the start of the next.
    shortest_shift
        Hours; nobody comes for less.
    unpopular
        Parts of the week that are shared out: "fri 4", "* 4". Of the blocks that somebody works in a week they are as
        large a part as of all blocks of the week on which that person is available, give or take a tolerance.
    unpopular_tolerance
        Blocks a week.
    cover
        Least numbers at work.
    """

    hours_per_day: float = Field(default=FULL_HOURS, gt=0, le=FULL_HOURS)
    days_per_week: int = Field(default=5, ge=1, le=7)
    consecutive_days: int = Field(default=6, ge=1, le=31)
    rest_hours: float = Field(default=11, ge=0, le=24)
    shortest_shift: float = Field(default=2, ge=0.5, le=FULL_HOURS)
    unpopular: Cells = ()
    unpopular_tolerance: float = Field(default=1, ge=0, le=20)
    cover: tuple[Cover, ...] = ()

    @model_validator(mode="after")
    def _a_shift_fits(self) -> Self:
        if self.shortest_shift > self.hours_per_day:
            raise ValueError("`shortest_shift` must not exceed `hours_per_day`")
        return self


class Team(Written):
    """Specialists on one clock, and the rules under which they work.

    Parameters
    ----------
    name, timezone, country, currency
        The clock on which shifts are given, whose public holidays are days off ("" for none), and the currency of
        `cost_per_hour`.
    rates
        Units of `currency` for one unit of another currency, where the ledger has no rate.
    """

    name: str = "team"
    timezone: str = "UTC"
    country: str = Field(default="", pattern="^([A-Z]{2})?$", description="an ISO 3166-1 code such as US, or empty")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="an ISO 4217 code such as USD")
    rates: Rates = Field(default_factory=dict, exclude_if=lambda rates: not rates)
    rules: Rules = Rules()
    specialists: tuple[Specialist, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("must be an IANA time zone such as America/New_York")
        return zone

    @field_validator("specialists")
    @classmethod
    def _ids_differ(cls, specialists: tuple[Specialist, ...]) -> tuple[Specialist, ...]:
        ids = [person.id for person in specialists]
        twice = [name for name in ids if ids.count(name) > 1]
        if twice:
            raise ValueError(f"every specialist needs an id of its own; given twice: {twice[0]}")
        return specialists

    def __len__(self) -> int:
        """Return the number of specialists."""
        return len(self.specialists)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids, in order."""
        return tuple(person.id for person in self.specialists)

    def able(self, *, skill: str = "", language: str = "") -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Return who has a skill and a language ("" for any), shape (specialists,)."""
        rule = Cover(specialists=1, skill=skill, language=language)
        return np.array([rule.able(person) for person in self.specialists], np.bool_)

    def roster(self) -> Roster:
        """Return the team as the simulator and the planners take it: part-timers work the first blocks of every day."""
        minor = 10 ** decimals(self.currency)
        people = self.specialists
        table = pd.DataFrame(
            {
                "specialist_id": pd.array([p.id for p in people], TEXT),
                "skills": pd.array([" ".join(p.skills) for p in people], TEXT),
                "languages": pd.array([" ".join(p.languages) for p in people], TEXT),
                "timezone": pd.array([self.timezone] * len(people), TEXT),
                "weekly_hours": np.array([p.weekly_hours for p in people], np.float64),
                "absences": pd.array([" ".join(f"{day:%Y-%m-%d}" for day in p.absences) for p in people], TEXT),
                "cost_per_hour": np.array([round(p.cost_per_hour * minor) for p in people], np.int64),
            }
        )
        return roster(table, self.timezone)

    @property
    def all_priced(self) -> bool:
        """Whether everybody's hour has a cost of its own, so that no wage is assumed."""
        return all(person.cost_per_hour for person in self.specialists)

    @property
    def has_few_hours(self) -> bool:
        """Whether somebody cannot come every day: a fifth of the weekly hours is less than the shortest shift."""
        return any(0 < person.weekly_hours / 5 < self.rules.shortest_shift for person in self.specialists)

    def on_clock(self, timezone: str) -> "Team":
        """Return the same people working the same hours of the day on another clock."""
        people = tuple(person.model_copy(update={"timezone": timezone}) for person in self.specialists)
        return Team(**(dict(self) | {"timezone": timezone, "specialists": people}))

    def beside(self, ledger: Ledger) -> tuple["Team", str]:
        """Return the team on the clock on which it can call the ledger's customers, and a note where that is another.

        A ledger that knows no customer's place gives all of them the clock UTC and no country. Then UTC means "local
        time": the team's hours are read on that clock, so that nine o'clock is nine o'clock to both. Otherwise the team
        keeps its clock, and each customer's calling window is on the customer's own.
        """
        customers = ledger.customers
        placeless = bool((customers["timezone"] == "UTC").all() and (customers["country"] == "").all())
        if not placeless or self.timezone == "UTC" or not len(customers):
            return self, ""
        note = (
            f"The ledger knows no customer's place, only the clock UTC: the team's hours, given in {self.timezone}, "
            "are read as the customers' local time."
        )
        return self.on_clock("UTC"), note
