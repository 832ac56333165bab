# ---
# title: Start here
# minutes: 25
# objectives:
#   - run a popular article's code, and hold it against its promise
#   - find out what is wrong with three small experiments
#   - get to know the lab, its clock, the checks, and how to start over
# out_of_scope: [producers that retry, consumers that survive a crash]
# prerequisites: []
# ---

# %% [markdown]
# # 00 · Start here
#
# We run the code of a popular article. It does not do what it says, and we
# find out why.
#
# *{{chapter.minutes}} minutes · one warm-up point*
#
# In this chapter we
#
# {{chapter.objectives}}

# %% [markdown]
# > **You are here.** **00 Start here** → 01 Four services (to come) → 02
# > Shards and partition keys → 03 Producers → … → 14 The interview room.

# %% [markdown]
# ## 1. A desk with its own AWS
#
# Run each cell with Shift+Enter, from top to bottom, once. To run it all
# again, restart the kernel first.

# %%
from course import Lab, check, predict, quiz

lab = Lab()

# %% [markdown]
# That opened a lab: a small AWS account inside this notebook. It has
# streams, limits and error messages like the real one. It has no bill, and
# nothing leaves your machine.
#
# The client is real. This is boto3, the library you would use at work.

# %%
import boto3

kinesis = boto3.client("kinesis", region_name="us-east-1")
answer = kinesis.create_stream(
    StreamName="company-order-events", ShardCount=4)

# %% [markdown]
# A stream is not there at once. We ask boto3 to wait for it, as real
# programs do. On AWS you would now look at the clock; look at the lab's.

# %%
before = lab.now
kinesis.get_waiter("stream_exists").wait(StreamName="company-order-events")
print(lab.now - before)

# %% [markdown]
# Many seconds for the stream, hardly one for you. Time in the lab is
# virtual: it moves when somebody sleeps, waits or calls, and every run of
# this notebook sees the same time. Here is our stream.

# %%
lab.show("company-order-events")

# %% [markdown]
# Four lanes, all empty. A lane is a *shard*: a log that takes records at
# its end and keeps them for a day, or longer if you ask for it.

# %% [markdown]
# ## 2. What do you believe?
#
# Three questions before we start. Answer from the gut. Your answers are
# noted, and we come back to them at the end.

# %%
quiz("belief-spread", "belief-read-gone", "belief-loop", reveal=False)

# %% [markdown]
# ## 3. The article
#
# An article about Kinesis, read by many, shows a producer and a consumer.
# We quote both, unchanged but for the indentation. First the producer: it
# sends an order into the stream.

# %% tags=["quoted"]
import boto3
import json
from datetime import datetime
kinesis = boto3.client('kinesis', region_name='us-east-1')
# Producer: push an event to the stream
def send_order_event(order):
    response = kinesis.put_record(
        StreamName='company-order-events',
        Data=json.dumps({
            'order_id': order['id'],
            'customer_id': order['customer_id'],
            'amount': order['amount'],
            'event_time': datetime.utcnow().isoformat(),
            'event_type': 'order_placed'
        }),
        PartitionKey=str(order['customer_id']) # same customer → same shard → ordered events
    )
    return response['SequenceNumber']

# %% [markdown]
# Then it sends ten test orders, from three customers in turn.

# %% tags=["quoted"]
# Send 10 test orders
for i in range(10):
    seq = send_order_event({'id': f'ORD-{i}', 'customer_id': i % 3, 'amount': 99.99 * i})
    print(f"Sent order {i}, sequence: {seq[:20]}...")

# %% [markdown]
# Ten orders sent, ten sequence numbers. They look alike, because the
# article prints the first 20 of {{facts.sequence_number.digits}}, and the
# records of a shard differ in the later ones. (A newer Python also warns
# about `utcnow`, and it is right.)
#
# Now the consumer. Three words for reading it: a *shard iterator* is a
# bookmark in one shard. `get_records` takes a bookmark and gives back one
# *page* of records and the next bookmark. `TRIM_HORIZON` asks for a bookmark
# at the oldest record that is still kept.

# %% tags=["quoted"]
import boto3
import json
import time
kinesis = boto3.client('kinesis', region_name='us-east-1')
def read_from_stream(stream_name: str, shard_id: str):
    # Get a shard iterator (TRIM_HORIZON = from the beginning)
    iterator_resp = kinesis.get_shard_iterator(
        StreamName=stream_name,
        ShardId=shard_id,
        ShardIteratorType='TRIM_HORIZON'
    )
    shard_iterator = iterator_resp['ShardIterator']
    print("Reading from stream...")
    while True:
        response = kinesis.get_records(ShardIterator=shard_iterator, Limit=100)
        records = response['Records']
        for record in records:
            event = json.loads(record['Data'])
            print(f"Order: {event['order_id']}, Amount: {event['amount']}")
        shard_iterator = response['NextShardIterator']
        if not records:
            time.sleep(1) # no records, wait before polling again

# %% [markdown]
# Before you run it, commit yourself. How many of the ten orders will it
# print?

# %%
guess = predict("orders-printed", [0, 3, 4, 10])
guess

# %% [markdown]
# The article's last line starts it.

# %% tags=["quoted"]
read_from_stream('company-order-events', 'shardId-000000000000')

# %%
guess.compare(0)

