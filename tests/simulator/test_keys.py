"""The seam to KMS: whoever plugs in a lookup is asked for ids and aliases of this account only."""

from __future__ import annotations

import pytest

from course.simulator.keys import Key, Keys

PREFIX = "arn:aws:kms:us-east-1:123456789012:"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("key_id", "asked"),
    [
        (KEY, [KEY]),
        (f"{PREFIX}key/{KEY}", [KEY]),
        ("alias/mine", ["alias/mine"]),
        (f"{PREFIX}alias/mine", ["alias/mine"]),
        ("alias/aws/kinesis", []),
        (f"{PREFIX}alias/aws/kinesis", []),
        (PREFIX.replace("us-east-1", "eu-west-1") + f"key/{KEY}", []),
        (PREFIX.replace("123456789012", "111122223333") + "alias/mine", []),
        ("arn:aws:s3:::bucket", []),
    ],
)
def test_what_a_lookup_is_asked_for(key_id: str, asked: list[str]) -> None:
    keys = Keys("123456789012")
    seen: list[tuple[str, str]] = []

    def lookup(region: str, name: str) -> Key | None:
        seen.append((region, name))
        return Key(f"{PREFIX}key/{KEY}", "Enabled")

    keys.lookup = lookup
    found = keys.find("us-east-1", key_id)
    assert seen == [("us-east-1", name) for name in asked]
    assert (found is not None) == (bool(asked) or key_id.endswith("alias/aws/kinesis"))
