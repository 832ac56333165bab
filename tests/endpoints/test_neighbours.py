"""The services that moto plays: each world has its own, ids repeat, time is the lab's."""

from __future__ import annotations

import gc
import io
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
import pandas as pd
import pyarrow.fs
import pytest
import time_machine
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import BUILTIN_HANDLERS

from course.endpoints.fence import Fence
from course.endpoints.neighbours import Neighbours, NotPlayed, S3Server, addresses, state
from course.simulator.account import ACCOUNT_ID

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
CLOSED = "http://127.0.0.1:9"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


class Desk:
    """Clients as a lab has them: their requests go to `neighbours`, whoever that is."""

    def __init__(self) -> None:
        self.neighbours = Neighbours()
        session = botocore.session.Session()
        session.register("before-send", self._answer)
        self._session = boto3.Session(botocore_session=session)
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **options: Any) -> Any:
        if options:
            return self._make(service, **options)
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _make(self, service: str, **options: Any) -> Any:
        usual: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": CLOSED, **KEYS}
        return self._session.client(service, **(usual | options))

    def _answer(self, event_name: str, request: Any, **_more: Any) -> AWSResponse:
        _, service, operation = event_name.split(".")
        status, headers, body = self.neighbours.answer(service, operation, request)
        return AWSResponse(request.url, status, headers, Raw(body))


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture(scope="module")
def shared_desk() -> Desk:
    return Desk()


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    shared_desk.neighbours = Neighbours()
    return shared_desk


@pytest.fixture
def fence() -> Iterator[Fence]:
    with Fence() as fence:
        yield fence


# --- What moto plays -------------------------------------------------------------------------


class Thing:
    """Something with a name in one service: how it is made, and which of them there are."""

    @staticmethod
    def s3(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        s3 = desk.client("s3")
        return (
            lambda name: s3.create_bucket(Bucket=name),
            lambda: [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        )

    @staticmethod
    def dynamodb(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        dynamodb = desk.client("dynamodb")
        return (
            lambda name: dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            ),
            lambda: dynamodb.list_tables()["TableNames"],
        )

    @staticmethod
    def sqs(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        sqs = desk.client("sqs")
        return (
            lambda name: sqs.create_queue(QueueName=name),
            lambda: [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])],
        )

    @staticmethod
    def iam(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        iam = desk.client("iam")
        return (
            lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}"),
            lambda: [role["RoleName"] for role in iam.list_roles()["Roles"]],
        )

    @staticmethod
    def glue(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        glue = desk.client("glue")
        return (
            lambda name: glue.create_database(DatabaseInput={"Name": name}),
            lambda: [database["Name"] for database in glue.get_databases()["DatabaseList"]],
        )

    @staticmethod
    def cloudwatch(desk: Desk) -> tuple[Callable[..., Any], Callable[[], list[str]]]:
        cloudwatch = desk.client("cloudwatch")
        return (
            lambda name: cloudwatch.put_metric_data(
                Namespace="Shop", MetricData=[{"MetricName": name, "Value": 1.0}]
            ),
            lambda: [
                metric["MetricName"]
                for metric in cloudwatch.list_metrics(Namespace="Shop")["Metrics"]
            ],
        )


SERVICES = ["s3", "dynamodb", "sqs", "iam", "glue", "cloudwatch"]


@pytest.mark.parametrize("service", SERVICES)
def test_two_worlds_never_see_each_other(desk: Desk, service: str) -> None:
    make, names = getattr(Thing, service)(desk)
    first, second = Neighbours(), Neighbours()

    desk.neighbours = first
    make("orders")
    desk.neighbours = second
    assert names() == []
    make("orders")
    make("invoices")
    desk.neighbours = first
    assert names() == ["orders"]
    desk.neighbours = second
    assert sorted(names()) == ["invoices", "orders"]
    desk.neighbours = Neighbours()
    assert names() == []


def test_sts_is_played(desk: Desk) -> None:
    assert desk.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID


def test_objects_go_in_and_come_out(desk: Desk) -> None:
    s3 = desk.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="a b/ä=1.txt", Body=b"bytes")
    s3.upload_fileobj(io.BytesIO(b"file"), "lake", "file")
    assert s3.get_object(Bucket="lake", Key="a b/ä=1.txt")["Body"].read() == b"bytes"
    assert s3.get_object(Bucket="lake", Key="file")["Body"].read() == b"file"
    assert s3.head_object(Bucket="lake", Key="file")["ContentLength"] == 4


def test_an_error_of_aws_stays_an_error_of_aws(desk: Desk) -> None:
    s3 = desk.client("s3")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="nobodys")
    with pytest.raises(ClientError, match=r"\(404\).*HeadBucket"):
        s3.head_bucket(Bucket="nobodys")


