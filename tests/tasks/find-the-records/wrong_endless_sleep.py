"""verdict: code failed"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
import time


def shard_with_records(stream_name):
    while True:
        time.sleep(30)
