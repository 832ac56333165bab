"""verdict: wrong P8

The article's keys.
"""


def key_for(event):
    digits = "".join(filter(str.isdecimal, str(event["customer_id"])))
    return str(int(digits) % 3)
