"""The night's plan through the command: what it writes, what it never does twice, and how each trouble ends."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import sim
from ledger import Ledger, read_ledger
from ledger.table.tables import validated
from models.registry.model_file import fit_saved
from optimize.nightly.request import check_fresh, default_date
from optimize.plans.call_plan import ROW_COLUMNS
from optimize.publish.folder import FILES, Unavailable, only_one, published
from optimize.roster.load import load_team

Run = Callable[..., tuple[int, str, str]]
DAY = "2026-10-05"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small ledger's folder, known to Friday 2026-10-02."""
    return sim.synthetic("normal", customers=80).ledger.write(tmp_path_factory.mktemp("ledgers") / "L")


@pytest.fixture
def plan(tmp_path: Path, books: Path, command: Callable[..., subprocess.CompletedProcess[str]]) -> Run:
    """Return a function that runs the command here and returns exit code, output and messages.

    Options that come again replace the usual ones; None takes one away.
    """

    def run(*flags: str, **options: object) -> tuple[int, str, str]:
        usual = {"ledger": books, "roster": 2, "date": DAY, "out": tmp_path / "out", "state": tmp_path / "state"}
        given = {key: value for key, value in (usual | options).items() if value is not None}
        words = [word for key, value in given.items() for word in (f"--{key.replace('_', '-')}", value)]
        done = command("plan", *words, *flags)
        return done.returncode, done.stdout, done.stderr

    return run


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return contents and times of all files below a folder, the log apart."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "plan.jsonl")
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def more(name: str, table: pd.DataFrame, rows: list[dict]) -> pd.DataFrame:
    """Return a table of the ledger with more rows."""
    return validated(name, pd.DataFrame([*table.to_dict("records"), *rows]))


def test_a_plan_is_published_once(plan: Run, tmp_path: Path, books: Path):
    """Files and database; JSON as in plan.json; the second run, in a process of its own, touches nothing."""
    url = f"sqlite:///{tmp_path / 'plans.db'}"
    code, printed, _ = plan("--json", database=url)
    assert code == 0
    about = json.loads(printed)
    assert about == json.loads((tmp_path / "out" / "plan.json").read_text())
    assert (about["date"], about["snapshot"]) == (DAY, read_ledger(books).fingerprint)
    rows = pd.read_parquet(tmp_path / "out" / "plan.parquet")
    assert len(rows) == about["contacts"] > 10
    stored = sqlite3.connect(tmp_path / "plans.db").execute("SELECT count(*), min(run_id) FROM current_call_plan")
    assert stored.fetchone() == (len(rows), about["run_id"])
    before = tree(tmp_path)
    arguments = ("--ledger", books, "--roster", 2, "--date", DAY, "--out", tmp_path / "out", "--database", url)
    command = [Path(sys.executable).with_name("collectlab"), "plan", *arguments, "--state", tmp_path / "state"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "published" in done.stdout
    assert "already" in done.stdout
    assert tree(tmp_path) == before
    code, _, said = plan("--json", database=url, roster=3)
    assert (code, tree(tmp_path)) == (0, before)
    assert "planned with other options (roster)" in said
    assert plan(out=tmp_path / "elsewhere")[0] == 0
    assert (tmp_path / "elsewhere" / "plan.csv").read_bytes() == (tmp_path / "out" / "plan.csv").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "state" / "log" / "plan.jsonl").read_text().splitlines()]
    first = [line for line in lines if line["run"] == lines[0]["run"]]
    assert [line["stage"] for line in first][:5] == ["read", "model", "plan", "publish files", "publish database"]
    assert all(line["ok"] and line["seconds"] >= 0 and line["time"] for line in lines)


