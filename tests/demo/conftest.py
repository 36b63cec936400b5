from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.adapters.files.regions import read_regions
from monitor.demo.city import City, build_city
from monitor.domain.region import Region
from tests.demo.asking import REGIONS_FILE, Plan, fleet_process

AT = 1_760_000_000


@pytest.fixture(scope="session")
def regions() -> list[Region]:
    return read_regions(REGIONS_FILE)


@pytest.fixture(scope="session")
def city(regions: list[Region]) -> City:
    return build_city(devices=8_000, seed=7, port=18080, regions=regions, at=AT)


@pytest.fixture(scope="session")
def plan(regions) -> Plan:
    return Plan(regions)


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    with fleet_process() as (_process, port):
        yield port
