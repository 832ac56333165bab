# ---
# title: Shards and partition keys
# minutes: 75
# objectives:
#   - say which shard takes a record, and prove it
#   - choose a partition key that is even and keeps order
#   - find a hot shard, cool it, and size a stream
# out_of_scope: [retries and back-off, reading with checkpoints, scaling step by step]
# prerequisites: [00-start-here]
# ---

# %% [markdown]
# # 02 · Shards and partition keys
#
# Every record goes to one shard, and the partition key says which. Most
# trouble with Kinesis begins right here.
#
# *{{chapter.minutes}} minutes · six graded tasks*
#
# In this chapter we
#
# {{chapter.objectives}}

# %% [markdown]
# > **You are here.** 00 Start here → 01 Four services (to come) → **02
# > Shards and partition keys** → 03 Producers → … → 14 The interview room.

# %% [markdown]
# ## Warm-up
#
# Three questions on chapter 00, closed book. What you dig out of memory
# stays longer than what you read twice.

# %%
from course import Lab, check, facts, predict, quiz

quiz("warm-silence", "warm-empty-page", "warm-key-decides")

# %% [markdown]
# ## 1. The ring
#
# Our shop again, with a fresh stream of four shards.

# %%
import json
import boto3
from course.shop import STREAM, order_events

lab = Lab()
kinesis = boto3.client("kinesis", region_name="us-east-1")
kinesis.create_stream(StreamName=STREAM, ShardCount=4)
kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)

# %% [markdown]
# In chapter 00 three customers met in one lane. Now ten customers order,
# `'0'` to `'9'`. How many of the four shards will hold a record?

# %%
guess = predict("ten-customers", [1, 2, 3, 4])
guess

# %% [markdown]
# Each customer sends one record.

# %%
for customer in range(10):
    kinesis.put_record(
        StreamName=STREAM, Data=b"hello", PartitionKey=str(customer))
lab.show(STREAM)

# %%
guess.compare(4)

# %% [markdown]
# Four, but look how uneven they are. These records were not dealt out in
# turn. Kinesis takes the MD5 of each key: {{facts.hash_key.bits}}, a number
# between 0 and 2<sup>128</sup> − 1. Picture all these numbers on a ring.

# %%
lab.ring(STREAM)

# %% [markdown]
# Each shard owns one arc of the ring, its *hash key range*. A record belongs
# to the shard whose arc holds its number. That is the whole rule. There is
# no turn-taking, no counting, and no look at how busy a shard is.
#
# Here is one key, worked by hand.

# %%
from hashlib import md5

point = int(md5("7".encode()).hexdigest(), 16)
point, point / 2**128

# %% [markdown]
# From zero, the point of `'7'` lies a little over half of the way round, so
# it should fall into the third of four equal arcs. The stream can tell us
# its arcs.

# %%
shards = kinesis.list_shards(StreamName=STREAM)["Shards"]
for shard in shards:
    arc = shard["HashKeyRange"]
    print(shard["ShardId"], arc["StartingHashKey"].rjust(39))

# %% [markdown]
# These numbers come as text, because many JSON readers would round a number
# that long. To find the owner of a point, we compare it with both ends of
# each arc. Read this, without running it; one line is missing:
#
#     def owner(point, shards):
#         for shard in shards:
#             start = int(shard["HashKeyRange"]["StartingHashKey"])
#             end = int(shard["HashKeyRange"]["EndingHashKey"])
#             # the missing line
#                 return shard["ShardId"]

# %%
quiz("gap-owner")

# %% [markdown]
# > **A door at the side.** `ExplicitHashKey` puts a record at a point of your
# > choice; the partition key is then carried along and not hashed. It is
# > made for tools that place records on purpose. A shop rarely needs it.

# %% [markdown]
# ### Task 1 · Route a key by hand
#
# Support asks: "In which shard are the orders of customer Zoë?" Write
# `shard_for(partition_key, shards)`. It gets a key and the list that
# `list_shards` returns. Done means: for any key, it names the shard where
# the next record with that key lands.
#
# One thing more: a shard can be split in two (section 6). Then the old one
# is closed and takes nothing more, but it is still listed. You know it by an
# `EndingSequenceNumber` in its `SequenceNumberRange`.

