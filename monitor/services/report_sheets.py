"""All sheets of a report with their columns, in the order of the workbook: what docs/report.md describes."""

from __future__ import annotations

from monitor.services.report_table import Column
from monitor.services.sheet_clocks import CLOCK_COLUMNS
from monitor.services.sheet_devices import BELOW_COLUMNS, OFFLINE_COLUMNS, REPAIR_COLUMNS, SETTLEMENT_COLUMNS
from monitor.services.sheet_ledger import DENOMINATOR_COLUMNS, EXEMPTION_COLUMNS, WATERFALL_COLUMNS
from monitor.services.sheet_method import METHOD_COLUMNS
from monitor.services.sheet_summary import DETAIL_COLUMNS, SUMMARY_COLUMNS
from monitor.services.weekly_report import DECISION_COLUMNS

SHEETS: dict[str, tuple[Column, ...]] = {
    "summary": SUMMARY_COLUMNS,
    "summary-details": DETAIL_COLUMNS,
    "below-target": BELOW_COLUMNS,
    "offline-devices": OFFLINE_COLUMNS,
    "repairs": REPAIR_COLUMNS,
    "settlement": SETTLEMENT_COLUMNS,
    "exemptions": EXEMPTION_COLUMNS,
    "denominator": DENOMINATOR_COLUMNS,
    "waterfall": WATERFALL_COLUMNS,
    "objections": DECISION_COLUMNS,
    "clocks": CLOCK_COLUMNS,
    "method": METHOD_COLUMNS,
}
"""By the sheet's name in files; the people's summary has the columns of `summary-details` after its own."""
