"""verdict: wrong C1-fixed

It was the last one in the lesson.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    return kinesis.list_shards(StreamName=stream_name)["Shards"][-1]["ShardId"]
