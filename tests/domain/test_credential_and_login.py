"""Which group a device logs in with, and when a login is allowed at all."""

from __future__ import annotations

import pytest

from monitor.domain.credential import CredentialGroup, choose_group
from monitor.domain.login import BROKEN_FROM, MAX_REFUSALS, Login, LoginRecord, Trial

GENERAL = CredentialGroup("general", 1, 0)
VENDOR = CredentialGroup("vendor", 1, 0, vendor="鸢安")
CITY = CredentialGroup("city", 1, 0, region="370700")
COUNTY = CredentialGroup("county", 1, 0, region="370783")
COUNTY_VENDOR = CredentialGroup("county_vendor", 1, 0, region="370783", vendor="鸢安")
LISTED = CredentialGroup("listed", 1, 0, listed=frozenset({"d1"}))
ALL = (GENERAL, VENDOR, CITY, COUNTY, COUNTY_VENDOR, LISTED)
LINEAGE = ("370783001", "370783", "370700")


@pytest.mark.parametrize(
    ("device_id", "vendor", "lineage", "expected"),
    [
        ("d1", "鸢安", LINEAGE, "listed"),
        ("d2", "鸢安", LINEAGE, "county_vendor"),
        ("d2", "海岱", LINEAGE, "county"),
        ("d2", "海岱", ("370702001", "370702", "370700"), "city"),
        ("d2", "鸢安", ("110000",), "vendor"),
        ("d2", "", (), "general"),
    ],
)
def test_the_nearest_group_is_chosen(device_id, vendor, lineage, expected):
    for groups in (ALL, ALL[::-1]):
        found = choose_group(groups, device_id, vendor=vendor, lineage=lineage)
        assert found is not None
        assert found.name == expected


def test_a_group_named_by_the_endpoint_is_taken_and_no_other():
    assert choose_group(ALL, "d1", named="city") is CITY
    assert choose_group(ALL, "d1", named="gone") is None
    assert choose_group((VENDOR,), "d1", vendor="海岱") is None


def test_two_refusals_of_a_version_are_the_end_until_it_changes_or_an_operator_says_so():
    record = LoginRecord()
    for _ in range(MAX_REFUSALS):
        assert record.may_try("g", 1)
        record = record.after(Login.REFUSED, "g", 1)
    assert not record.may_try("g", 1)
    assert record.may_try("g", 2)
    assert record.allowed_again().may_try("g", 1)
    assert record.after(Login.HELD, "g", 1) == record
    assert record.after(Login.REFUSED, "g", 2).refusals == 1


def test_an_acceptance_is_remembered_and_clears_refusals():
    record = LoginRecord().after(Login.REFUSED, "g", 1).after(Login.ACCEPTED, "g", 1)
    assert record.refusals == 0
    assert record.was_accepted("g", 1)
    assert not record.was_accepted("g", 2)
    assert record.after(Login.REFUSED, "g", 2).was_accepted("g", 1)


def test_a_version_that_many_refuse_is_broken_itself():
    assert not Trial(accepted=0, refused=BROKEN_FROM - 1).is_broken
    assert Trial(accepted=3, refused=BROKEN_FROM).is_broken
    assert not Trial(accepted=500, refused=BROKEN_FROM).is_broken