# %% [markdown]
# Not one order. No error either: the program sat there, asked once a
# second, and got nothing. It would sit there today. The lab ended the cell
# after ten virtual minutes, kindly, so that we can go on.
#
# Silence is the hardest failure there is. Nothing is red, nothing is in the
# logs. Let us find out.

# %% [markdown]
# ## 4. Three experiments
#
# **One: what is there to read?** The consumer reads
# `shardId-000000000000`. Which shards does the stream have?

# %%
[s["ShardId"] for s in kinesis.list_shards(
    StreamName="company-order-events")["Shards"]]

# %% [markdown]
# Four of them, as we asked for. The consumer looks into one.
#
# **Two: where did the orders go?** The customers are 0, 1 and 2, so the
# partition keys are `'0'`, `'1'` and `'2'`. Kinesis takes the MD5 of a key
# and reads it as a number.

# %%
from hashlib import md5

[md5(key.encode()).hexdigest()[:4] for key in ("0", "1", "2")]

# %% [markdown]
# All three begin with a `c`. The shards divide all possible numbers into
# four equal parts: the first takes what begins with 0 to 3, the next 4 to
# 7, the next 8 to b, and the last c to f. So?

# %%
guess = predict("shards-with-orders", [1, 2, 3, 4])
guess

# %% [markdown]
# The lab can show any stream at any moment.

# %%
lab.show("company-order-events")

# %%
guess.compare(1)

# %% [markdown]
# One full lane, three empty ones. Three customers are too few to trust to
# luck, and the article had bad luck: its keys share the last shard on a
# stream of two, three or four shards.
#
# **Three: read the other shard.** One page will do.

# %%
place = kinesis.get_shard_iterator(
    StreamName="company-order-events",
    ShardId="shardId-000000000003",
    ShardIteratorType="TRIM_HORIZON",
)
len(kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"])

# %% [markdown]
# Ten. Nothing was lost; we looked in the wrong place. Read the page once
# more: are they gone now?

# %%
len(kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"])

# %% [markdown]
# Ten again. Reading takes nothing away; only time does.
#
# The consumer has more faults than this one, and chapter 04 mends them all.
# What it did in those ten minutes is on record: the lab keeps a log of every
# call.

# %%
lab.calls["operation"].value_counts()

# %% [markdown]
# ## 5. Your turn: find the records
#
# Reading shard 3 helped today. Tomorrow's stream has other shards and other
# keys. Write a function that finds the shard with the records in it,
# whatever the stream. In the streams we try, all records sit in one shard.
#
# Done means: it looks into the shards and returns the id of the one that
# holds records. In these streams the first page has records if the shard
# has; on AWS it may be empty, and chapter 04 deals with that. The stub is
# `...`; put your code there, run the cell, then run the check below it.

# %% task="find-the-records"
def shard_with_records(stream_name):
    """The ShardId of the shard that holds the stream's records."""
    ### BEGIN SOLUTION
    shards = kinesis.list_shards(StreamName=stream_name)["Shards"]
    for shard in shards:
        place = kinesis.get_shard_iterator(
            StreamName=stream_name,
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )
        page = kinesis.get_records(ShardIterator=place["ShardIterator"])
        if page["Records"]:
            return shard["ShardId"]
    ### END SOLUTION

# %% check="find-the-records"
check("find-the-records")

# %% [markdown]
# The check ran your function against streams of its own and looked at what
# came back. Your own stream is as you left it. Hints are folded inside: a
# nudge, the idea, then nearly the code. If you take this course in a class,
# further cases run when it is graded, and nobody has seen those.
#
# > **Starting over.** Something is in knots? Kernel → Restart Kernel, then
# > run from the top. To get the chapter as it came, type
# > `python run.py reset 00` in a terminal. Your version is kept beside it.

# %% [markdown]
# ## 6. In production
#
# Three things that bite, and the metric that shows each:
#
# - **A reader that reads one shard.** `GetRecords.Records` stays below
#   `IncomingRecords`, here at zero.
# - **A few keys, one hot shard.** `IncomingBytes` by shard shows one bar.
#   Metrics by shard must be turned on, and cost money.
# - **Trust in `GetRecords.IteratorAgeMilliseconds`.** It is the alarm that
#   everyone sets, and it would have stayed at zero: it tells how far behind
#   a reader is where it reads. A shard that nobody reads has no age.
#
# ## 7. In the interview
#
# *"Your consumer runs, no errors, no data. What do you check?"* Name the
# three experiments in this order: is there data (`IncomingRecords`), in
# which shards (keys and hash ranges), and do we read those (`list_shards`)?
# You have seen each of them answer.

# %% [markdown]
# ## 8. The three questions again
#
# You have seen the evidence. What do you say now?

# %%
quiz("belief-spread", "belief-read-gone", "belief-loop")

# %% [markdown]
# ## Recap
#
# 1. A stream is a set of shards; a reader must look into all of them.
# 2. The MD5 of the partition key decides the shard, not the turn.
# 3. Three keys can share one shard, and did.
# 4. An empty page is no error and no end; silence needs a look at the
#    stream itself.
# 5. The lab's clock is virtual, its log is complete, and a check judges
#    what your code did.
#
# **Next:** `02-shards-and-partition-keys`, where we take the ring apart.
#
# ### Sources of the numbers
#
# {{facts.footnotes}}
