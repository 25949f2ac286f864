"""What a ledger cannot answer ends with exit code 3 and one sentence, in every command that would have guessed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.cli import main
from ledger import Ledger, read_ledger
from models.registry.model_file import fit_saved
from tests.handmade import handmade, invoice, payment

REASON = "the source holds no settled invoice"
STUDY = ("--days", "20", "--replications", "2", "--strategies", "none,friendly", "--no-track", "--workers", "1")
CALLS = 'name = "calls"\n\n[[steps]]\nname = "call"\nday = 1\nchannel = "phone"\ntone = "friendly"\n'


def trading(prefix: str = "c", *, paid: bool = True) -> Ledger:
    """Return 30 customers with an invoice a month of 1,000.00, paid a day late, and one of them overdue by a day."""
    invoices, payments = [], []
    for c in range(30):
        for month in range(1, 6):
            id, due = f"{prefix}{c}-{month}", pd.Timestamp(f"2024-{month:02d}-16")
            invoices.append(invoice(id, f"2024-{month:02d}-02", f"{due:%F}", 100_000, customer_id=f"{prefix}{c}"))
            if paid:
                payments.append(payment(id, f"{due + pd.Timedelta(days=1):%F}", 100_000))
    invoices.append(invoice("last", "2024-05-15", "2024-05-30", 200, customer_id=f"{prefix}0"))
    return handmade("2024-05-31", invoices, payments)


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command in a folder of its own: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def go(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(end.value.code or 0), out, err

    return go


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "--ledger", "L", *STUDY),
        ("compare", "--ledger", "L", *STUDY, "--model", "best"),
        ("simulate", "--ledger", "L", "--days", "20"),
        ("fit", "L", "--no-track"),
        ("backtest", "L", "--cut", "2024-03-31", "--model", "all"),
        ("plan", "--ledger", "L", "--roster", "1", "--date", "2024-06-03"),
        ("staffing", "--ledger", "L", "--roster", "1"),
    ],
    ids=lambda command: " ".join(command[:1] + command[-1:]),
)
def test_open_items_are_refused_before_the_work(run: Any, command: tuple[str, ...], tmp_path: Path) -> None:
    """One sentence with the reason, nothing written."""
    trading(paid=False).write("L")
    code, _, err = run(*command)
    assert code == 3
    assert REASON in err
    assert "unexpected" not in err
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".html", ".csv", ".joblib")]


def test_a_published_curve_stands_in_and_says_so_everywhere(run: Any) -> None:
    """Headline, report and JSON; what `none` collects is not nothing."""
    trading(paid=False).write("L")
    code, out, err = run("compare", "--ledger", "L", *STUDY, "--model", "published", "--out", "S")
    assert code == 0
    assert out.splitlines()[1].startswith("Warning: payment timing is the published curve")
    assert "Warning: payment timing" not in err  # said once
    assert '<p class="warning">Warning: payment timing' in Path("S/report.html").read_text()
    told = json.loads(Path("S/comparison.json").read_text())
    assert told["warnings"]
    assert "published curve" in told["model"]
    assert "Warning: payment timing" in told["finding"]
    assert all(one["metrics"]["cash_collected"]["mean"] > 0 for one in told["strategies"])


def test_one_invoice_compares_without_a_curve(run: Any) -> None:
    """Nothing but one paid invoice: too few for a curve of payments, and the comparison is kept all the same."""
    handmade(
        "2024-05-01", [invoice("a", "2024-03-01", "2024-03-31", 100_000)], [payment("a", "2024-04-20", 100_000)]
    ).write("L")
    code, _, err = run("compare", "--ledger", "L", *STUDY, "--out", "S")
    assert (code, err) == (0, "")
    assert "There are too few invoices to compare the two." in Path("S/report.html").read_text()


def test_a_champion_of_another_company_is_refused(run: Any) -> None:
    """Compare, simulate and plan with the file of a model that knows none of the customers."""
    trading().write("L")
    fit_saved(trading("x"), model="kaplan_meier").write("theirs.joblib")
    for command in (("compare", "--ledger", "L", *STUDY), ("plan", "--ledger", "L", "--roster", "1")):
        code, _, err = run(*command, "--model", "theirs.joblib", *(("--date", "2024-06-03") * (command[0] == "plan")))
        assert code == 3
        assert "knows none of the ledger's 30 customers" in err


def test_a_plan_without_a_contact_while_money_is_overdue_is_no_success(run: Any) -> None:
    """Two dollars overdue of a customer who pays on the next day: no call is worth it; the plan is written, exit 3."""
    trading().write("L")
    Path("calls.toml").write_text(CALLS)
    asked = ("--ledger", "L", "--roster", "1", "--date", "2024-06-03", "--strategy", "calls.toml", "--out", "P")
    code, _, err = run("plan", *asked)
    assert code == 3
    assert "USD 2.00 is overdue, and no contact is worth making. Accounts left alone: 1: A contact" in " ".join(
        err.split()
    )
    told = json.loads(Path("P/plan.json").read_text())
    assert (told["contacts"], told["overdue"]) == (0, 200)
    again, _, said = run("plan", *asked)
    assert again == 3
    assert "no contact is worth making" in said


def test_fit_shows_what_to_mind(run: Any) -> None:
    """A ledger of one customer: as text and as JSON."""
    whole = trading()
    lone = whole.invoices["customer_id"] == "c1"
    ids = set(whole.invoices.loc[lone, "invoice_id"])
    rows = [invoice(i, "2024-01-02", "2024-01-16", 100, customer_id="c1") for i in sorted(ids)]
    handmade("2024-05-31", rows, [payment(i, "2024-01-17", 100) for i in sorted(ids)]).write("L")
    assert "Mind: 1 customer with a payment" in run("fit", "L", "--no-track")[1]
    notes = json.loads(run("fit", "L", "--no-track", "--json")[1])["notes"]
    assert any("that an interval needs" in note for note in notes)
    assert read_ledger("L").answers().customers == 1
