"""verdict: not attempted"""


def key_for(event):
    """The partition key of an event."""
    ...
