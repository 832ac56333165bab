"""verdict: wrong P12"""


def key_for(event):
    return event["event_time"]
