"""Plans are published whole or not at all: as files, in a database, and as a workbook that can be handed out."""

import errno
import itertools
import json
import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import time
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa

from ledger import BadInput
from ledger.tables import OUTCOMES
from optimize.call_plan import (
    BINDING_COLUMNS,
    HOLDOUT_COLUMNS,
    PRICE_COLUMNS,
    ROW_COLUMNS,
    UNMET_COLUMNS,
    CallPlan,
    framed,
)
from optimize.difference import difference
from optimize.plan_database import PlanDatabase
from optimize.plan_files import contents
from optimize.publish import FILES, Unavailable, check_out, earlier, only_one, publish, published, read_plan, reported
from optimize.workbook import sheet_name, workbook

MONDAY = pd.Timestamp("2026-07-06")
PEOPLE = {"S1": "Ana Ruiz", "S2": "=Bo [night]/day: 'a name that is far too long for a sheet'", "": "automatic"}


def made(date: pd.Timestamp = MONDAY, contacts: int = 12, snapshot: str = "5a5a", seed: int = 0) -> CallPlan:
    """Return a plan as the planner would give it, of so many contacts; its figures depend on the seed."""
    random_ = np.random.default_rng(seed)
    who = [list(PEOPLE)[k % 3] for k in range(contacts)]
    person = np.array([name != "" for name in who])
    run, k = f"{seed:04x}{date:%m%d}", np.arange(contacts)
    values = {
        "date": [date + pd.Timedelta(days=n) for n in np.sort(k % 5)],
        "block": np.sort(k % 4) % 4 + 1,
        "starts": "09:00",
        "order": k + 1,
        "specialist_id": who,
        "specialist": [PEOPLE[name] for name in who],
        "customer_id": [f"{'=+-@'[n % 4]}C{n:03d}" for n in k],
        "invoices": [" ".join(f"I{n}-{m}" for m in range(n + 1)) for n in k],
        "invoice_count": k + 1,
        "open_amount": 123_456_789 + 100 * k,
        "days_past_due": k - 3,
        "action": np.where(person, "call", "message"),
        "channel": np.where(person, "phone", "email"),
        "tone": "friendly",
        "step": "first_call",
        "minutes": np.where(person, 7.5, 0.0),
        "reach_probability": 0.4,
        "value_with": 1000 * random_.random(contacts),
        "value_without": 500.0,
        "uplift": 250.25,
        "net_value": 240.125,
        "reason": "12 days late; a call brings 2.50 more than waiting, and it is the third reminder of the ladder",
        "model": "kaplan_meier",
        "model_version": "",
        "strategy": "friendly",
        "snapshot": snapshot,
        "run_id": run,
        "exploration": False,
        "exploration_probability": 0.0,
    }
    rows = framed(ROW_COLUMNS, {key: list(np.broadcast_to(value, contacts)) for key, value in values.items()})
    prices = {
        "specialist_id": ["S1", "S2"],
        "date": [date] * 2,
        "block": [1, 1],
        "minutes_used": [60.0, 30.0],
        "minutes": [90.0, 90.0],
        "price_per_hour": [1234.5, 0.0],
    }
    return CallPlan(
        date=date,
        days=5,
        status="feasible",
        rows=rows,
        objective=1000.0,
        bound=1001.0,
        gap=0.001,
        seconds=0.1,
        prices=framed(PRICE_COLUMNS, prices),
        binding=framed(BINDING_COLUMNS, {"rule": ["capacity"], "accounts": [3], "sentence": ["No more minutes."]}),
        unmet=framed(UNMET_COLUMNS),
        holdouts=framed(HOLDOUT_COLUMNS),
        accounts=40,
        contacts=contacts,
        minutes_used=90.0,
        currency="USD",
        strategy="friendly",
        model="kaplan_meier",
        model_version="",
        effects_basis="assumed",
        effects_grade="D",
        snapshot=snapshot,
        run_id=run,
        warnings=("The effects are assumed.",),
    )


def name_of(plan: CallPlan) -> str:
    """Return the name of the plan's folder."""
    return f"{plan.date:%Y-%m-%d}-{plan.snapshot}-{plan.run_id}"


