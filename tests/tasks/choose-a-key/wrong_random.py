"""verdict: wrong P10"""

import uuid


def key_for(event):
    return str(uuid.uuid4())
