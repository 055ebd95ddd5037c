"""Posteriors: specification and data to draws, with the diagnostics that judge them."""