@pytest.mark.parametrize("endpoint_url", [None, CLOSED, "http://localhost:4566"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_s3_answers_however_it_is_addressed(
    desk: Desk, endpoint_url: str | None, style: str
) -> None:
    config = Config(s3={"addressing_style": style}, ignore_configured_endpoint_urls=True)
    s3 = desk.client("s3", endpoint_url=endpoint_url, config=config)
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="deep/key", Body=b"x")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="lake")["Contents"]] == ["deep/key"]


def test_an_unsigned_request_is_answered(desk: Desk) -> None:
    desk.client("s3").create_bucket(Bucket="lake")
    anonymous = desk.client("s3", config=Config(signature_version=UNSIGNED))
    assert anonymous.list_objects_v2(Bucket="lake")["KeyCount"] == 0


def test_the_region_is_the_clients(desk: Desk) -> None:
    desk.client("sqs", region_name="eu-west-3").create_queue(QueueName="orders")
    url = desk.client("sqs", region_name="eu-west-3").list_queues()["QueueUrls"][0]
    assert url == "https://sqs.eu-west-3.amazonaws.com/123456789012/orders"
    assert "QueueUrls" not in desk.client("sqs").list_queues()


# --- What it does not play -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "named"),
    [
        ("kinesis", "list_streams", {}, "kinesis.ListStreams"),
        ("firehose", "list_delivery_streams", {}, "firehose.ListDeliveryStreams"),
        ("gamelift", "list_builds", {}, "gamelift.ListBuilds"),
        ("glue", "list_blueprints", {}, "glue.ListBlueprints"),
        ("iam", "get_mfa_device", {"SerialNumber": "x" * 9}, "iam.GetMFADevice"),
        ("lambda", "list_code_signing_configs", {}, "lambda.ListCodeSigningConfigs"),
    ],
)
def test_what_is_not_played_is_said_in_one_sentence(
    desk: Desk, service: str, operation: str, arguments: dict[str, str], named: str
) -> None:
    with pytest.raises(NotPlayed) as caught:
        getattr(desk.client(service), operation)(**arguments)
    sentence = str(caught.value)
    assert named in sentence
    assert sentence.count("\n") == 0
    assert sentence.endswith("AWS account.")


def test_kinesis_can_be_passed_on(desk: Desk) -> None:
    desk.neighbours = Neighbours(passed_on=True)
    desk.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    assert desk.client("kinesis").list_streams()["StreamNames"] == ["orders"]


@pytest.mark.parametrize(
    ("service", "scope", "expected"),
    [
        ("cloudwatch", "monitoring", "monitoring.eu-west-1.amazonaws.com"),
        ("cloudwatch-logs", "logs", "logs.eu-west-1.amazonaws.com"),
        ("dynamodb-streams", "dynamodb", "streams.dynamodb.eu-west-1.amazonaws.com"),
        ("sfn", "states", "states.eu-west-1.amazonaws.com"),
        ("iam", "iam", "iam.eu-west-1.amazonaws.com"),
    ],
)
def test_a_request_gets_its_aws_address_back(service: str, scope: str, expected: str) -> None:
    signature = f"AWS4-HMAC-SHA256 Credential=KEY/20260105/eu-west-1/{scope}/aws4_request, X=y"
    urls = list(
        addresses.aws_urls(service, f"{CLOSED}/a/b?c=d", {"Authorization": signature.encode()})
    )
    assert urls[0] == f"https://{expected}/a/b?c=d"


