"""``staygraph tenants``, and the keys of tenants."""

from typing import Any

import pytest


def test_a_tenant_is_made_listed_renamed_and_put_out_of_use(terminal: Any) -> None:
    made = terminal.json("tenants", "create", "--name", "Alps")
    assert (made["name"], made["status"]) == ("Alps", "ACTIVE")
    assert [each["name"] for each in terminal.json("tenants", "list")] == ["Default", "Alps"]
    assert terminal.run("tenants", "rename", made["id"], "--name", "Dolomites").exit_code == 0
    assert terminal.run("tenants", "deactivate", made["id"]).exit_code == 0
    shown = terminal.run("tenants", "list").stdout
    assert "Dolomites" in shown
    assert "INACTIVE" in shown
    assert terminal.run("tenants", "activate", made["id"]).exit_code == 0
    assert [each["status"] for each in terminal.json("tenants", "list")] == ["ACTIVE", "ACTIVE"]


def test_standard_output_of_create_is_the_id_alone(terminal: Any) -> None:
    result = terminal.run("tenants", "create", "--name", "Alps")
    assert result.stdout.startswith("ten_")
    assert len(result.stdout.split()) == 1
    assert "staygraph keys create --tenant" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "--name", " "], "name: It is empty. Allowed: 1 to 200"),
        (["create", "--name", "Default"], "name: Another tenant has it."),
        (["rename", "ten_none", "--name", "Alps"], "id: There is no such tenant."),
        (["deactivate", "ten_none"], "There is no such tenant."),
        (["deactivate", "default"], "The default tenant is always active."),
    ],
)
def test_tenants_with_wrong_input_are_explained(terminal: Any, arguments: list[str], said: str) -> None:
    result = terminal.run("tenants", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_key_belongs_to_the_tenant_it_is_made_for(terminal: Any) -> None:
    tenant = terminal.json("tenants", "create", "--name", "Alps")["id"]
    made = terminal.json("keys", "create", "--tenant", tenant, "--permission", "admin")
    assert (made["tenantId"], made["permission"]) == (tenant, "ADMIN")
    terminal.json("keys", "create")
    assert [key["id"] for key in terminal.json("keys", "list", "--tenant", tenant)] == [made["id"]]
    assert {key["tenantId"] for key in terminal.json("keys", "list")} == {tenant, "default"}
    assert terminal.run("keys", "revoke", made["id"]).exit_code == 0
    assert [key["status"] for key in terminal.json("keys", "list", "--tenant", tenant)] == ["REVOKED"]
