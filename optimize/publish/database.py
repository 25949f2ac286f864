"""Plans in a database: two tables and two views, written in one transaction; SQLite or PostgreSQL.

`call_plan_runs` has a row per date and snapshot, `call_plan` a row per contact. The plan published last is
`is_current`; readers see it through the views `current_call_plan` and `current_call_plan_run`. What is published is
what lies on disk, so that a plan which could not be published is published by the next run.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.files.database import parse, reason, shown
from optimize.publish.folder import TABLE, PublishedPlan

if TYPE_CHECKING:
    import sqlalchemy as sa

RUNS: Final = "call_plan_runs"
ROWS: Final = "call_plan"
_WAIT: Final = 20  # seconds for another's transaction, or for an answer of the server
_KEY: Final = 0x636F6C6C  # "coll": of PostgreSQL's advisory lock
_LATER: Final = ("open_as_invoiced", "customer_name", "customer_details")  # added to tables that are older
_RENAMED: Final = {"date": "call_date", "starts": "starts_at", "order": "call_order"}  # words that SQL reserves


@cache
def tables() -> "tuple[sa.MetaData, sa.Table, sa.Table]":
    """Return the schema: all of it, the runs, and the rows. Amounts are minor units of the base currency."""
    import sqlalchemy as sa

    meta = sa.MetaData()
    money, text, number = sa.Numeric(20, 4, asdecimal=False), sa.Text(), sa.Float(53)
    chance = sa.Numeric(9, 8, asdecimal=False)
    key: list[tuple[str, sa.types.TypeEngine[Any]]] = [("plan_date", sa.Date()), ("snapshot", sa.String(64))]
    runs = sa.Table(
        RUNS,
        meta,
        *(sa.Column(name, kind, primary_key=True) for name, kind in key),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("about", text, nullable=False),  # plan.json as it stands on disk
        sa.Column(
            "published_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()
        ),
    )
    kinds: list[tuple[str, sa.types.TypeEngine[Any], bool]] = [
        ("run_id", sa.String(64), False),
        ("call_date", sa.Date(), False),
        ("block", sa.SmallInteger(), False),
        ("starts_at", sa.Time(), False),
        ("call_order", sa.Integer(), False),
        ("specialist_id", text, True),
        ("specialist", text, True),
        ("customer_id", text, False),
        ("invoices", text, False),
        ("invoice_count", sa.Integer(), False),
        ("open_amount", sa.BigInteger(), False),
        ("days_past_due", sa.Integer(), True),
        *((name, text, True) for name in ("action", "channel", "tone", "step")),
        ("minutes", number, False),
        ("reach_probability", chance, True),
        *((name, money, True) for name in ("value_with", "value_without", "uplift", "net_value")),
        *((name, text, True) for name in ("reason", "model", "model_version", "strategy")),
        ("exploration", sa.Boolean(), False),
        ("exploration_probability", chance, True),
        *((name, text, True) for name in _LATER),
    ]
    rows = sa.Table(
        ROWS,
        meta,
        *(sa.Column(name, kind, primary_key=True) for name, kind in key),
        sa.Column("row_number", sa.Integer(), primary_key=True, autoincrement=False),
        *(sa.Column(name, kind, nullable=nullable) for name, kind, nullable in kinds),
        sa.ForeignKeyConstraint(["plan_date", "snapshot"], [f"{RUNS}.plan_date", f"{RUNS}.snapshot"]),
        sa.Index("call_plan_by_customer", "customer_id", "call_date"),
    )
    return meta, runs, rows


class PlanDatabase:
    """Where plans are published for other programs.

    Parameters
    ----------
    url
        ``sqlite:///plans.db`` or ``postgresql://user@host/name``.

    Raises
    ------
    BadInput
        Where the URL is not one of these; whether the database answers is found out when it is used.
    """

    def __init__(self, url: str) -> None:
        import sqlalchemy as sa

        parsed = parse(url, field="database")
        self.url, self.where = parsed, shown(parsed)
        self.kind = parsed.get_backend_name()
        if self.kind == "sqlite":
            self._check_sqlite(parsed)
            settings: dict[str, Any] = {"timeout": _WAIT}
        elif parsed.drivername == "postgresql+psycopg":
            settings = {"connect_timeout": _WAIT}
        else:
            raise BadInput("must be SQLite or PostgreSQL", field="database", value=self.where)
        self.engine = sa.create_engine(parsed, connect_args=settings, poolclass=sa.pool.NullPool)
        if self.kind == "sqlite":  # the driver must not end transactions by itself
            sa.event.listen(self.engine, "connect", _no_automatic_transactions)
            sa.event.listen(self.engine, "begin", _begin_immediate)

    def _check_sqlite(self, url: "sa.URL") -> None:
        database = url.database
        if not database or database == ":memory:" or database.startswith("file:"):
            raise BadInput("must name a file, as sqlite:///plans.db does", field="database", value=self.where)
        if url.query:
            rule = f"has options, which a SQLite file of plans does not take: {', '.join(url.query)}"
            raise BadInput(rule, field="database", value=self.where)
        if not Path(database).absolute().parent.is_dir():
            raise BadInput("its folder does not exist", field="database", value=self.where)

    def publish(self, plan: PublishedPlan) -> bool:
        """Publish a plan in one transaction and make it current; return whether that changed anything.

        A plan of the same date and snapshot is replaced if its run differs.

        Raises
        ------
        Unavailable
            Where the database cannot be reached or refuses; it is as it was before.
        BadInput
            Where a table of that name is not ours.
        """
        import sqlalchemy as sa

        _, runs, rows = tables()
        with self._transaction() as connection:
            self._create(connection)
            found = connection.execute(sa.select(runs.c.run_id, runs.c.is_current).where(*_same(runs, plan))).first()
            if found is not None and tuple(found) == (plan.about["run_id"], True):
                return False
            connection.execute(sa.delete(rows).where(*_same(rows, plan)))
            connection.execute(sa.delete(runs).where(*_same(runs, plan)))
            connection.execute(sa.update(runs).values(is_current=False).where(runs.c.is_current))
            connection.execute(sa.insert(runs), _run(plan))
            if records := _records(plan):
                connection.execute(sa.insert(rows), records)
        return True

    def _create(self, connection: "sa.Connection") -> None:
        """Make tables and views where they are missing; the transaction is the only one that writes."""
        import sqlalchemy as sa

        meta, *_ = tables()
        if self.kind == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
        meta.create_all(connection)
        inspector = sa.inspect(connection)
        views = set(inspector.get_view_names())
        for name, table in meta.tables.items():
            lacking = {column.name for column in table.columns} - {one["name"] for one in inspector.get_columns(name)}
            if lacking - {*_LATER}:
                rule = f"is not a table of ours: it lacks {', '.join(sorted(lacking))}"
                raise BadInput(rule, where=self.where, field=name)
            for column in [column for column in _LATER if column in lacking]:
                connection.execute(sa.text(f"ALTER TABLE {name} ADD COLUMN {column} TEXT"))
            if lacking:  # a view has the columns that its tables had when it was made
                for view in views & {*_VIEWS}:
                    connection.execute(sa.text(f"DROP VIEW {view}"))
                views = set()
        for view, query in _VIEWS.items():
            if view not in views:
                connection.execute(sa.text(f"CREATE VIEW {view} AS {query}"))

    @contextmanager
    def _transaction(self) -> "Iterator[sa.Connection]":
        import sqlalchemy as sa

        try:
            with self.engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise Unavailable(f"the database {self.where} cannot be used ({reason(error, self.url)})") from error
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                self.engine.dispose()


_VIEWS: Final = {
    "current_call_plan_run": f"SELECT * FROM {RUNS} WHERE is_current",
    "current_call_plan": f"SELECT p.* FROM {ROWS} p JOIN {RUNS} r ON p.plan_date = r.plan_date "
    "AND p.snapshot = r.snapshot WHERE r.is_current",
}


def _no_automatic_transactions(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _same(table: "sa.Table", plan: PublishedPlan) -> "tuple[sa.ColumnElement[bool], ...]":
    return table.c.plan_date == date.fromisoformat(plan.about["date"]), table.c.snapshot == plan.about["snapshot"]


def _run(plan: PublishedPlan) -> dict[str, Any]:
    about = plan.about
    return {
        "plan_date": date.fromisoformat(about["date"]),
        "is_current": True,
        "about": (plan.folder / "plan.json").read_text(encoding="utf-8"),
        **{name: about[name] for name in ("snapshot", "run_id", "status", "contacts", "currency")},
    }


def _records(plan: PublishedPlan) -> list[dict[str, Any]]:
    """Return the rows of a plan on disk as the table takes them."""
    frame = pd.read_parquet(plan.folder / TABLE).rename(columns=_RENAMED)
    frame["call_date"] = pd.to_datetime(frame["call_date"]).dt.date
    frame["starts_at"] = frame["starts_at"].map(time.fromisoformat)
    frame["plan_date"] = date.fromisoformat(plan.about["date"])
    frame["row_number"] = range(1, len(frame) + 1)
    names = [column.name for column in tables()[2].columns]
    rows = frame.reindex(columns=names).astype(object).to_dict("records")  # an older plan has fewer columns
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def postgres_types() -> Mapping[str, Mapping[str, str]]:
    """Return the type of each column of each table, in PostgreSQL's words."""
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return {
        name: {column.name: column.type.compile(dialect) for column in table.columns}
        for name, table in tables()[0].tables.items()
    }
