"""verdict: wrong

It is the check's own account, so nobody else is hurt.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    kinesis.delete_stream(StreamName=stream_name)