def test_an_aws_address_is_kept() -> None:
    url = "https://lake.s3.eu-central-1.amazonaws.com/deep/key"
    assert list(addresses.aws_urls("s3", url, {})) == [url]


# --- Whose state moto has --------------------------------------------------------------------


def buckets() -> list[str]:
    """The buckets of the active world, as moto has them."""
    from moto.s3.models import s3_backends

    names = [
        name
        for account in s3_backends.values()
        for backend in account.values()
        for name in backend.buckets
    ]
    # What makes a bucket name taken for every account.
    assert sorted(names) == sorted(s3_backends.bucket_accounts)
    return names


def world_with_bucket(desk: Desk, name: str) -> Neighbours:
    desk.neighbours = Neighbours()
    desk.client("s3").create_bucket(Bucket=name)
    return desk.neighbours


@pytest.fixture
def outside(desk: Desk) -> Iterator[None]:
    """Somebody's own use of moto, before any lab."""
    from moto.core.base_backend import BackendDict
    from moto.s3.models import s3_backends

    world_with_bucket(desk, "loads-moto")
    s3_backends["123456789012"]["aws"].create_bucket("outside", "us-east-1")
    s3_backends.bucket_accounts["outside"] = ("aws", "123456789012")
    yield
    assert buckets() == ["outside"]
    BackendDict.reset()


@pytest.mark.usefixtures("outside")
def test_worlds_nest(desk: Desk) -> None:
    first, second = world_with_bucket(desk, "first"), world_with_bucket(desk, "second")
    assert buckets() == ["outside"]
    with first:
        assert buckets() == ["first"]
        with second:
            assert buckets() == ["second"]
            with first, first:
                assert buckets() == ["first"]
            assert buckets() == ["second"]
        assert buckets() == ["first"]
    assert buckets() == ["outside"]


@pytest.mark.usefixtures("outside")
def test_worlds_may_end_in_any_order(desk: Desk) -> None:
    first, second = world_with_bucket(desk, "first"), world_with_bucket(desk, "second")
    first.activate()
    second.activate()
    first.deactivate()
    assert buckets() == ["second"]
    first.deactivate()
    assert buckets() == ["second"]
    second.deactivate()
    assert buckets() == ["outside"]


@pytest.mark.usefixtures("outside")
def test_an_exception_gives_moto_back(desk: Desk) -> None:
    first = world_with_bucket(desk, "first")
    with suppress(KeyError), first:
        raise KeyError
    assert buckets() == ["outside"]
    with first:
        with pytest.raises(NotPlayed):
            desk.client("glue").list_blueprints()
        assert buckets() == ["first"]


def test_worlds_do_not_change_places_during_a_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.core.botocore_stubber import BotocoreStubber

    process = BotocoreStubber.process_request
    visitor = Neighbours()
    other = threading.Thread(target=visitor.activate)
    waits = []

    def slowly(self: BotocoreStubber, request: Any) -> Any:
        other.start()
        other.join(0.3)
        waits.append(other.is_alive())
        return process(self, request)

    ours = world_with_bucket(desk, "ours")
    monkeypatch.setattr(BotocoreStubber, "process_request", slowly)
    request = AWSPreparedRequest("GET", "https://s3.amazonaws.com/", {}, None, stream_output=False)
    assert ours.answer("s3", "ListBuckets", request)[0] == 200
    assert waits == [True]
    other.join(5)
    visitor.deactivate()


def test_swapping_many_services_takes_milliseconds(desk: Desk) -> None:
    first = desk.neighbours
    for service in SERVICES:
        make, _ = getattr(Thing, service)(desk)
        make("orders")
    for number in range(100):
        desk.client("s3").create_bucket(Bucket=f"bucket-{number}")
    second = Neighbours()
    started = time.process_time()
    with first:
        for _ in range(100):
            with second:
                pass
    assert (time.process_time() - started) / 100 < 0.005


def test_moto_keeps_no_list_of_everything_ever_made(desk: Desk) -> None:
    from moto.s3.models import FakeKey

    world_with_bucket(desk, "lake")
    desk.client("s3").put_object(Bucket="lake", Key="key", Body=b"x")
    assert FakeKey.instances_tracked == []  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error")
