"""verdict: wrong ask-by-writing"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")


def shard_for(partition_key, shards):
    answer = kinesis.put_record(
        StreamName="company-order-events", Data=b"?", PartitionKey=partition_key)
    return answer["ShardId"]
