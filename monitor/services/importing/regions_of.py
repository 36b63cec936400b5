"""The region that a code of a sheet means, and what an id in it begins with."""

from __future__ import annotations

from monitor.domain.region import RegionLevel, RegionTree

_ZONE = "zone"


class RegionFinder:
    """Finds regions by the codes that sheets use; each code is looked up once.

    A code of 8 digits as GB/T 28181 uses it is the county's six and two of the town's nine (37070201 for 370702001);
    one of 12 digits may be a county or a town with zeros behind.
    """

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._found: dict[str, str | None] = {}
        self._prefixes: dict[str, str] = {}

    def find(self, text: str) -> str | None:
        """Give the code of the region that a code means, None where there is none."""
        if text not in self._found:
            self._found[text] = next((code for code in _readings(text) if code in self._tree), None)
        return self._found[text]

    def prefix(self, code: str) -> str:
        """Give what a GB/T 28181 id of a device in this region begins with; "" where the region's code does not tell.

        The ids of the city's own platforms begin with the city's code wherever they stand (`of_city`). Functional zones
        have codes of their own, and the ids in them those of the county that they lie in.
        """
        if code not in self._prefixes:
            self._prefixes[code] = self._prefix(code)
        return self._prefixes[code]

    @staticmethod
    def of_city(prefix: str) -> str:
        """Give the city's six digits for a county's."""
        return f"{prefix[:4]}00"

    def _prefix(self, code: str) -> str:
        county = self._tree.ancestor_at(code, RegionLevel.COUNTY)
        region = self._tree.get(county or code)
        if region is None or not (region.code.isascii() and region.code.isdigit() and len(region.code) in (4, 6)):
            return ""
        if county:
            return "" if region.rank_group == _ZONE else region.code
        return region.code[:4]


def _readings(text: str) -> list[str]:
    readings = [text]
    if text.isascii() and text.isdigit():
        if len(text) == 8:
            readings += [f"{text[:6]}0{text[6:]}"]
            readings += [text[:6]] if text.endswith("00") else []
        while len(text) > 6 and text.endswith("000"):
            text = text[:-3]
            readings.append(text)
    return readings