def put_out(out: Path, plan: CallPlan) -> Path:
    """Publish a plan as files, as the nightly job does."""
    with only_one(check_out(out)), reported(out):
        return publish(out, name_of(plan), contents(plan, about=plan.to_dict()))


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return contents and times of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def current(url: str) -> tuple[list[tuple], list[tuple]]:
    """Return what readers of the database see: the current runs, and rows by run."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        runs = connection.execute(sa.text("SELECT run_id, contacts FROM current_call_plan_run")).all()
        rows = connection.execute(sa.text("SELECT run_id, count(*) FROM current_call_plan GROUP BY run_id")).all()
    engine.dispose()
    return [tuple(run) for run in runs], [tuple(row) for row in rows]


def whole(out: Path) -> str | None:
    """Assert that the published plan is whole, and its four files of one plan; return its run."""
    found = published(out)
    if found is None:
        assert not any((out / name).exists() for name in FILES)
        return None
    assert found.damaged == ()
    assert {(out / name).resolve().parent for name in FILES} == {found.folder}
    return str(found.about["run_id"])


# -- files


def test_the_four_files_say_the_same(tmp_path: Path):
    """CSV and Parquet have the plan's rows, JSON its figures; ids are left as they are."""
    plan = made()
    put_out(tmp_path / "out", plan)
    kinds = {"customer_id": str, "run_id": str, "snapshot": str}
    text = pd.read_csv(tmp_path / "out" / "plan.csv", dtype=kinds, float_precision="round_trip")
    table = pd.read_parquet(tmp_path / "out" / "plan.parquet")
    assert list(text) == list(table) == list(ROW_COLUMNS)
    for name in ROW_COLUMNS:
        assert table[name].astype(object).tolist() == plan.rows[name].astype(object).tolist(), name
    assert text["customer_id"].tolist() == plan.rows["customer_id"].tolist()
    assert np.array_equal(text["value_with"], plan.rows["value_with"])  # to the last digit
    about = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert {"status", "objective", "bound", "gap", "seconds", "accounts", "contacts", "minutes_used", "prices"} <= set(
        about
    )
    assert {"unmet", "binding", "snapshot", "run_id", "model", "strategy", "warnings", "files"} <= set(about)
    same = contents(replace(plan, seconds=9.0), about={})["plan.csv"]
    assert same == (tmp_path / "out" / "plan.csv").read_bytes()


def test_a_new_plan_replaces_the_old_and_the_old_stays_to_compare_with(tmp_path: Path):
    """All four names lead to one plan; the day before is found; damage is seen."""
    out = tmp_path / "out"
    put_out(out, made(MONDAY))
    put_out(out, made(MONDAY + pd.Timedelta(days=1), seed=1))
    assert whole(out) == "00010707"
    assert earlier(out, "2026-07-07").about["run_id"] == "00000706"
    assert earlier(out, "2026-07-06") is None
    (out / "plan.csv").resolve().chmod(0o644)
    (out / "plan.csv").write_text("oops")
    assert published(out).damaged == ("plan.csv",)
    put_out(out, made(MONDAY + pd.Timedelta(days=1), seed=1))
    assert whole(out) == "00010707"


def test_files_of_others_are_not_replaced(tmp_path: Path):
    """Nor is anything written beside them."""
    (tmp_path / "plan.csv").write_text("mine")
    with pytest.raises(BadInput, match=r"plan\.csv.*is not a published plan"):
        check_out(tmp_path)
    assert os.listdir(tmp_path) == ["plan.csv"]


