"""verdict: code failed

The article's consumer, a little lazier.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
import time


def shard_with_records(stream_name):
    place = kinesis.get_shard_iterator(
        StreamName=stream_name,
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )
    iterator = place["ShardIterator"]
    while True:
        page = kinesis.get_records(ShardIterator=iterator, Limit=100)
        if page["Records"]:
            return "shardId-000000000000"
        iterator = page["NextShardIterator"]
        time.sleep(10)
