"""What clients can call. Each operation is a function: (streams, request) -> answer.

Requests and answers use the API's own names. Requests have passed the model's constraints
(`course.simulator.wire`); here stand the rules that only the service knows.
"""

from __future__ import annotations

from course.simulator.streams.operations import (
    account,
    capacity,
    consumers,
    encryption,
    monitoring,
    policies,
    read,
    reshard,
    shards,
    stream,
    subscribe,
    tags,
    write,
)

OPERATIONS = {
    "CreateStream": stream.create_stream,
    "DeleteStream": stream.delete_stream,
    "DescribeStream": stream.describe_stream,
    "DescribeStreamSummary": stream.describe_stream_summary,
    "ListStreams": stream.list_streams,
    "IncreaseStreamRetentionPeriod": stream.increase_stream_retention_period,
    "DecreaseStreamRetentionPeriod": stream.decrease_stream_retention_period,
    "EnableEnhancedMonitoring": monitoring.enable_enhanced_monitoring,
    "DisableEnhancedMonitoring": monitoring.disable_enhanced_monitoring,
    "ListShards": shards.list_shards,
    "SplitShard": reshard.split_shard,
    "MergeShards": reshard.merge_shards,
    "AddTagsToStream": tags.add_tags_to_stream,
    "ListTagsForStream": tags.list_tags_for_stream,
    "RemoveTagsFromStream": tags.remove_tags_from_stream,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutResourcePolicy": policies.put_resource_policy,
    "GetResourcePolicy": policies.get_resource_policy,
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "StartStreamEncryption": encryption.start_stream_encryption,
    "StopStreamEncryption": encryption.stop_stream_encryption,
    "UpdateStreamMode": capacity.update_stream_mode,
    "UpdateStreamWarmThroughput": capacity.update_stream_warm_throughput,
    "UpdateMaxRecordSize": capacity.update_max_record_size,
    "UpdateStreamRecordDistributionStrategy": capacity.update_stream_record_distribution_strategy,
    "DescribeLimits": account.describe_limits,
    "DescribeAccountSettings": account.describe_account_settings,
    "UpdateAccountSettings": account.update_account_settings,
    "UpdateShardCount": reshard.update_shard_count,
    "PutRecord": write.put_record,
    "PutRecords": write.put_records,
    "GetShardIterator": read.get_shard_iterator,
    "GetRecords": read.get_records,
    "RegisterStreamConsumer": consumers.register_stream_consumer,
    "DeregisterStreamConsumer": consumers.deregister_stream_consumer,
    "DescribeStreamConsumer": consumers.describe_stream_consumer,
    "ListStreamConsumers": consumers.list_stream_consumers,
    "SubscribeToShard": subscribe.subscribe_to_shard,
}
