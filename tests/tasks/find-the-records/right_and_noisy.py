"""verdict: passed

It prints, logs and warns a lot, on both streams.
"""

import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
import logging
import sys
import warnings
from sys import stderr

log = logging.getLogger("finder")
log.handlers = [logging.StreamHandler()]
log.propagate = False


def shard_with_records(stream_name):
    print("<script>alert(1)</script> & looking into", stream_name)
    warnings.warn("this is only a warning", UserWarning, stacklevel=2)
    warnings.warn("and this is old", DeprecationWarning, stacklevel=2)
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        log.warning("trying %s", shard["ShardId"])
        print("on standard error", file=sys.stderr)
        print("on a stream held from before", file=stderr)
        place = kinesis.get_shard_iterator(
            StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        page = kinesis.get_records(ShardIterator=place["ShardIterator"])
        for record in page["Records"] * 1000:
            print(record)
        if page["Records"]:
            return shard["ShardId"]
