"""Nothing that speaks to AWS gets out of an open lab, and a closed lab leaves no trace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session

from course.endpoints.fence import Fence, LeftTheLab, is_up

OUTSIDE = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "work",
    "AWS_DEFAULT_PROFILE": "work",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CA_BUNDLE": "/company/ca.pem",
    "AWS_ENDPOINT_URL": "https://company.example",
    "AWS_ENDPOINT_URL_KINESIS": "https://company.example",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/work",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/company/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
    "AWS_MAX_ATTEMPTS": "9",
    "no_proxy": ".company.example",
}


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An engineer's laptop; returns its whole environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in OUTSIDE.items():
        monkeypatch.setenv(name, value)
    return environ()


@pytest.fixture
def fence() -> Iterator[Fence]:
    with Fence() as fence:
        yield fence


def environ() -> dict[str, str]:
    """The environment, but for pytest's own note of where it is."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def request(url: str) -> Any:
    return URLLib3Session().send(AWSPreparedRequest("GET", url, {}, None, stream_output=False))


# --- The environment -------------------------------------------------------------------------


def test_inside_only_the_labs_settings_count(outside: dict[str, str]) -> None:
    with Fence() as fence:
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        closed = aws.pop("AWS_ENDPOINT_URL")
        assert closed.startswith("http://127.0.0.1:")
        assert "REAL" in aws.pop("AWS_ACCESS_KEY_ID")
        assert aws.pop("AWS_SECRET_ACCESS_KEY") != outside["AWS_SECRET_ACCESS_KEY"]
        assert aws == {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_S3": fence.s3_url,
        }


def test_closing_restores_everything(outside: dict[str, str]) -> None:
    send = URLLib3Session.send
    with suppress(KeyError), Fence():
        os.environ["AWS_REGION"] = "sa-east-1"
        os.environ["AWS_ENDPOINT_URL_GLUE"] = "http://127.0.0.1:9"
        assert URLLib3Session.send is not send
        raise KeyError
    assert environ() == outside
    assert URLLib3Session.send is send


def test_fences_nest(outside: dict[str, str]) -> None:
    with Fence() as outer:
        os.environ["AWS_REGION"] = "sa-east-1"
        within = environ()
        with Fence() as inner:
            assert os.environ["AWS_ENDPOINT_URL_S3"] == inner.s3_url != outer.s3_url
            assert os.environ["AWS_REGION"] == "us-east-1"
        assert environ() == within
    assert environ() == outside


def test_fences_may_close_in_any_order(outside: dict[str, str]) -> None:
    send, session = URLLib3Session.send, boto3.DEFAULT_SESSION
    first, second, third = Fence(), Fence(), Fence()
    for fence in (first, second, third):
        fence.open()
    second.close()
    first.close()
    assert os.environ["AWS_ENDPOINT_URL_S3"] == third.s3_url
    assert is_up()
    with pytest.raises(LeftTheLab):
        request("https://kinesis.us-east-1.amazonaws.com/")
    third.close()
    assert not is_up()
    assert environ() == outside
    assert URLLib3Session.send is send
    assert boto3.DEFAULT_SESSION is session


def test_closing_twice_is_harmless(outside: dict[str, str]) -> None:
    fence = Fence()
    fence.open()
    fence.close()
    os.environ["AWS_REGION"] = "changed-since"
    fence.close()
    assert os.environ.pop("AWS_REGION") == "changed-since"
    assert environ() == outside


def test_opening_twice_is_refused(fence: Fence) -> None:
    with pytest.raises(RuntimeError, match="open already"):
        fence.open()


def test_a_fence_can_be_opened_again() -> None:
    fence = Fence()
    for _ in range(2):
        with fence:
            assert os.environ["AWS_ENDPOINT_URL_S3"] == fence.s3_url


@pytest.mark.usefixtures("fence")
def test_the_closed_port_stays_closed() -> None:
    port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0))
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port or 0))


