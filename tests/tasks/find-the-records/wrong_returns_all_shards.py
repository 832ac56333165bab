"""verdict: wrong"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    return [shard["ShardId"] for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]]