# %% task="route-a-key"
def shard_for(partition_key, shards):
    """The ShardId of the shard that takes records with this key."""
    ### BEGIN SOLUTION
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    for shard in shards:
        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
            continue
        arc = shard["HashKeyRange"]
        start, end = int(arc["StartingHashKey"]), int(arc["EndingHashKey"])
        if start <= point <= end:
            return shard["ShardId"]
    ### END SOLUTION

# %% check="route-a-key"
check("route-a-key")

# %% [markdown]
# ## 2. How even is even?
#
# The key decides the shard, so the choice of key decides how the load
# spreads. We can try that without a stream: hash the keys, count the arcs.

# %%
from collections import Counter
from course import pictures

def loads(keys, shards=8):
    arc = 2**128 // shards
    points = [int(md5(key.encode()).hexdigest(), 16) for key in keys]
    counts = Counter(point // arc for point in points)
    return {f"shard {n}": counts[n] for n in range(shards)}

# %% [markdown]
# One busy minute of the shop: 4,000 events from 2,000 customers in six
# countries, half of them in one. We have eight shards and take the country as
# the key. How much more than its fair share will the busiest shard get?

# %%
guess = predict("country-as-key", ["as much", "twice", "over three times"])
guess

# %% [markdown]
# The shop's generator gives us such a minute, the same one each time.

# %%
minute = order_events(4_000, customers=2_000)
pictures.key_spread(loads([e["country"] for e in minute]))

# %%
guess.compare("over three times")

# %% [markdown]
# Six keys can fill six shards at most, and half of our customers live in one
# country. The customer's id, a key with many values, does better.

# %%
pictures.key_spread(loads([e["customer_id"] for e in minute]))

# %% [markdown]
# Nearly level. Keys fall like dice: ten dice look uneven, two thousand do
# not. A different key for every record would be as level. Would it be as good?
# We send one customer's story, each step under a key of its own, and then
# read shard by shard.

# %%
story = ["placed", "paid", "packed", "shipped", "delivered"]
for step in story:
    kinesis.put_record(
        StreamName=STREAM, Data=step.encode(), PartitionKey=step)

# %%
def read(shard_id):
    place = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard_id,
        ShardIteratorType="TRIM_HORIZON")
    page = kinesis.get_records(ShardIterator=place["ShardIterator"])
    return [record["Data"].decode() for record in page["Records"]]

[step for s in shards for step in read(s["ShardId"]) if step in story]

# %% [markdown]
# The story is out of order, and no reader can do better: within a shard
# records keep the order in which they arrived, between shards there is none.
# So the key must be the same for everything that has to stay in order, and
# different for everything else. That alone does not save the order yet: what
# is refused and sent again comes later (chapter 03).

# %% [markdown]
# ### Task 2 · Choose a key
#
# The shop wants each *customer's* events in order, and eight shards that
# share the work. Write `key_for(event)`. An event looks like this one.

# %%
minute[0]

# %% [markdown]
# Done means: no customer has events in two shards, and the busiest shard
# takes at most one and a half times its fair share. A partition key is always
# text; the `customer_id` of an older system may be a plain number.

# %% task="choose-a-key"
def key_for(event):
    """The partition key of an event."""
    ### BEGIN SOLUTION
    return str(event["customer_id"])
    ### END SOLUTION

# %% check="choose-a-key"
check("choose-a-key")

# %% [markdown]
# ## 3. What a shard takes
#
# A shard takes {{facts.shard.write_records_per_second}} a second and
# {{facts.shard.write_bytes_per_second}} a second, whichever is used up
# first. The bytes of the key count.
#
# One customer goes wild and sends 1,500 events at once. The stream has four
# shards, so it has room for 4,000 records a second. What happens?

# %%
guess = predict("wild-customer", [
    "all are stored", "about a third is refused", "an exception"])
guess

# %% [markdown]
# One call takes {{facts.put_records.max_records}}, so it takes three calls.
# Before them, `lab.advance` moves the clock, so that all shards have rested.

