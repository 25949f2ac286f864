from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ledger import BadInput
from ledger.table.months import day_numbers
from models.evaluation import prediction as module
from models.evaluation.prediction import HORIZON, predict
from models.timing import unpaid_on


@dataclass(frozen=True)
class Steady:
    """Pays with the same chance on every day from issue on; customer "never" does not pay."""

    chance: float = 0.5
    name: str = "steady"

    def knowing(self, ledger: Any) -> "Steady":
        """Return itself."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: Any) -> np.ndarray:
        """Return days since the last evening known unpaid, times a rate."""
        asked = unpaid_on(invoices) - day_numbers(invoices["due_date"])
        rate = np.where(invoices["customer_id"] == "never", 0, -np.log(1 - self.chance))
        return rate[:, None] * np.maximum(np.asarray(days)[None, :] - asked[:, None], 0)

    def survival(self, invoices: pd.DataFrame, days: Any) -> np.ndarray:
        """Return what is left."""
        return np.exp(-self.cumulative_hazard(invoices, days))


def invoices(**columns: Any) -> pd.DataFrame:
    """Return one invoice due 2024-03-01, ten days after issue."""
    row = {"invoice_id": "i1", "customer_id": "c1", "issue_date": pd.Timestamp("2024-02-20"), "currency": "USD"}
    return pd.DataFrame([row | {"due_date": pd.Timestamp("2024-03-01"), "amount": 1000} | columns])


def test_a_quantile_is_the_first_day_by_whose_evening_so_many_are_paid() -> None:
    """Half pay on the day of issue, ten days early, and half of the rest on each next day."""
    said = predict(Steady(), invoices())
    assert said.quantile(0.5).tolist() == said.median().tolist() == [-10]
    assert said.quantile(0.6).tolist() == [-9]
    assert said.quantile(0.75).tolist() == [-9]
    assert said.quantile(0.9).tolist() == [-7]
    assert said.at(-10).tolist() == [0.5]
    assert said.at(-11).tolist() == said.at(-300).tolist() == [1.0]


def test_invoices_are_ordered_by_median_and_within_a_day_by_expected_rank() -> None:
    """Two alike and one that is likelier paid at once, all with a median on the issue day; and one never paid."""
    alike, quick = predict(Steady(), invoices()), predict(Steady(0.75), invoices())
    curves = np.concatenate([alike.curves, alike.curves, quick.curves])
    said = replace(alike, invoices=pd.concat([invoices()] * 3, ignore_index=True), curves=curves)
    order = said.order()
    assert said.median().tolist() == [-10, -10, -10]
    assert order[0] == order[1] > order[2] > 0
    assert order.mean() == pytest.approx(0.5)  # so is every mean rank: medians are 0 days from issue
    late = replace(said, curves=np.concatenate([curves[:2], np.ones_like(curves[:1])]))
    assert (np.argsort(late.order())[-1], late.order()[2] > HORIZON) == (2, True)


def test_quantiles_beyond_the_grid_are_looked_up_to_issue_and_to_the_horizon() -> None:
    """Terms of 90 days paid at once, one payment in a hundred days, and none at all."""
    early = predict(Steady(), invoices(issue_date=pd.Timestamp("2023-12-02")))
    assert early.days.tolist() == list(range(-60, 181))
    assert early.survival.shape == (1, 241)
    assert early.median().tolist() == [-90]
    slow = predict(Steady(0.003), invoices())
    assert slow.median().tolist() == [int(np.ceil(np.log(0.5) / np.log(0.997))) - 11]
    assert 180 < slow.median()[0] < HORIZON
    never = predict(Steady(), invoices(customer_id="never"))
    assert never.median().tolist() == never.quantile(0.01).tolist() == [HORIZON]


def test_an_invoice_asked_about_later_is_unpaid_until_then() -> None:
    """Twenty days past due: late for sure by 0 and 15 days, paid with one half on the next day."""
    said = predict(Steady(), invoices(asked_on=pd.Timestamp("2024-03-21")))
    assert [said.probability_late(days)[0] for days in (0, 15, 20)] == [1, 1, 1]
    assert said.probability_late(21)[0] == pytest.approx(0.5)
    assert said.median().tolist() == [21]


def test_expected_cash_by_week_adds_up() -> None:
    """From issue on: 127/128 of the amount in the first seven days, and over all weeks the whole amount, in base."""
    said = predict(Steady(), pd.concat([invoices(), invoices(customer_id="never")]))
    weeks = pd.date_range("2024-02-20", periods=9, freq="7D")
    cash = said.expected_cash(weeks)
    assert cash.index.equals(weeks)
    assert cash.iloc[0] == pytest.approx(1000 * 127 / 128)
    assert cash.sum() == pytest.approx(1000)
    assert said.expected_cash(weeks[:1], amounts=[500, 9]).iloc[0] == pytest.approx(500 * 127 / 128)


def test_the_predictions_file(tmp_path: Path) -> None:
    """Exactly these columns, 241 survivals an invoice from day −60 on, and what stands beside agrees with them."""
    said = predict(Steady(0.05), pd.concat([invoices(), invoices(invoice_id="i2", customer_id="never")]), first=0)
    path = said.write(tmp_path / "new" / "p.parquet")
    facts = ["invoice_id", "customer_id", "issue_date", "due_date", "amount"]
    columns = [*facts, "median_days_late", "q10", "q90", "p_late_0", "p_late_15", "p_late_30", "survival"]
    assert pq.read_schema(path).names == columns == list(said.table())
    read = pd.read_parquet(path)
    assert read["invoice_id"].tolist() == ["i1", "i2"]
    curves = np.stack(read["survival"])
    assert curves.shape == (2, 241)
    assert curves[0, 49] == 1
    assert curves[0, 50] == pytest.approx(0.95)
    for days in (0, 15, 30):
        assert read[f"p_late_{days}"].tolist() == curves[:, 60 + days].tolist()
    assert read["median_days_late"].tolist() == [int(np.argmax(curves[0] <= 0.5)) - 60, HORIZON]
    assert read["q10"][0] <= read["median_days_late"][0] <= read["q90"][0]


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood there stays; a folder, or a table without ids, is bad input."""
    said, path = predict(Steady(), invoices()), tmp_path / "p.parquet"
    path.write_text("old")

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", stop)
    with pytest.raises(KeyboardInterrupt):
        said.write(path)
    assert [file.name for file in tmp_path.iterdir()] == ["p.parquet"]
    assert path.read_text() == "old"
    with pytest.raises(BadInput, match="must be a file"):
        said.write(tmp_path)
    with pytest.raises(BadInput, match="lacks invoice_id"):
        predict(Steady(), invoices().drop(columns="invoice_id")).table()


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven invoices at once or two at a time; and none is an answer too."""
    many = pd.concat([invoices(issue_date=pd.Timestamp("2024-02-20") - pd.Timedelta(days=k)) for k in range(7)])
    whole = predict(Steady(), many)
    monkeypatch.setattr(module, "_PART", 2)
    assert np.array_equal(predict(Steady(), many).curves, whole.curves)
    assert predict(Steady(), many.iloc[:0]).median().tolist() == []


def test_questions_that_make_no_sense() -> None:
    """Days out of order or beyond the horizon, a quantile that is none."""
    with pytest.raises(BadInput, match="must be in order"):
        predict(Steady(), invoices(), first=5, last=4)
    with pytest.raises(BadInput, match="within ± 400"):
        predict(Steady(), invoices(), last=401)
    with pytest.raises(BadInput, match="between 0 and 1"):
        predict(Steady(), invoices()).quantile(1.0)
