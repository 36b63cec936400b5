from __future__ import annotations

import pytest

from monitor.domain.account import (
    GUEST,
    RIGHTS,
    Caller,
    Grant,
    Right,
    Role,
    grant_problems,
    name_problem,
    password_problem,
)
from monitor.domain.region import Region, RegionLevel, RegionTree

TREE = RegionTree(
    [
        Region("1", "city", RegionLevel.CITY),
        Region("11", "county", RegionLevel.COUNTY, "1"),
        Region("12", "county", RegionLevel.COUNTY, "1"),
        Region("111", "town", RegionLevel.TOWN, "11"),
        Region("121", "town", RegionLevel.TOWN, "12"),
    ]
)


def caller(*grants: Grant, **more: object) -> Caller:
    return Caller("a", grants, "token", **more)  # type: ignore[arg-type]


def test_nobody_who_keeps_accounts_decides_or_alters_a_figure():
    altering = {Right.PROPOSE, Right.IMPORT, Right.OPERATE, Right.DECIDE, Right.WORK}
    assert not RIGHTS[Role.ADMINISTRATOR] & altering
    assert not RIGHTS[Role.AUDITOR] & (altering | {Right.ADMINISTER})
    assert RIGHTS[Role.VIEWER] == {Right.READ}
    assert RIGHTS[Role.CONTRACTOR] == {Right.WORK}
    assert [role for role, rights in RIGHTS.items() if Right.DECIDE in rights] == [Role.APPROVER]
    assert not GUEST.has(Right.PROPOSE)


def test_a_grant_reaches_its_region_and_below_and_nothing_else():
    one = caller(Grant(Role.REPORTER, "11"))
    assert one.regions(Right.READ, TREE) == ("11",)
    assert [one.may(Right.PROPOSE, code, TREE) for code in ("11", "111", "1", "12", "121", None, "unknown")] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    assert not one.may(Right.DECIDE, "11", TREE)


def test_the_city_is_the_root_with_all_and_whatever_lies_nowhere():
    whole = caller(Grant(Role.VIEWER))
    assert whole.regions(Right.READ, TREE) == ("1",)
    assert all(whole.may(Right.READ, code, TREE) for code in ("1", "121", None, "unknown"))


def test_grants_add_up_and_what_lies_in_another_is_not_named_twice():
    both = caller(Grant(Role.VIEWER, "111"), Grant(Role.OPERATOR, "11"), Grant(Role.APPROVER, "121"))
    assert both.regions(Right.READ, TREE) == ("11", "121")
    assert both.regions(Right.DECIDE, TREE) == ("121",)
    assert both.regions(Right.OPERATE, TREE) == ("11",)


@pytest.mark.parametrize(
    ("region", "expected"), [("11", ("11",)), ("111", ("111",)), ("1", ("11",)), ("12", ()), ("unknown", ())]
)
def test_a_token_reaches_what_both_it_and_its_account_do(region, expected):
    token = caller(Grant(Role.OPERATOR, "11"), region=region, rights=frozenset({Right.READ}))
    assert token.regions(Right.READ, TREE) == expected
    assert token.regions(Right.OPERATE, TREE) == ()
    assert not token.has(Right.OPERATE)


def test_names_passwords_and_grants_are_held_to_the_rules():
    assert name_problem("张三") == name_problem("li.si-2@x") == ""
    assert all(name_problem(name) for name in ("", " a", "a b", "as:x", "guest", "Guest", "<b>", "x" * 65, "a\n"))
    assert password_problem("correct horse battery", name="li") == ""
    assert all(password_problem(p, name="wang") for p in ("short", "aaaaaaaaaaaa", "x-wang-12345", "y" * 300))
    assert grant_problems([Grant(Role.VIEWER, "11")], TREE) == []
    assert len(grant_problems([Grant(Role.VIEWER, "13"), Grant(Role.CONTRACTOR)], TREE)) == 2
    assert grant_problems([Grant(Role.ADMINISTRATOR), Grant(Role.AUDITOR)], TREE) == []
    assert len(grant_problems([Grant(Role.ADMINISTRATOR), Grant(Role.APPROVER)], TREE)) == 1
