"""verdict: wrong

Counts refused calls: a call may refuse one record or five hundred.
"""

from collections import Counter


def hot_shard(calls):
    refused = Counter(
        row["shard"]
        for row in calls
        if row["operation"] in ("PutRecord", "PutRecords") and row["outcome"] != "ok"
    )
    return refused.most_common(1)[0][0]
