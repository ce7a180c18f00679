"""Tenants: whose data is kept apart. For now there is one, made by the first migration."""

DEFAULT_TENANT = "default"
