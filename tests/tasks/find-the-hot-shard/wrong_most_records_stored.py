"""verdict: wrong records-only"""

from collections import Counter


def hot_shard(calls):
    stored = Counter()
    for row in calls:
        if row["operation"].startswith("Put") and row["outcome"] == "ok":
            stored[row["shard"]] += row["records"]
    return max(stored, key=stored.get)
