"""verdict: wrong records-only"""

from collections import Counter
import pandas as pd


def hot_shard(calls):
    table = pd.DataFrame(calls)
    writes = table[table["operation"].str.startswith("Put")]
    return writes.groupby("shard")["records"].sum().idxmax()
