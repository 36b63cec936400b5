"""What a site and its user say of an import, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from monitor.domain.coordinates import Bounds
from monitor.domain.exempting import ExemptionRules
from monitor.domain.profile import SheetKind
from monitor.services.importing.problems import Problem


@dataclass(frozen=True, slots=True)
class Site:
    """What a site says about imports.

    Attributes:
        zone: the city's zone.
        bounds: where its devices stand; None for anywhere.
        protocols: protocols that are known.
        retention_days: recordings kept for less are warned of.
        exemptions: what exemptions it allows.
    """

    zone: tzinfo
    bounds: Bounds | None
    protocols: frozenset[str]
    retention_days: int
    exemptions: ExemptionRules


@dataclass(frozen=True, slots=True)
class Options:
    """How one import is to be done.

    Attributes:
        author: who imports.
        at: now, epoch seconds.
        dry_run: judge and compare, and record nothing.
        strict: record nothing where a row is kept out.
        retire_missing: ask for the retirement of what the sheet leaves out.
        derive_points: make points for devices that have none.
        region: the sheet is of this region only; "" for the whole city.
    """

    author: str
    at: int
    dry_run: bool = False
    strict: bool = False
    retire_missing: bool = False
    derive_points: bool = False
    region: str = ""


@dataclass(slots=True)
class Imported:
    """What an import found and did.

    Attributes:
        kind: what was imported.
        file, sha256, profile: of what, by which profile.
        recorded: whether anything was recorded.
        rows: rows that hold anything: `accepted` and `rejected` ones.
        warned: rows taken with a warning.
        added, changed, unchanged: what the accepted rows are.
        missing: what is recorded and the sheet leaves out.
        proposals: requests and exemptions that were proposed, with their ids.
        points_added: points made for devices.
        left_out: columns that hold persons, phones or logins.
        unknown_columns: columns that the profile does not know.
        unknown_codes: by column, codes that it does not know, and how many rows hold each.
        problems: the first of `problem_count` problems.
        notes: what the user should know beside, in Chinese and English.
    """

    kind: SheetKind
    file: str
    sha256: str
    profile: str
    recorded: bool = False
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    warned: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    proposals: list[str] = field(default_factory=list)
    points_added: int = 0
    left_out: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    unknown_codes: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    notes: list[str] = field(default_factory=list)
