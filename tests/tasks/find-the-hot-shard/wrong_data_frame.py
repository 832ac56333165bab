"""verdict: code failed"""

from collections import Counter
import pandas as pd


def hot_shard(calls):
    table = pd.DataFrame(calls)
    return table[table["outcome"] != "ok"]
