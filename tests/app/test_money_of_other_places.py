"""Ledgers in euros and yen on the command line: with a rate costs are theirs, without one they are not available."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from app.cli import main
from ledger import Ledger
from tests.handmade import handmade, invoice, payment

AS_OF = pd.Timestamp("2025-03-31")
RATES = {"EUR": 0.5, "JPY": 128.0}  # for one dollar, so that products are exact
NO_RATE = "no rate from USD to {0}: give {0} for one USD, as `--rate USD=…`"

Command = Callable[..., tuple[int, str, str]]


def owing(currency: str, amount: float = 900) -> Ledger:
    """Return a year of monthly invoices of ten customers, worth so many dollars; the older ones paid late."""
    rows, paid = [], []
    value = round(amount * RATES[currency] * (1 if currency == "JPY" else 100))
    for k in range(10):
        for issue in pd.date_range("2024-04-03", AS_OF, freq="MS") + pd.Timedelta(days=1 + k):
            name, due = f"c{k}-{issue:%y%m}", issue + pd.Timedelta(days=30)
            rows.append(invoice(name, f"{issue:%F}", f"{due:%F}", value, customer_id=f"c{k}", currency=currency))
            if due < AS_OF - pd.Timedelta(days=20):
                day = due + pd.Timedelta(days=5 + 2 * k % 15)
                paid.append(payment(name, f"{day:%F}", value, customer_id=f"c{k}", currency=currency))
    return handmade(f"{AS_OF:%F}", rows, paid, base_currency=currency)


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command; return its exit code and what it printed, lines joined."""
    monkeypatch.setenv("COLLECTLAB_STATE", str(tmp_path / "state"))

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out if "--json" in arguments else " ".join(out.split()), " ".join(err.split())

    return run


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_a_run_without_a_rate_has_all_but_costs(currency: str, command: Command, tmp_path: Path):
    """DSO, CEI, cash and contacts are those of the run with a rate; costs are null, named, and the remedy stands by."""
    place = owing(currency).write(tmp_path / "L")
    asked = ("simulate", "--ledger", place, "--days", 20, "--json")
    code, out, err = command(*asked)
    without = json.loads(out)
    rated = json.loads(command(*asked, "--rate", f"USD={RATES[currency]}")[1])
    assert code == 0
    nothing = {"cost": None, "cost_per_1000_collected": None}
    assert without["metrics"] == rated["metrics"] | nothing
    assert rated["metrics"]["contacts"] > 0
    assert rated["metrics"]["cost"] > 0
    assert NO_RATE.format(currency) in without["warnings"][0]
    assert NO_RATE.format(currency) in err
    assert "the minimum of 100 USD is left out of friendly" in err
    assert not rated["warnings"]
    code, table, _ = command(*asked[:-1])
    assert re.search(f"Cost of collecting not available {currency}", table)


def test_yen_are_never_dollars(command: Command, tmp_path: Path):
    """The same receivables in dollars: at 128 yen or half a euro to the dollar the run costs the same dollars."""
    cost = {}
    for currency, rate in RATES.items():
        place = owing(currency).write(tmp_path / currency)
        asked = ("simulate", "--ledger", place, "--days", 20, "--rate", f"USD={rate}", "--json")
        cost[currency] = json.loads(command(*asked)[1])["metrics"]["cost"]
    assert cost["JPY"] / RATES["JPY"] == pytest.approx(cost["EUR"] / RATES["EUR"])


def test_a_comparison_without_a_rate_says_so_in_table_json_and_report(command: Command, tmp_path: Path):
    """The command ends well; costs but that of doing nothing are null, and the report says why."""
    place = owing("EUR").write(tmp_path / "L")
    asked = ("compare", "--ledger", place, "--days", 20, "--replications", 2, "--workers", 1, "--no-track")
    asked += ("--strategies", "none,friendly,proactive")
    code, out, _ = command(*asked)
    assert code == 0
    assert NO_RATE.format("EUR") in out
    assert "minimum of 100 USD is left out of friendly, proactive" in out
    code, out, _ = command(*asked, "--json")
    found = json.loads(out)
    cost = {one["name"]: one["metrics"]["cost"]["mean"] for one in found["strategies"]}
    assert cost == {"none": 0, "friendly": None, "proactive": None}
    assert all(one["metrics"]["cei"]["mean"] for one in found["strategies"])
    assert all(pair["difference"] is None for pair in found["pairs"] if pair["metric"] == "cost")
    assert not re.search(r"at EUR|costs EUR|cost of collecting and", found["finding"])
    report = " ".join(Path(found["report"]).read_text(encoding="utf-8").split())
    assert "no rate from USD to EUR" in report
    assert "± 0 EUR" not in report  # a share of what is not available is none
    code, out, _ = command("report", found["folder"])
    assert code == 0
    assert NO_RATE.format("EUR") in out


