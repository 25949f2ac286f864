"""One million invoices: import and all KPIs, beside pandas by hand, each in a fresh process of the same run.

    python -m benchmarks.ledger_million [--invoices N]

The file holds 1 % of broken rows of several kinds, 3 % credit notes and some open invoices. The peer does by hand the
least that gives the same few numbers: read, parse, drop what is broken, open amounts, DSO and aging. It rejects nothing
by name, keeps no cents, and checks no law.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TARGET_SECONDS, TARGET_MIB = 8, 900


def generate(path: Path, invoices: int, seed: int = 0) -> None:
    """Write a CSV of invoices over three years, as of 2024-12-31."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    issue = np.datetime64("2022-01-01") + rng.integers(0, 1095, invoices).astype("timedelta64[D]")
    due = issue + rng.choice([14, 30, 45, 60], invoices).astype("timedelta64[D]")
    clear = due + rng.normal(8, 15, invoices).astype(int).astype("timedelta64[D]")
    clear[clear > np.datetime64("2024-12-31")] = np.datetime64("NaT")
    amount = np.round(rng.lognormal(7, 1.4, invoices), 2) * np.where(rng.random(invoices) < 0.03, -1, 1)
    table = pd.DataFrame(
        {
            "invoice_id": np.char.add("INV", np.arange(invoices).astype("U7")),
            "customer_id": np.char.add("C", rng.integers(0, 20_000, invoices).astype("U5")),
            "issue_date": issue.astype(str),
            "due_date": due.astype(str),
            "amount": [f"{value:.2f}" for value in amount],
            "currency": rng.choice(["EUR", "EUR", "EUR", "USD"], invoices),
            "clear_date": pd.Series(clear).dt.strftime("%Y-%m-%d"),
        }
    )
    for rows, column, value in (
        (4000, "amount", "n. a.!"),
        (3000, "due_date", "2200-01-01"),
        (3000, "issue_date", "31/31/2024"),
    ):
        table.loc[rng.integers(0, invoices, rows * invoices // 1_000_000), column] = value
    table.to_csv(path, index=False)
    path.with_name("rates.csv").write_text("currency,rate\nUSD,0.92\n")


def ours(path: Path) -> dict[str, float]:
    """Import and compute all KPIs."""
    from ledger.importing import import_ledger
    from ledger.kpi.kpis import kpis

    start = time.perf_counter()
    imported = import_ledger(path, rates=path.with_name("rates.csv"), as_of="2024-12-31", base_currency="EUR")
    between = time.perf_counter()
    values = kpis(imported.ledger).values  # noqa: PD011 - not a frame
    end = time.perf_counter()
    print(imported.summary(), file=sys.stderr)
    return {
        "import": between - start,
        "kpis": end - between,
        "rows": imported.rows,
        "dso": float(values["dso"] or 0.0),
        "open": float(values["ar_open"] or 0.0),
    }


def peer(path: Path) -> dict[str, float]:
    """Do the least by hand, with pandas."""
    import pandas as pd

    start = time.perf_counter()
    table = pd.read_csv(path)
    for column in ("issue_date", "due_date", "clear_date"):
        table[column] = pd.to_datetime(table[column], errors="coerce")
    table["amount"] = pd.to_numeric(table["amount"], errors="coerce")
    table = table.drop_duplicates("invoice_id").dropna(subset=["issue_date", "due_date", "amount"])
    table = table[table["due_date"] < "2030-01-01"]
    table["base"] = table["amount"] * table["currency"].map({"EUR": 1.0, "USD": 0.92})
    between = time.perf_counter()
    as_of = pd.Timestamp("2024-12-31")
    month = table[table["issue_date"] > as_of - pd.Timedelta(days=31)]["base"].sum()
    owed = table[table["clear_date"].isna() | (table["clear_date"] > as_of)]
    late = (as_of - owed["due_date"]).dt.days
    owed.groupby(pd.cut(late, [-9999, 0, 30, 60, 90, 9999]), observed=False)["base"].sum()
    dso = owed["base"].sum() / month * 31
    end = time.perf_counter()
    return {
        "import": between - start,
        "kpis": end - between,
        "rows": len(table),
        "dso": dso,
        "open": owed["base"].sum(),
    }


def main() -> None:
    """Generate the file, run both, print seconds, peak memory and the ratio."""
    parser = argparse.ArgumentParser(description="Import and KPIs of a million invoices.")
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--run", choices=("generate", "ours", "peer"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run == "generate":
        generate(given.file, given.invoices)
        return
    if given.run:
        numbers = (ours if given.run == "ours" else peer)(given.file)
        numbers["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(numbers))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "invoices.csv"
        _fresh("generate", path, given.invoices)  # in its own process: a child counts its parent's peak as its own
        print(f"{given.invoices:,} invoices, {path.stat().st_size / 2**20:.0f} MiB")
        results = {name: _fresh(name, path, given.invoices) for name in ("peer", "ours")}
    for name, numbers in results.items():
        total = numbers["import"] + numbers["kpis"]
        print(
            f"{name:<5} import {numbers['import']:6.2f} s  kpis {numbers['kpis']:6.2f} s  total {total:6.2f} s  "
            f"peak {numbers['mib']:6.0f} MiB  rows {numbers['rows']:,.0f}  open {numbers['open']:,.2f}"
        )
    seconds = {name: numbers["import"] + numbers["kpis"] for name, numbers in results.items()}
    print(f"ratio to pandas by hand: {seconds['ours'] / seconds['peer']:.2f}")
    met = seconds["ours"] <= TARGET_SECONDS and results["ours"]["mib"] <= TARGET_MIB
    print(f"target {TARGET_SECONDS} s, {TARGET_MIB} MiB: {'met' if met else 'MISSED'}")


def _fresh(name: str, path: Path, invoices: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ledger_million", "--run", name, "--file", str(path)]
    done = subprocess.run([*command, "--invoices", str(invoices)], stdout=subprocess.PIPE, check=True, text=True)
    numbers: dict[str, float] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    return numbers


if __name__ == "__main__":
    main()
