"""Measurements, run on purpose: ``python -m tests.bench`` prints them all."""
