"""Access tokens of an identity provider, checked against the keys that it publishes on a real server."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from graph.accounts import access_tokens
from graph.accounts.access_tokens import LEEWAY, AccessTokens, Expected
from graph.accounts.jwks import FRESH_SECONDS, MAX_BYTES, PAUSE_SECONDS, STALE_SECONDS, KeySets
from graph.accounts.keys import Permission, Scope, Viewer
from graph.accounts.refusals import NotAuthenticated
from tests.gateway_world import serving
from tests.identity_provider import AUDIENCE, ISSUER, IdentityProvider, by_hand, standard_claims

PLAIN = "The token is not valid."


@dataclass
class Door:
    """The tokens' check, the provider behind it, and the clock of both."""

    tokens: AccessTokens
    provider: IdentityProvider
    clock: Any

    def token(self, **options: Any) -> str:
        return self.provider.token(self.clock.now().timestamp(), **options)

    async def admit(self, **options: Any) -> Viewer:
        return await self.tokens.viewer(self.token(**options))

    async def refusal(self, token: str | None = None, **options: Any) -> str:
        with pytest.raises(NotAuthenticated) as caught:
            await self.tokens.viewer(self.token(**options) if token is None else token)
        return str(caught.value)


@pytest.fixture
async def door(clock: Any) -> AsyncIterator[Door]:
    provider = IdentityProvider()
    expected = Expected(issuer=ISSUER, audience=AUDIENCE, tenant_claim="tenant", permission_claim="scope")
    async with serving(provider) as url:
        keys = KeySets(f"{url}/keys", clock)
        yield Door(AccessTokens(expected, keys, clock), provider, clock)
        await keys.aclose()


# Who is let in.


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
async def test_a_good_token_says_who_its_holder_is(door: Door, alg: str) -> None:
    viewer = await door.admit(alg=alg, tenant="ten_a", scope="openid staygraph:write staygraph:raw")
    assert (viewer.tenant_id, viewer.key_id) == ("ten_a", None)
    assert (viewer.permission, viewer.scopes) == (Permission.WRITE, {Scope.RAW})
    assert viewer.expires_at is not None
    assert viewer.expires_at.timestamp() == int(door.clock.now().timestamp()) + 300


@pytest.mark.parametrize(
    ("claim", "permission", "scopes"),
    [
        ("staygraph:read", Permission.READ, set()),
        ("staygraph:admin staygraph:read staygraph:write", Permission.ADMIN, set()),
        (["staygraph:read", "staygraph:any_tenant"], Permission.READ, {Scope.ANY_TENANT}),
        (["StayGraph:Admin", "staygraph:raw", 7, None], Permission.ADMIN, {Scope.RAW}),
    ],
)
async def test_words_are_a_text_or_a_list(door: Door, claim: Any, permission: Permission, scopes: set[Scope]) -> None:
    viewer = await door.admit(scope=claim)
    assert (viewer.permission, viewer.scopes) == (permission, scopes)


@pytest.mark.parametrize(
    "claim", [None, "", "read admin", "ADMIN", "staygraph:raw", "other:admin", {"staygraph:admin": 1}, 7]
)
async def test_words_that_are_not_ours_give_no_permission(door: Door, claim: Any) -> None:
    assert await door.refusal(scope=claim) == "The token gives no permission here."


@pytest.mark.parametrize("tenant", [None, 7, ["default"], {}])
async def test_a_token_must_name_a_tenant(door: Door, tenant: Any) -> None:
    assert await door.refusal(tenant=tenant) == "The token names no tenant."


async def test_one_of_several_audiences_may_be_ours(door: Door) -> None:
    assert (await door.admit(aud=["https://other.example", AUDIENCE])).tenant_id == "default"


# What a genuine token may say wrong.


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"iss": "https://login.example.com"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"aud": "https://other.example"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": AUDIENCE + "/"}, "audience"),
        ({"exp": None}, "time of expiry"),
        ({"exp": "tomorrow"}, "time of expiry"),
        ({"exp": True}, "time of expiry"),
        ({"exp": float("nan")}, "time of expiry"),
        ({"exp": float("inf")}, "time of expiry"),
    ],
)
async def test_a_token_for_another_purpose_is_refused(door: Door, claims: dict[str, Any], says: str) -> None:
    assert await door.refusal(**claims) == f"The token's {says} is not what this server expects."


async def test_a_token_is_good_up_to_its_end_and_a_little_longer(door: Door) -> None:
    now = int(door.clock.now().timestamp())
    await door.admit(exp=now - LEEWAY + 1)
    assert await door.refusal(exp=now - LEEWAY) == "The token has expired."


async def test_a_token_is_good_from_its_beginning_and_a_little_earlier(door: Door) -> None:
    now = int(door.clock.now().timestamp())
    await door.admit(nbf=now + LEEWAY)
    assert await door.refusal(nbf=now + LEEWAY + 1) == "The token is not valid yet."
    assert await door.refusal(iat=now + LEEWAY + 1) == "The token is not valid yet."


