"""The addresses AWS gives its services.

While a lab is open, clients are pointed at local ports; moto recognises a service by its real
host name, so a request gets that back before moto sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from course.simulator.account import DEFAULT_REGION

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")

# Credential=KEY/20260105/us-east-1/s3/aws4_request
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([\w-]+)/([\w-]+)/aws4_request")


def aws_urls(service: str, url: str, headers: Mapping[str, str | bytes]) -> Iterator[str]:
    """The URLs under which AWS may know this request, most likely first.

    `service` is a client's name ("dynamodbstreams") or the id in its events ("dynamodb-streams").
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith(AWS_DOMAINS):
        yield url
        return
    region, signing_name = _scope(headers)
    prefix = _endpoint_prefix(service, signing_name)
    # An S3 client with addressing_style "virtual" puts the bucket before the host.
    bucket = host.removesuffix("localhost")
    before = bucket if service == "s3" and bucket != host else ""
    # A few services (cloudfront) have one address for all regions.
    for aws_host in (f"{prefix}.{region}.amazonaws.com", f"{prefix}.amazonaws.com"):
        yield parts._replace(scheme="https", netloc=before + aws_host).geturl()


def _scope(headers: Mapping[str, str | bytes]) -> tuple[str, str | None]:
    """Region and signing name of a request; None where there is no signature."""
    authorization = headers.get("Authorization", "")
    if isinstance(authorization, bytes):
        authorization = authorization.decode()
    scope = _SCOPE.search(authorization)
    return (scope[1], scope[2]) if scope else (DEFAULT_REGION, None)


def _endpoint_prefix(service: str, signing_name: str | None) -> str:
    """How the service's host name starts: "monitoring" for cloudwatch."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model  # cached, and moto needs the same models

    for name in (service, service.replace("-", ""), signing_name or service):
        try:
            return str(get_service_model(name).endpoint_prefix)
        except UnknownServiceError:
            continue
    return signing_name or service
