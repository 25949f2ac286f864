"""Plans are published as files whole or not at all, whatever happens, and beside them in a database."""

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
import pandas as pd
import pytest

from ledger import BadInput
from optimize.nightly.contents import contents
from optimize.plans.call_plan import (
    ROW_COLUMNS,
    CallPlan,
)
from optimize.publish.database import PlanDatabase
from optimize.publish.folder import FILES, Unavailable, check_out, earlier, only_one, publish, published, read_plan
from tests.call_plans import MONDAY, current, made, name_of, put_out


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return contents and times of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def whole(out: Path) -> str | None:
    """Assert that the published plan is whole, and its four files of one plan; return its run."""
    found = published(out)
    if found is None:
        assert not any((out / name).exists() for name in FILES)
        return None
    assert found.damaged == ()
    assert {(out / name).resolve().parent for name in FILES} == {found.folder}
    return str(found.about["run_id"])


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