async def test_an_end_beyond_all_calendars_is_an_end(door: Door) -> None:
    viewer = await door.admit(exp=10**18)
    assert viewer.expires_at is not None
    assert viewer.expires_at.year == 9999


# What is not genuine: all of it is refused in the same words.


async def test_a_token_that_was_changed_is_refused(door: Door) -> None:
    header, payload, signature = door.token(scope="staygraph:read").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "staygraph:admin"}).encode()).rstrip(b"=").decode()
    assert await door.refusal(f"{header}.{more}.{signature}") == PLAIN
    assert await door.refusal(f"{header}.{payload}.{signature[:-8]}AAAAAAAA") == PLAIN
    assert await door.refusal(f"{header}.{payload}.") == PLAIN
    other = door.token(scope="staygraph:admin").split(".")
    assert await door.refusal(f"{header}.{other[1]}.{signature}") == PLAIN


async def test_an_unsigned_token_is_refused(door: Door) -> None:
    claims = standard_claims(door.clock.now().timestamp())
    for alg in ("none", "None", "NONE", "", None, 7, ["RS256"]):
        assert await door.refusal(by_hand({"alg": alg, "kid": "rsa-1"}, claims)) == PLAIN


async def test_a_public_key_is_no_shared_secret(door: Door) -> None:
    """Algorithm confusion: HS256 with what everybody can read, the provider's public key."""
    claims = standard_claims(door.clock.now().timestamp())
    key = door.provider.keys["rsa-1"]
    published = json.dumps(key.as_dict(private=False)).encode()
    for secret in (key.as_pem(private=False), published, key.as_der(private=False), b""):
        assert await door.refusal(by_hand({"alg": "HS256", "kid": "rsa-1"}, claims, secret)) == PLAIN


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256"])
async def test_other_algorithms_are_refused_even_if_well_signed(door: Door, alg: str) -> None:
    assert await door.refusal(alg=alg) == PLAIN


async def test_a_key_counts_only_with_its_own_algorithm(door: Door) -> None:
    claims = standard_claims(door.clock.now().timestamp())
    for alg, kid in (("ES256", "rsa-1"), ("EdDSA", "rsa-1"), ("RS256", "ec-1"), ("ES256", "ed-1")):
        assert await door.refusal(by_hand({"alg": alg, "kid": kid}, claims, b"x" * 32)) == PLAIN


async def test_a_key_that_comes_with_the_token_counts_for_nothing(door: Door) -> None:
    own = ECKey.generate_key("P-256", {"kid": "ec-1"})
    assert await door.refusal(alg="ES256", key=own) == PLAIN
    claims = standard_claims(door.clock.now().timestamp())
    header = {"alg": "ES256", "kid": "ec-1", "jwk": own.as_dict(private=False), "jku": "http://127.0.0.1:1/keys"}
    assert await door.refusal(by_hand(header, claims, b"x")) == PLAIN


async def test_what_must_be_understood_is_not(door: Door) -> None:
    claims = standard_claims(door.clock.now().timestamp())
    for crit in (["b64"], ["exp"], []):
        assert (
            await door.refusal(by_hand({"alg": "RS256", "kid": "rsa-1", "crit": crit, "b64": False}, claims)) == PLAIN
        )


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "a.b.c",
        "a.b.",
        "e30.e30.e30",
        "x" * 9000 + ".b.c",
        "W10.W10.W10",
        "bnVsbA.e30.",
        "é.é.é",
        "eyJ9.e30.e30",
        "a.b.c\n",
    ],
)
async def test_what_is_no_token_is_refused(door: Door, text: str) -> None:
    assert await door.refusal(text) == PLAIN
    assert door.provider.asked == 0  # nobody makes us fetch with rubbish


async def test_a_token_must_name_its_key(door: Door) -> None:
    claims = standard_claims(door.clock.now().timestamp())
    for kid in ({}, {"kid": ""}, {"kid": 7}, {"kid": "x" * 257}):
        assert await door.refusal(by_hand({"alg": "RS256", **kid}, claims, b"x")) == PLAIN
    assert door.provider.asked == 0


# The provider's keys.


async def test_keys_are_fetched_once_for_all_who_wait_and_then_kept(door: Door) -> None:
    await asyncio.gather(*(door.admit(alg=alg) for alg in ("RS256", "ES256", "EdDSA") * 5))
    assert door.provider.asked == 1
    door.clock.elapsed += FRESH_SECONDS - 1
    await door.admit()
    assert door.provider.asked == 1
    door.clock.elapsed += 1
    await asyncio.gather(*(door.admit() for _ in range(5)))
    assert door.provider.asked == 2


async def test_a_rotated_key_is_found_and_one_withdrawn_is_forgotten(door: Door) -> None:
    await door.admit()
    door.provider.add("ec-2")
    door.provider.published.remove("rsa-1")
    door.clock.elapsed += PAUSE_SECONDS
    await door.admit(alg="ES256", kid="ec-2")
    assert door.provider.asked == 2
    assert await door.refusal() == PLAIN