def test_a_comparison_with_a_rate_keeps_it_in_its_study(command: Command, tmp_path: Path):
    """The study that is written gives the same costs again, and the notes name the rate."""
    place = owing("EUR").write(tmp_path / "L")
    asked = ("compare", "--ledger", place, "--days", 20, "--replications", 2, "--workers", 1, "--no-track", "--json")
    found = json.loads(command(*asked, "--strategies", "none,friendly", "--rate", "USD=0.5")[1])
    assert not any("no rate" in warning for warning in found["warnings"])
    assert "Rates given: 1 USD = 0.5 EUR." in found["notes"]
    again = json.loads(command("compare", Path(found["folder"]) / "study.toml", *asked[3:])[1])
    assert again["strategies"] == found["strategies"]
    assert found["strategies"][1]["metrics"]["cost"]["mean"] > 0


TEAM = 'currency = "GBP"\n[[specialists]]\nid = "a"\ncost_per_hour = 20\n'
STAFFING = ("--hours", 100, "--horizon", 5, "--replications", 1)


@pytest.mark.parametrize("name", ["plan", "staffing"])
def test_what_values_minutes_is_refused_without_a_rate(name: str, command: Command, tmp_path: Path):
    """Exit code 2, one sentence: which amount, which currencies, what to type; nothing is written. Typed, it works."""
    place = owing("EUR").write(tmp_path / "L")
    out = tmp_path / "out"
    asked = (name, "--ledger", place, "--roster", 1, "--date", "2025-04-01", "--days", 2, "--out", out)
    asked += STAFFING if name == "staffing" else ()
    own = tmp_path / "calls.toml"
    own.write_text('name = "calls"\n[[steps]]\nname = "call"\nday = 5\nchannel = "phone"\n')
    code, _, err = command(*asked, "--strategy", own)
    assert code == 2
    assert "specialist_wage is '20.59 USD'" in err
    assert NO_RATE.format("EUR") in err
    code, _, err = command(*asked)
    assert code == 2
    assert "minimum_balance is '100 USD'" in err
    assert NO_RATE.format("EUR") in err
    assert not out.exists()
    code, shown, _ = command(*asked, "--rate", "USD=0.5")
    assert code == 0
    assert "EUR" in shown


def test_a_team_is_paid_in_its_own_currency(command: Command, tmp_path: Path):
    """Twenty pounds at two euros cost 40 euros an hour, whatever the dollar is; a pound without a rate is refused."""
    place = owing("EUR").write(tmp_path / "L")
    (tmp_path / "team.toml").write_text(TEAM)
    asked = ("staffing", "--ledger", place, "--roster", tmp_path / "team.toml", *STAFFING, "--json", "--rate")
    for dollar in (0.5, 0.25):
        code, out, _ = command(*asked, f"USD={dollar}", "--rate", "GBP=2")
        assert code == 0
        assert json.loads(out)["cost_per_hour"] == pytest.approx(40)
    code, _, err = command(*asked, "USD=0.5")
    assert code == 2
    assert "cost_per_hour is '20 GBP'" in err
    assert "give EUR for one GBP, as `--rate GBP=…`" in err


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (["usd=0.92"], "must be a currency and what one of it is worth"),
        (["USD"], "must be a currency and what one of it is worth"),
        (["USD=0"], "must be a currency and what one of it is worth"),
        (["USD=nan"], "must be a currency and what one of it is worth"),
        (["USD=0,92"], "must be a currency and what one of it is worth"),
        (["USD=0.9", "USD=0.8"], "stands twice"),
        (["EUR=1.1"], "the ledger is in EUR: leave this rate out"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(given: list[str], rule: str, command: Command, tmp_path: Path):
    """Not a code, not a number above 0, given twice, or of the ledger's own currency."""
    place = owing("EUR").write(tmp_path / "L")
    code, _, err = command("simulate", "--ledger", place, *(word for text in given for word in ("--rate", text)))
    assert code == 2
    assert rule in err


def test_a_rate_against_the_ledgers_own_is_refused(command: Command, tmp_path: Path):
    """The ledger's amounts were converted at its own rate: there are not two."""
    rates = [{"currency": "USD", "rate": 0.5}]
    place = handmade(f"{AS_OF:%F}", [invoice("a", "2025-01-02", "2025-02-01", 500)], base_currency="EUR", rates=rates)
    code, _, err = command("plan", "--ledger", place.write(tmp_path / "L"), "--roster", 1, "--rate", "USD=0.6")
    assert code == 2
    assert "rate is 'USD=0.6': the ledger has 0.5 EUR for one USD: leave this rate out" in err


def test_a_minimum_of_ones_own_is_never_left_out(command: Command, tmp_path: Path):
    """What a person wrote in dollars is refused, not dropped."""
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nminimum_balance = 40\ncurrency = "USD"\n')
    code, _, err = command("simulate", "--ledger", owing("EUR").write(tmp_path / "L"), "--strategy", own)
    assert code == 2
    assert "minimum_balance is '40 USD'" in err
    assert NO_RATE.format("EUR") in err
