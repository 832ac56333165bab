"""verdict: wrong C3

The model solution with one word changed.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )
        if kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]:
            return shard["ShardId"]