def test_two_at_once(tmp_path: Path):
    """The second is told at once, and leaves no trace; afterwards it may."""
    with only_one(tmp_path / "out"), pytest.raises(Unavailable, match="another run"), only_one(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []  # nothing was published, so nothing is left
    put_out(tmp_path / "out", made())


def limited(out: Path, plan: CallPlan, files: dict[str, bytes], told) -> None:
    """Publish where no file may grow beyond 4 kB, and tell what happened (runs in a process of its own)."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        with only_one(out):
            publish(out, name_of(plan), files)
    except Unavailable as error:
        told.put(str(error))
    told.put("published")


def test_a_full_disk_leaves_the_last_plan(tmp_path: Path, forks):
    """A file that cannot be written in full: the error names the folder, nothing half-written stays."""
    out = tmp_path / "out"
    put_out(out, made())
    before, told = tree(out), forks.SimpleQueue()
    plan = made(seed=1, contacts=200)
    child = forks.Process(target=limited, args=(out, plan, contents(plan, about=plan.to_dict()), told))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert str(out) in (message := told.get())
    assert os.strerror(errno.EFBIG).lower() in message
    assert tree(out) == before
    assert not list((out / "plans").glob(".part-*"))


@pytest.fixture(scope="module")
def forks():
    """Return a way to start processes in milliseconds: copies of one that has loaded all modules, this one too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["test_publish", "pyarrow.dataset", "pyarrow.parquet", "sqlalchemy.dialects.sqlite"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        forkserver.ensure_running()
    return context


def publish_for_ever(out: Path, url: str, plans: list[tuple[str, dict[str, bytes]]], ready) -> None:
    """Publish one plan after the other, files and database, until killed (runs in a process of its own)."""
    database = PlanDatabase(url)
    for k in itertools.count():
        name, files = plans[k % len(plans)]
        with only_one(check_out(out)):
            database.publish(read_plan(publish(out, f"{name}-{os.getpid()}-{k}", files)))
        ready.set()


def test_killed_at_any_moment_the_last_plan_is_whole(tmp_path: Path, forks):
    """50 times kill -9 at a random moment: files and database are whole, and the next run succeeds at once."""
    out, url = tmp_path / "out", f"sqlite:///{tmp_path / 'plans.db'}"
    days = [MONDAY + pd.Timedelta(days=k) for k in range(6)]
    made_ = [made(day, contacts=4 + 3 * k, seed=k) for k, day in enumerate(days)]
    plans = [(name_of(plan), contents(plan, about=plan.to_dict())) for plan in made_]
    sizes = {plan.run_id: plan.contacts for plan in made_}
    moments, seen = random.Random(7), set()
    for k in range(50):
        ready = forks.Event()
        child = forks.Process(target=publish_for_ever, args=(out, url, plans[k % 6 :] + plans[: k % 6], ready))
        child.start()
        if moments.random() < 0.8:
            ready.wait(20)
        stop = time.monotonic() + moments.random() * 0.1
        while time.monotonic() < stop:
            reader = published(out)  # for a reader at work it is whole too, and there from the first time on
            assert (not seen - {None} and reader is None) or not reader.damaged
            assert not seen - {None} or all(map(os.path.lexists, [out / "plans" / "current"] * 1000))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        seen.add(whole(out))
        if (tmp_path / "plans.db").exists() and sqlite3.connect(tmp_path / "plans.db").execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'current_call_plan'"
        ).fetchone() == (1,):
            runs, rows = current(url)
            assert runs == rows  # one current run, with all its rows
            assert all(sizes[run] == contacts for run, contacts in runs)
            assert len(runs) <= 1
    assert len(seen) > 3, "the moments were not random"
    folder = put_out(out, made(seed=9))
    assert PlanDatabase(url).publish(read_plan(folder))
    assert whole(out) == current(url)[0][0][0] == "00090706"
    assert not list((out / "plans").glob(".part-*"))


# -- database


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


def test_a_failure_half_way_leaves_the_database_as_it_was(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """All rows come in one transaction with the run that they belong to."""
    database = PlanDatabase(url)
    database.publish(read_plan(put_out(tmp_path / "out", made())))
    folder = put_out(tmp_path / "out", made(seed=1))
    from optimize import plan_database

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
    monkeypatch.setattr("optimize.plan_database._WAIT", 0)
    with pytest.raises(Unavailable, match="locked"):
        PlanDatabase(f"sqlite:///{tmp_path / 'theirs.db'}").publish(plan)
    connection.close()


# -- workbook


def test_the_workbook_can_be_handed_out(tmp_path: Path):
    """A sheet for each specialist, headings that stay, filter, drop-down of outcomes, amounts and texts as such."""
    plan = made(contacts=30)
    now = made(MONDAY + pd.Timedelta(days=1), contacts=28, seed=1)
    change = difference(plan.rows, now.rows, against="2026-07-06")
    (tmp_path / "plan.xlsx").write_bytes(workbook(now, names={"S1": "Ana Ruiz", "S9": "Zoe"}, difference=change))
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Summary", "=Bo night day 'a name that is f", "Ana Ruiz", "Zoe", "Automatic", "Changes"]
    sheet = book["Ana Ruiz"]
    assert sheet.freeze_panes == "E5"
    heads = [cell.value for cell in sheet[4]]
    mine = now.rows[now.rows["specialist_id"] == "S1"]
    assert sheet.auto_filter.ref == f"A4:O{4 + len(mine)}"
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$4:$4")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert heads[-2:] == ["Outcome", "Notes"]
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == f'"{",".join(OUTCOMES)}"'
    assert str(choice.sqref) == f"N5:N{4 + len(mine)}"
    open_ = sheet.cell(5, heads.index("Open") + 1)
    assert open_.value == mine["open_amount"].iloc[0] / 100
    assert open_.number_format == '#,##0.00\\ "USD"'
    assert sheet.cell(5, heads.index("Why") + 1).alignment.wrap_text
    assert sheet.cell(5, 1).value == mine["date"].iloc[0]
    for sheet in book:
        texts = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
        assert {cell.data_type for cell in texts} == {"s"}  # no formula anywhere
        risky = [cell for cell in texts if cell.value[0] in "=+-@"]
        assert all(cell.quotePrefix for cell in risky)
        assert risky or sheet.title in ("Zoe", "Summary")
    empty = workbook(made(contacts=0))
    (tmp_path / "empty.xlsx").write_bytes(empty)
    assert openpyxl.load_workbook(tmp_path / "empty.xlsx").sheetnames == ["Summary"]


def test_sheet_names_are_safe_and_differ():
    """At most 31 characters, no forbidden one, told apart whatever their case."""
    taken: set[str] = {"summary"}
    names = ["Summary", "a/b:c*d?[e]", "x" * 40, "X" * 40, "'quoted'", "", "x" * 40]
    found = [sheet_name(name, taken) for name in names]
    assert found == ["Summary 2", "a b c d e", "x" * 31, "X" * 29 + " 2", "quoted", "Specialist", "x" * 29 + " 3"]
    assert len({name.casefold() for name in found}) == len(names)


# -- difference


def test_the_difference_of_two_plans():
    """Added, dropped, moved, changed; days that have passed and days that are new are no change."""
    before = made(contacts=10).rows
    tuesday = MONDAY + pd.Timedelta(days=1)
    now = before[before["date"] >= tuesday].reset_index(drop=True)
    keys = now["customer_id"].tolist()
    now.loc[1, "block"] = 4
    now.loc[2, "tone"] = "firm"
    now.loc[3, "customer_id"] = "new"
    later = now.iloc[:2].assign(date=MONDAY + pd.Timedelta(days=7), customer_id=["l1", "l2"])
    found = difference(before, pd.concat([now, later], ignore_index=True), against="2026-07-06")
    assert found.counts == {"added": 1, "dropped": 1, "moved": 1, "changed": 1}
    assert dict(zip(found.rows["change"], found.rows["customer_id"], strict=True)) == {
        "added": "new", "dropped": keys[3], "moved": keys[1], "changed": keys[2],
    }  # fmt: skip
    assert (found.passed, found.later, found.same) == (10 - len(now), 2, len(now) - 3)
    assert found.rows.set_index("change").loc["added", "before"] == ""
    assert len(found.summary()) <= 100
    same = difference(before, before)
    assert (same.same, len(same.rows)) == (10, 0)
    none = difference(before, made(contacts=0).rows)
    assert none.counts["dropped"] == 10
