"""verdict: code failed

No Exception, and no exit either.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    raise GeneratorExit