def test_from_one_database_to_another(plan: Run, postgres: str, tmp_path: Path, books: Path):
    """The ledger's tables and the plan's in PostgreSQL; the second run changes nothing, and the plan is reconciled."""
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"))
    ledger = read_ledger(books)
    ledger.invoices[["invoice_id", "customer_id", "issue_date", "due_date", "amount", "currency"]].assign(
        amount=ledger.invoices["amount"] / 100
    ).to_sql("invoices", engine, index=False)
    ledger.payments[["invoice_id", "received_date", "amount"]].assign(amount=ledger.payments["amount"] / 100).to_sql(
        "payments", engine, index=False
    )
    code, printed, said = plan("--json", ledger=postgres, database=postgres, max_age=30)
    assert code == 0, said
    about = json.loads(printed)
    count = "SELECT count(*), min(run_id), sum(open_amount) FROM current_call_plan"
    with engine.connect() as connection:
        stored = connection.execute(sa.text(count)).one()
    rows = pd.read_csv(tmp_path / "out" / "plan.csv")
    assert tuple(stored) == (len(rows), about["run_id"], int(rows["open_amount"].sum()))
    assert len(rows) > 10
    before = tree(tmp_path)
    assert plan("--json", ledger=postgres, database=postgres, max_age=30)[0] == 0
    assert tree(tmp_path) == before
    assert plan("--json", ledger=postgres, date="2026-09-21", out=tmp_path / "before")[0] == 0
    code, printed, said = plan("--json", reconcile=tmp_path / "before", ledger=postgres)
    assert code == 0, said
    found = json.loads(printed)
    assert found["planned"] == found["done"] + found["late"] + found["settled"] + found["not_done"] > 5
    assert found["cash_collected"] >= 0
    assert "no contact" in found["remark"]
    engine.dispose()


def test_options_are_checked_though_the_plan_stands(plan: Run, tmp_path: Path):
    """What makes no sense is bad input on every night; stops that name nobody are said."""
    assert plan()[0] == 0
    stops = tmp_path / "stops.csv"
    stops.write_text("customer_id,until\nnobody,2026-12-01\n")
    code, _, said = plan(stops=stops)
    assert code == 0
    assert "1 of 1 stops" in said
    assert "'nobody'" in said
    stops.write_text("customer_id,until\nnobody,soon\n")
    for wrong in ({"stops": stops}, {"exploration": 2}, {"seconds": -1}, {"days": 61}, {"max_age": -1}):
        code, _, said = plan(**wrong)
        assert (code, said.count("\n")) == (2, 1), said
    stops.write_text("customer,until\nnobody,soon\n")
    assert f"{stops}: needs the columns" in plan(stops=stops)[2]


def test_the_next_days_plan_says_what_has_changed(plan: Run, tmp_path: Path):
    """Against the last plan in the folder; an earlier day does not replace a later one unless it is told to."""
    first = json.loads(plan("--json")[1])
    second = json.loads(plan("--json", date="2026-10-06")[1])
    assert first["difference"] is None
    assert (second["difference"]["against"], second["difference"]["against_run"]) == (DAY, first["run_id"])
    changes = second["difference"]
    assert (
        changes["added"] + changes["moved"] + changes["changed"] + changes["same"] + changes["later"]
        == second["contacts"]
    )
    code, _, said = plan()
    assert (code, "2026-10-06" in said) == (2, True)
    assert published(tmp_path / "out").about["run_id"] == second["run_id"]
    assert plan("--again")[0] == 0
    assert published(tmp_path / "out").about["run_id"] == first["run_id"]


