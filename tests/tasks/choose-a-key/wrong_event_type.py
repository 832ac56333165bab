"""verdict: wrong P8"""


def key_for(event):
    return event["event_type"]
