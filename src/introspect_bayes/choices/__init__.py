"""Attribute weights that choices reveal: data, model, posteriors."""