def test_what_ends_before_anything_is_written(plan: Run, tmp_path: Path, books: Path):
    """Stale 4, broken 2, a dry run 0."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in books.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    pd.read_parquet(broken / "invoices.parquet").drop(columns="due_date").to_parquet(broken / "invoices.parquet")
    before = tree(tmp_path)
    troubles = {
        "is stale": (4, {"date": "2026-10-12"}),
        "due_date": (2, {"ledger": broken}),
        "is not a ledger folder": (2, {"ledger": tmp_path / "none"}),
        "freindly": (2, {"strategy": "freindly"}),
        "--roster": (2, {"roster": None}),
        "no.toml": (2, {"roster": "no.toml"}),
        "must be SQLite or PostgreSQL": (2, {"database": "mysql://x/y"}),
        "***@127.0.0.1:9/erp cannot be used": (4, {"ledger": "postgresql://ann:secret@127.0.0.1:9/erp#invoices"}),
        "days": (2, {"days": 0}),
    }
    for words, (expected, options) in troubles.items():
        code, printed, said = plan("--json", **options)
        assert code == expected, said
        assert words in said.splitlines()[-1]
        assert "secret" not in said
        assert json.loads(printed)["error"]["exit_code"] == expected
        assert not (tmp_path / "out").exists()
    code, printed, _ = plan("--dry-run")
    assert code == 0
    assert "nothing was written" in printed
    assert {key: value for key, value in tree(tmp_path).items() if "plan" in Path(key).name} == {}
    assert before.keys() == tree(tmp_path).keys()


def test_another_run_at_work(plan: Run, tmp_path: Path):
    """The second ends with 4 and says why; when the first has ended, or died, it may."""
    with only_one(tmp_path / "out"):
        code, _, said = plan()
    assert (code, "another run" in said) == (4, True)
    assert plan()[0] == 0


def test_a_database_that_is_down_gets_the_plan_next_time(plan: Run, tmp_path: Path):
    """The files are published, the address is named; the next run publishes them without planning again."""
    code, _, said = plan(database="postgresql://ann:secret@127.0.0.1:9/plans")
    assert code == 4
    assert "127.0.0.1:9/plans" in said
    assert "secret" not in said
    before = tree(tmp_path / "out")
    assert len(before) >= 4
    code, printed, _ = plan(database=f"sqlite:///{tmp_path / 'plans.db'}")
    assert (code, "published to the database" in " ".join(printed.split())) == (0, True)
    assert tree(tmp_path / "out") == before
    count = sqlite3.connect(tmp_path / "plans.db").execute("SELECT count(*) FROM current_call_plan").fetchone()
    assert count == (json.loads((tmp_path / "out" / "plan.json").read_text())["contacts"],)


def test_a_registry_that_is_down(plan: Run, tmp_path: Path, books: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a copy 4 and nothing written; with one the plan is made, and marked."""
    saved = fit_saved(read_ledger(books), model="kaplan_meier")
    reference, words = "models:/payment-timing@champion", "payment-timing version 3 (kaplan_meier, known to 2026-06-30)"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code, _, said = plan(model=reference)
    assert (code, "127.0.0.1:9" in said, (tmp_path / "out").exists()) == (4, True, False)
    with monkeypatch.context() as patch:
        patch.setattr("optimize.nightly.model.connected", lambda state: nullcontext())
        patch.setattr("optimize.nightly.model.load", lambda store, name: (saved, SimpleNamespace(words=words)))
        assert plan(model=reference)[0] == 0
    from ledger.errors import TrackingUnavailable

    def down(state: object) -> None:
        raise TrackingUnavailable("MLflow is down")

    monkeypatch.setattr("optimize.nightly.model.connected", down)
    code, printed, said = plan("--json", "--again", model=reference)
    about = json.loads(printed)
    assert (code, about["model_from_copy"], about["model_version"]) == (0, True, words)
    assert any("registry cannot be used" in warning for warning in about["warnings"])
    assert "registry cannot be used" in said


def test_a_solver_that_is_out_of_time(plan: Run, tmp_path: Path):
    """The plan by index is published, marked as such, with exit code 0."""
    code, printed, said = plan("--json", seconds=1e-6)
    about = json.loads(printed)
    assert (code, about["status"]) == (0, "fallback")
    assert about["contacts"] > 0
    assert "fall-back" in said


