"""Addresses of databases: read with care, and shown without a password."""

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ledger.errors import BadInput, Unavailable, shortened
from ledger.files.reading import unknown

if TYPE_CHECKING:
    import sqlalchemy as sa

PATIENCE: Final = 10  # seconds in which a server must answer
_SECRET: Final = re.compile("pass|pwd|secret|token|key|credential", re.IGNORECASE)
_ESCAPES: Final = "within a user name or password, write @ as %40, : as %3A, / as %2F and # as %23"
_OPTIONS: Final = ("table", "mode", "uri", "cache", "immutable")  # of a SQLite file that is only read


def parse(address: str, *, field: str | None = None) -> "sa.URL":
    """Return the parts of an address; ``postgresql://`` means psycopg.

    Raises
    ------
    BadInput
        Where it is no address of a database. What it says is not shown, for it may hold a password.
    """
    import sqlalchemy as sa

    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError:
        raise BadInput("is not a database URL such as sqlite:///ledger.db?table=invoices", field=field) from None
    except ValueError:  # of the port; it may be a piece of the password
        raise BadInput(f"the port of a database's address must be a number; {_ESCAPES}", field=field) from None
    if "@" in (url.host or ""):
        raise BadInput(f"a database's address has one @, before the host; {_ESCAPES}", field=field)
    if url.port is not None and not 0 < url.port < 65536:
        raise BadInput("must lie between 1 and 65535", where=shown(url), field="port", value=url.port)
    if url.get_backend_name() == "sqlite" and url.host:
        raise BadInput("three slashes stand before the file of SQLite: sqlite:///ledger.db", where=shown(url))
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def shown(url: "sa.URL") -> str:
    """Return an address with its secrets as ***: the password, and what other options hold of that kind."""
    hidden = {name: "***" for name, value in url.query.items() if _SECRET.search(f"{name} {value}")}
    return url.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def safe(place: str) -> str:
    """Return a place as it may be shown: a path as it is, an address without its secrets."""
    if "://" not in place:
        return place
    try:
        return shown(parse(split_table(place)[0]))
    except BadInput:
        return f"{place.partition('://')[0]}://…"


def split_table(address: str) -> tuple[str, str]:
    """Return an address and the table that ``#NAME`` at its end names; "" where none is named."""
    head, mark, name = address.rpartition("#")
    return (head, name) if mark and not set("@/?:") & set(name) else (address, "")


def reason(error: Exception, url: "sa.URL") -> str:
    """Return the first line of what a database says, without the secrets of its address."""
    text = (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
    secrets = [str(url.password or ""), *(str(v) for k, v in url.query.items() if _SECRET.search(f"{k} {v}"))]
    for secret in secrets:
        text = text.replace(secret, "***") if len(secret) > 2 else text
    return shortened(text, 160)


def reading_engine(url: "sa.URL") -> "sa.Engine":
    """Return an engine that only reads: nothing is written, and no SQLite file is made where there is none.

    Raises
    ------
    BadInput
        Where the file is missing, an option is unknown, or the driver is not installed.
    """
    import sqlalchemy as sa

    if url.get_backend_name() != "sqlite":
        patient = {"connect_timeout": PATIENCE} if url.get_backend_name() == "postgresql" else {}
        try:
            engine = sa.create_engine(url, connect_args={} if "connect_timeout" in url.query else patient)
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise BadInput(
                f"this kind of database cannot be read here: {reason(error, url)}", where=shown(url)
            ) from error
        return engine.execution_options(postgresql_readonly=True) if patient else engine
    if strange := [name for name in url.query if name not in _OPTIONS]:
        raise BadInput(unknown(strange[0], _OPTIONS, "is not an option of a SQLite address; known:"), where=shown(url))
    path = Path((url.database or "").removeprefix("file:"))
    if not path.is_file():
        raise BadInput("does not exist", where=str(url.database or shown(url)))
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(place, uri=True), poolclass=sa.NullPool)


def failure(error: Exception, url: "sa.URL", what: str) -> BadInput | Unavailable:
    """Return what to raise for an error of a database: it is down or busy for now, or what was asked is wrong."""
    said = reason(error, url)
    down = type(error).__name__ in ("OperationalError", "InterfaceError")
    if url.get_backend_name() == "sqlite":
        down = "locked" in said or "busy" in said
    if down or getattr(error, "connection_invalidated", False):
        return Unavailable(f"the database {shown(url)} cannot be used ({said})")
    return BadInput(f"cannot be {what}: {said}", where=shown(url))