# %%
lab.advance(seconds=10)
batch = [{"Data": b"order", "PartitionKey": "C-0042"}] * 500
for call in range(3):
    answer = kinesis.put_records(StreamName=STREAM, Records=batch)
    print("call", call, "refused", answer["FailedRecordCount"])

# %%
guess.compare("about a third is refused")

# %% [markdown]
# The stream had room, but the key has only one shard. And no exception was
# raised: the call is a success, with failures inside. Every record has an
# entry of its own in the answer. Here are the last call's first and last.
# (In the lab a batch fails from some entry on; on AWS any entry may.)

# %%
answer["Records"][0], answer["Records"][-1]

# %% [markdown]
# > **A trap for chapter 03.** Code that ignores `FailedRecordCount` loses
# > these records without a word. Today we only look at where they fall.

# %% [markdown]
# A shard in this state is called *hot*. Let the shop work for a minute: 300
# calm events a second, and every ten seconds the wild customer again.
# (`next_second` moves the clock to the start of the next second.)

# %%
def next_second():
    lab.advance(seconds=1 - lab.now.microsecond / 1_000_000)

next_second()
for second in range(60):
    calm = [{"Data": b"order", "PartitionKey": event["customer_id"]}
            for event in order_events(300, seed=second)]
    kinesis.put_records(StreamName=STREAM, Records=calm)
    if second % 10 == 9:
        for call in range(3):
            kinesis.put_records(StreamName=STREAM, Records=batch)
    next_second()

# %%
lab.heat(STREAM, seconds=60)

# %% [markdown]
# Each cell is one shard in one second, against its limit. Three shards never
# sweat. An average over the stream would have said: all is well.
#
# A shard that rested has room for a full second at once, and more flows in
# while you send. So the lab's hot second holds a little more than the limit;
# AWS promises the limit and no more.

# %% [markdown]
# The same is in the lab's call log: a row for each attempt and shard, and
# `outcome` says what became of the records.

# %%
lab.calls.tail(4)[["operation", "shard", "records", "bytes", "outcome"]]

# %% [markdown]
# ### Task 3 · Find the hot shard
#
# At night an alarm says "writes throttled", and all you have is the call
# log. Write `hot_shard(calls)`. It gets the log's rows as a list of
# dictionaries with the keys `time`, `call`, `operation`, `stream`, `shard`,
# `records`, `bytes` and `outcome`. Done means: it returns the id of the
# shard that refused the most records. `PutRecord` and `PutRecords` write.
# Reads are in the log too; a reader can also be refused, and that is another
# story.

# %% task="find-the-hot-shard"
def hot_shard(calls):
    """The ShardId of the shard that refused the most records."""
    ### BEGIN SOLUTION
    refused = Counter()
    for row in calls:
        is_write = row["operation"] in ("PutRecord", "PutRecords")
        if is_write and row["outcome"] != "ok":
            refused[row["shard"]] += row["records"]
    return refused.most_common(1)[0][0]
    ### END SOLUTION

# %% check="find-the-hot-shard"
check("find-the-hot-shard")

# %% [markdown]
# ## 4. A hot customer
#
# The first idea of most teams is to add shards. We double them and let the
# same customer send the same burst. How many of 1,500 records are refused
# now?

# %%
guess = predict("doubled", ["none", "half as many", "as many as before"])
guess

# %% [markdown]
# The change takes minutes on AWS, so we give it five; then the burst again.

# %%
answer = kinesis.update_shard_count(
    StreamName=STREAM, TargetShardCount=8, ScalingType="UNIFORM_SCALING")
lab.advance(minutes=5)
[kinesis.put_records(StreamName=STREAM, Records=batch)["FailedRecordCount"]
 for call in range(3)]

# %%
guess.compare("as many as before")

# %% [markdown]
# Nothing gained. A split divides an arc of the ring, and a single key is a
# single point. No number of shards divides a point.
#
# What helps is more keys for this one customer: `C-0042#0`, `C-0042#1`, and
# so on. That is called *salt*.

# %%
salted = [{"Data": b"order", "PartitionKey": f"C-0042#{n % 16}"}
          for n in range(500)]
[kinesis.put_records(StreamName=STREAM, Records=salted)["FailedRecordCount"]
 for call in range(3)]

