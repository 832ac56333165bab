"""verdict: wrong P7

Time stands still while a function computes: a constant.
"""

import time


def key_for(event):
    return str(time.time())
