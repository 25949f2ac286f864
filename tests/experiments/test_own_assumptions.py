"""What a ledger's own house does is told as that, not as an assumption that is not in use."""

import math

from experiments.comparing.compare import _assumptions
from sim import from_ledger
from tests.sim.test_write_offs import house


def test_a_house_that_never_wrote_off_has_no_age_of_write_off():
    """No number and no range stand there, but what the ledger shows; disputes are none."""
    table = _assumptions(from_ledger(house([400 + k % 200 for k in range(300)], {}))).set_index("parameter")
    age, disputes = table.loc["write_off_age"], table.loc["dispute_share"]
    assert math.isnan(age["default"])
    assert age["note"] == "Write-offs: none, as in the ledger's 580 days."
    assert disputes["default"] == 0
    assert {age["source"], disputes["source"]} == {"the ledger's own"}


def test_a_house_with_an_age_of_its_own_shows_it():
    """All went at 120 days: so it stands in the table, in numbers that Parquet can hold."""
    table = _assumptions(from_ledger(house([*range(200, 400)], dict.fromkeys(range(200), 120))))
    assert table.set_index("parameter").loc["write_off_age", "default"] == 120
    assert table["default"].dtype == float
    assert len(table.to_parquet()) > 0
