"""verdict: wrong reads-count"""

from collections import Counter


def hot_shard(calls):
    records = Counter()
    for row in calls:
        if row["shard"]:
            records[row["shard"]] += row["records"]
    return records.most_common(1)[0][0]
