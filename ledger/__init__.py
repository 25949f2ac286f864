"""The words of the domain: tables, time, money, KPIs, import and export."""

from ledger.errors import BadInput, Refused
from ledger.gaming import gaming
from ledger.kpis import Kpis, kpi_path, kpis
from ledger.ledger import Ledger, read_ledger

__all__ = ["BadInput", "Kpis", "Ledger", "Refused", "gaming", "kpi_path", "kpis", "read_ledger"]
