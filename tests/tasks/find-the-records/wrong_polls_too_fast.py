"""verdict: code failed

More than five reads a second of one shard, then AWS's own error.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_with_records(stream_name):
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        iterator = place["ShardIterator"]
        for _ in range(100):
            page = kinesis.get_records(ShardIterator=iterator, Limit=1)
            iterator = page["NextShardIterator"]
        if page["MillisBehindLatest"]:
            return shard["ShardId"]
