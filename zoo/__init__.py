"""Entries of the zoo: each folder has a config, and weights where it was trained."""

__all__ = []