# %% [markdown]
# All stored. The sixteen keys fall on the ring like dice too, so some shards
# got several of them and some none. The price: this customer's events now lie
# in several shards, and we know from section 2 what that does to their order. The reader has to
# restore it from something that the producer counted. Sequence numbers will
# not do; they order one shard. Arrival times will not do; many records share
# a millisecond.

# %% [markdown]
# ### Task 4 · Salt, and read in order
#
# One customer sends 1,200 events a second. Write two functions.
#
# - `salted_key(event, hot_customer)`: spread the hot customer over at least
#   eight keys; every other customer keeps one key.
# - `events_of(customer_id, records)`: from all records of the stream, as
#   they were read shard by shard, the `event_id`s of one customer in the
#   order in which things happened.
#
# A record has `Data` with the event as JSON, and each event has a `number`
# that counts its customer's events: 1, 2, 3. Done means: nothing is refused,
# every other customer stays in one shard, and no event is lost or out of
# order.

# %% task="salt-a-hot-customer"
def salted_key(event, hot_customer):
    """The partition key, with salt for the hot customer."""
    ### BEGIN SOLUTION
    customer = event["customer_id"]
    if customer == hot_customer:
        return f"{customer}#{event['number'] % 16}"
    return customer
    ### END SOLUTION

def events_of(customer_id, records):
    """The event_ids of a customer, in the order of the events."""
    ### BEGIN SOLUTION
    events = [json.loads(record["Data"]) for record in records]
    own = [e for e in events if e["customer_id"] == customer_id]
    own.sort(key=lambda event: event["number"])
    return [event["event_id"] for event in own]
    ### END SOLUTION

# %% check="salt-a-hot-customer"
check("salt-a-hot-customer")

# %% [markdown]
# ## 5. How many shards?
#
# A shard runs out of one of three things: records in, bytes in, or bytes
# out. It gives out {{facts.shard.read_bytes_per_second}} a second, and all
# readers that poll share it. (They also share {{facts.shard.read_calls_per_second}} a
# second, which no number of shards changes; chapter 04 lives with that. And
# an on-demand stream picks its shards itself; chapter 06.)
#
# A worked example: 600 events of 4,000 bytes a second, two readers.
#
# | what | needed per second | one shard | shards |
# |---|---|---|---|
# | in | 600 records | {{facts.shard.write_records_per_second}} | 0.6 |
# | in | 2.3 MiB | {{facts.shard.write_bytes_per_second}} | 2.3 |
# | out | 4.6 MiB | {{facts.shard.read_bytes_per_second}} | 2.3 |
#
# The tightest row wins: 2.3, so three shards.

# %%
quiz("size-rows")

# %% [markdown]
# ### Task 5 · Size a stream
#
# Write `shards_needed(events_per_second, event_bytes, readers)`. The bytes
# include the key; the keys spread evenly. Done means: the fewest shards
# that refuse nothing and feed all polling readers. If your number is too
# small, the check sends the workload and shows what was refused. The limits
# are at hand, as `facts.shard.write_records_per_second` and so on.

# %% task="size-a-stream"
def shards_needed(events_per_second, event_bytes, readers):
    """The fewest shards that carry this workload."""
    ### BEGIN SOLUTION
    from math import ceil

    bytes_in = events_per_second * event_bytes
    return max(
        ceil(events_per_second / facts.shard.write_records_per_second),
        ceil(bytes_in / facts.shard.write_bytes_per_second),
        ceil(bytes_in * readers / facts.shard.read_bytes_per_second),
    )
    ### END SOLUTION

# %% check="size-a-stream"
check("size-a-stream")

# %% [markdown]
# > **Discussion.** This is the least that works. Teams add a quarter to a
# > half on top, because keys never spread quite evenly and Monday is not
# > Sunday. And is it megabytes or mebibytes? AWS writes both. Where it
# > matters, you are too close to the limit.

# %% [markdown]
# ## 6. When a shard is split
#
# A stream of four shards has been living well, and shard 0 gets tight. We
# split it. A hundred customers have sent orders before. How many of them
# will send to another shard from now on?

