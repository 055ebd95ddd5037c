"""Ask models, and keep every word."""
