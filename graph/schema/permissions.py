"""Who may change what. Queries need READ, which every key has; every mutation needs WRITE or more."""

from graph.accounts.keys import Permission, Viewer
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
