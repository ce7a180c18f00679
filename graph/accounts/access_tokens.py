"""Access tokens of an identity provider (JWT), as an alternative to API keys.

Only signatures by a private key are accepted (RS256, ES256, EdDSA): with a shared secret, or with none, whoever knows
the provider's public key could sign. RFC 8725 (JWT best practices), sections 3.1, 3.8 and 3.9.
"""

import re
import warnings
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from graph.accounts.jwks import KeySets, KeysUnavailable, PublicKey
from graph.accounts.keys import Permission, Scope, Viewer
from graph.accounts.refusals import NotAuthenticated
from providers.upstream.clock import Clock

ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")
"""Ed25519 is the newer name (RFC 9864) of what EdDSA means with such a key."""

MAX_TOKEN = 8192
MAX_KEY_ID = 256
MAX_KNOWN = 10_000
"""Tokens whose signature need not be checked again."""

LEEWAY = 30
"""Seconds by which the provider's clock may differ from ours."""

WORD_PREFIX = "staygraph:"
"""What our words in a token's claims begin with, so that those meant for other services count for nothing here."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_NOT_VALID = "The token is not valid."
_FAR = 253_402_300_799
"""The last second of the year 9999: what comes after it, no calendar can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say, and the claims that say whom it stands for."""

    issuer: str
    audience: str
    tenant_claim: str
    permission_claim: str


@dataclass(frozen=True, slots=True, repr=False)
class _Genuine:
    """A token whose signature is right by this key, the provider's own object of it."""

    key_id: str
    key: PublicKey
    claims: dict[str, Any]


def looks_like_token(credential: str) -> bool:
    """Whether this has the form of a JWT: three parts with dots between them, which no API key has."""
    return credential.count(".") == 2


class AccessTokens:
    """Checks access tokens against the keys that their provider publishes."""

    def __init__(self, expected: Expected, keys: KeySets, clock: Clock) -> None:
        self._expected = expected
        self._keys = keys
        self._clock = clock
        self._registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        self._genuine: OrderedDict[bytes, _Genuine] = OrderedDict()

    async def viewer(self, token: str) -> Viewer:
        """Whom the token stands for. Raises ``NotAuthenticated``.

        Its tenant claim is not looked up here. Only the holder of a genuine token is told what is wrong with it.
        """
        try:
            claims = await self._genuine_claims(token)
            self._check(claims)
        except KeysUnavailable:
            raise NotAuthenticated("Tokens cannot be checked at the moment; try again in a while.") from None
        except ExpiredTokenError:
            raise NotAuthenticated("The token has expired.") from None
        except (InvalidClaimError, MissingClaimError) as error:
            raise NotAuthenticated(_problem(error)) from None
        except (JoseError, ValueError, TypeError):
            # No log line for each: whoever knocks could fill the disk.
            raise NotAuthenticated(_NOT_VALID) from None
        return self._viewer(claims)

    async def _genuine_claims(self, token: str) -> dict[str, Any]:
        """The claims, once the signature was found to be the provider's.

        That is not found out again while the provider's key is the same: clients that stay connected are asked about
        all the time.
        """
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._genuine.get(digest)
        if known is not None and await self._keys.key(known.key_id) is known.key:
            self._genuine.move_to_end(digest)
            return known.claims
        self._genuine.pop(digest, None)
        found = await self._checked(token)
        self._genuine[digest] = found
        if len(self._genuine) > MAX_KNOWN:
            self._genuine.popitem(last=False)
        return found.claims

    async def _checked(self, token: str) -> _Genuine:
        if len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token):
            raise ValueError("no token")
        header = extract_compact(token.encode(), registry=self._registry).headers()
        algorithm, key_id = header.get("alg"), header.get("kid")
        # What must be understood of a header (crit) is nothing that we know.
        if algorithm not in ALGORITHMS or "crit" in header:
            raise ValueError("not accepted")
        if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID:
            raise ValueError("names no key")
        key = await self._keys.key(key_id)
        if key is None or key.get("alg") not in (None, algorithm):
            raise ValueError("no such key")
        with warnings.catch_warnings():
            # The library warns of the name EdDSA, which providers still use.
            warnings.simplefilter("ignore")
            claims = jwt.decode(token, key, registry=self._registry, algorithms=ALGORITHMS).claims
        return _Genuine(key_id, key, claims)

    def _check(self, claims: dict[str, Any]) -> None:
        expected = self._expected
        JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.audience},
            exp={"essential": True},
        ).validate(claims)

    def _viewer(self, claims: dict[str, Any]) -> Viewer:
        tenant = claims.get(self._expected.tenant_claim)
        words = _words(claims.get(self._expected.permission_claim))
        permissions = [each for each in Permission if each.lower() in words]
        if not isinstance(tenant, str):
            raise NotAuthenticated("The token names no tenant.")
        if not permissions:
            raise NotAuthenticated("The token gives no permission here.")
        return Viewer(
            tenant_id=tenant,
            key_id=None,
            scopes=frozenset(each for each in Scope if each.lower() in words),
            permission=permissions[-1],
            expires_at=datetime.fromtimestamp(min(claims["exp"], _FAR), UTC),
        )


def _words(claim: object) -> set[str]:
    """Our words in a claim, which is a text of words (RFC 8693, section 4.2) or a list of them."""
    given: Iterable[object] = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else ()
    folded = (each.lower() for each in given if isinstance(each, str))
    return {each.removeprefix(WORD_PREFIX) for each in folded if each.startswith(WORD_PREFIX)}


def _problem(error: InvalidClaimError | MissingClaimError) -> str:
    # A claim that is missing is named beside others that are missing, too.
    claims = error.claim.split(",")
    if claims in (["nbf"], ["iat"]):
        return "The token is not valid yet."
    name = next((words for claim, words in _CHECKED.items() if claim in claims), None)
    return f"The token's {name} is not what this server expects." if name else _NOT_VALID


_CHECKED = {"iss": "issuer", "aud": "audience", "exp": "time of expiry"}