def test_a_closed_fence_frees_its_ports() -> None:
    with Fence():
        ports = [urlsplit(os.environ[f"AWS_ENDPOINT_URL{which}"]).port for which in ("", "_S3")]
    for port in ports:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port or 0))


def test_a_proxy_does_not_come_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", ".company.example")
    with Fence() as fence:
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            # Not urlopen: it would keep this proxy for all tests to come.
            urllib.request.build_opener().open(f"{fence.s3_url}/nobodys")
        caught.value.close()
        assert os.environ["no_proxy"].startswith(".company.example,")


# --- boto3 -----------------------------------------------------------------------------------


def test_configuration_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\nretry_mode = legacy\n")
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert boto3.Session().region_name == "eu-west-3"
    with Fence():
        session = boto3.Session()
        assert session.region_name == "us-east-1"
        assert session.get_credentials().access_key == os.environ["AWS_ACCESS_KEY_ID"]
        assert session.client("sts").meta.config.retries["mode"] != "legacy"


def key_of(client: Any) -> str:
    """The access key that signs a client's requests."""
    url = client.generate_presigned_url("get_caller_identity")
    return str(urlsplit(url).query.partition("X-Amz-Credential=")[2].partition("%2F")[0])


def test_boto3_client_does_not_go_on_with_the_learners_own_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = boto3.Session("AKIAREAL", "real", region_name="us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", theirs)
    assert key_of(boto3.client("sts")) == "AKIAREAL"
    with Fence():
        assert key_of(boto3.client("sts")) == os.environ["AWS_ACCESS_KEY_ID"]
        with Fence():
            assert boto3.DEFAULT_SESSION is None
        assert key_of(boto3.client("sts")) == os.environ["AWS_ACCESS_KEY_ID"]
    assert boto3.DEFAULT_SESSION is theirs


def test_a_default_session_of_the_lab_does_not_outlive_it() -> None:
    program = """
from course.endpoints.fence import Fence
with Fence():
    import boto3
    boto3.client("sts")
    assert boto3.DEFAULT_SESSION
assert boto3.DEFAULT_SESSION is None
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- What would leave ------------------------------------------------------------------------


def client_from_before(**options: Any) -> Any:
    """A client that no handler of the course answers for."""
    return botocore.session.Session().create_client(
        "kinesis", "us-east-1", aws_access_key_id="key", aws_secret_access_key="secret", **options
    )


def test_a_client_made_before_the_course_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS"):
        monkeypatch.delenv(name, raising=False)
    kinesis = client_from_before()
    with Fence(), pytest.raises(LeftTheLab) as caught:
        kinesis.list_streams()
    sentence = str(caught.value)
    assert sentence.startswith("This boto3 client, or its session, was made before the course")
    assert "to kinesis.us-east-1.amazonaws.com instead of" in sentence
    assert sentence.endswith("make it again after `from course import Lab`.")
    assert "\n" not in sentence


def test_so_does_one_that_found_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most learners have none; botocore would complain about them before it sends anything."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    kinesis = botocore.session.Session().create_client("kinesis", "us-east-1")
    with Fence(), pytest.raises(LeftTheLab, match="made before the course was imported"):
        kinesis.list_streams()
    with pytest.raises(NoCredentialsError):
        kinesis.list_streams()


@pytest.mark.usefixtures("fence")
def test_the_closed_port_is_not_tried_three_times() -> None:
    with pytest.raises(LeftTheLab, match="goes nowhere instead of to the lab"):
        client_from_before().list_streams()


@pytest.mark.parametrize(
    "url",
    [
        "https://kinesis.us-east-1.amazonaws.com/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1.company.example/",
        "http://localhost@company.example/",
    ],
)
@pytest.mark.usefixtures("fence")
def test_only_this_machine_can_be_reached(url: str) -> None:
    with pytest.raises(LeftTheLab):
        request(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_servers_on_this_machine_can_be_reached(fence: Fence, host: str) -> None:
    assert request(f"{fence.s3_url.replace('127.0.0.1', host)}/nobodys").status_code == 404
