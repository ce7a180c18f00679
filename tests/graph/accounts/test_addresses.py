"""Which redirect and notification addresses a tenant may give."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.addresses import check_address, is_public


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com",
        "https://app.example.com:8443/connected?account=1&x=%20#/done",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]/hook",
        "HTTPS://App.Example.Com./hook",
        "https://a_b.example.com/",
    ],
)
def test_servers_on_the_internet_are_accepted(url: str) -> None:
    assert check_address(url, allow_private=False) is None


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "not an http"),
        ("app.example.com", "not an http"),
        ("//app.example.com", "not an http"),
        ("https:///path", "not an http"),
        ("ftp://app.example.com", "not an http"),
        ("javascript:alert(1)", "not an http"),
        ("javascript://app.example.com/%0aalert(1)", "not an http"),
        ("data:text/html,x", "not an http"),
        ("file:///etc/passwd", "not an http"),
        ("https://user@app.example.com", "user name"),
        ("https://user:secret@app.example.com", "user name"),
        ("https://@app.example.com", "user name"),
        ("https://good.example\\@evil.example/", "characters"),
        ("https://app.example.com/a b", "characters"),
        ("https://app.example.com/\r\nSet-Cookie:x", "characters"),
        ("https://bücher.example/", "characters"),
        ("https://app.example.com:99999/", "not an address"),
        ("https://app.example.com:0/", "port 0"),
        ("https://[::1/", "not an address"),
        ("https://-a.example/", "host"),
        ("https://a..example/", "host"),
        ("https://1.2.3.4.5/", "host"),
        ("https://999.1.1.1/", "host"),
        ("https://app.example.com/" + "x" * 2000, "2024 characters"),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_web_address_is_refused_everywhere(url: str, wrong: str, allow_private: bool) -> None:
    assert wrong in (check_address(url, allow_private=allow_private) or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com",
        "https://localhost/",
        "https://localhost./",
        "https://api.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://192.0.2.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:db8::1]/",
    ],
)
def test_private_places_are_refused_unless_the_settings_allow_them(url: str) -> None:
    assert check_address(url, allow_private=False) is not None
    assert check_address(url, allow_private=True) is None


def test_fragments_are_for_browsers_only() -> None:
    assert check_address("https://app.example.com/#/done", allow_private=False) is None
    assert "#" in (check_address("https://app.example.com/#/done", allow_private=False, fragment=False) or "")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_disguise(address: IPv4Address) -> None:
    allowed = is_public(address)
    number = int(address)
    disguises = [
        str(address),
        str(number),
        hex(number),
        f"[::ffff:{address}]",
        f"[{IPv6Address((0x64FF9B << 96) | number)}]",
        f"[{IPv6Address((0x2002 << 112) | (number << 80))}]",
    ]
    for host in disguises:
        assert (check_address(f"https://{host}/", allow_private=False) is None) == allowed, host


@given(st.ip_addresses(v=6))
def test_private_ipv6_addresses_are_never_public(address: IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        inner = address.ipv4_mapped or address.sixtofour
        assert not is_public(address) or inner is not None


def test_addresses_of_the_internet_are_public() -> None:
    assert all(is_public(ip_address(each)) for each in ("8.8.8.8", "1.1.1.1", "2606:4700::1111"))


@given(st.text(max_size=60))
def test_any_text_is_judged_without_failing(text: str) -> None:
    for allow_private in (False, True):
        check_address(text, allow_private=allow_private)
        check_address(f"https://{text}/", allow_private=allow_private)
