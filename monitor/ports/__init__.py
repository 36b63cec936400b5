"""What the journeys need from outside: small protocols, and the errors that every implementation raises.

One file a story: errors, states, inventory, dossier, intake, access, looks, reports, alerts.
"""

from __future__ import annotations

from monitor.ports.access import AccountStore, AuditLog, Remembered
from monitor.ports.alerts import (
    AlertBatch,
    AlertBook,
    AlertDecisions,
    AlertQueries,
    AlertStore,
    Backlog,
    Decided,
    Delivery,
    Notifier,
    Outbox,
    SpoolResult,
)
from monitor.ports.dossier import Dossier, Dossiers
from monitor.ports.errors import (
    CredentialsError,
    NotifyError,
    StoreBusyError,
    StoreChangedError,
    StoreError,
    StoreRefusedError,
)
from monitor.ports.intake import CheckpointStore, IntakeStore, RefusedMessage, Stranger
from monitor.ports.inventory import ArchiveCounts, Directory, Inventory, InventoryBatch
from monitor.ports.looks import DeepBatch, DeepStore, Order, Orders, PictureStore, Sealer, Secrets
from monitor.ports.reports import Beside, Objections, ReportFacts, ReportRuns, Trend, TrendPoint
from monitor.ports.states import (
    Applied,
    Batch,
    CollectorMark,
    FaultDecisions,
    LatePast,
    LateStore,
    Queries,
    States,
    StateStore,
)

__all__ = [
    "AccountStore",
    "AlertBatch",
    "AlertBook",
    "AlertDecisions",
    "AlertQueries",
    "AlertStore",
    "Applied",
    "ArchiveCounts",
    "AuditLog",
    "Backlog",
    "Batch",
    "Beside",
    "CheckpointStore",
    "CollectorMark",
    "CredentialsError",
    "Decided",
    "DeepBatch",
    "DeepStore",
    "Delivery",
    "Directory",
    "Dossier",
    "Dossiers",
    "FaultDecisions",
    "IntakeStore",
    "Inventory",
    "InventoryBatch",
    "LatePast",
    "LateStore",
    "Notifier",
    "NotifyError",
    "Objections",
    "Order",
    "Orders",
    "Outbox",
    "PictureStore",
    "Queries",
    "RefusedMessage",
    "Remembered",
    "ReportFacts",
    "ReportRuns",
    "Sealer",
    "Secrets",
    "SpoolResult",
    "StateStore",
    "States",
    "StoreBusyError",
    "StoreChangedError",
    "StoreError",
    "StoreRefusedError",
    "Stranger",
    "Trend",
    "TrendPoint",
]
