"""Authors: what `--as` says of itself."""

from __future__ import annotations

import pytest

from monitor.domain.author import is_verified, same_author, shown, unverified


def test_a_name_that_nobody_checked_is_marked_once():
    assert unverified(" 张  三 ") == "as:张 三"
    assert unverified("as:张三") == "as:张三"
    assert not is_verified("as:张三")
    assert is_verified("zhang.san")
    with pytest.raises(ValueError, match="has a name"):
        unverified("  ")


@pytest.mark.parametrize("other", ["as:Zhang San", "zhang san", " ZHANG  SAN "])
def test_spacing_case_and_the_mark_make_nobody_another_person(other: str):
    assert same_author("as:Zhang San", other)
    assert not same_author(other, "as:Li Si")


def test_people_see_the_mark():
    assert shown("as:张三") == "张三 (未核实 unverified)"
    assert shown("zhang") == "zhang"
    assert shown("") == ""
