"""Amazon Kinesis Data Streams, in one folder.

Read it in this order:

    hash_ring         a partition key becomes a point; the shard that owns the point gets the record
    shard             an append-only log with one range of the ring
    sequence_number   the name of a record within its shard
    throttle          what a shard takes and gives per second
    shard_iterator    a reader's place, good for five minutes
    stream            shards, open and closed, a state, a retention period
    consumer          a reader that is registered and has throughput of its own
    subscription      five minutes of a shard, pushed to a consumer event by event
    tag               a key and a value on a stream or a consumer
    resharding        how one layout of shards becomes another
    on_demand         how a stream grows by itself, where nobody counts shards
    throughput_commitment  what an account promises to use, and gets in return
    api_rates         how many calls a second each operation takes
    metrics           what the service reports to CloudWatch, call by call
    operations        what clients can call, a module for each concern
    service           the streams of an account in one Region; finds the operation for a call
    errors            the refusals, in AWS's words
"""
