"""Who may change what. Queries need READ, which every key has; every mutation needs WRITE or more."""

from graph.accounts.keys import Permission, Viewer
from graph.schema.context import Info
from graph.schema.errors import Forbidden


def require(info: Info, needed: Permission) -> Viewer:
    """The viewer, if the key has the permission. Raises ``Forbidden`` saying which it takes."""
    viewer = info.context.operation.viewer
    if not viewer.permission.includes(needed):
        raise Forbidden(
            f"This needs an API key or token with the permission {needed.value}; yours has {viewer.permission.value}. "
            f"Make a key: staygraph keys create --permission {needed.value}."
        )
    return viewer


def require_default_admin(info: Info) -> Viewer:
    """The viewer, if it may do what concerns all tenants. Raises ``Forbidden``."""
    viewer = info.context.operation.viewer
    if not viewer.manages_tenants:
        raise Forbidden(
            "This needs an API key or token of the default tenant with the permission ADMIN, and no other tenant named "
            "in X-Tenant-Id."
        )
    return viewer
