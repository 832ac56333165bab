"""verdict: wrong"""


def key_for(event):
    return ""