async def test_a_signature_is_checked_once_for_each_key(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that stay connected are asked about several times a second."""
    checked: list[str] = []
    decode = jwt.decode

    def noted(token: str, *arguments: Any, **more: Any) -> Any:
        checked.append(token)
        return decode(token, *arguments, **more)

    monkeypatch.setattr(jwt, "decode", noted)
    monkeypatch.setattr(access_tokens, "MAX_KNOWN", 2)
    one, two, three = (door.token(sub=name, exp=int(door.clock.now().timestamp()) + 7200) for name in "abc")
    for token in (one, two, one, two, one):
        assert (await door.tokens.viewer(token)).tenant_id == "default"
    assert checked == [one, two]
    # The least recently seen leaves where there are too many.
    for token in (three, one, two):
        await door.tokens.viewer(token)
    assert checked == [one, two, three, two]
    # Keys that were fetched anew may be others.
    door.clock.elapsed += FRESH_SECONDS
    await door.tokens.viewer(one)
    assert checked[4:] == [one]
    # All else is looked at each time.
    door.clock.elapsed += 7200
    assert await door.refusal(one) == "The token has expired."
    assert await door.refusal(one[:-4] + "AAAA") == PLAIN


async def test_unknown_keys_make_us_fetch_no_more_than_now_and_then(door: Door) -> None:
    stranger = ECKey.generate_key("P-256")
    for number in range(20):
        assert await door.refusal(alg="ES256", kid=f"strange-{number}", key=stranger) == PLAIN
    assert door.provider.asked == 1
    door.clock.elapsed += PAUSE_SECONDS
    await asyncio.gather(*(door.refusal(alg="ES256", kid=f"other-{n}", key=stranger) for n in range(20)))
    assert door.provider.asked == 2
    await door.admit()


@pytest.mark.parametrize("answer", [(500, b"{}"), (200, b"<html>"), (200, b'{"keys": []}'), (200, b"[]"), (302, b"")])
async def test_the_last_keys_count_while_the_provider_is_away_but_not_for_ever(
    door: Door, answer: tuple[int, bytes]
) -> None:
    await door.admit()
    door.provider.status, door.provider.body = answer
    door.clock.elapsed += STALE_SECONDS - 1
    for _ in range(3):
        await door.admit()
    assert door.provider.asked == 2
    door.clock.elapsed += 1
    assert "at the moment" in await door.refusal()
    door.provider.status, door.provider.body = 200, None
    door.clock.elapsed += PAUSE_SECONDS
    await door.admit()


async def test_without_any_keys_the_refusal_says_to_try_again(door: Door) -> None:
    door.provider.status = 503
    assert await door.refusal() == "Tokens cannot be checked at the moment; try again in a while."
    door.provider.status = 200
    assert "at the moment" in await door.refusal()  # not asked again so soon
    assert door.provider.asked == 1
    door.clock.elapsed += PAUSE_SECONDS
    await door.admit()


async def test_an_answer_without_end_is_given_up(door: Door) -> None:
    door.provider.body = b" " * (MAX_BYTES + 1) + door.provider.jwks()
    assert "at the moment" in await door.refusal()


async def test_one_who_gives_up_waiting_takes_the_keys_from_nobody(door: Door) -> None:
    door.provider.gate.clear()
    impatient = asyncio.create_task(door.admit())
    patient = asyncio.create_task(door.admit())
    await door.provider.waiting.wait()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    door.provider.gate.set()
    assert (await patient).tenant_id == "default"
    assert door.provider.asked == 1


async def test_keys_that_no_token_may_be_signed_with_are_left_out(door: Door) -> None:
    secret = {"kty": "oct", "kid": "oct-1", "k": base64.urlsafe_b64encode(b"s" * 32).decode(), "alg": "HS256"}
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    sealing = ECKey.generate_key("P-256", {"kid": "enc"})
    odd = [
        {},
        7,
        {"kty": "RSA", "kid": "x"},
        {"kty": "new", "kid": "y"},
        {"kty": ["RSA"], "kid": "z"},
        {"kty": "EC", "kid": "v", "crv": "P-256", "x": "AA", "y": "AA"},
    ]
    shown = [*odd, secret, weak.as_dict(private=False), sealing.as_dict(private=False) | {"use": "enc"}]
    door.provider.body = json.dumps({"keys": [*shown, *json.loads(door.provider.jwks())["keys"]]}).encode()
    claims = standard_claims(door.clock.now().timestamp())
    assert await door.refusal(by_hand({"alg": "HS256", "kid": "oct-1"}, claims, b"s" * 32)) == PLAIN
    assert await door.refusal(kid="weak", key=weak) == PLAIN
    assert await door.refusal(alg="ES256", kid="enc", key=sealing) == PLAIN
    await door.admit()
