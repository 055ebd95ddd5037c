"""Errors that a user can mend."""


class InputError(ValueError):
    """Something that the user gave is wrong: says what, where, and what to do next.

    The command line prints the message alone and exits with code 2.
    """
