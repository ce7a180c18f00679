"""Seals secrets for storage. A sealed text opens only with one of our keys and only in the place it was sealed for."""

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32

_FORMAT = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_NONCE_AT = len(_FORMAT) + _KEY_ID_BYTES
_NONCE_END = _NONCE_AT + _NONCE_BYTES

HEAD_BYTES = _NONCE_AT
"""The first bytes of a sealed text tell with which key it was sealed."""


class VaultError(Exception):
    """Something cannot be sealed or opened. The message is for the operator and holds no secret."""


class Vault:
    """AES-256-GCM under several keys: the first seals, all open, so that keys can be replaced one after the other.

    Sealed form: format (1 byte), key id (8), nonce (12), ciphertext with tag; the format, the key id and the context
    are authenticated.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.use(keys)

    def use(self, keys: Sequence[bytes]) -> None:
        """Take other keys from now on. Raises ``VaultError``."""
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise VaultError(f"A vault needs keys of {KEY_BYTES} bytes.")
        self._keys = tuple(keys)
        self._primary = keys[0]
        self._ciphers = {_key_id(key): AESGCM(_derived(key, "seal")) for key in reversed(keys)}
        self._primary_id = _key_id(self._primary)

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt ``plaintext``; only ``open`` with the same ``context`` (the row it is kept in) gives it back."""
        head = _FORMAT + self._primary_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return head + nonce + self._ciphers[self._primary_id].encrypt(nonce, plaintext, head + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The plaintext. Raises ``VaultError`` for another key, another context, or a changed text."""
        head, nonce = sealed[:_NONCE_AT], sealed[_NONCE_AT:_NONCE_END]
        if len(sealed) <= _NONCE_END or head[:1] != _FORMAT:
            raise VaultError("This is not a sealed text of this version of StayGraph.")
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise VaultError(
                "It was sealed with a key that is not among those in use. Put that key back, after the present ones."
            )
        try:
            return cipher.decrypt(nonce, sealed[_NONCE_END:], head + context.encode())
        except InvalidTag:
            raise VaultError("It was changed, or sealed for another place than the one it was found in.") from None

    def is_first(self, sealed: bytes) -> bool:
        """Whether a text, of which the head is enough, was sealed with the first key."""
        return sealed[:_NONCE_AT] == _FORMAT + self._primary_id

    def knows(self, sealed: bytes) -> bool:
        """Whether a text, of which the head is enough, was sealed with one of the keys."""
        return sealed[: len(_FORMAT)] == _FORMAT and sealed[len(_FORMAT) : _NONCE_AT] in self._ciphers

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys in use, the one that seals first."""
        return self._keys

    @property
    def first(self) -> bytes:
        """The key that seals."""
        return self._primary

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for another purpose, such as signing cursors. It changes when the first key is replaced."""
        return _derived(self._primary, f"derived/{purpose}")

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """The key of ``derive``, then those of the ring's other keys, so that what was signed before still holds."""
        return tuple(_derived(key, f"derived/{purpose}") for key in self._keys)


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"staygraph/{purpose}".encode()).derive(key)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(_derived(key, "id")).digest()[:_KEY_ID_BYTES]
