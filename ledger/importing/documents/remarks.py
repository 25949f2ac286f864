"""What was seen in the invoice table, is not taken over, and should be said."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags
from ledger.importing.documents.documents import Documents
from ledger.importing.rows.intake import codes
from ledger.importing.words.buckets import spans
from ledger.importing.words.cells import AGED, flags
from ledger.wording import plural


def remarks(documents: Documents, as_of: np.datetime64) -> list[str]:
    """Return what was seen in the invoice table and not taken over."""
    said = []
    intake = documents.intake
    if "disputed" in intake.sheet:
        yes = pc.is_in(pc.utf8_lower(intake.text("disputed")), value_set=pa.array(["yes", "true", "1", "y", "x"]))
        if count := int((flags(yes) & intake.good).sum()):
            said.append(
                f"{plural(count, 'invoice is', 'invoices are')} marked as disputed, without a day: not taken over, "
                "for nothing says when that became known"
            )
    said += _aged(documents, as_of)
    late = int((intake.day("issue_date") > as_of).sum())
    if late and documents.stated.open is not None:
        said.append(f"open amounts are those of the day of the export, which is later than {as_of}")
    return said


def _aged(documents: Documents, as_of: np.datetime64) -> Iterator[str]:
    """Yield how many invoices stand in another column by age than their days past due say; the due date counts.

    Nothing where the columns are not told by days. A report may count from the issue date: that is said as such.
    """
    sheet, issued = documents.intake.sheet, documents.intake.day("issue_date")
    if AGED not in sheet:
        return
    cells = sheet.text(AGED)
    limits = spans(pc.unique(cells).drop_null().to_pylist(), sheet.aged_by)
    rows = documents.invoices
    rows = rows[flags(pc.is_valid(cells))[rows]]
    if not limits or not len(rows):
        return
    index, texts = codes(cells.take(pa.array(rows)))
    span = np.array([limits[text] for text in texts.to_pylist()])[index]

    def outside(day: Days) -> Flags:
        late = (as_of - day[rows]).astype(np.int64)
        return np.asarray((late < span[:, 0]) | (late > span[:, 1]))

    off = outside(documents.due)
    if not off.any():
        return
    first = rows[int(off.argmax())]
    example = f"row {sheet.row[first]}: due {documents.due[first]}, in {texts[int(index[off.argmax()])].as_py()}"
    count = f"{int(off.sum()):,} of {len(rows):,}"
    if not outside(issued).any():
        yield (
            f"{sheet.where}: the columns by age count from the issue date; by the due date, which counts, {count} "
            f"invoices stand in another one ({example})"
        )
        return
    doubt = f"; is {as_of} the day of the export?" if 2 * off.sum() > len(rows) else ""
    yield (
        f"{sheet.where}: {count} invoices stand in another column by age than their due date says on {as_of} "
        f"({example}): the due date counts{doubt}"
    )
