"""Inline browser components."""
