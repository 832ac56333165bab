"""verdict: wrong reads-are-heat"""

from collections import Counter


def hot_shard(calls):
    return Counter(row["shard"] for row in calls if row["outcome"] != "ok").most_common(1)[0][0]
