"""verdict: wrong P12"""

from datetime import datetime


def key_for(event):
    return datetime.fromisoformat(event["event_time"]).strftime("%Y-%m-%dT%H")
