"""verdict: wrong P10"""


def key_for(event):
    return event["event_id"]
