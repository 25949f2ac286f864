"""Import: real ledgers become our tables; every row is imported, or rejected by name, and the totals add up."""

from ledger.importing.maps.maps import presets
from ledger.importing.result import Imported
from ledger.importing.run import import_ledger

__all__ = ["Imported", "import_ledger", "presets"]
