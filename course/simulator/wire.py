"""The wire: a JSON 1.1 body in, a checked request out; an answer in, a JSON body out.

Driven by botocore's own service models, so what a field is called, which type it has and how long
it may be stands in one place. Wrong types answer SerializationException, ill-formed values
ValidationException with every problem in one message, as AWS does.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from course.simulator.clock import SECOND
from course.simulator.errors import AwsError, serialization_error, validation_error

# Where a value stands: (where its parent stands, its name or its place in a list); None at the
# top. It becomes text only when there is something to complain about, which is rare.
Path = tuple["Path", str | int] | None

# Takes (value, path, problems); returns the decoded value; appends what is wrong with it.
Decoder = Callable[[Any, Path, list[str]], Any]

# AWS names no more than this many (recorded by kinesalite).
_SHOWN_PROBLEMS = 10

# Beyond this a moment is no number of milliseconds in 64 bits, as AWS keeps it.
_FARTHEST_SECOND = 2**63 // 1_000

_TARGETS = {"kinesis": "Kinesis_20131202", "firehose": "Firehose_20150804"}


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, such as "kinesis"."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def _decoder_of(service: str, operation: str) -> Decoder:
    if operation not in operations(service):
        raise AwsError("UnknownOperationException")
    shape = service_model(service).operation_model(operation).input_shape
    return _decoder(shape) if shape is not None else _structure({}, frozenset())


@cache
def operations(service: str) -> frozenset[str]:
    """The names of all operations in the service's model."""
    return frozenset(service_model(service).operation_names)


def operation_of(target: str) -> tuple[str, str]:
    """The (service, operation) that an X-Amz-Target header names."""
    prefix, _, operation = target.partition(".")
    for service, known in _TARGETS.items():
        if prefix == known and operation in operations(service):
            return service, operation
    raise AwsError("UnknownOperationException")


