"""verdict: code failed"""

from hashlib import md5


def shard_for(partition_key, shards):
    answer = []
    answer.append(answer)
    return answer
