"""An identity provider of the test's own: makes keys, signs tokens, and publishes its public keys over HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
import warnings
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from starlette.requests import Request
from starlette.responses import Response

ISSUER = "https://login.example.com/"
AUDIENCE = "https://stays.example.com"
KIDS = {"RS256": "rsa-1", "ES256": "ec-1", "EdDSA": "ed-1"}
_RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})


class IdentityProvider:
    """What it publishes is ``published``, with ``status``; ``asked`` counts the requests for it, which
    wait while ``gate`` is not set."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {
            "rsa-1": _RSA,
            "ec-1": ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"}),
            "ed-1": OKPKey.generate_key("Ed25519", {"kid": "ed-1"}),
        }
        self.published = sorted(self.keys)
        self.status = 200
        self.body: bytes | None = None
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()

    def add(self, kid: str) -> None:
        """Make another key and publish it."""
        self.keys[kid] = ECKey.generate_key("P-256", {"kid": kid})
        self.published.append(kid)

    def jwks(self) -> bytes:
        shown = [self.keys[kid].as_dict(private=False) for kid in self.published]
        return json.dumps({"keys": shown}).encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI app of the address where the keys are."""
        if scope["type"] != "http":
            return
        await Request(scope, receive).body()
        self.asked += 1
        self.waiting.set()
        await self.gate.wait()
        body = self.jwks() if self.body is None else self.body
        await Response(body, status_code=self.status, media_type="application/json")(scope, receive, send)

    def token(self, now: float, *, alg: str = "RS256", kid: str | None = None, key: Any = None, **claims: Any) -> str:
        """A token that is good at ``now`` (seconds since 1970) unless ``claims`` say otherwise; None leaves one out."""
        kid = KIDS.get(alg, "rsa-1") if kid is None else kid
        said = standard_claims(now) | claims
        with warnings.catch_warnings():
            # The library warns of the name EdDSA, and of weak keys.
            warnings.simplefilter("ignore")
            return jwt.encode(
                {"alg": alg, "kid": kid},
                {name: value for name, value in said.items() if value is not None},
                self.keys[kid] if key is None else key,
                algorithms=[alg],
            )


def standard_claims(now: float) -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-1",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + 300,
        "tenant": "default",
        "scope": "openid staygraph:read",
    }


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    """A token as no library would make it: unsigned, or signed (HS256) with ``secret``."""
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = b"" if secret is None else hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + _encoded(signature)).decode()


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
