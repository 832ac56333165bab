"""verdict: code failed"""


def key_for(event):
    return key_for(dict(event))