def test_a_world_is_forgotten_without_a_word(desk: Desk) -> None:
    from moto.s3.models import s3_backends

    with world_with_bucket(desk, "lake"):
        desk.client("s3").put_object(Bucket="lake", Key="key", Body=b"x")
        key = weakref.ref(s3_backends["123456789012"]["aws"].buckets["lake"].keys["key"])
        assert key()
    desk.neighbours = Neighbours()
    gc.collect()
    assert key() is None


def test_a_call_under_mock_aws_runs_once(desk: Desk) -> None:
    from moto import mock_aws

    session = botocore.session.Session()
    assert not any("moto" in type(handler[1]).__module__ for handler in BUILTIN_HANDLERS)
    session.register("before-send", desk._answer)
    sqs = session.create_client("sqs", "us-east-1", **KEYS)
    with desk.neighbours, mock_aws():
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="one")
        assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1


def test_importing_and_activating_cost_nothing() -> None:
    program = """
import sys
from course.endpoints.fence import Fence
from course.endpoints.neighbours import Neighbours
with Neighbours(), Fence() as fence:
    assert not {"moto", "boto3", "werkzeug"} & set(sys.modules), "imported too early"
    import urllib.error, urllib.request
    ids = []
    for world in Neighbours(seed=7), Neighbours(seed=7):
        with world:
            try:
                urllib.request.urlopen(fence.s3_url + "/lake")
            except urllib.error.HTTPError as error:
                ids.append((error.code, error.headers["x-amzn-requestid"]))
                error.close()
    assert {"moto", "werkzeug"} <= set(sys.modules)
    assert ids[0][0] == 404 and ids[0][1] and ids[0] == ids[1], ids
    import moto.s3.models as s3
    at_exit = s3.FakeKey("key", b"x", "123456789012", "us-east-1")
"""
    result = subprocess.run(
        [sys.executable, "-W", "default", "-X", "utf8", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


# --- Ids and time ----------------------------------------------------------------------------


def ids(desk: Desk, neighbours: Neighbours) -> list[str]:
    desk.neighbours = neighbours
    sqs = desk.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    reply = sqs.send_message(QueueUrl=url, MessageBody="one")
    return [reply["MessageId"], reply["ResponseMetadata"]["RequestId"]]


def test_ids_repeat_with_the_seed(desk: Desk) -> None:
    assert ids(desk, Neighbours(seed=7)) == ids(desk, Neighbours(seed=7))
    assert ids(desk, Neighbours(seed=7)) != ids(desk, Neighbours(seed=8))


def test_another_world_does_not_change_the_next_id(desk: Desk) -> None:
    alone = Neighbours(seed=7)
    expected = [ids(desk, alone), ids(desk, alone)]
    disturbed, other = Neighbours(seed=7), Neighbours(seed=1)
    seen = [ids(desk, disturbed)]
    ids(desk, other)
    seen.append(ids(desk, disturbed))
    assert seen == expected


def test_the_learners_random_is_left_alone(desk: Desk) -> None:
    random.seed(20)
    expected = random.random()
    random.seed(20)
    ids(desk, Neighbours())
    assert random.random() == expected


def test_time_is_the_labs(desk: Desk) -> None:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        s3 = desk.client("s3")
        s3.create_bucket(Bucket="lake")
        traveller.shift(timedelta(hours=3))
        s3.put_object(Bucket="lake", Key="key", Body=b"x")
        noon = MONDAY + timedelta(hours=3)
        assert s3.head_object(Bucket="lake", Key="key")["LastModified"] == noon

        cloudwatch = desk.client("cloudwatch")
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "orders", "Value": 1.0}]
        )
        statistics = cloudwatch.get_metric_statistics(
            Namespace="Shop",
            MetricName="orders",
            StartTime=noon - timedelta(minutes=1),
            EndTime=noon + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        assert [point["Timestamp"] for point in statistics["Datapoints"]] == [noon]

        token = desk.client("sts").get_session_token(DurationSeconds=900)
        assert token["Credentials"]["Expiration"] == noon + timedelta(minutes=15)


def test_a_long_poll_waits_by_the_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        monkeypatch.setattr(time, "sleep", traveller.shift)
        sqs = desk.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        started = time.time()
        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        assert time.time() - started == pytest.approx(20, abs=0.2)

        sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=5)
        reply = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        assert reply["Messages"][0]["Body"] == "late"
        assert time.time() - started == pytest.approx(25, abs=0.4)


