"""verdict: wrong reads-are-heat"""

from collections import Counter


def hot_shard(calls):
    for row in calls:
        if row["outcome"] != "ok":
            return row["shard"]
