"""A plan is in the database whole or not at all, in SQLite and in PostgreSQL."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from ledger import BadInput
from optimize.publish.database import PlanDatabase
from optimize.publish.folder import Unavailable, read_plan
from tests.call_plans import MONDAY, current, made, put_out


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'plans.db'}"
    plain: str = request.getfixturevalue("postgres")
    return plain.replace("postgresql:", "postgresql+psycopg:", 1)


def test_a_database_has_all_of_a_plan(url: str, tmp_path: Path):
    """Rows with their types, one current run; the second time changes nothing; another plan is current then."""
    plan = made(contacts=7)
    folder = put_out(tmp_path / "out", plan)
    database = PlanDatabase(url)
    assert database.publish(read_plan(folder))
    assert not database.publish(read_plan(folder))
    assert current(url) == ([("00000706", 7)], [("00000706", 7)])
    engine = sa.create_engine(url)
    query = "SELECT call_date, starts_at, customer_id, open_amount, value_with, exploration FROM {} ORDER BY row_number"
    with engine.connect() as connection:
        kinds = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns("call_plan")}
        assert isinstance(kinds["call_date"], sa.Date)
        assert isinstance(kinds["value_with"], sa.Numeric)
        stored = connection.execute(sa.text(query.format("current_call_plan"))).first()
    first = plan.rows.iloc[0]
    assert (str(stored[0]), str(stored[1])[:5], stored[2]) == ("2026-07-06", "09:00", "=C000")
    assert (stored[3], bool(stored[5])) == (123_456_789, False)
    assert float(stored[4]) == pytest.approx(first["value_with"], abs=1e-4)
    database.publish(read_plan(put_out(tmp_path / "out", made(seed=2, contacts=3))))  # again, for the same day
    assert current(url) == ([("00020706", 3)], [("00020706", 3)])
    database.publish(read_plan(put_out(tmp_path / "out", made(seed=3, contacts=0, date=MONDAY + pd.Timedelta(days=1)))))
    assert current(url) == ([("00030707", 0)], [])
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM call_plan_runs")).scalar() == 2  # the day before stays
    engine.dispose()


def test_a_database_of_before_gets_the_columns_that_came_later(url: str, tmp_path: Path):
    """Tables without names and quoted amounts keep their rows and gain the columns; readers of the views see them."""
    database = PlanDatabase(url)
    database.publish(read_plan(put_out(tmp_path / "out", made(contacts=4))))
    engine = sa.create_engine(url)
    later = ("open_as_invoiced", "customer_name", "customer_details")
    with engine.begin() as connection:
        for view in ("current_call_plan", "current_call_plan_run"):
            connection.execute(sa.text(f"DROP VIEW {view}"))
        for column in later:
            connection.execute(sa.text(f"ALTER TABLE call_plan DROP COLUMN {column}"))
        connection.execute(sa.text("CREATE VIEW current_call_plan AS SELECT * FROM call_plan"))
    database.publish(read_plan(put_out(tmp_path / "out", made(contacts=2, date=MONDAY + pd.Timedelta(days=1)))))
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(f"SELECT {', '.join(later)} FROM current_call_plan ORDER BY row_number")
        ).all()
        old = connection.execute(sa.text("SELECT count(*) FROM call_plan WHERE customer_name IS NULL")).scalar()
    engine.dispose()
    assert rows[0] == ("1,000,000.00 EUR", "= & Sons 0", "phone: +1 555 0100; email: pay@example.test")
    assert (len(rows), old) == (2, 4)


def test_a_failure_half_way_leaves_the_database_as_it_was(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """All rows come in one transaction with the run that they belong to."""
    database = PlanDatabase(url)
    database.publish(read_plan(put_out(tmp_path / "out", made())))
    folder = put_out(tmp_path / "out", made(seed=1))
    from optimize.publish import database as plan_database

    right = plan_database._records
    monkeypatch.setattr(plan_database, "_records", lambda plan: [*right(plan), right(plan)[0]])  # a row twice
    with pytest.raises(Unavailable):
        database.publish(read_plan(folder))
    assert current(url)[0] == [("00000706", 12)]
    monkeypatch.undo()
    assert database.publish(read_plan(folder))
    assert current(url) == ([("00010706", 12)], [("00010706", 12)])


def test_databases_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Down: named, without its password; wrong: said so; a table of the same name that is not ours stays as it is."""
    plan = read_plan(put_out(tmp_path / "out", made()))
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9/") as error:
        PlanDatabase("postgresql://ann:secret@127.0.0.1:9/plans").publish(plan)
    assert "secret" not in str(error.value)
    for wrong in ("plans.db", "mysql://x/y", "sqlite://", f"sqlite:///{tmp_path}/none/plans.db", "nonsense://"):
        with pytest.raises(BadInput):
            PlanDatabase(wrong)
    connection = sqlite3.connect(tmp_path / "theirs.db")
    connection.execute("CREATE TABLE call_plan (mine INTEGER)")
    connection.commit()
    with pytest.raises(BadInput, match="is not a table of ours"):
        PlanDatabase(f"sqlite:///{tmp_path / 'theirs.db'}").publish(plan)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("call_plan",)]
    connection.execute("BEGIN EXCLUSIVE")  # another writes and does not end
    monkeypatch.setattr("optimize.publish.database._WAIT", 0)
    with pytest.raises(Unavailable, match="locked"):
        PlanDatabase(f"sqlite:///{tmp_path / 'theirs.db'}").publish(plan)
    connection.close()
