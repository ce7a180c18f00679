"""Who may change what. Queries need READ, which every key has; every mutation needs WRITE or more."""

from graph.accounts.keys import Permission, Viewer
from graph.accounts.tenants import DEFAULT_TENANT
from graph.schema.context import Info
from graph.schema.errors import Forbidden


def require(info: Info, needed: Permission) -> Viewer:
    """The viewer, if the key has the permission. Raises ``Forbidden`` saying which it takes."""
    viewer = info.context.operation.viewer
    if not viewer.permission.includes(needed):
        raise Forbidden(
            f"This needs an API key with the permission {needed.value}; this key has {viewer.permission.value}. "
            f"Make one: staygraph keys create --permission {needed.value}."
        )
    return viewer


def require_default_admin(info: Info) -> Viewer:
    """The viewer, if it may do what concerns all tenants. Raises ``Forbidden``."""
    viewer = info.context.operation.viewer
    if not is_default_admin(viewer):
        raise Forbidden("This needs an API key of the default tenant with the permission ADMIN.")
    return viewer


def is_default_admin(viewer: Viewer) -> bool:
    """Whether the viewer may see and do what concerns all tenants."""
    return viewer.tenant_id == DEFAULT_TENANT and viewer.permission.includes(Permission.ADMIN)
