"""One import under way: its rows, what is judged of them, and what it may touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.domain.profile import Profile
from monitor.domain.region import Region, RegionTree
from monitor.services.importing.cells import text_of
from monitor.services.importing.layout import Layout, looks_like_headings
from monitor.services.importing.problems import Judgement, Problem, Rejects
from monitor.services.importing.proposals import Proposals
from monitor.services.importing.sheet import Row, Sheet, SheetError
from monitor.services.importing.terms import Options

_MANY, _MUCH = 100, 5


class Work:
    """One import under way."""

    def __init__(
        self,
        sheet: Sheet,
        profile: Profile,
        layout: Layout,
        rows: Iterator[Row],
        options: Options,
        rejects: Rejects,
        proposals: Proposals,
    ) -> None:
        self.sheet = sheet
        self.profile = profile
        self.layout = layout
        self.options = options
        self.proposals = proposals
        self.judgement = Judgement()
        self.missing = 0
        self.notes: list[str] = []
        self.reason = f"导入 import {sheet.head.name}"
        self._rows = rows
        self._rejects = rejects

    def terms(self) -> dict[str, Any]:
        """Give what every difference needs."""
        options = self.options
        return {"proposals": self.proposals, "at": options.at, "author": options.author, "reason": self.reason}

    @property
    def rows(self) -> Iterator[Row]:
        """Give the rows below the headings that hold anything.

        Raises:
            SheetError: the headings come again at once, as where a sheet has two lines of them.
        """
        is_first = True
        for line, cells in self._rows:
            if not any(map(text_of, cells)):
                continue
            if is_first and looks_like_headings(cells, self.layout, self.profile):
                raise SheetError(
                    f"{self.sheet.head.name}:{line}: 有两行表头，请只留一行，或在模板中写 header_line = {line} · "
                    f"there are two lines of headings: leave one of them, or say header_line = {line} in the profile"
                )
            is_first = False
            yield line, cells

    def judge(self, row: Row, problems: Sequence[Problem]) -> bool:
        """Count a row, and tell whether it is taken."""
        return self.judgement.take(row, problems, self._rejects)


class Scope:
    """The part of the city that a sheet is of."""

    def __init__(self, tree: RegionTree, region: str, sheet: Sheet) -> None:
        if region and region not in tree:
            raise SheetError(f"{sheet.head.name}: 清单中没有区划 {region} · the inventory has no region {region}")
        self._tree = tree
        self._region = region

    def holds(self, region: str | None) -> bool:
        """Tell whether a region belongs to it."""
        return not self._region or (region is not None and self._region in self._tree.lineage(region))

    def problems(self, row: Row, region: str | None, layout: Layout) -> list[Problem]:
        """Give the problem of a row that is of elsewhere."""
        if region is None or self.holds(region):
            return []
        expected = f"{self._region} 内的区划 · a region within {self._region}, as --region says"
        return [Problem(row[0], layout.heading("region"), region, expected)]


def refuse_no_tree(regions: Mapping[str, Region], sheet: Sheet) -> None:
    """Refuse regions that make no tree.

    Raises:
        SheetError: parents run in a circle.
    """
    try:
        RegionTree(regions.values())
    except ValueError as error:
        raise SheetError(f"{sheet.head.name}: 区划不成树，未导入 · the regions would be no tree: {error}") from error


def refuse_most(missing: int, *, of: int, sheet: Sheet) -> None:
    """Refuse to ask for the retirement of a large part of the city because one county's sheet lacks the others.

    Raises:
        SheetError: more than a hundred and more than a fifth would be asked for.
    """
    if missing > _MANY and missing * _MUCH > of:
        raise SheetError(
            f"{sheet.head.name}: 表中缺少 {of} 中的 {missing}，若只是一个区县的表，请用 --region 指明 · "
            f"it lacks {missing} of {of}: if it is the sheet of one county, say so with --region"
        )
