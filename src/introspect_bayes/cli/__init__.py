"""The command line: thin commands, no statistics."""

from introspect_bayes.cli.main import main

__all__ = ["main"]
