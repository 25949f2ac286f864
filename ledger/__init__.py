"""The words of the domain: tables, time, money, KPIs, import and export."""

from ledger.errors import BadInput, Refused
from ledger.kpi.gaming import gaming
from ledger.kpi.kpis import Kpis, kpi_path, kpis
from ledger.table.ledger import Ledger, read_ledger

__all__ = ["BadInput", "Kpis", "Ledger", "Refused", "gaming", "kpi_path", "kpis", "read_ledger"]