@pytest.mark.parametrize("invoices", ["all paid", "none at all"])
def test_nothing_to_chase_is_an_empty_plan(invoices: str, plan: Run, tmp_path: Path, books: Path):
    """Valid files with no rows, and exit code 0; the second time it is there already."""
    ledger = read_ledger(books)
    paid = (ledger.open_amount() == 0) & (invoices == "all paid")
    ids = set(ledger.invoices["invoice_id"][paid])
    tables = {
        name: table[table["invoice_id"].isin(ids)] for name, table in ledger.tables.items() if "invoice_id" in table
    }
    tables["promises"] = tables["promises"][tables["promises"]["contact_id"].isin(tables["contacts"]["contact_id"])]
    settled = replace(ledger, **{name: table.reset_index(drop=True) for name, table in tables.items()}).validate()
    folder = settled.write(tmp_path / "settled")
    code, printed, said = plan("--json", ledger=folder, database=f"sqlite:///{tmp_path / 'plans.db'}")
    assert code == 0, said
    about = json.loads(printed)
    assert (about["contacts"], about["unmet"]) == (0, [])
    assert len(pd.read_csv(tmp_path / "out" / "plan.csv")) == 0
    assert list(pd.read_parquet(tmp_path / "out" / "plan.parquet").columns) == list(ROW_COLUMNS)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, "plans"}
    assert "already" in plan(ledger=folder)[1]


def test_rules_that_cannot_be_met(plan: Run, tmp_path: Path, books: Path):
    """Nobody to follow up a broken promise: exit code 3 names the rule, and the best plan is written."""
    ledger = read_ledger(books)
    open_ = (ledger.open_amount() > 0) & (ledger.invoices["due_date"] < "2026-09-20").to_numpy()
    invoice = ledger.invoices[open_].iloc[0]
    contact = {
        "contact_id": "call-1", "customer_id": invoice["customer_id"], "invoice_id": invoice["invoice_id"],
        "time": pd.Timestamp("2026-09-24 10:00", tz="UTC"), "channel": "phone", "tone": "friendly", "step": None,
        "specialist_id": "S001", "outcome": "promise", "minutes": 8.0, "promise_made": True,
    }  # fmt: skip
    promise = {
        "contact_id": "call-1", "invoice_id": invoice["invoice_id"], "made_on": pd.Timestamp("2026-09-24"),
        "due_on": pd.Timestamp("2026-09-28"), "amount": 100,
    }  # fmt: skip
    contacts, promises = more("contacts", ledger.contacts, [contact]), more("promises", ledger.promises, [promise])
    folder = replace(ledger, contacts=contacts, promises=promises).validate().write(tmp_path / "L")
    code, printed, said = plan("--json", ledger=folder, roster=0)
    about = json.loads(printed)
    assert (code, about["status"]) == (3, "infeasible")
    assert "promise_follow_up" in {one["rule"] for one in about["unmet"]}
    assert all(one["rule"] in said for one in about["unmet"])
    assert (tmp_path / "out" / "plan.xlsx").exists()
    assert plan(ledger=folder, roster=0)[0] == 3  # the plan that stands is as it was


def test_an_sql_ledger(plan: Run, tmp_path: Path):
    """Imported on the way, rejects told; a database that is not there is bad input."""
    book = pd.DataFrame(
        {
            "invoice_id": [f"{k:04d}" for k in range(60)],
            "customer_id": [f"C{k % 12}" for k in range(60)],
            "issue_date": [f"2026-{3 + k % 3:02d}-{1 + k % 28:02d}" for k in range(60)],
            "due_date": [f"2026-06-{1 + k % 18:02d}" for k in range(60)],
            "amount": [100.0 + k for k in range(59)] + ["much"],
            "clear_date": [f"2026-{5 + k % 2:02d}-{1 + k % 28:02d}" if k % 3 else None for k in range(60)],
        }
    )
    with sqlite3.connect(tmp_path / "erp.db") as connection:
        book.to_sql("items", connection, index=False)
    code, printed, said = plan("--json", ledger=f"sqlite:///{tmp_path / 'erp.db'}#items", date="2026-06-30")
    assert code == 0, said
    assert json.loads(printed)["contacts"] > 0
    assert "1 of 60 rows of the ledger were rejected" in said
    assert plan(ledger=f"sqlite:///{tmp_path / 'none.db'}#items", out=tmp_path / "other")[0] == 2