def decode(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The request in `body`: blobs as bytes, timestamps as microseconds. Raises AwsError."""
    try:
        raw = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise serialization_error() from None
    if type(raw) is not dict:
        raise serialization_error()
    problems: list[str] = []
    request: dict[str, Any] = _decoder_of(service, operation)(raw, None, problems)
    if problems:
        raise validation_error(*problems[:_SHOWN_PROBLEMS])
    return request


def encode(answer: dict[str, Any]) -> bytes:
    """The JSON body of an answer."""
    return json.dumps(answer, default=_json, separators=(",", ":")).encode()


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} cannot go over the wire")


def _decoder(shape: Shape) -> Decoder:
    match shape:
        case StructureShape():
            members = {name: _decoder(member) for name, member in shape.members.items()}
            return _structure(members, frozenset(shape.required_members))
        case ListShape():
            member = _decoder(shape.member)
            if isinstance(shape.member, StructureShape):
                return _list(member, shape.metadata)
            return _list_of_strings(member, shape.metadata, _rules(shape.member))
        case MapShape():
            return _map(_decoder(shape.key), _decoder(shape.value), shape)
    return _SCALARS[shape.type_name](shape)


def _structure(members: dict[str, Decoder], required: frozenset[str]) -> Decoder:
    # Messages write a member's name with a small first letter.
    steps = {name: (member, name[0].lower() + name[1:]) for name, member in members.items()}
    in_order = sorted(required)

    def decode_structure(value: Any, path: Path, problems: list[str]) -> dict[str, Any]:
        if type(value) is not dict:
            raise _unexpected(value, "Expected null")
        decoded = {}
        for name, raw in value.items():
            if raw is not None and name in steps:
                decoder, shown = steps[name]
                decoded[name] = decoder(raw, (path, shown), problems)
        for name in in_order:
            if name not in decoded:
                problems.append(_problem("null", (path, steps[name][1]), "Member must not be null"))
        return decoded

    return decode_structure


def _list(member: Decoder, limits: dict[str, Any]) -> Decoder:
    def decode_list(value: Any, path: Path, problems: list[str]) -> list[Any]:
        if type(value) is not list:
            raise _unexpected(value, "Expected list or null")
        _check_length(len(value), "'[...]'", path, limits, problems)
        return [member(entry, (path, number), problems) for number, entry in enumerate(value, 1)]

    return decode_list


def _list_of_strings(member: Decoder, limits: dict[str, Any], rules: str) -> Decoder:
    """AWS shows such a list as Java writes it, and blames it as a whole (kinesalite's tests)."""

    def decode_list(value: Any, path: Path, problems: list[str]) -> list[Any]:
        if type(value) is not list:
            raise _unexpected(value, "Expected list or null")
        broken: list[str] = []
        decoded = [member(entry, None, broken) for entry in value]
        shown = f"'[{', '.join(decoded)}]'"
        _check_length(len(decoded), shown, path, limits, problems)
        if broken:
            problems.append(_problem(shown, path, f"Member must satisfy constraint: {rules}"))
        return decoded

    return decode_list


def _map(key: Decoder, entry: Decoder, shape: MapShape) -> Decoder:
    """A map of strings to strings; shown and blamed as lists of strings are."""
    key_rules, entry_rules = _rules(shape.key), _rules(shape.value)

    def decode_map(value: Any, path: Path, problems: list[str]) -> dict[str, Any]:
        if type(value) is not dict:
            raise _unexpected(value, "Expected map or null")
        broken_keys: list[str] = []
        broken_entries: list[str] = []
        decoded = {
            key(name, None, broken_keys): entry(raw, None, broken_entries)
            for name, raw in value.items()
        }
        shown = f"'{{{', '.join(f'{name}={text}' for name, text in decoded.items())}}}'"
        _check_length(len(decoded), shown, path, shape.metadata, problems)
        if broken_keys:
            rule = f"Map keys must satisfy constraint: {key_rules}"
            problems.append(_problem(shown, path, rule))
        if broken_entries:
            rule = f"Map value must satisfy constraint: {entry_rules}"
            problems.append(_problem(shown, path, rule))
        return decoded

    return decode_map


def _rules(shape: Shape) -> str:
    """What a string within a list or a map must satisfy, all of it, as messages have it."""
    limits = shape.metadata
    rules = []
    if "max" in limits:
        rules.append(f"Member must have length less than or equal to {limits['max']}")
    if "min" in limits:
        rules.append(f"Member must have length greater than or equal to {limits['min']}")
    if "pattern" in limits:
        rules.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    if "enum" in limits:
        rules.append(f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
    return f"[{', '.join(rules)}]"


def _string(shape: Shape) -> Decoder:
    limits = shape.metadata
    choices = frozenset(limits.get("enum", ()))
    shown_choices = ", ".join(limits.get("enum", ()))
    # As in Java, \d means the ASCII digits.
    pattern = re.compile(limits["pattern"], re.ASCII) if "pattern" in limits else None
    shortest, longest = limits.get("min", 0), limits.get("max", float("inf"))

    def decode_string(value: Any, path: Path, problems: list[str]) -> str:
        if type(value) is not str:
            raise _unexpected(value, "{} can not be converted to a String")
        if choices and value not in choices:
            problems.append(
                _problem(
                    f"'{value}'", path, f"Member must satisfy enum value set: [{shown_choices}]"
                )
            )
        if pattern is not None and not pattern.fullmatch(value):
            problems.append(
                _problem(
                    f"'{value}'",
                    path,
                    f"Member must satisfy regular expression pattern: {pattern.pattern}",
                )
            )
        if not shortest <= len(value) <= longest:
            _check_length(len(value), f"'{value}'", path, limits, problems)
        return value

    return decode_string


def _blob(shape: Shape) -> Decoder:
    limits = shape.metadata
    longest = limits.get("max", float("inf"))

    def decode_blob(value: Any, path: Path, problems: list[str]) -> bytes:
        if type(value) is not str:
            raise _unexpected(value, "{} can not be converted to a Blob")
        try:
            data = a2b_base64(value, strict_mode=True) if value else b""
        except (Base64Error, ValueError):
            raise serialization_error() from None
        if len(data) > longest:
            shown = f"'java.nio.HeapByteBuffer[pos=0 lim={len(data)} cap={len(data)}]'"
            _check_length(len(data), shown, path, limits, problems)
        return data

    return decode_blob


def _number(shape: Shape) -> Decoder:
    limits = shape.metadata
    kind = "a Long" if shape.type_name == "long" else "an Integer"

    def decode_number(value: Any, path: Path, problems: list[str]) -> int:
        if type(value) not in (int, float):
            raise _unexpected(value, f"{{}} can not be converted to {kind}")
        try:
            number = int(value)
        except (OverflowError, ValueError):
            raise serialization_error() from None
        if "min" in limits and number < limits["min"]:
            rule = f"Member must have value greater than or equal to {limits['min']}"
            problems.append(_problem(f"'{number}'", path, rule))
        if "max" in limits and number > limits["max"]:
            rule = f"Member must have value less than or equal to {limits['max']}"
            problems.append(_problem(f"'{number}'", path, rule))
        return number

    return decode_number


def _boolean(shape: Shape) -> Decoder:
    def decode_boolean(value: Any, path: Path, problems: list[str]) -> bool:
        if type(value) is not bool:
            raise _unexpected(value, "{} can not be converted to a Boolean")
        return value

    return decode_boolean


def _timestamp(shape: Shape) -> Decoder:
    def decode_timestamp(value: Any, path: Path, problems: list[str]) -> int:
        if type(value) not in (int, float):
            raise _unexpected(value, "{} can not be converted to a Timestamp")
        if not abs(value) < _FARTHEST_SECOND:
            raise serialization_error()
        return round(value * SECOND)

    return decode_timestamp


_SCALARS: dict[str, Callable[[Shape], Decoder]] = {
    "string": _string,
    "blob": _blob,
    "integer": _number,
    "long": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _check_length(
    length: int, shown: str, path: Path, limits: dict[str, Any], problems: list[str]
) -> None:
    if "min" in limits and length < limits["min"]:
        rule = f"Member must have length greater than or equal to {limits['min']}"
        problems.append(_problem(shown, path, rule))
    if "max" in limits and length > limits["max"]:
        rule = f"Member must have length less than or equal to {limits['max']}"
        problems.append(_problem(shown, path, rule))


def _problem(shown: str, path: Path, rule: str) -> str:
    return f"Value {shown} at '{_written(path)}' failed to satisfy constraint: {rule}"


def _written(path: Path) -> str:
    """The path as messages have it, such as "records.1.member.data"."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.insert(0, f"{step}.member" if isinstance(step, int) else step)
    return ".".join(steps)


def _unexpected(value: Any, said: str) -> AwsError:
    """The refusal of a wrong JSON type; `said` is AWS's text, {} in it the type that came."""
    match value:
        case dict():
            return serialization_error("Start of structure or map found where not expected.")
        case list():
            return serialization_error("Start of list found where not expected")
        case None:
            came = "NULL_VALUE"
        case bool():
            came = f"{str(value).upper()}_VALUE"
        case str():
            came = "STRING_VALUE"
        case _:
            came = "NUMBER_VALUE"
    return serialization_error(said.format(came))
