"""Probing documented fields: what it finds, and that it cannot be fooled by names."""

from typing import Any

import pytest

from providers import catalogue
from providers.quality.documented import DocumentedObject, documented_objects, locations
from providers.quality.field_page import field_page, unaccounted
from providers.quality.folder import FileProblem
from providers.quality.probing import Probed, ProbedObject, probing
from providers.quality.variations import altered
from providers.simulation.virtual_time import run_virtually

LISTING = r"^/v1/listings(/\d+)?$"


def documented(fields: tuple[str, ...], **more: Any) -> DocumentedObject:
    facts = {"name": "Listing", "source": "Listings", "read": "listing_page", "at": ("result",), "path": LISTING}
    return DocumentedObject(**{**facts, "fields": fields, **more})


def probed(wanted: DocumentedObject) -> ProbedObject:
    async def probe() -> ProbedObject:
        async with probing(catalogue.plugin("hostaway")) as prober:
            return await prober.probe(wanted)

    return run_virtually(probe())


def test_a_field_is_led_to_what_is_made_of_it() -> None:
    fields = ("id", "price", "currencyCode", "lat", "maxNights", "externalListingName", "specialStatus", "noSuchField")
    told = probed(documented(fields, values={"specialStatus": "archived"}, instead_of={"externalListingName": "name"}))
    found = {each.name: each for each in told.fields}
    assert told.types == ("Listing",)
    assert found["price"].becomes == ("base_price.amount",)
    assert {"currency", "base_price.currency"} <= set(found["currencyCode"].becomes)
    assert found["lat"].becomes == ("location.latitude",)
    assert found["maxNights"].becomes == ("maximum_nights",)
    assert found["externalListingName"].becomes == ("name",)
    assert set(found["specialStatus"].becomes) == {"status", "provider_status"}
    assert found["id"].becomes == ("provider_id",)
    assert not found["noSuchField"].becomes
    assert not found["noSuchField"].is_read


def test_what_nothing_reads_stays_unaccounted_until_a_reason_is_given() -> None:
    told = probed(documented(("price", "noSuchField", "other"), unread={"other": "It is not sent any more."}))
    if any(each.in_raw for each in told.fields):
        assert unaccounted([told]) == []
    else:
        assert unaccounted([told]) == ["Listing.noSuchField is not read"]
    page = field_page(catalogue.plugin("hostaway"), [told])
    assert "| `price` | `basePrice.amount` |" in page


def test_a_reason_for_a_field_that_is_read_is_out_of_date() -> None:
    told = probed(documented(("price",), unread={"price": "Too dear.", "gone": "It went."}))
    assert unaccounted([told]) == [
        "Listing.price is read, although 'Too dear.' says why not",
        "Listing.gone is excused but not documented",
    ]


def test_the_page_tells_the_ways_of_a_field_apart() -> None:
    fields = (
        Probed("a", becomes=("base_price.amount", "line1")),
        Probed("b", in_raw=True),
        Probed("c", decides=True),
        Probed("d"),
        Probed("e"),
    )
    wanted = documented(("a", "b", "c", "d", "e"), unread={"e": "deprecated"})
    page = field_page(
        catalogue.plugin("hostaway"), [ProbedObject(documented=wanted, types=("Listing",), fields=fields)]
    )
    assert page.endswith(
        "| `a` | `basePrice.amount`, `line1` |\n| `b` | `raw` |\n| `c` | which records there are |\n"
        "| `d` | **not read** |\n| `e` | not read: deprecated |\n"
    )


def test_an_object_that_no_read_brings_is_not_read() -> None:
    told = probed(documented(("id",), read="no such read"))
    assert (told.types, unaccounted([told])) == ((), ["Listing.id is not read"])


@pytest.mark.parametrize(
    ("document", "at", "name", "values"),
    [
        ({"result": [{"a": 1}, {"a": 2}]}, "result", "a", [1, 2]),
        ({"result": {"a": 1}}, "result", "a", [1]),
        ({"result": [{"x": [{"a": 1}, None, 7]}, {"x": None}]}, "result.x", "a", [1]),
        ({"result": [{"p": {"q": 5}}, {"p": None}]}, "result", "p.q", [5, None]),
        ([], "result", "a", []),
        ({"other": {}}, "result", "a", []),
    ],
)
def test_fields_are_found_in_documents_of_any_shape(document: Any, at: str, name: str, values: list[Any]) -> None:
    assert [each.value for each in locations(document, at, name)] == values


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (True, False),
        (0, 1),
        (1, 0),
        (7, 8),
        (2.5, 3.5),
        ("12", "13"),
        ("12.50", "13.50"),
        ("2027-02-28T16:00:00Z", "2027-03-01T16:00:00Z"),
        ("word", "wordx"),
        ([1, 2], [2]),
        ({"en": "a"}, {"en": "ax"}),
        (None, None),
        ("0" * 200, "1" * 200),
    ],
)
def test_close_values_are_of_the_same_kind(value: Any, other: Any) -> None:
    assert altered(value) == other


@pytest.mark.parametrize("code", catalogue.plugins())
def test_documented_objects_name_each_field_once(code: str) -> None:
    objects = documented_objects(catalogue.plugin(code))
    assert len({each.name for each in objects}) == len(objects) > 20
    for each in objects:
        assert len(set(each.fields)) == len(each.fields), each.name
        assert {*each.values, *each.instead_of, *each.instead_of.values(), *each.unread} <= set(each.fields), each.name
        assert all(reason.strip() for reason in each.unread.values()), each.name


def test_a_wrong_file_of_documented_fields_is_told_by_its_place(monkeypatch: Any, tmp_path: Any) -> None:
    (tmp_path / "documented.toml").write_text('[[object]]\nname = "A"\n', encoding="utf-8")
    monkeypatch.setattr("providers.quality.documented.folder_of", lambda plugin: tmp_path)
    with pytest.raises(FileProblem, match=r"documented\.toml is wrong at object\.0\.source"):
        documented_objects(catalogue.plugin("hostaway"))
