"""Teams from files and tables; whatever cannot be used is named by file, specialist, field, value and rule."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from ledger import BadInput
from ledger.files.reading import read_toml, unknown
from ledger.policy.roster import roster
from ledger.table.currency import decimals
from ledger.table.tables import COLUMNS
from optimize.roster.team import Team

_EXTRA: Final = ("name", "currency", "preferred", "unavailable", "usual_customers")


def load_team(source: Team | str | Path | pd.DataFrame | int, *, timezone: str = "UTC", currency: str = "USD") -> Team:
    """Return a team from a TOML file, a table (CSV, Parquet or a frame), or of so many standard full-timers.

    A table has the columns of the ledger's staff table, `cost_per_hour` in minor units, and may have the other fields
    of `Specialist` and a `currency`; then the rules are the default ones. `timezone` and `currency` are those of a
    table without one, and of standard full-timers.

    Raises
    ------
    BadInput
        Naming file, specialist, field, value and rule.
    """
    if isinstance(source, Team):
        return source
    if isinstance(source, int):
        return _of_table(roster(source, timezone).table, "staff", timezone, currency)
    if isinstance(source, pd.DataFrame):
        return _of_table(source, "staff", timezone, currency)
    path = Path(source)
    if path.suffix == ".toml":
        return _made(read_toml(path), str(path))
    return _of_table(_read_table(path), str(path), timezone, currency)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pd.read_csv(path, keep_default_na=False, dtype=str)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except ValueError as error:  # pandas' and Arrow's errors of content
        raise BadInput(f"cannot be read as a table: {error}", where=str(path)) from error
    raise BadInput("must be a TOML, CSV or Parquet file", where="roster", value=str(path))


def _of_table(table: pd.DataFrame, where: str, timezone: str, currency: str) -> Team:
    """Return the team of a staff table or a superset of it, under the default rules."""
    staff = tuple(COLUMNS["staff"])
    strange = [str(name) for name in table.columns if name not in (*staff, *_EXTRA)]
    if strange:
        rule = unknown(strange[0], (*staff, *_EXTRA), "is not a column of a roster; known:")
        raise BadInput(rule, where=where, field=strange[0])
    if "specialist_id" not in table:
        raise BadInput("the table lacks this column", where=where, field="specialist_id")
    people = []
    for row in table.to_dict("records"):
        given = {str(key): value for key, value in row.items() if not _missing(value)}
        given["id"] = given.pop("specialist_id", "")
        people.append(given)
    zones = [person["timezone"] for person in people if person.get("timezone")]
    paid_in = list(dict.fromkeys(person.pop("currency") for person in people if "currency" in person))
    if len(paid_in) > 1:
        raise BadInput(f"must be one for all of a team, and {paid_in[0]} stands above", where=where, field="currency",
                       value=paid_in[1])  # fmt: skip
    team = {"timezone": zones[0] if zones else timezone, "currency": paid_in[0] if paid_in else currency}
    made = _made({**team, "specialists": people}, where)
    minor = 10 ** decimals(made.currency)
    return made.model_copy(
        update={
            "specialists": tuple(
                p.model_copy(update={"cost_per_hour": p.cost_per_hour / minor}) for p in made.specialists
            )
        }
    )


def _missing(value: Any) -> bool:
    return value is None or (not isinstance(value, list | tuple) and bool(pd.isna(value))) or value == ""


def _made(content: dict[str, Any], where: str) -> Team:
    """Return the team, or say which specialist and field break which rule."""
    team = Team.of(content, where=where)
    for person in team.specialists:
        if person.timezone not in ("", team.timezone):
            rule = f"all specialists of one team work on one clock, {team.timezone}"
            raise BadInput(
                rule, where=_place(where, content, team.ids.index(person.id)), field="timezone", value=person.timezone
            )
    return team


def _place(where: str, content: dict[str, Any], k: int) -> str:
    """Return the file and the specialist: number and id."""
    given = content["specialists"][k]
    name = given.get("id") if isinstance(given, dict) else None
    return f"{where}, specialist {k + 1}" + (f" ({name})" if name else "")
