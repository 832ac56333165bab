"""verdict: wrong"""

from collections import Counter


def hot_shard(calls):
    refused = Counter()
    for row in calls:
        if row["operation"].startswith("Put") and row["outcome"] != "ok":
            refused[row["shard"]] += row["records"]
    return refused
