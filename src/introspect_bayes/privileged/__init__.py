"""Privileged access: whether own reports tell a model's weights better than another model's do."""
