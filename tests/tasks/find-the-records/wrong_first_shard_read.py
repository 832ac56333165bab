"""verdict: wrong C1

Reads, but only the first shard, and believes in it.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    shard = kinesis.list_shards(StreamName=stream_name)["Shards"][0]
    place = kinesis.get_shard_iterator(
        StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    kinesis.get_records(ShardIterator=place["ShardIterator"])
    return shard["ShardId"]
