"""verdict: wrong P7"""


def key_for(event):
    return "orders"
