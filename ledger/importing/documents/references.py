"""Which invoice a payment or credit means when it names a number: of its customer, and of its time."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.documents import Documents
from ledger.importing.rows.intake import as_series, codes
from ledger.importing.words.cells import flags

_SEVERAL: Final = re.compile(r"\s*[,;&|\n]\s*|\s+\+\s+")


@dataclass(frozen=True, kw_only=True, eq=False)
class InvoiceColumns:
    """The ledger's invoices as columns. Amounts in minor units."""

    id: pa.StringArray
    number: pa.StringArray  # as the source gives it
    line: Ints  # instalments of one document share it
    customer: pa.StringArray
    currency: pa.StringArray
    issued: Days
    due: Days
    amount: Ints
    document: Ints  # row of the documents

    @classmethod
    def of(cls, documents: Documents) -> "InvoiceColumns":
        """Take the invoices out of the documents."""
        rows = documents.invoices
        keep = pa.array(rows)
        number, customer = documents.number.take(keep), documents.customer.take(keep)
        whole = documents.id is documents.number  # no two share a number
        currency, company = documents.currency.take(keep), documents.intake.text("company").take(keep)
        issued = documents.issued[rows]
        return cls(
            id=number if whole else documents.id.take(keep),
            number=number,
            line=_lines(number, customer, currency, company, issued),
            customer=customer,
            currency=currency,
            issued=issued,
            due=documents.due[rows],
            amount=documents.amount[rows],
            document=rows,
        )

    def owed(self, row: Ints) -> tuple[Ints, Ints]:
        """Return for rows of invoices the first instalment of each and the amount of all; -1 and 0 for -1."""
        line = np.append(self.line, -1)[row]
        total = np.zeros(len(self.line) + 1, np.int64)
        np.add.at(total, self.line, self.amount)
        return line, total[line]

    def frame(self, documents: Documents) -> pd.DataFrame:
        """Return the ledger's table."""
        percent, days = documents.discount[0][self.document], documents.discount[1][self.document]
        none = np.isnan(percent)
        return pd.DataFrame(
            {
                "invoice_id": as_series(self.id),
                "customer_id": as_series(self.customer),
                "issue_date": self.issued.astype("datetime64[ns]"),
                "due_date": self.due.astype("datetime64[ns]"),
                "amount": self.amount,
                "currency": as_series(self.currency),
                "discount_percent": percent,
                "discount_days": pd.arrays.IntegerArray(days, none),
            }
        )


