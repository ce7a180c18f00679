"""How messages to tenants' own servers are signed, so that the receiver can tell who sent them."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

SECRET_PREFIX = "sgn_"  # noqa: S105  # not a secret: it makes leaked ones easy to find
TIMESTAMP_HEADER = "StayGraph-Timestamp"
SIGNATURE_HEADER = "StayGraph-Signature"


def secret_text(key: bytes) -> str:
    """A key as the receiver is given it."""
    return SECRET_PREFIX + key.hex()


def signed_headers(secrets: Iterable[str], body: bytes, sent_at: datetime) -> dict[str, str]:
    """What makes a JSON message sent at that moment one of ours.

    A signature is an HMAC with SHA-256 over timestamp (Unix seconds), a point and the body, in hexadecimal. There is
    one for each secret, so that a receiver that still has the former one is not cut off.
    """
    timestamp = str(int(sent_at.timestamp()))
    signed = timestamp.encode() + b"." + body
    signatures = [f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}" for secret in secrets]
    return {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: ",".join(signatures),
    }
