"""Hostaway (https://www.hostaway.com), through its Public API v1."""

from providers.hostaway.plugin import HostawayPlugin

PLUGIN = HostawayPlugin()

__all__ = ["PLUGIN"]
