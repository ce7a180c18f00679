"""The vault: opens what it sealed, with old keys too, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.vault import Vault, VaultError

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(max_size=200), st.text("a/é", max_size=10))
def test_what_was_sealed_opens_in_its_context(plaintext: bytes, context: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(plaintext, context=context)
    assert vault.open(sealed, context=context) == plaintext
    with pytest.raises(VaultError, match="another place"):
        vault.open(sealed, context=context + "x")


def test_the_same_text_is_sealed_differently_each_time_and_does_not_show() -> None:
    vault = Vault([OLD])
    first, second = (vault.seal(b"secret text", context="c") for _ in range(2))
    assert first != second
    assert b"secret" not in first


@given(st.data())
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    vault = Vault([OLD])
    sealed = bytearray(vault.seal(b"secret", context="c"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError):
        vault.open(bytes(sealed), context="c")


@pytest.mark.parametrize(
    "garbage", [b"", b"\x01", b"\x01" * 20, b"\x01" * 21, b"gAAAAABm-a-fernet-token-of-some-length"]
)
def test_texts_that_nobody_sealed_are_refused(garbage: bytes) -> None:
    with pytest.raises(VaultError):
        Vault([OLD]).open(garbage, context="c")


def test_after_rotation_old_texts_open_and_new_ones_use_the_new_key() -> None:
    old_text = Vault([OLD]).seal(b"old", context="c")
    rotated = Vault([NEW, OLD])
    assert rotated.open(old_text, context="c") == b"old"
    new_text = rotated.seal(b"new", context="c")
    assert Vault([NEW]).open(new_text, context="c") == b"new"
    with pytest.raises(VaultError, match="key"):
        Vault([OLD]).open(new_text, context="c")


def test_a_missing_key_is_told_apart_from_a_damaged_text() -> None:
    sealed = Vault([OLD]).seal(b"x", context="c")
    with pytest.raises(VaultError, match="not among those in use"):
        Vault([NEW]).open(sealed, context="c")


def test_derived_keys_differ_by_purpose_and_by_key_and_stay_the_same() -> None:
    vault = Vault([OLD, NEW])
    assert vault.derive("cursors") == Vault([OLD]).derive("cursors")
    assert len({vault.derive("cursors"), vault.derive("other"), Vault([NEW]).derive("cursors"), OLD}) == 4


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b""]])
def test_a_vault_needs_keys_of_the_right_length(keys: list[bytes]) -> None:
    with pytest.raises(VaultError):
        Vault(keys)


def test_derived_keys_of_the_whole_ring_begin_with_the_one_in_use() -> None:
    old, new = b"o" * 32, b"n" * 32
    ring = Vault([new, old])
    assert ring.derived("x") == (ring.derive("x"), Vault([old]).derive("x"))
    assert len({*ring.derived("x"), *ring.derived("y")}) == 4