def _lines(
    number: pa.StringArray, customer: pa.StringArray, currency: pa.StringArray, company: pa.StringArray, issued: Days
) -> Ints:
    """Return for each invoice the first row of its document: of one number, customer, currency, company and day."""
    line = np.arange(len(number))
    index, _ = codes(number)
    shared = np.flatnonzero(np.bincount(index, minlength=1)[index] > 1)
    if len(shared):
        keys = {
            name: codes(cells)[0][shared]
            for name, cells in (("n", number), ("who", customer), ("money", currency), ("company", company))
        }
        frame = pd.DataFrame({**keys, "issued": issued[shared].astype(np.int64), "row": shared})
        line[shared] = frame.groupby(["n", "who", "money", "company", "issued"])["row"].transform("min").to_numpy()
    return line


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The invoices that rows name."""

    row: Ints  # of the first that each row names, -1 where none is known
    also: tuple[Ints, ...]  # of the second, third …
    other_customer: Flags  # it is another customer's than the row says
    ambiguous: Flags  # several customers have one of that number, and the row does not say which


def find(
    invoices: InvoiceColumns, named: pa.StringArray, customer: pa.StringArray, day: Days, *, same_names: bool = True
) -> Found:
    """Return the invoices that rows name, by id or by number.

    Where several documents of a customer have the number, it is the one issued last by that day. Customers are compared
    without regard to case and spaces; unless it is sure that both tables call them by the same names, not at all where
    the rows' customers occur nowhere among the invoices'.
    """
    texts = _parts(invoices, named)
    who, owners = _key(customer), _key(invoices.customer)
    if not same_names and not flags(pc.is_in(who, value_set=pc.unique(owners).drop_null(), skip_nulls=True)).any():
        who = pa.nulls(len(who), pa.string())
    rows, ambiguous, other = [], np.zeros(len(named), bool), np.zeros(len(named), bool)
    for text in texts:
        row, unclear = _one(invoices, text, who, owners, day)
        mine = pc.equal(owners.take(pa.array(row, mask=row < 0)), who)
        other |= ~flags(pc.fill_null(mine, True)) & (row >= 0)
        ambiguous |= unclear
        rows.append(row)
    return Found(row=rows[0], also=tuple(rows[1:]), other_customer=other, ambiguous=ambiguous)


def _key(customer: pa.StringArray) -> pa.StringArray:
    encoded = customer.dictionary_encode()
    words = pc.replace_substring_regex(pc.utf8_lower(encoded.dictionary), r"\s+", " ")
    return words.take(encoded.indices)


def _parts(invoices: InvoiceColumns, named: pa.StringArray) -> list[pa.StringArray]:
    """Return the first, second … number that each cell names; a cell with a number unknown to us counts as a whole."""
    index, texts = codes(named)
    known = pa.concat_arrays([invoices.id, invoices.number])
    unknown = flags(pc.invert(pc.is_in(texts, value_set=known)))
    several = unknown & flags(pc.match_substring_regex(texts, r"[,;&|\n+]"))
    if not several.any():
        return [named]
    split = {place: _SEVERAL.split(texts[int(place)].as_py().strip()) for place in np.flatnonzero(several)}
    every = pa.array(sorted({part for parts in split.values() for part in parts}), pa.string())
    valid = set(every.filter(pc.is_in(every, value_set=known)).to_pylist())
    split = {place: list(dict.fromkeys(parts)) for place, parts in split.items() if set(parts) <= valid}
    out = []
    for nth in range(max((len(parts) for parts in split.values()), default=1)):
        words = texts.to_pylist() if nth == 0 else [None] * len(texts)
        for place, parts in split.items():
            words[place] = parts[nth] if nth < len(parts) else None
        out.append(pa.array(words, pa.string()).take(pa.array(index, mask=index < 0)))
    return out


def _one(
    invoices: InvoiceColumns, named: pa.StringArray, who: pa.StringArray, owners: pa.StringArray, day: Days
) -> tuple[Ints, Flags]:
    """Return the row of the invoice that each row names, -1 where none, and which could mean several customers'."""
    row = _place(named, invoices.id)
    ambiguous = np.zeros(len(named), bool)
    missing = np.flatnonzero((row < 0) & flags(pc.is_valid(named)))
    if not len(missing):
        return row, ambiguous
    of_number = _place(invoices.number, named.take(pa.array(missing)).unique())
    asked = pd.DataFrame(
        {
            "n": codes(named.take(pa.array(missing)))[0],
            "who": as_series(who.take(pa.array(missing))).astype(object),
            "day": day[missing],
            "ref": missing,
        }
    )
    able = np.flatnonzero(of_number >= 0)
    have = pd.DataFrame(
        {
            "n": of_number[able],
            "owner": as_series(owners.take(pa.array(able))).astype(object),
            "issued": invoices.issued[able],
            "due": invoices.due[able],
            "line": invoices.line[able],
            "row": able,
        }
    ).sort_values(["n", "issued", "due", "row"])
    pairs = asked.merge(have.drop_duplicates("line"), on="n")
    said = pairs["who"].notna()
    mine = pairs["who"] == pairs["owner"]
    none = ~mine.groupby(pairs["ref"]).transform("any")
    pairs = pairs[mine | ~said | none]
    owners_of = pairs.groupby("ref")["owner"].nunique()
    ambiguous[owners_of.index[owners_of > 1].to_numpy()] = True
    pairs = pairs.assign(later=pairs["issued"] > pairs["day"])
    early = pairs[~pairs["later"]].drop_duplicates("ref", keep="last")
    first = pairs.drop_duplicates("ref")
    row[first["ref"].to_numpy()] = first["row"].to_numpy()
    row[early["ref"].to_numpy()] = early["row"].to_numpy()
    return row, ambiguous


def _place(cells: pa.StringArray, among: pa.StringArray) -> Ints:
    found = pc.index_in(cells, value_set=among, skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.array(found, np.int64)
