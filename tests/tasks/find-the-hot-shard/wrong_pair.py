"""verdict: wrong

The shard and the count: a pair where a shard was due.
"""

from collections import Counter


def hot_shard(calls):
    refused = Counter()
    for row in calls:
        if row["operation"].startswith("Put") and row["outcome"] != "ok":
            refused[row["shard"]] += row["records"]
    return refused.most_common(1)[0]
