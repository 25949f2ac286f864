"""The connection to MLflow: SQLite in the state folder unless MLFLOW_TRACKING_URI names another store.

MLflow takes more than a second to import, so nothing of it is imported before a connection is asked for.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import TrackingUnavailable
from ledger.files.database import safe

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # standard output holds the result and nothing else
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # a server that is down is told within seconds, not minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}
_EXISTS: Final = "RESOURCE_ALREADY_EXISTS"
_MISSING: Final = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open connection.

    Parameters
    ----------
    client
        Of tracking and of the model registry.
    uri
        Address of both.
    artifacts
        Folder of the files, where the store is a file of its own; None where a server keeps them.
    """

    client: "MlflowClient"
    uri: str
    artifacts: Path | None

    @property
    def where(self) -> str:
        """The address as it may be shown."""
        return safe(self.uri)

    def experiment(self, name: str) -> str:
        """Return the id of the experiment, which is made where it is missing; two may ask at once."""
        from mlflow.exceptions import MlflowException

        for _ in range(2):
            found = self.client.get_experiment_by_name(name)
            if found is not None:
                return str(found.experiment_id)
            place = None if self.artifacts is None else self.artifacts.as_uri()
            try:
                return self.client.create_experiment(name, artifact_location=place)
            except MlflowException as error:
                if not exists(error):
                    raise
        raise MlflowException(f"experiment {name!r} was deleted: restore it, or remove it for good")


def address(state: str | Path) -> str:
    """Return the address of the store that goes with a state folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(state).absolute() / 'mlflow.db'}"


@contextmanager
def connected(state: str | Path, *, kept: str = "") -> Iterator[Store]:
    """Connect to MLflow, with its remarks kept off the screen.

    Parameters
    ----------
    state
        Folder of ``mlflow.db`` and ``artifacts`` where no server is named.
    kept
        What is safe although the store cannot be used; ends the message.

    Raises
    ------
    TrackingUnavailable
        Where the store cannot be reached or refuses, here or in the block; the message names the address.
    """
    for key, setting in _QUIET.items():
        os.environ.setdefault(key, setting)
    uri, state = address(state), Path(state).absolute()
    with _quiet():
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        own = uri.startswith("sqlite:")
        try:
            if own:
                state.mkdir(parents=True, exist_ok=True)
            if not os.environ.get("MLFLOW_TRACKING_URI"):
                _create(state / "mlflow.db")
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            yield Store(client=client, uri=uri, artifacts=state / "artifacts" if own else None)
        except (MlflowException, RequestException, SQLAlchemyError, OSError) as error:
            rule = str(error).splitlines()[0].replace(uri, safe(uri)) if str(error) else type(error).__name__
            ending = f"; {kept}" if kept else ""
            raise TrackingUnavailable(f"MLflow at {safe(uri)} cannot be used ({_short(rule)}){ending}") from error


def _create(database: Path) -> None:
    """Make the database with its tables, where it is missing, in one step: two who do it at once break each other's."""
    from mlflow.tracking import MlflowClient

    if database.exists():
        return
    with tempfile.TemporaryDirectory(prefix=".mlflow-", dir=database.parent) as place:
        fresh = Path(place) / database.name
        uri = f"sqlite:///{fresh}"
        MlflowClient(tracking_uri=uri, registry_uri=uri).search_registered_models(max_results=1)
        with suppress(FileExistsError):  # another was sooner: theirs is as good
            os.link(fresh, database)


def exists(error: Exception) -> bool:
    """Return whether MLflow says that something of that name is there already."""
    return getattr(error, "error_code", "") == _EXISTS


def is_missing(error: Exception) -> bool:
    """Return whether MLflow says that something of that name does not exist, rather than that it cannot answer."""
    return getattr(error, "error_code", "") in _MISSING


def _short(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's and Alembic's remarks off the screen, and leave the loggers as they were."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
