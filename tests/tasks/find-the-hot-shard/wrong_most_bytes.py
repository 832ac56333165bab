"""verdict: wrong bytes-only"""

from collections import Counter


def hot_shard(calls):
    size = Counter()
    for row in calls:
        if row["operation"].startswith("Put"):
            size[row["shard"]] += row["bytes"]
    return size.most_common(1)[0][0]
