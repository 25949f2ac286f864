"""Payment terms: words, due dates, and what is refused."""

import doctest

import numpy as np
import pytest

from ledger import BadInput
from ledger.importing import import_ledger
from ledger.importing.maps.maps import read_map
from ledger.importing.words import phrases
from ledger.importing.words.phrases import read_terms
from ledger.importing.words.terms import Due


def due(text: str, issued: str = "2024-01-31", **how) -> str | None:
    """Return the due date, both where a phrase has two meanings, None where it is not understood."""
    terms = read_terms(text, **how)
    if terms is None:
        return None
    day = np.array([issued], "datetime64[D]")
    meanings = [terms.due] if terms.other is None else [terms.due, terms.other]
    return " or ".join(str(meaning.of(day)[0]) for meaning in meanings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(text, "2024-03-01") for text in ("30", "30 days", "Net 30", "net30", "NET-30", "n/30", "N30", "30D")],
        *[
            (text, "2024-03-01")
            for text in ("30 days net", "30 days after invoice date", "Due in 30 days", "(30 days)")
        ],
        *[(text, "2024-03-01") for text in ("30 Tage netto", "zahlbar innerhalb von 30 Tagen ohne Abzug")],
        *[(text, "2024-03-01") for text in ("30 jours nets", "à 30 jours date de facture", "30 j")],
        *[(text, "2024-03-01") for text in ("30 días fecha factura", "30 giorni data fattura", "30 gg d.f.")],
        *[
            (text, "2024-03-01")
            for text in ("binnen 30 dagen", "30 dagen na factuurdatum", "30 dias da data da fatura")
        ],
        *[(text, "2024-03-01") for text in ("30 dni", "płatne w ciągu 30 dni", "30 dni od daty wystawienia faktury")],
        *[(text, "2024-03-31") for text in ("Net 2 months", "2 Monate", "2 mois", "2 meses", "2 mesi", "2 maanden")],
        *[(text, "2024-03-31") for text in ("2 miesiące", "2 months EOM", "60 days")],
        *[(text, "2024-02-14") for text in ("Net 2 weeks", "2 Wochen", "2 semaines", "2 settimane", "2 tygodnie")],
        *[(text, "2025-01-31") for text in ("Net 1 year", "1 Jahr", "1 an", "1 año", "1 anno", "1 jaar", "1 rok")],
        *[
            (text, "2024-01-31")
            for text in ("0", "Due on receipt", "upon receipt of invoice", "sofort", "sofort netto")
        ],
        *[(text, "2024-01-31") for text in ("à réception de facture", "al contado", "payable immediately")],
        *[(text, "2024-01-31") for text in ("EOM", "end of month", "Monatsende", "fin de mois", "fine mese")],
        *[(text, "2024-02-29") for text in ("end of next month", "Ende des Folgemonats", "fin de mois suivant")],
    ],
)
def test_terms_give_a_due_date(text, expected):
    """Every word counts, in eight languages; months are months of the calendar."""
    assert due(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(text, "2024-02-10") for text in ("Net 10th of following month", "10th prox", "10. des Folgemonats")],
        *[(text, "2024-02-10") for text in ("le 10 du mois suivant", "día 10 del mes siguiente")],
        *[(text, "2024-02-10") for text in ("il 10 del mese successivo", "10 dnia następnego miesiąca")],
        ("15 MFI", "2024-02-15"),
        ("30th of next month", "2024-02-29"),
    ],
)
def test_a_day_of_the_following_month_is_that_day_whenever_the_invoice_was_issued(text, expected):
    """Not a number of days."""
    assert [due(text, day) for day in ("2024-01-05", "2024-01-31")] == [expected, expected]


@pytest.mark.parametrize(
    "text", ["Net 30 EOM", "30 days end of month", "30 jours fin de mois", "30 gg f.m.", "Net 30, EOM"]
)
def test_days_and_the_end_of_the_month_have_two_meanings(text):
    """Days and then to the end of the month, or from the end of the month on; the map says which."""
    assert due(text) == "2024-03-31 or 2024-03-01"
    assert due(text, "2024-01-04") == "2024-02-29 or 2024-03-01"
    assert due(text, eom="days_then_month_end") == "2024-03-31"
    assert due(text, eom="month_end_then_days") == "2024-03-01"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[
            (text, "2024-03-01")
            for text in ("EOM + 30 days", "EOM 30", "30 days after EOM", "30 days following end of month")
        ],
        *[(text, "2024-03-01") for text in ("30 days from the end of the month", "30 Tage ab Monatsende")],
        *[(text, "2024-03-01") for text in ("fin de mois + 30 jours", "30 jours à compter de la fin du mois")],
        *[(text, "2024-03-01") for text in ("30 días desde fin de mes", "30 dagen na einde maand")],
        *[(text, "2024-03-31") for text in ("30 Tage zum Monatsende", "30 gg DFFM", "30 days then end of month")],
        *[(text, "2024-04-10") for text in ("30 jours fin de mois le 10", "30 gg f.m. + 10")],
    ],
)
def test_where_the_words_say_which_comes_first_they_count(text, expected):
    """Also against the map's word on phrases that do not say."""
    assert due(text) == expected
    assert due(text, eom="days_then_month_end") == due(text, eom="month_end_then_days") == expected


