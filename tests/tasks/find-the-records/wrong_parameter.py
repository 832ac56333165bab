"""verdict: code failed

botocore's message has its point in the second line.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    shards = kinesis.list_shards(StreamName=stream_name)["Shards"]
    return kinesis.get_shard_iterator(StreamName=stream_name, ShardId=shards[0]["ShardId"])
