"""verdict: code failed"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
shard_with_records = None
