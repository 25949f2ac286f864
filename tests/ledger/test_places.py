"""Where customers are: the clock of a country that has one, and all of them where it has several."""

import pandas as pd
import pytest

from ledger.importing import import_ledger
from ledger.table.places import calling_clocks, clocks, country_code, without_zone, zone_of, zones_meant
from ledger.table.tables import TEXT

INVOICES = """invoice_id,customer_id,issue_date,due_date,amount,open_amount{more}
1,A,2025-01-10,2025-02-09,100,0{a}
2,B,2025-01-12,2025-02-11,200,200{b}
3,C,2025-01-13,2025-02-12,300,300{c}
"""


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports a small invoice list with further columns, and perhaps a customer table."""

    def run(more: str = "", a: str = "", b: str = "", c: str = "", customers: str = ""):
        (tmp_path / "invoices.csv").write_text(INVOICES.format(more=more, a=a, b=b, c=c))
        if customers:
            (tmp_path / "customers.csv").write_text(customers)
        return import_ledger(tmp_path, as_of="2025-03-31")

    return run


def places(*rows: tuple[str, str]) -> pd.DataFrame:
    """Return customers with a zone and a country each."""
    return pd.DataFrame(
        {name: pd.array([row[k] for row in rows], TEXT) for k, name in enumerate(("timezone", "country"))}
    )


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("DE", "Europe/Berlin"), ("JP", "Asia/Tokyo"), ("AR", "America/Argentina/Buenos_Aires"),
        ("US", ""), ("ES", ""), ("", ""), ("XX", ""),
    ],
)  # fmt: skip
def test_a_country_with_one_clock_gives_its_zone(country: str, zone: str):
    """Zones that always agree are one clock; a country with islands or deserts of their own has several."""
    assert zone_of(country, 2026) == zone


def test_countries_go_by_codes_and_english_names():
    """Two and three letters, names in any case, and codes that people use instead."""
    texts = ["us", "USA", "United States", "UK", "united kingdom", "Deutschland", "", "Atlantis", "ZZ"]
    assert [country_code(text) for text in texts] == ["US", "US", "US", "GB", "GB", "", "", "", ""]


def test_the_clock_of_a_call_is_the_customers_or_all_that_it_may_be():
    """Own zone, the country's, the collectors' where the country has it, all of the country's, the collectors'."""
    rows = places(("Asia/Tokyo", "US"), ("", "DE"), ("", "US"), ("", ""), ("Mars", "XX"))
    assert calling_clocks(rows, "Europe/London", 2026).tolist() == [
        "Asia/Tokyo", "Europe/Berlin", "*US", "Europe/London", "Europe/London",
    ]  # fmt: skip
    assert calling_clocks(rows, "America/Boise", 2026).tolist()[2] == "America/Boise"
    assert zones_meant("*US", 2026) == clocks("US", 2026)
    assert "America/New_York" in clocks("US", 2026)
    assert without_zone(rows, 2026).to_dict() == {"": 2, "US": 1}


def test_an_import_takes_the_zone_from_the_country_and_counts_what_is_open(imported):
    """Germany has one clock, the United States have several, and nobody is in Greenwich for want of a better word."""
    found = imported(",country", ",DE", ",US", ",Atlantis")
    assert found.ledger.customers["timezone"].tolist() == ["Europe/Berlin", "", ""]
    assert found.ledger.customers["country"].tolist() == ["DE", "US", ""]
    said = " ".join(found.warnings)
    assert "1 customer has no time zone, and a country with several (US 1)" in said
    assert "1 customer has a country that is not an ISO 3166-1 code or English name ('Atlantis')" in said
    assert "1 customer has neither time zone nor a known country" in said
    given = imported(",country,timezone", ",DE,Asia/Tokyo", ",US,America/Denver", ",FR,UTC")
    assert given.ledger.customers["timezone"].tolist() == ["Asia/Tokyo", "America/Denver", "UTC"]
    assert not any("time zone" in warning for warning in given.warnings)


def test_a_list_without_places_has_no_zones(imported):
    """Nobody's place is known: no zone is made up, and nothing needs saying before somebody is called."""
    found = imported()
    assert found.ledger.customers["timezone"].tolist() == ["", "", ""]
    assert not any("zone" in warning for warning in found.warnings)


def test_languages_are_codes_locales_or_names(imported):
    """The first two letters of a name are no code: German is de, and Klingon is English, and said."""
    found = imported(",language", ",German", ",pt-BR", ",Klingon")
    assert found.ledger.customers["language"].tolist() == ["de", "pt", "en"]
    assert any("a language that is not an ISO 639-1 code ('Klingon'): English is taken" in w for w in found.warnings)
