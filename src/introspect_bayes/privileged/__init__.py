"""Privileged access: whether a model knows itself better than another knows it."""
