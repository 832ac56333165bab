"""verdict: wrong C1-fixed

Hashes the article's key, whatever the stream.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
from hashlib import md5


def shard_with_records(stream_name):
    point = int(md5(b"0").hexdigest(), 16)
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        arc = shard["HashKeyRange"]
        if int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
            return shard["ShardId"]
