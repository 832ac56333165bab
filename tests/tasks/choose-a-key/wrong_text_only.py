"""verdict: code failed

Falls over the ids that are numbers; the first case keeps its points.
"""


def key_for(event):
    return event["customer_id"].lower()
