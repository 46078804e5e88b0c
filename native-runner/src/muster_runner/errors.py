"""Errors that are caught where mlx may not be there yet."""


class GroupError(Exception):
    """The ranks do not come together, or have lost one another; the message is for people."""
