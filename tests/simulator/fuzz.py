"""Random request bodies for every operation of the Kinesis model, and the two answers allowed.

Whatever comes in, the account answers in the shape that botocore's model gives the operation, or
refuses with a code that AWS sends; nothing else is ever raised, and a refusal has changed nothing.
Operations are taken from the model, so one that the simulator learns tomorrow is covered.

    python -m tests.simulator.fuzz 600        ten minutes, by hand
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from course.simulator import wire
from course.simulator.account import Reply
from course.simulator.clock import HOUR, MINUTE, SECOND
from course.simulator.errors import AwsError
from tests.simulator.client import ACCOUNT, LAST_HASH_KEY, Client, to_json

MODEL = wire.service_model("kinesis")
OPERATIONS = sorted(MODEL.operation_names)

# What AWS may answer to any operation (API Reference, Common Errors; SerializationException and
# UnknownOperationException come from its JSON front end). The model adds each operation's own.
COMMON_ERRORS = frozenset(
    (
        "AccessDeniedException",
        "InternalFailure",
        "SerializationException",
        "ThrottlingException",
        "UnknownOperationException",
        "ValidationException",
    )
)

BODIES_PER_WORLD = 200
LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1}
TYPES = {
    "string": str,
    "blob": bytes,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": datetime,
}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNT},
                "Action": ["kinesis:GetRecords"],
                "Resource": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/orders",
            }
        ],
    }
)
# Members of which a request has at most one.
RIVALS = ["StreamName", "StreamARN", "NextToken"]
WISHES = {
    "StreamName": 0.9,
    "PartitionKey": 0.95,
    "DryRun": 0.05,
    "SequenceNumberForOrdering": 0.2,
    "MaxRecordSizeInKiB": 0.1,
    "RecordDistributionStrategy": 0.1,
    "WarmThroughputMiBps": 0.1,
}
OFTEN = ["PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "ListShards"]


@dataclass(frozen=True)
class Literal:
    """JSON text (or what passes for it) that no Python value would be written as."""

    text: str


JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 3, 0.5, -0.0, 1e308, 2**31, 2**63, -(2**70), 10**400,
    "", " ", "x", "0", "-1", "1" * 129, "x" * 300, "x" * 3_000, "é€😀", "\ud800", "a\udfffb", "\0",
    "../../etc", "%s{0}", "null", "TRIM_HORIZON", [], {}, [[]], [None], {"": None}, [{}] * 3,
    {"Type": "AT_LATEST"}, Literal("NaN"), Literal("Infinity"), Literal("-Infinity"),
    Literal("1e999"), Literal("9" * 5_000), Literal("[" * 50 + "]" * 50),
    Literal("[" * 100_000), Literal('{"a":' * 900 + "1" + "}" * 900), Literal("{"), Literal("tru"),
    Literal('"\\ud83d"'), Literal('"\\x"'), Literal("01"), Literal("'x'"), Literal("/**/1"),
]  # fmt: skip


class Bodies:
    """Makes bodies. Names, numbers and tokens are taken from what the account has answered."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.seen: dict[str, list[str]] = {}

    def learn(self, shape: Shape, value: Any) -> None:
        """Remember the texts in an answer by the names of their shapes."""
        match shape:
            case StructureShape() if isinstance(value, dict):
                for name, member in value.items():
                    if name in shape.members:
                        self.learn(shape.members[name], member)
            case ListShape() if isinstance(value, list):
                for entry in value[:5]:
                    self.learn(shape.member, entry)
            case _ if isinstance(value, str):
                texts = self.seen.setdefault(shape.name, [])
                if value not in texts:
                    texts.append(value)
                    del texts[:-12]

    def body(self, operation: str) -> bytes:
        """Bytes to send: valid by the model, nearly valid, or far from it."""
        rng = self.rng
        shape = MODEL.operation_model(operation).input_shape
        request = {} if shape is None else self.sensible(self.value(shape))
        while rng.random() < 0.35:
            request = self.spoil(request)
        text = self.written(request)
        if rng.random() < 0.05:
            text = self.spoiled_text(text)
        raw = text.encode("utf-8", "surrogatepass")
        if rng.random() < 0.05:
            raw = self.spoiled_bytes(raw)
        return raw

    def value(self, shape: Shape) -> Any:
        """A value that the model allows, mostly one that means something here."""
        rng = self.rng
        limits = shape.metadata
        match shape:
            case StructureShape():
                often = rng.choice([0.1, 0.4, 0.9])
                return {
                    name: self.value(member)
                    for name, member in shape.members.items()
                    if name in shape.required_members or rng.random() < self.wish(name, often)
                }
            case ListShape():
                fewest = limits.get("min", 0)
                most = min(limits.get("max", 5), fewest + rng.choice([1, 5]))
                return [self.value(shape.member) for _ in range(rng.randint(fewest, most))]
            case MapShape():
                return {
                    self.value(shape.key): self.value(shape.value)
                    for _ in range(rng.randint(limits.get("min", 0), 3))
                }
        match shape.type_name:
            case "integer" | "long":
                low = limits.get("min", 0)
                high = limits.get("max", low + 20)
                return rng.choice([low, high, 24, 48, 2, 1_024, rng.randint(low, high)])
            case "timestamp":
                return rng.choice([0, -1.5, 1e9, 1_767_603_600 + rng.randrange(10_000)])
            case "boolean":
                return rng.random() < 0.3
            case "blob":
                size = rng.choice([0, 1, 10, 10, 1_000])
                return b64encode(rng.randbytes(size)).decode()
        return self.text(shape)

    def sensible(self, request: dict[str, Any]) -> dict[str, Any]:
        """Mostly without members that exclude each other."""
        rivals = [name for name in RIVALS if name in request]
        if self.rng.random() < 0.9:
            for name in self.rng.sample(rivals, max(0, len(rivals) - 1)):
                del request[name]
        return request

    def wish(self, name: str, often: float) -> float:
        """How likely an optional member is: some hide all others, or are needed for success."""
        return WISHES.get(name, often)

    def text(self, shape: Shape) -> str:
        rng = self.rng
        limits = shape.metadata
        if limits.get("enum"):
            return rng.choice(limits["enum"])
        name = shape.name
        if name == "HashKey":
            return str(rng.choice([0, 1, 2**127, LAST_HASH_KEY, rng.getrandbits(128)]))
        if self.seen.get(name) and rng.random() < 0.9:
            return rng.choice(self.seen[name])
        if name == "ResourceARN" and rng.random() < 0.9:
            return rng.choice(self.seen.get("StreamARN") or [""])
        arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/orders"
        guesses = [
            "x", "orders", "new-stream", "0", "1" * 12, "a" * limits.get("min", 1), arn,
            f"{arn}/consumer/reader:1767603600", "shardId-000000000001", "alias/aws/kinesis",
            arn.replace("stream", "queue"), arn.replace("stream", "channel"),
            f"arn:aws:iam::{ACCOUNT}:role/writer", "arn:aws:s3:::a-bucket", "é" * 5,
            '{"Version":"2012-10-17","Statement":[]}', POLICY,
        ]  # fmt: skip
        pattern = re.compile(limits.get("pattern", "(?s:.*)"), re.ASCII)
        fitting = [guess for guess in guesses if pattern.fullmatch(guess)]
        return rng.choice(fitting or guesses)

    def spoil(self, value: Any) -> Any:
        """The value with one thing in it changed."""
        rng = self.rng
        if isinstance(value, dict) and value and rng.random() < 0.9:
            name = rng.choice(list(value))
            changed = dict(value)
            match rng.randrange(8):
                case 0:
                    del changed[name]
                case 1:
                    changed[rng.choice(["Colour", "", "__type", "é", "\ud800"])] = rng.choice(JUNK)
                case 2:
                    changed[name.lower()] = changed.pop(name)
                case _:
                    changed[name] = self.spoil(value[name])
            return changed
        if isinstance(value, list) and value and rng.random() < 0.7:
            place = rng.randrange(len(value))
            if rng.random() < 0.2 and len(self.written(value)) < 5_000:
                return value * rng.choice([2, 200])
            return [*value[:place], self.spoil(value[place]), *value[place + 1 :]]
        if isinstance(value, str) and rng.random() < 0.5:
            place = rng.randrange(len(value) + 1)
            extra = rng.choice(["", "x", "\0", "\ud800", "é", "=", "\n", "9" * 40])
            return value[:place] + extra + value[place + rng.randrange(3) :]
        return rng.choice(JUNK)

    def written(self, value: Any) -> str:
        match value:
            case Literal(text):
                return text
            case dict():
                pairs = [
                    f"{self.written(name)}:{self.written(entry)}" for name, entry in value.items()
                ]
                if pairs and self.rng.random() < 0.03:
                    pairs.append(self.rng.choice(pairs))
                    pairs.append(self.rng.choice(pairs).partition(":")[0] + ":5")
                return "{" + ",".join(pairs) + "}"
            case list():
                return "[" + ",".join(map(self.written, value)) + "]"
            case int() if not isinstance(value, bool):
                return str(value)
            case str():
                return json.dumps(value, ensure_ascii=self.rng.random() < 0.5)
        return json.dumps(value)

    def spoiled_text(self, text: str) -> str:
        place = self.rng.randrange(len(text) + 1)
        return self.rng.choice(
            [
                "", " " + text + "\n", text + text, text[:place], text[:place] + '"' + text[place:],
                "\ufeff" + text, text.replace(":", ":,"), "[" + text + "]", "null", '"x"', "5",
            ]
        )  # fmt: skip

    def spoiled_bytes(self, raw: bytes) -> bytes:
        place = self.rng.randrange(len(raw) + 1)
        return self.rng.choice(
            [
                raw[:place] + self.rng.randbytes(3) + raw[place:],
                raw[:place] + b"\xff\xfe" + raw[place:],
                raw.decode("utf-8", "replace").encode("utf-16", "replace"),
                raw.decode("utf-8", "replace").encode("utf-32-le", "replace"),
                self.rng.randbytes(20),
                b"\x00" * 4,
            ]
        )


