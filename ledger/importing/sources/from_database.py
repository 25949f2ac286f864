"""Tables of a database, through SQLAlchemy."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from ledger.errors import BadInput
from ledger.files import database
from ledger.importing.maps.map_tables import TableMap
from ledger.importing.sources.from_typed import SAMPLE, from_columns
from ledger.importing.sources.headers import Match, find_header
from ledger.importing.words.cells import Sheet, from_values


class Database:
    """A database that tables are read from, through SQLAlchemy; nothing is ever written to it.

    Parameters
    ----------
    url
        An SQLAlchemy URL; ``postgresql://`` means psycopg. ``#NAME`` or ``?table=NAME`` names the invoice table.

    Raises
    ------
    BadInput
        Where the URL is wrong or leads to nothing that can be read. No message shows a password.
    Unavailable
        Where the database is down or locked.
    """

    def __init__(self, url: str) -> None:
        import sqlalchemy as sa

        address, self.named = database.split_table(url)
        self.url = database.parse(address)
        if "table" in self.url.query:
            table = self.url.query["table"]
            self.named = table if isinstance(table, str) else table[0]
            self.url = self.url.difference_update_query(["table"])
        self.where = database.shown(self.url)
        self.engine = database.reading_engine(self.url)
        try:
            inspector = sa.inspect(self.engine)
            self.tables = [*inspector.get_table_names(), *inspector.get_view_names()]
        except sa.exc.SQLAlchemyError as error:
            raise database.failure(error, self.url, "opened") from error

    def read(self, table: str, map_: TableMap, match: Match) -> tuple[Sheet | None, list[str]]:
        """Read one table: by the map's query, else its table, else the one in the URL, else one of the table's name."""
        import sqlalchemy as sa

        name = map_.table or (self.named if table == "invoices" and self.named else table)
        query: sa.Executable
        if map_.query:
            query, name = sa.text(map_.query), "query"
        else:
            schema, _, bare = name.rpartition(".")
            if not schema and name not in self.tables:
                if table != "invoices":
                    return None, []
                known = ", ".join(sorted(self.tables)) or "no table"
                raise BadInput(f"is not a table there; it has {known}", where=self.where, field="table", value=name)
            query = sa.select(sa.text("*")).select_from(sa.table(bare, schema=schema or None))
        try:
            with self.engine.connect().execution_options(stream_results=True) as connection:
                result = connection.execute(query)
                names = [str(key) for key in result.keys()]  # noqa: SIM118 - a method of results, not of a mapping
                header = find_header([names], match)
                partitions = iter(result.partitions(50_000))
                head = next(partitions, [])
                parts = list(_columns(chain([head] if head else [], partitions), list(header.at.values())))
        except sa.exc.SQLAlchemyError as error:
            raise database.failure(error, self.url, f"read ({name})") from error
        rows = sum(len(part[0][1]) for part in parts if part)
        columns = {
            role: (pa.concat_arrays([part[k][0] for part in parts]), np.concatenate([part[k][1] for part in parts]))
            for k, role in enumerate(header.at)
            if parts
        } or {role: (pa.array([], pa.string()), np.zeros(0, bool)) for role in header.at}
        unused = {name: from_values([row[k] for row in head[:SAMPLE]])[0] for name, k in header.unused.items()}
        return from_columns(columns, header, rows, name, unused), list(header.names)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _columns(partitions: Iterable[Any], at: list[int]) -> Iterable[list[Any]]:
    for rows in partitions:
        columns = list(zip(*rows, strict=True))
        yield [from_values(columns[k]) for k in at]