def logged(ledger: Ledger, rows: pd.DataFrame, shift: dict[int, int], extra: str) -> Ledger:
    """Return the ledger ten days later, with the calls of some rows made so many days late, and one more call."""
    made = rows.iloc[list(shift)]
    days = made["date"] + pd.to_timedelta(list(shift.values()), unit="D") + pd.Timedelta(hours=15)
    calls = pd.DataFrame(
        {
            "contact_id": [f"new-{k}" for k in range(len(made) + 1)],
            "customer_id": [*made["customer_id"], extra],
            "invoice_id": None,
            "time": pd.to_datetime([*days, rows["date"].min() + pd.Timedelta(hours=15)]).tz_localize("UTC"),
            "channel": "phone",
            "tone": "friendly",
            "step": None,
            "specialist_id": [*made["specialist_id"][:-1], "S9", "S9"],
            "outcome": "reached",
            "minutes": 6.0,
            "promise_made": False,
        }
    )
    lead = made["invoices"].iloc[0].split()[0]
    invoice = ledger.invoices.set_index("invoice_id").loc[lead]
    day = made["date"].iloc[0] + pd.Timedelta(days=1)
    payment = {
        "payment_id": "new", "invoice_id": lead, "customer_id": invoice["customer_id"], "received_date": day,
        "applied_date": day, "amount": 1234, "currency": invoice["currency"], "kind": "cash",
    }  # fmt: skip
    contacts = more("contacts", ledger.contacts, calls.to_dict("records"))
    payments = more("payments", ledger.payments, [payment])
    as_of = ledger.as_of + pd.Timedelta(days=10)
    return replace(ledger, as_of=as_of, contacts=contacts, payments=payments).validate()


def test_what_became_of_a_plan(plan: Run, tmp_path: Path, books: Path, capfd: pytest.CaptureFixture[str]):
    """Done, late and not done by specialist, unplanned calls, minutes and cash; and what cash does not say."""
    plan()
    rows = pd.read_parquet(tmp_path / "out" / "plan.parquet")
    calls = rows[rows["action"] == "call"].drop_duplicates("customer_id").reset_index(drop=True)
    once = rows[rows["action"] == "call"]["customer_id"].value_counts()
    calls = calls[calls["customer_id"].map(once) == 1].reset_index(drop=True)
    assert len(calls) >= 4
    ledger = read_ledger(books)
    stranger = next(c for c in ledger.customers["customer_id"] if c not in set(rows["customer_id"]))
    later = logged(ledger, calls, {0: 0, 1: 0, 2: 1}, stranger).write(tmp_path / "later")
    assert plan("--json", reconcile=tmp_path / "out", ledger=books)[0] == 2  # it knows nothing of these days
    code, printed, _ = plan("--json", reconcile=tmp_path / "out", ledger=later)
    found = json.loads(printed)
    assert code == 0
    assert (found["done"], found["late"], found["unplanned"], found["to_come"]) == (2, 1, 1, 0)
    assert found["done"] + found["late"] + found["settled"] + found["not_done"] == found["planned"] == len(rows)
    assert found["minutes_spent"] == 18.0
    assert found["cash_collected"] == pytest.approx(1234 * float(ledger.to_base(pd.Series([ledger.base_currency]))[0]))
    assert found["uplift_expected"] == pytest.approx(calls["uplift"].iloc[:3].sum())
    assert sum(person["by_another"] for person in found["specialists"]) == 1
    assert "no measure" in found["remark"]
    code, printed, said = plan(reconcile=tmp_path / "out", ledger=later)
    assert code == 0, said
    assert max(map(len, printed.splitlines())) <= 80
    assert "no holdout was drawn" in printed


