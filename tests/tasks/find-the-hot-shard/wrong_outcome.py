"""verdict: code failed

No row says error, so there is nothing to count.
"""

from collections import Counter


def hot_shard(calls):
    refused = [row["shard"] for row in calls if row["outcome"] == "error"]
    return Counter(refused).most_common(1)[0][0]
