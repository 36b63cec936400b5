"""The text form of the inventory's fields: there and back, and what is not of the form is refused."""

from __future__ import annotations

import pytest

from monitor.domain.fields import FIELDS, id_of, name_of, text_of, with_field
from tests.adapters.entities import DEVICE, POINT, REGION, plain_device

ENTITIES = {"device": DEVICE, "point": POINT, "region": REGION}
PLAIN = {
    "device": plain_device("cam"),
    "point": type(POINT)("P", "370702", POINT.point_class),
    "region": type(REGION)("3707", "潍坊市", REGION.level),
}


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in FIELDS.items() for field in fields])
def test_every_field_goes_to_text_and_back(name: str, field: str) -> None:
    full, plain = ENTITIES[name], PLAIN[name]
    assert name_of(full) == name
    moved = with_field(plain, field, text_of(full, field))
    assert text_of(moved, field) == text_of(full, field)
    assert with_field(moved, field, text_of(plain, field)) == plain


def test_texts_are_those_that_facts_hold() -> None:
    assert id_of(REGION) == "370702"
    assert text_of(DEVICE, "parents") == "path!:上联-1 reporter:平台-1"
    assert text_of(DEVICE, "service_windows") == "0-3600 79200-21600"
    assert text_of(PLAIN["device"], "retired_at") == ""
    assert text_of(POINT, "to_be_networked") == "1"


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        ("device", "point_class", "fifth"),
        ("device", "service_windows", "90000-3"),
        ("device", "service_windows", "28800"),
        ("device", "parents", "uncle:x"),
        ("device", "in_service_from", "tomorrow"),
        ("point", "count", "0"),
        ("point", "count", ""),
        ("point", "required_kinds", "camera toaster"),
        ("point", "to_be_networked", "yes"),
        ("region", "assessed_from", "1.5"),
        ("region", "name", "x"),
    ],
)
def test_what_is_not_of_the_form_is_refused(name: str, field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|has no field|a flag is"):
        with_field(ENTITIES[name], field, text)