# %%
guess = predict("split-moves", ["none", "about 25", "about 50", "all"])
guess

# %%
kinesis.create_stream(StreamName="split-me", ShardCount=4)
lab.advance(minutes=1)
customers = [f"C-{n:04d}" for n in range(100)]
before = {c: kinesis.put_record(
    StreamName="split-me", Data=b"x", PartitionKey=c)["ShardId"]
    for c in customers}

# %% [markdown]
# The new boundary goes into the middle of shard 0. The stream is UPDATING
# for a while; it can be read and written all the time.

# %%
kinesis.split_shard(
    StreamName="split-me", ShardToSplit="shardId-000000000000",
    NewStartingHashKey=str(2**128 // 8))
lab.advance(minutes=1)
after = {c: kinesis.put_record(
    StreamName="split-me", Data=b"y", PartitionKey=c)["ShardId"]
    for c in customers}
sum(before[c] != after[c] for c in customers)

# %%
guess.compare("about 25")

# %% [markdown]
# Those that lived in shard 0, and nobody else. A system that divides by the
# number of shards would have moved four in five. On a ring, a split concerns
# one arc.

# %%
lab.show("split-me")

# %% [markdown]
# Shard 0 is closed. Its old records stay and can be read; its children, 4
# and 5, take the new ones. No record was moved. Whoever reads must finish
# the parent before the children, or see a customer's later orders first.
# Chapter 06 lives on that.

# %% [markdown]
# ### Task 6 · After a split
#
# Before a split you want to know who is concerned. Write
# `after_split(key, shard, new_starting_hash_key)`. It gets a partition key,
# the shard that will be split, as `list_shards` describes it, and the hash
# key, as text, at which the upper child will start. Return `"lower"`,
# `"upper"`, or `"stays"` for a key that never lived in this shard. Done
# means: the check splits a real stream, and each key lands where you said.

# %% task="after-a-split"
def after_split(key, shard, new_starting_hash_key):
    """Where a key goes: "lower", "upper" or "stays"."""
    ### BEGIN SOLUTION
    point = int(md5(key.encode()).hexdigest(), 16)
    arc = shard["HashKeyRange"]
    if not int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
        return "stays"
    return "lower" if point < int(new_starting_hash_key) else "upper"
    ### END SOLUTION

# %% check="after-a-split"
check("after-a-split")

# %% [markdown]
# ## 7. In production
#
# - **Throttled writes on an idle stream.** The metric
#   `WriteProvisionedThroughputExceeded` is above zero while `IncomingBytes`
#   of the stream looks low. Turn on shard-level metrics (they cost extra):
#   one bar stands alone.
# - **A key that was fine last year.** One customer grew. Watch the busiest
#   shard, not the average.
# - **Salt without a reader's plan.** No metric shows it. A count of events
#   that arrive out of order, kept by the consumer, does.
#
# ## 8. In the interview
#
# - *"How does a record find its shard?"* MD5, ring, range; same key, same
#   shard, until a split. Evidence: task 1 and the ring.
# - *"One customer is a third of your traffic. What do you do?"* Not more
#   shards: section 4 shows it. Salt with a bounded number of keys, and a
#   reader that merges by a number of your own.
# - *"How many shards for 5,000 events a second of 2 KiB, with three
#   readers?"* Three rows: 5, 9.8 and 14.6, so fifteen; then headroom. Then
#   the way out: with *enhanced fan-out* each reader gets
#   {{facts.shard.read_bytes_per_second}} a second of every shard for itself
#   (chapter 05), and ten would do.

# %% [markdown]
# ## Recap
#
# 1. MD5 of the key is a point; the open shard whose arc holds it gets the
#    record.
# 2. Choose the key by two questions: what must stay in order, and are there
#    many of it?
# 3. A hot key is a point. Shards do not divide it, salt does, and salt
#    costs order.
# 4. Records in, bytes in, bytes out: the tightest decides the size.
# 5. A split moves the keys of one arc; old records stay with the parent.
#
# **Next:** `03-producers`, where refused records are sent again, and
# sometimes twice.
#
# ### Sources of the numbers
#
# {{facts.footnotes}}
