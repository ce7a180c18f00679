"""BookingSync: the envelope, and where a page ends."""

import pytest

from providers.bookingsync.envelope import linked_ids, open_envelope
from providers.errors import UpstreamInvalid
from tests.providers.bookingsync.plugin_canned import answer

URL = "https://www.bookingsync.com/api/v3/rentals"


def page(body: dict, headers: dict | None = None, number: int = 1):
    return open_envelope(answer({"rentals": [{"id": 1}], **body}, headers), "rentals", number)


def link(**rels: str) -> dict[str, str]:
    return {"link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in rels.items())}


def test_next_page_comes_from_the_link_header_first():
    headers = link(first=f"{URL}?page=1", next=f"{URL}?per_page=50&page=3", last=f"{URL}?page=9")
    meta = {"Link": {"next": f"{URL}?page=7"}, "X-Total-Pages": "9"}
    assert page({"meta": meta}, headers, 2).next_page == 3


def test_link_header_without_next_ends_the_walk_though_the_page_is_full():
    assert page({}, link(first=f"{URL}?page=1", prev=f"{URL}?page=1", last=f"{URL}?page=2"), 2).next_page is None


def test_next_page_comes_from_the_mirror_in_meta_without_a_header():
    assert page({"meta": {"Link": {"next": f"{URL}?page=2", "last": f"{URL}?page=5"}}}).next_page == 2
    assert page({"meta": {"Link": {"first": f"{URL}?page=1", "last": f"{URL}?page=1"}}}).next_page is None


def test_next_page_is_counted_by_the_number_of_pages_without_links():
    assert page({}, {"x-total-pages": "3"}, 2).next_page == 3
    assert page({"meta": {"X-Total-Pages": "3"}}, None, 3).next_page is None


def test_without_any_paging_information_an_empty_page_ends_the_walk():
    assert page({}, None, 4).next_page == 5
    assert page({"rentals": []}, None, 5).next_page is None


def test_next_link_to_another_host_gives_only_its_page_number():
    assert page({}, link(next="https://evil.example/steal?page=2&access_token=x")).next_page == 2


@pytest.mark.parametrize("url", [f"{URL}?page=1", f"{URL}?page=0", f"{URL}?page=-4"])
def test_next_link_that_does_not_go_forward_ends_the_walk(url):
    assert page({}, link(next=url)).next_page is None


def test_next_link_without_a_number_means_the_following_page():
    assert page({}, link(next=f"{URL}?cursor=abc"), 4).next_page == 5
    assert page({}, link(next="http://[broken"), 4).next_page == 5


def test_total_comes_from_the_header_or_its_mirror_as_text():
    assert page({}, {"x-total-count": "114"}).total == 114
    assert page({"meta": {"X-Total-Count": "7"}}).total == 7
    assert page({"meta": {"X-Total-Count": "many"}}).total is None


def test_main_key_is_the_resource_and_never_the_first_list():
    opened = open_envelope(answer({"photos": [{"id": 9}], "rentals": [{"id": 1}]}), "rentals", 1)
    assert opened.records == [{"id": 1}]


def test_single_record_under_the_plural_key_is_a_list_of_one():
    assert open_envelope(answer({"rentals": {"id": 1}}), "rentals", 1).records == [{"id": 1}]


@pytest.mark.parametrize("body", [{"photos": []}, [], "text", None, {"rentals": 5}])
def test_body_that_is_no_envelope_of_the_resource_is_invalid(body):
    with pytest.raises(UpstreamInvalid):
        open_envelope(answer(body), "rentals", 1)


def test_links_hold_one_many_none_or_an_object_with_a_type():
    record = {"links": {"one": 5, "many": [1, "2", None], "none": None, "tax": {"id": 3, "type": "Rental"}}}
    assert [linked_ids(record, name) for name in ("one", "many", "none", "tax", "absent")] == [
        ["5"],
        ["1", "2"],
        [],
        ["3"],
        [],
    ]
    assert linked_ids({"links": "odd"}, "one") == linked_ids("odd", "one") == []
