"""Addresses of databases: passwords are never shown, and nothing is written where something is read."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.files.database import parse, safe, split_table
from ledger.importing import import_ledger
from optimize.publish.database import PlanDatabase

COLUMNS = "invoice_id TEXT, customer_id TEXT, issue_date TEXT, due_date TEXT, amount NUMERIC"
DOWN = "127.0.0.1:9"

SECRETS = (
    f"postgresql://ann:s3cr3t@{DOWN}/erp",
    f"postgresql://ann:s3cr3t#1@{DOWN}/erp#invoices",
    f"postgresql://ann:a/s3cr3t@{DOWN}/erp?table=invoices",
    f"postgresql://ann:a%40s3cr3t@{DOWN}/erp",
    f"postgresql://ann@{DOWN}/erp?password=s3cr3t",
    f"postgresql://ann@{DOWN}/erp?sslpassword=s3cr3t&sslmode=prefer",
)
WRONG = (
    f"postgresql://ann:s3cr3t@x@{DOWN}/erp",
    f"postgresql://ann:p@s3cr3t:x@{DOWN}/erp",
    "postgresql://ann:pw@127.0.0.1:s3cr3t/erp",
    "postgresql://ann:s3cr3t@127.0.0.1:99999/erp",
    "postgresql://ann:s3cr3t",
    "postgrsql://ann:s3cr3t@127.0.0.1/erp",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cr3t",
    "://s3cr3t",
)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Return a SQLite file with an invoice."""
    path = tmp_path / "l.db"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE invoices ({COLUMNS})")
    connection.execute("INSERT INTO invoices VALUES ('1', 'acme', '2024-01-01', '2024-01-31', 100)")
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("url", SECRETS)
def test_a_database_that_is_down_is_named_without_its_password(url: str):
    """The error of a later day, not of the one who asks: reading and publishing alike."""
    for use in (import_ledger, lambda address: PlanDatabase(split_table(address)[0])._transaction().__enter__()):
        with pytest.raises(Unavailable) as error:
            use(url)
        assert "127.0.0.1" in str(error.value)
        assert "s3cr3t" not in str(error.value)
    assert "s3cr3t" not in safe(url)
    assert "127.0.0.1" in safe(url)


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_wrong_shows_no_password(url: str):
    """Not even a piece of it, where the password is not where it should be."""
    for use in (import_ledger, PlanDatabase):
        with pytest.raises(BadInput) as error:
            use(url)
        assert "s3cr3t" not in str(error.value)
        assert "s3cr3t" not in str(error.value.value)
        assert len(str(error.value)) <= 300
    assert "s3cr3t" not in safe(url)


def test_the_table_is_named_after_the_address():
    """Not every # names one."""
    assert split_table("sqlite:///l.db#open items") == ("sqlite:///l.db", "open items")
    assert split_table("postgresql://ann:a#b@h/db") == ("postgresql://ann:a#b@h/db", "")
    assert split_table("sqlite:///l.db") == ("sqlite:///l.db", "")
    assert parse("postgresql://ann:a#b@h/db").password == "a#b"


@pytest.mark.parametrize("options", ["", "?mode=rw&uri=true", "?mode=rwc", "?table=invoices", "#invoices"])
def test_reading_makes_no_file_and_changes_none(books: Path, options: str):
    """Whatever mode the address asks for."""
    before = books.read_bytes()
    assert import_ledger(f"sqlite:///{books}{options}").imported == 1
    assert [path.name for path in books.parent.iterdir()] == ["l.db"]
    assert books.read_bytes() == before
    with pytest.raises(BadInput, match="does not exist"):
        import_ledger(f"sqlite:///{books.parent}/no.db{options}")
    assert [path.name for path in books.parent.iterdir()] == ["l.db"]


def test_a_query_that_writes_is_refused(books: Path):
    """A map's query can only read."""
    text = 'extends = "generic"\n[invoices]\nquery = "DELETE FROM invoices RETURNING *"\n'
    (books.parent / "map.toml").write_text(text)
    with pytest.raises(BadInput, match="readonly"):
        import_ledger(f"sqlite:///{books}", mapping=books.parent / "map.toml")
    assert import_ledger(f"sqlite:///{books}").imported == 1


def test_postgresql_is_only_read(postgres: str, tmp_path: Path):
    """The transaction cannot write."""
    text = 'extends = "generic"\n[invoices]\nquery = "SELECT nextval(\'counter\') AS invoice_id"\n'
    (tmp_path / "map.toml").write_text(text)
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SEQUENCE counter"))
    engine.dispose()
    with pytest.raises(BadInput, match="read-only transaction"):
        import_ledger(postgres, mapping=tmp_path / "map.toml")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sqlite:///{}?mod=ro", "did you mean 'mode'"),
        ("sqlite://l.db", "three slashes"),
        ("sqlite:///", "does not exist"),
        ("sqlite:///:memory:", "does not exist"),
    ],
)
def test_an_address_of_sqlite_that_cannot_be_meant(books: Path, address: str, said: str):
    """Named, and no file made."""
    with pytest.raises(BadInput, match=said):
        import_ledger(address.format(books))


def test_a_file_that_is_no_database_is_bad_input(tmp_path: Path):
    """And a locked one is not: the next hour it can be read."""
    (tmp_path / "text.db").write_text("invoice_id,amount\n" * 100)
    with pytest.raises(BadInput, match="not a database"):
        import_ledger(f"sqlite:///{tmp_path / 'text.db'}")


def test_plans_go_to_a_file_and_to_no_other(tmp_path: Path):
    """Options would become part of the file's name."""
    for address in ("?mode=rw&uri=true", "?timeout=3"):
        with pytest.raises(BadInput, match="has options"):
            PlanDatabase(f"sqlite:///{tmp_path / 'plans.db'}{address}")
    with pytest.raises(BadInput, match="must name a file"):
        PlanDatabase("sqlite:///file:plans.db")
    assert list(tmp_path.iterdir()) == []
