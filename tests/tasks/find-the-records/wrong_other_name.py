"""verdict: not attempted

The function is there, under a name that nobody calls.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_record(stream_name):
    return kinesis.list_shards(StreamName=stream_name)["Shards"][0]["ShardId"]
