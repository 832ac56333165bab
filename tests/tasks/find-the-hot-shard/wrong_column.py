"""verdict: code failed"""

from collections import Counter


def hot_shard(calls):
    return Counter(row["shard_id"] for row in calls).most_common(1)[0][0]
