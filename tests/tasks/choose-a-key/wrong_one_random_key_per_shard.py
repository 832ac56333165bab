"""verdict: wrong P8"""

import random


def key_for(event):
    return str(random.randrange(8))