def worlds_client(rng: Random) -> Client:
    """A client of an account with streams in every state: open, resharded, busy, coming, going."""
    client = Client()
    client.create("orders", rng.choice([1, 4]))
    client.create("clicks", 2)
    client.call("CreateStream", StreamName="flood", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    client.create("leaving", 1)
    for number in range(5):
        client.put(key=str(number))
        client.put(key="é" * number or "k", name="clicks")
    client.call(
        "SplitShard",
        StreamName="clicks",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey="12345",
    )
    client.settle()
    client.register(stream="clicks")
    if rng.random() < 0.3:
        client.clock.sleep(25 * HOUR)
    client.call("CreateStream", StreamName="coming", ShardCount=1)
    client.call("DeleteStream", StreamName="leaving")
    if rng.random() < 0.5:
        client.call(
            "UpdateShardCount",
            StreamName="orders",
            TargetShardCount=2,
            ScalingType="UNIFORM_SCALING",
        )
    return client


class Session:
    """One world, and what came of the bodies that were sent to it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.client = worlds_client(self.rng)
        self.bodies = Bodies(self.rng)
        self.outcomes: Counter[tuple[str, str]] = Counter()
        watch_refusals(self.client)
        for name in ("orders", "clicks", "flood", "coming", "leaving"):
            self.send("DescribeStream", to_json({"StreamName": name}))
        for number in range(3):
            place = {"ShardId": f"shardId-{number:012d}", "ShardIteratorType": "TRIM_HORIZON"}
            self.send("GetShardIterator", to_json({"StreamName": "clicks", **place}))
        clicks = self.client.account.streams().arn("clicks")
        self.send("ListStreamConsumers", to_json({"StreamARN": clicks}))

    def run(self, count: int) -> None:
        """Send `count` bodies, time passing now and then."""
        rng = self.rng
        for _ in range(count):
            # Every other body goes to what every client calls, the rest to all alike.
            operation = rng.choice(rng.choice([OPERATIONS, OFTEN]))
            self.send(operation, self.bodies.body(operation))
            if rng.random() < 0.05:
                self.trouble()

    def trouble(self) -> None:
        """Time, or a fault that somebody has planned."""
        rng, faults = self.rng, self.client.account.faults
        name = rng.choice(["orders", "clicks"])
        match rng.randrange(6):
            case 0:
                faults.throttle(name, None, SECOND)
            case 1:
                faults.fail_entries(name, [0], 1, "InternalFailure")
            case 2:
                faults.time_out_after_write(name, 1)
            case 3:
                faults.expire_iterators(name)
            case _:
                self.client.clock.sleep(rng.choice([SECOND // 5, SECOND, 6 * SECOND, MINUTE]))

    def send(self, operation: str, body: bytes) -> None:
        """Send one body and judge what came; raises AssertionError that says how to repeat it."""
        try:
            reply = self.client.attempt(operation, body)
            outcome = judge(operation, reply)
            if outcome == "ok" and operation == "SubscribeToShard":
                self.listen(reply)
        except Exception as problem:
            shown = f"{body[:2_000]!r}{' ...' * (len(body) > 2_000)}"
            raise AssertionError(
                f"world {self.seed}: {operation} with {shown}: {problem!r}"
            ) from problem
        self.outcomes[operation, outcome] += 1
        shape = MODEL.operation_model(operation).output_shape
        if reply.answer and shape is not None:
            self.bodies.learn(shape, reply.answer)

    def listen(self, reply: Reply) -> None:
        """Hear the first events of a subscription; an error may stand in their place."""
        assert reply.answer is not None
        try:
            for _ in range(self.rng.randrange(4)):
                event = self.client.event(reply.answer["EventStream"])
                shape = MODEL.shape_for("SubscribeToShardEvent")
                assert isinstance(shape, StructureShape)
                assert event is None or event.keys() <= shape.members.keys()
        except AwsError as error:
            if error.code not in MODEL.shape_for("SubscribeToShardEventStream").members:
                raise


def watch_refusals(client: Client) -> None:
    """Hold the streams to it that an operation which raises AwsError has changed nothing.

    Looked at around the operation itself: afterwards the latency passes, in which things fall due.
    """
    streams = client.account.streams()
    call = streams.call

    def watched(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        before = contents(client)
        try:
            return call(operation, request)
        except AwsError as error:
            if contents(client) != before:
                raise AssertionError("refused, and yet something has changed") from error
            raise

    streams.call = watched  # type: ignore[method-assign]


def contents(client: Client) -> list[Any]:
    """What clients can tell of the streams; budgets and caches are none of it."""
    return [
        (
            stream.name,
            stream.status,
            stream.mode,
            stream.retention_hours,
            [(shard.next_counter, shard.closed) for shard in stream.shards],
        )
        for stream in client.account.streams().all()
    ]


def judge(operation: str, reply: Reply) -> str:
    """ "ok", "TimedOut" or an error code; raises AssertionError for all else."""
    model = MODEL.operation_model(operation)
    if reply.error is not None:
        code = reply.error.code
        own = {shape.name for shape in model.error_shapes}
        assert code in COMMON_ERRORS | own, f"{code} is no error of {operation}"
        assert reply.error.message is None or type(reply.error.message) is str
        assert reply.status in (400, 500)
        assert json.loads(reply.body)["__type"] == code
        return code
    if reply.timed_out:
        assert operation in ("PutRecord", "PutRecords")
        return "TimedOut"
    assert reply.status == 200
    assert reply.answer is not None
    if model.output_shape is None:
        assert reply.answer == {}
        assert reply.body == b""
    else:
        check_shape(model.output_shape, reply.answer, operation)
        if not model.has_event_stream_output:
            json.loads(reply.body or b"{}")
    return "ok"


def check_shape(shape: Shape, value: Any, where: str) -> None:
    """Raise AssertionError unless `value` is what the model says."""
    match shape:
        case StructureShape():
            if shape.serialization.get("eventstream"):
                # Events come while somebody reads them; the fan-out tests do.
                return
            assert type(value) is dict, f"{where} is {value!r}"
            unknown = value.keys() - shape.members.keys()
            missing = set(shape.required_members) - value.keys()
            assert not unknown, f"{where} has unknown members {unknown}"
            assert not missing, f"{where} lacks {missing}"
            for name, member in value.items():
                check_shape(shape.members[name], member, f"{where}.{name}")
        case ListShape():
            assert type(value) is list, f"{where} is {value!r}"
            # Limits are for requests: AWS answers ShardLevelMetrics [] and FailedRecordCount 0,
            # though the model would have at least one of each.
            for entry in value:
                check_shape(shape.member, entry, f"{where}[]")
        case MapShape():
            assert type(value) is dict, f"{where} is {value!r}"
            for name, entry in value.items():
                check_shape(shape.key, name, f"{where}'s key")
                check_shape(shape.value, entry, f"{where}[{name!r}]")
        case _:
            check_scalar(shape, value, where)


def check_scalar(shape: Shape, value: Any, where: str) -> None:
    """The type, and of texts, which come back in requests, all that the model says of them."""
    assert type(value) is TYPES[shape.type_name], f"{where} is {value!r}"
    limits = shape.metadata
    match value:
        case str():
            assert value in limits.get("enum", [value]), f"{where} is {value!r}"
            pattern = limits.get("pattern", "(?s:.*)")
            assert re.fullmatch(pattern, value, re.ASCII), f"{where} is {value!r}"
            low, high = limits.get("min", 0), limits.get("max", len(value))
            assert low <= len(value) <= high, f"{where} has {len(value)} characters"
        case datetime():
            assert value.tzinfo is not None, f"{where} is naive"
        case int():
            assert abs(value) <= LARGEST.get(shape.type_name, 1), f"{where} is {value}"


def fuzz(seconds: float, first_world: int = 0) -> Counter[tuple[str, str]]:
    """Send bodies to world after world for `seconds` of real time; what came of them."""
    outcomes: Counter[tuple[str, str]] = Counter()
    until = time.monotonic() + seconds
    for seed in itertools.count(first_world):
        session = Session(seed)
        session.run(BODIES_PER_WORLD)
        outcomes += session.outcomes
        if time.monotonic() >= until:
            print(f"worlds {first_world} to {seed}: {outcomes.total()} bodies")
            return outcomes
    raise AssertionError("never reached")


if __name__ == "__main__":
    table = fuzz(float(sys.argv[1]))
    for (operation, outcome), times in sorted(table.items()):
        print(f"{operation:40} {outcome:40} {times:8,}")