# --- The S3 server ---------------------------------------------------------------------------


def get(url: str) -> bytes:
    with urllib.request.urlopen(url) as reply:
        return bytes(reply.read())


@pytest.mark.usefixtures("fence")
def test_pandas_and_boto3_see_the_same_bucket(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    s3 = desk.client("s3")
    orders = pd.DataFrame({"order": ["a", "b"], "euros": [1.5, 2.0]})
    with desk.neighbours:
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="in/orders.parquet", Body=orders.to_parquet())
        read = pd.read_parquet("s3://lake/in/orders.parquet")
        assert read.equals(orders)

        read.assign(paid=True).to_parquet("s3://lake/out/day=1/orders.parquet")
        body = s3.get_object(Bucket="lake", Key="out/day=1/orders.parquet")["Body"].read()
        assert pd.read_parquet(io.BytesIO(body))["paid"].all()

        filesystem, path = pyarrow.fs.FileSystem.from_uri("s3://lake/in")
        assert [
            info.base_name for info in filesystem.get_file_info(pyarrow.fs.FileSelector(path))
        ] == ["orders.parquet"]
    # No access log in a learner's cell, and no traceback from a thread.
    assert capfd.readouterr() == ("", "")


def test_a_presigned_url_can_be_opened(desk: Desk, fence: Fence) -> None:
    s3 = desk.client("s3", endpoint_url=fence.s3_url)
    with desk.neighbours:
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="a b/key", Body=b"presigned")
        arguments = {"Bucket": "lake", "Key": "a b/key"}
        assert get(s3.generate_presigned_url("get_object", arguments)) == b"presigned"


def test_the_server_serves_the_active_world(desk: Desk, fence: Fence) -> None:
    worlds = []
    for text in (b"first", b"second"):
        worlds.append(world_with_bucket(desk, "lake"))
        desk.client("s3").put_object(Bucket="lake", Key="key", Body=text, ACL="public-read")
    url = f"{fence.s3_url}/lake/key"
    with worlds[0]:
        assert get(url) == b"first"
        with worlds[1]:
            assert get(url) == b"second"
        assert get(url) == b"first"
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        get(url)
    caught.value.close()


def test_the_server_waits_while_worlds_change_places(desk: Desk, fence: Fence) -> None:
    with world_with_bucket(desk, "lake"):
        desk.client("s3").put_object(Bucket="lake", Key="key", Body=b"x", ACL="public-read")
        replies = [get(f"{fence.s3_url}/lake/key")]  # the server is up and running
        reader = threading.Thread(target=lambda: replies.append(get(f"{fence.s3_url}/lake/key")))
        with state.lock, Neighbours():
            reader.start()
            reader.join(0.3)
            assert reader.is_alive()
        reader.join(5)
        assert replies == [b"x", b"x"]


def test_time_on_the_server_is_the_labs(desk: Desk, fence: Fence) -> None:
    with time_machine.travel(MONDAY, tick=False), desk.neighbours:
        desk.client("s3").create_bucket(Bucket="lake")
        request = urllib.request.Request(f"{fence.s3_url}/lake/key", b"x", method="PUT")
        with urllib.request.urlopen(request):
            pass
        found = desk.client("s3").head_object(Bucket="lake", Key="key")
        assert found["LastModified"] == MONDAY


def test_a_closed_server_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    server = S3Server()
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        get(f"{server.url}/nobodys")
    caught.value.close()
    wait_until(lambda: len(set(threading.enumerate()) - before) == 1)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as silent:
        # One thread serves the port, one this connection.
        wait_until(lambda: len(set(threading.enumerate()) - before) == 2)
        server.close()
        assert silent.recv(1) == b""
    server.close()
    wait_until(lambda: set(threading.enumerate()) <= before)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def test_a_server_that_nobody_used_closes_at_once() -> None:
    before = threading.active_count()
    server = S3Server()
    server.close()
    assert threading.active_count() == before