@pytest.mark.parametrize(
    ("text", "net", "percent", "within"),
    [
        *[
            (text, 30, 2.0, 10)
            for text in ("2/10 net 30", "2% 10, Net 30", "2%10NET30", "2/10, n/30", "net 30, 2% 10 days")
        ],
        ("2/10, 1/20, net 30", 30, 2.0, 10),
        ("within 14 days 3 % cash discount, within 45 days Due net", 45, 3.0, 14),
        ("8 Tage 3 %, 30 Tage netto", 30, 3.0, 8),
        ("2,5 % Skonto bei Zahlung innerhalb von 10 Tagen, 30 Tage netto", 30, 2.5, 10),
        ("3% 1 week, net 30", 30, 3.0, 7),
    ],
)
def test_the_first_discount_is_kept_beside_the_net_step(text, net, percent, within):
    """Percent, and days after issue."""
    terms = read_terms(text)
    assert (terms.due, terms.percent, terms.within) == (Due(days=net), percent, within)


@pytest.mark.parametrize(
    "text",
    [
        *("Z030", "NT30", "0001", "999", "-30", "soon", "-", "net", "receipt", "15th", "15th of the month", "COD"),
        *("Net 30 days from receipt of goods", "30 days from receipt", "30 Tage nach Erhalt der Ware"),
        *("30 % sofort, 70 % 60 Tage netto", "30% advance, 70% net 45", "30/70 in two instalments", "50% net 30"),
        *("30/60/90", "10/20/30", "30-60 days", "Net 30 or Net 60", "10 % deposit, net 30"),
        *("30 business days", "30 Werktage", "2% 30 net 10", "net 30 days 2% discount", "30 days EOM before"),
    ],
)
def test_a_phrase_with_a_word_that_is_not_understood_says_nothing(text):
    """Nor does one that splits the invoice, or counts from a day that nobody gave."""
    assert read_terms(text) is None


def test_every_issue_date_has_a_due_date_that_is_not_before_it():
    """Over five years of days, also the 29th of February; end of month is one."""
    issued = np.arange("2023-01-01", "2028-01-01", dtype="datetime64[D]")
    for text in ("1 month", "1 year", "EOM", "EOM + 10", "10th of following month", "30 gg f.m. + 10"):
        days = read_terms(text).due.of(issued)
        assert (days >= issued).all()
        assert (np.diff(days.astype(int)) >= 0).all()
    ends = read_terms("2 months EOM").due.of(issued)
    assert ((ends + 1).astype("datetime64[M]") > ends.astype("datetime64[M]")).all()
    assert read_terms("1 year").due.of(np.array(["2024-02-29"], "datetime64[D]"))[0] == np.datetime64("2025-02-28")


def test_usual_days_are_the_mean_over_a_year():
    """Two months are 61 days, the 10th of the following month about 25."""
    assert [read_terms(text).due.usual_days for text in ("30", "2 months", "1 year", "10th prox")] == [30, 61, 365, 25]


HEADER = "invoice_id,customer_id,issue_date,due_date,amount,terms\n"


def load(tmp_path, invoices, *, customers=None, map_text='extends = "generic"\n'):
    """Import an invoice table with terms, and perhaps customers, with a map."""
    (tmp_path / "source").mkdir(exist_ok=True)
    (tmp_path / "source" / "invoices.csv").write_text(HEADER + invoices)
    if customers is not None:
        (tmp_path / "source" / "customers.csv").write_text(customers)
    (tmp_path / "map.toml").write_text(map_text)
    return import_ledger(tmp_path / "source", mapping=tmp_path / "map.toml")


def test_terms_that_are_not_understood_reject_the_row_by_their_words(tmp_path):
    """The phrase is in the rejects and in a line; terms of the customer or the map never replace it."""
    rows = 'A,C,2024-01-31,,1.00,"30% advance, 70% net 45"\nB,C,2024-01-31,,1.00,Net 30\n'
    rows += "D,C,2024-01-31,2024-02-02,1.00,ZB01\n"
    imported = load(tmp_path, rows, customers="customer_id,terms\nC,15\n", map_text='extends = "generic"\nterms = 20\n')
    assert imported.rejects[["row", "column", "value", "rule"]].values.tolist() == [
        [2, "terms", "30% advance, 70% net 45", "unknown_terms"]
    ]
    assert any("not understood: '30% advance, 70% net 45' (1)" in warning for warning in imported.warnings)


