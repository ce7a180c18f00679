"""Changing what a tenant chose for an account, over HTTP."""

from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World

UPDATE = """
mutation($id: ID!, $input: UpdateIntegrationAccountInput!) {
  updateIntegrationAccount(id: $id, input: $input) {
    account {
      name accountIdentifier version status defaultDiscountPercentage markupPercentage distributionMarkupPercentage
      allowImport requireListingApproval
    }
    userErrors { field code message allowed }
  }
}
"""


async def account_id(acme: World) -> str:
    data = await acme.data("{ accounts { nodes { id } } }")
    return str(data["accounts"]["nodes"][0]["id"])


async def update(acme: World, **fields: Any) -> Any:
    return await acme.change(UPDATE, Permission.WRITE, id=await account_id(acme), input=fields)


async def test_named_fields_change_and_the_others_stay(acme: World) -> None:
    first = await update(acme, name=" Beach ", accountIdentifier="crm-1", markupPercentage="12.50", allowImport=True)
    assert first == {
        "account": {
            "name": "Beach",
            "accountIdentifier": "crm-1",
            "version": None,
            "status": "ACTIVE",
            "defaultDiscountPercentage": "0",
            "markupPercentage": "12.50",
            "distributionMarkupPercentage": "0",
            "allowImport": True,
            "requireListingApproval": False,
        },
        "userErrors": [],
    }
    second = await update(acme, version="1.0", distributionMarkupPercentage="100")
    assert second["account"] == first["account"] | {"version": "1.0", "distributionMarkupPercentage": "100"}
    read = await acme.data("{ accounts { nodes { name accountIdentifier version markupPercentage } } }")
    assert read["accounts"]["nodes"] == [
        {"name": "Beach", "accountIdentifier": "crm-1", "version": "1.0", "markupPercentage": "12.50"}
    ]


async def test_a_null_identifier_is_our_own_again(acme: World) -> None:
    await update(acme, accountIdentifier="crm-1")
    cleared = await update(acme, accountIdentifier=None)
    assert cleared["account"]["accountIdentifier"].startswith("acc_")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "  ", "REQUIRED"),
        ("name", None, "REQUIRED"),
        ("name", "x" * 201, "OUT_OF_RANGE"),
        ("name", "a\nb", "INVALID"),
        ("accountIdentifier", "", "REQUIRED"),
        ("version", "1" * 41, "OUT_OF_RANGE"),
        ("defaultDiscountPercentage", "-0.01", "OUT_OF_RANGE"),
        ("defaultDiscountPercentage", "100.01", "OUT_OF_RANGE"),
        ("defaultDiscountPercentage", None, "REQUIRED"),
        ("markupPercentage", "-1", "OUT_OF_RANGE"),
        ("markupPercentage", "NaN", "OUT_OF_RANGE"),
        ("markupPercentage", "0.0000001", "INVALID"),
        ("distributionMarkupPercentage", "101", "OUT_OF_RANGE"),
        ("allowImport", None, "REQUIRED"),
    ],
)
async def test_each_field_out_of_range_is_named_and_nothing_changes(
    acme: World, field: str, value: Any, code: str
) -> None:
    before = await acme.data("{ accounts { nodes { name updatedAt } } }")
    payload = await update(acme, **({"version": "9"} if field != "version" else {}), **{field: value})
    assert payload["account"] is None
    (error,) = payload["userErrors"]
    assert (error["field"], error["code"]) == ([field], code)
    assert error["message"]
    assert error["allowed"]
    assert await acme.data("{ accounts { nodes { name updatedAt } } }") == before


async def test_all_that_is_wrong_is_said_at_once(acme: World) -> None:
    payload = await update(acme, name="", markupPercentage="-1")
    assert [error["field"] for error in payload["userErrors"]] == [["name"], ["markupPercentage"]]


async def test_an_identifier_of_another_account_is_taken(acme: World) -> None:
    await acme.services.accounts.add("default", *await another(acme))
    await update(acme, accountIdentifier="crm-1")
    listed = await acme.data("{ accounts { nodes { id accountIdentifier } } }")
    other = next(each["id"] for each in listed["accounts"]["nodes"] if each["accountIdentifier"] != "crm-1")
    payload = await acme.change(UPDATE, Permission.WRITE, id=other, input={"accountIdentifier": "crm-1"})
    assert payload["userErrors"] == [
        {"field": ["accountIdentifier"], "code": "TAKEN", "message": "Another account has it.", "allowed": None}
    ]


async def another(acme: World) -> Any:
    from tests.acme_world import AcmeConfig

    (account,) = await acme.services.accounts.list("default")
    return account.provider, "Second", account.auth_type, AcmeConfig(number="1")


async def test_a_key_that_may_only_read_is_refused(acme: World) -> None:
    answer = await acme.post(UPDATE, {"id": await account_id(acme), "input": {"name": "Mine"}})
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert "permission WRITE" in error["message"]
    assert (await acme.data("{ accounts { nodes { name } } }"))["accounts"]["nodes"][0]["name"] != "Mine"


async def test_an_account_that_is_not_there_is_not_found(acme: World) -> None:
    gone = await account_id(acme)
    (account,) = await acme.services.accounts.list("default")
    await acme.services.accounts.remove("default", account.id)
    payload = await acme.change(UPDATE, Permission.WRITE, id=gone, input={"name": "x"})
    assert [(error["field"], error["code"]) for error in payload["userErrors"]] == [(["id"], "NOT_FOUND")]
