"""Explanation scores: whether models explain themselves better than others explain them."""
