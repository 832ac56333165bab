"""verdict: not attempted"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    """The ShardId of the shard that holds the stream's records."""
    # tomorrow
    pass