def test_a_holdout_is_compared(plan: Run, tmp_path: Path, books: Path):
    """Cash per customer of both groups over the holdout's days; chances are equal here, so these are plain means."""
    about = json.loads(plan("--json", exploration=0.4)[1])
    drawn = pd.DataFrame(about["holdouts"])
    assert set(drawn["probability"]) == {0.4}
    ledger = read_ledger(books)
    payers = drawn.groupby("held")["customer_id"].first()
    held, other = payers[True], payers[False]
    rows = [
        {
            "payment_id": f"new-{k}", "invoice_id": None, "customer_id": who, "applied_date": None,
            "received_date": pd.Timestamp(DAY), "amount": amount, "currency": ledger.base_currency, "kind": "cash",
        }
        for k, (who, amount) in enumerate([(held, 700), (other, 9000), (other, 100)])
    ]  # fmt: skip
    payments = more("payments", ledger.payments, rows)
    later = replace(ledger, as_of=ledger.as_of + pd.Timedelta(days=20), payments=payments).write(tmp_path / "later")
    code, printed, said = plan("--json", reconcile=tmp_path / "out", ledger=later)
    assert code == 0, said
    found = json.loads(printed)["holdout"]
    counts = drawn["held"].value_counts()
    assert (found["held"], found["others"]) == (counts[True], counts[False])
    assert found["cash_held"] == pytest.approx(700 / counts[True])
    assert found["cash_others"] == pytest.approx(9100 / counts[False])
    assert found["difference"] == pytest.approx(found["cash_others"] - found["cash_held"])
    assert found["low"] < found["difference"] < found["high"]
    assert "left alone" in " ".join(plan(reconcile=tmp_path / "out", ledger=later)[1].split())


def test_a_ledger_is_fresh_over_holidays_and_stale_after():
    """At most so many days; the first working day after it is always near enough, wherever the holidays lie."""
    thursday = pd.Timestamp("2026-04-02")  # before Easter
    check_fresh(thursday, pd.Timestamp("2026-04-07"), "DE", max_age=4, called="L")  # five days, none worked
    with pytest.raises(Unavailable, match="6 days before 2026-04-08"):
        check_fresh(thursday, pd.Timestamp("2026-04-08"), "DE", max_age=4, called="L")
    check_fresh(thursday, pd.Timestamp("2026-04-08"), "DE", max_age=6, called="L")


def test_the_ledgers_age_counts_to_the_date_that_was_asked_for(plan: Run):
    """A Sunday eight days later: eight days, though the plan begins on Monday, the ninth."""
    code, _, said = plan("--dry-run", date="2026-10-10", max_age=8)
    assert (code, "planned from 2026-10-12" in said) == (0, True)
    code, _, said = plan("--dry-run", date="2026-10-10", max_age=7)
    assert (code, "8 days before 2026-10-10" in said) == (4, True)


def test_a_log_that_cannot_be_written_stops_nothing(plan: Run, tmp_path: Path):
    """A folder stands where the log should be: the plan is published, and that the log is lost is said."""
    (tmp_path / "state" / "log" / "plan.jsonl").mkdir(parents=True)
    code, _, said = plan()
    assert (code, (tmp_path / "out" / "plan.csv").is_file()) == (0, True)
    assert "plan.jsonl could not be written" in said


def test_the_plans_day_is_the_next_on_which_work_begins():
    """On the team's clock: before nine today's, later the next; not on weekends."""
    team = load_team(1, timezone="America/New_York")
    days = {
        "2026-07-06 02:00": "2026-07-06",
        "2026-07-06 10:00": "2026-07-07",
        "2026-07-03 22:00": "2026-07-06",
        "2026-07-05 12:00": "2026-07-06",
    }
    for now, day in days.items():
        assert default_date(team, pd.Timestamp(now, tz="America/New_York")) == pd.Timestamp(day), now
    assert np.datetime64("2026-07-06") == default_date(team, pd.Timestamp("2026-07-06 05:00", tz="UTC"))