def test_terms_with_two_meanings_are_asked_about_with_both_dates(tmp_path):
    """The map answers."""
    rows = "A,C,2024-01-31,,1.00,Net 30 EOM\nB,C,2024-01-31,,1.00,Net 30\n"
    imported = load(tmp_path, rows)
    assert imported.rejects["rule"].tolist() == ["ambiguous_terms"]
    said = next(warning for warning in imported.warnings if "two meanings" in warning)
    assert "due 2024-03-31 (terms_eom" in said
    assert "or 2024-03-01" in said
    for answer, expected in (("days_then_month_end", "2024-03-31"), ("month_end_then_days", "2024-03-01")):
        mapped = load(tmp_path, rows, map_text=f'extends = "generic"\nterms_eom = "{answer}"\n')
        assert f"{mapped.ledger.invoices['due_date'][0]:%Y-%m-%d}" == expected
        assert mapped.rejected == 0


def test_a_map_says_what_the_sources_own_terms_mean(tmp_path):
    """Keys of an ERP, whatever their case."""
    rows = "A,C,2024-01-31,,1.00,ZB01\nB,C,2024-01-31,,1.00,zb02\n"
    words = 'extends = "generic"\n[terms_words]\nZB01 = "14 days 2 %, 30 days net"\nZB02 = "2 months"\n'
    invoices = load(tmp_path, rows, map_text=words).ledger.invoices
    assert invoices["due_date"].dt.strftime("%m-%d").tolist() == ["03-01", "03-31"]
    assert invoices["discount_percent"].tolist()[0] == 2.0
    assert invoices["discount_days"].tolist()[0] == 14


def test_terms_of_customers_go_through_the_same_reading(tmp_path):
    """A date where they are clear; by name where not; usual days in the customer's row."""
    customers = "customer_id,terms\nC1,2 months\nC2,Net 30 EOM\nC3,10th of following month\n"
    rows = "A,C1,2024-01-31,,1.00,\nB,C2,2024-01-31,,1.00,\nC,C3,2024-01-05,,1.00,\nD,C2,2024-01-31,2024-02-02,1.00,\n"
    imported = load(tmp_path, rows, customers=customers)
    assert imported.ledger.invoices["due_date"].dt.strftime("%m-%d").tolist() == ["03-31", "02-10", "02-02"]
    assert imported.rejects[["row", "column", "value", "rule"]].values.tolist() == [
        [3, "customer_id", "C2", "ambiguous_terms"]
    ]
    assert any(
        warning.startswith("customers.csv, terms: terms 'Net 30 EOM' (1) have two") for warning in imported.warnings
    )
    assert imported.ledger.customers["terms"].astype(object).where(lambda days: days.notna(), None).tolist() == [
        61,
        None,
        25,
    ]


def test_terms_of_a_map_may_be_words_and_are_checked(tmp_path):
    """A date for rows without any; a phrase that says nothing, or two things, is refused when the map is read."""
    imported = load(tmp_path, "A,C,2024-01-31,,1.00,\n", map_text='extends = "generic"\nterms = "2 months"\n')
    assert f"{imported.ledger.invoices['due_date'][0]:%Y-%m-%d}" == "2024-03-31"
    for line in ('terms = "soon"', "terms = 400", 'terms = "30 EOM"', '[terms_words]\nX = "Z030"'):
        (tmp_path / "map.toml").write_text(f'extends = "generic"\n{line}\n')
        with pytest.raises(BadInput, match="must be terms of one meaning"):
            read_map(tmp_path / "map.toml")


def test_discount_columns_count_over_the_terms(tmp_path):
    """A percent sign is no matter; what is no percent is told and not taken."""
    lines = (
        "A,C,2024-01-31,,1.00,2/10 net 30,3 %,8\nB,C,2024-01-31,,1.00,2/10 net 30,,\nD,C,2024-01-31,,1.00,30,lots,8\n"
    )
    (tmp_path / "i.csv").write_text(HEADER.strip() + ",discount_percent,discount_days\n" + lines)
    imported = import_ledger(tmp_path / "i.csv")
    assert imported.ledger.invoices["discount_percent"].fillna(0).tolist() == [3.0, 2.0, 0.0]
    assert imported.ledger.invoices["discount_days"].fillna(0).tolist() == [8, 10, 0]
    assert any("discount_percent: 1 discount is no percent and days" in warning for warning in imported.warnings)


def test_examples_in_the_docstrings_run():
    """The documentation says what the code does."""
    result = doctest.testmod(phrases)
    assert result.attempted > 0
    assert result.failed == 0
