"""The words of the domain: tables, time, money, KPIs, import and export."""

from ledger.errors import BadInput
from ledger.ledger import Ledger, read_ledger

__all__ = ["BadInput", "Ledger", "read_ledger"]
