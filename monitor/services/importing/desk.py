"""The desk where sheets are imported: read, judge, hold against what is recorded, record as one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from monitor.domain.facts import InventoryChange
from monitor.domain.point import Point, PointStatus
from monitor.domain.profile import Profile, SheetKind
from monitor.domain.region import Region, RegionTree
from monitor.domain.request import RequestKind
from monitor.domain.weeks import midnight
from monitor.ports import Inventory, InventoryBatch
from monitor.services.importing.cells import text_of
from monitor.services.importing.codes import Words
from monitor.services.importing.derived_points import DerivedPoints
from monitor.services.importing.device_import import DeviceImport
from monitor.services.importing.device_rows import City
from monitor.services.importing.difference import MISSING, DeviceDifference, PlainDifference
from monitor.services.importing.layout import find_layout
from monitor.services.importing.plain_rows import PointRows, RegionRows
from monitor.services.importing.problems import Rejects
from monitor.services.importing.proposals import Proposals
from monitor.services.importing.sheet import Sheet, SheetError
from monitor.services.importing.terms import Imported, Options, Site
from monitor.services.importing.work import Scope, Work, refuse_most, refuse_no_tree


class ImportDesk:
    """Imports sheets.

    Args:
        inventory: where everything is recorded.
        site: what the site says.
    """

    def __init__(self, inventory: Inventory, *, site: Site) -> None:
        self._inventory = inventory
        self._site = site

    async def regions(self, sheet: Sheet, profile: Profile, *, options: Options, rejects: Rejects) -> Imported:
        """Import the region tree, or a part of it.

        Raises:
            SheetError: the sheet cannot be used as a whole, or the regions would be no tree; nothing was recorded.
            StoreError: nothing was recorded.
        """
        made_at = await self._inventory.revision()
        stored = {region.code: region for region in await self._inventory.regions()}
        work = await self._begin(sheet, profile, options, rejects)
        rows = list(work.rows)  # all codes of a sheet are known before its first parent is judged
        at = work.layout.columns["code"]
        codes = frozenset(text_of(cells[at]) for _, cells in rows if at < len(cells)) - {""}
        reader = RegionRows(work.layout, profile, stored=stored, codes=codes, zone=self._site.zone)
        difference: PlainDifference[Region] = PlainDifference(
            stored, fields=work.layout.columns, plain=("name", "name_en"), **work.terms()
        )
        taken: dict[str, Region] = {}
        for row in rows:
            region, problems = reader.read(row)
            if work.judge(row, problems) and region is not None:
                taken[region.code] = region
                difference.take(region)
        refuse_no_tree({**stored, **taken}, sheet)
        work.missing = len(stored.keys() - reader.lines.keys())
        return await self._record(
            work,
            difference,
            InventoryBatch(regions=difference.written, changes=difference.changes, made_at=made_at),
            reader.words,
        )

    async def points(self, sheet: Sheet, profile: Profile, *, options: Options, rejects: Rejects) -> Imported:
        """Import the plan's points.

        Raises:
            SheetError: the sheet cannot be used as a whole; nothing was recorded.
            StoreError: nothing was recorded.
        """
        made_at = await self._inventory.revision()
        stored = {point.id: point for point in await self._inventory.points()}
        tree = await self._tree(sheet)
        work = await self._begin(sheet, profile, options, rejects)
        today = self._midnight(options.at)
        reader = PointRows(work.layout, profile, tree=tree, zone=self._site.zone, required_from=today)
        scope = Scope(tree, options.region, sheet)
        difference: PlainDifference[Point] = PlainDifference(
            stored, fields=work.layout.columns, plain=("name",), **work.terms()
        )
        for row in work.rows:
            point, problems = reader.read(row)
            problems += scope.problems(row, point.region if point else None, work.layout)
            if work.judge(row, problems) and point is not None:
                difference.take(point)
        living = [each for each in stored.values() if each.status is not PointStatus.RETIRED]
        missing = [each for each in living if each.id not in reader.lines and scope.holds(each.region)]
        work.missing = len(missing)
        if options.retire_missing and not options.region:
            refuse_most(len(missing), of=len(living), sheet=sheet)
        if options.retire_missing:
            for point in missing:
                work.proposals.ask(RequestKind.POINT, point, [("status", PointStatus.RETIRED.value)], why=MISSING)
        return await self._record(
            work,
            difference,
            InventoryBatch(points=difference.written, changes=difference.changes, made_at=made_at),
            reader.words,
        )

    async def devices(self, sheet: Sheet, profile: Profile, *, options: Options, rejects: Rejects) -> Imported:
        """Import devices with their records.

        Raises:
            SheetError: the sheet cannot be used as a whole; nothing was recorded.
            StoreError: nothing was recorded.
        """
        made_at = await self._inventory.revision()
        work = await self._begin(sheet, profile, options, rejects)
        reading = await self._device_import(work)
        batch = replace(reading.read(), made_at=made_at)
        difference, words = reading.difference, reading.words
        del reading  # what was remembered of 250,000 rows would stay beside what is written
        return await self._record(work, difference, batch, words)

    async def _device_import(self, work: Work) -> DeviceImport:
        site, options = self._site, work.options
        tree = await self._tree(work.sheet)
        point_ids = {point.id for point in await self._inventory.points()}
        city = City(
            tree=tree,
            bounds=site.bounds,
            zone=site.zone,
            protocols=site.protocols,
            points=point_ids,
            retention_days=site.retention_days,
            at=options.at,
        )
        points = DerivedPoints(point_ids, required_from=self._midnight(options.at)) if options.derive_points else None
        return DeviceImport(
            work,
            city,
            stored={device.id: device for device in await self._inventory.devices()},
            records={record.device_id: record for record in await self._inventory.records()},
            scope=Scope(tree, options.region, work.sheet),
            points=points,
        )

    async def _begin(self, sheet: Sheet, profile: Profile, options: Options, rejects: Rejects) -> Work:
        rows = sheet.rows()
        layout = find_layout(sheet, rows, profile)
        rejects.begin(layout.above, kept=frozenset(layout.columns.values()))
        proposals = Proposals(
            await self._inventory.requests(),
            await self._inventory.exemption_versions(),
            rules=self._site.exemptions,
            author=options.author,
            source=sheet.head.name,
            zone=self._site.zone,
            at=options.at,
        )
        return Work(sheet, profile, layout, rows, options, rejects, proposals)

    async def _tree(self, sheet: Sheet) -> RegionTree:
        regions = await self._inventory.regions()
        if not regions:
            raise SheetError(
                f"{sheet.head.name}: 清单中还没有行政区划，请先 vidnet import regions · "
                "the inventory has no regions yet: first vidnet import regions"
            )
        return RegionTree(regions)

    def _midnight(self, at: int) -> int:
        zone = self._site.zone
        return midnight(datetime.fromtimestamp(at, zone).date(), zone)

    async def _record(
        self,
        work: Work,
        difference: DeviceDifference | PlainDifference[Point] | PlainDifference[Region],
        batch: InventoryBatch,
        words: Mapping[str, Words],
    ) -> Imported:
        """Record the batch, unless nothing is to be recorded, and give what was found."""
        judgement, proposals, options, head = work.judgement, work.proposals, work.options, work.sheet.head
        imported = Imported(
            kind=work.profile.kind,
            file=head.name,
            sha256=head.sha256,
            profile=work.profile.name,
            rows=judgement.rows,
            accepted=judgement.rows - judgement.rejected,
            rejected=judgement.rejected,
            warned=len(judgement.warned),
            added=difference.added,
            changed=difference.changed,
            unchanged=difference.unchanged,
            missing=work.missing,
            proposals=[*(each.id for each in proposals.requests), *(each.id for each in proposals.exemptions)],
            points_added=len(batch.points) if work.profile.kind is SheetKind.DEVICES else 0,
            left_out=work.layout.left_out,
            unknown_columns=work.layout.unknown,
            unknown_codes={
                work.layout.heading(name): dict(each.unknown.most_common())
                for name, each in words.items()
                if each.unknown and name in work.layout.columns
            },
            problems=judgement.problems,
            problem_count=judgement.total,
            notes=work.notes,
        )
        holds_something = any(
            (batch.regions, batch.points, batch.devices, batch.records, batch.changes, *imported.proposals)
        )
        if options.dry_run or (options.strict and judgement.rejected) or not holds_something:
            return imported
        text = f"{head.name}: {imported.added} added, {imported.changed} changed, {len(proposals)} proposed"
        entry = InventoryChange(
            entity="import",
            entity_id=work.profile.kind.value,
            field="",
            old="",
            new=text,
            at=options.at,
            author=options.author,
            reason=work.reason,
            recorded_at=options.at,
            document=f"sha256:{head.sha256}",
        )
        await self._inventory.record(
            replace(
                batch,
                changes=[entry, *batch.changes],
                requests=proposals.requests,
                exemptions=proposals.exemptions,
            )
        )
        imported.recorded = True
        return imported
