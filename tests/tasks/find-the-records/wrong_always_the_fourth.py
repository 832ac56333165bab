"""verdict: code failed

The second stream has no fourth shard.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    return kinesis.list_shards(StreamName=stream_name)["Shards"][3]["ShardId"]
