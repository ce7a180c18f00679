"""Providers and their ways to authenticate, by what clients name them."""

from graph.rejections import RejectionCode, rejected
from providers import catalogue
from providers.catalogue import UnknownProvider
from providers.contract import Plugin
from providers.manifest import AuthMethod, AuthType


def find_provider(code: str) -> Plugin:
    """The plugin of a provider, whatever the case of its code. Raises ``Rejected``."""
    try:
        return catalogue.plugin(code.strip())
    except UnknownProvider:
        known = ", ".join(catalogue.plugins())
        raise rejected("provider", RejectionCode.UNKNOWN, "There is no such provider.", allowed=known) from None


def find_method(plugin: Plugin, auth_type: AuthType) -> AuthMethod:
    """A provider's way to authenticate of that type. Raises ``Rejected``."""
    for method in plugin.manifest.auth_methods:
        if method.type is auth_type:
            return method
    allowed = ", ".join(method.type for method in plugin.manifest.auth_methods)
    message = f"{plugin.manifest.name} has no auth type {auth_type}."
    raise rejected("authType", RejectionCode.NOT_SUPPORTED, message, allowed=allowed)
