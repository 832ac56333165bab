"""The KMS keys of an account, as far as other services ask for them: may this key be used now?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ENABLED, DISABLED = "Enabled", "Disabled"

# Every account has it, and nobody can disable it.
MANAGED_BY_KINESIS = "alias/aws/kinesis"


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its ARN, and its state in KMS's own words, such as "Enabled" or "PendingDeletion"."""

    arn: str
    state: str


class Keys:
    """Knows the key that AWS manages; `lookup` finds the customer's own.

    `lookup` gets a Region and the id of a key or the name of an alias ("alias/shop"), never an
    ARN; it gives the key, or None if there is none.
    """

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self.lookup: Callable[[str, str], Key | None] = lambda region, name: None

    def arn(self, region: str, key_id: str) -> str:
        """The ARN that is meant by a key id, an alias, or the ARN of either."""
        if key_id.startswith("arn:"):
            return key_id
        kind = "" if key_id.startswith("alias/") else "key/"
        return f"{self._prefix(region)}{kind}{key_id}"

    def find(self, region: str, key_id: str) -> Key | None:
        """The key that is meant, or None if this account has none such in this Region."""
        arn = self.arn(region, key_id)
        prefix = self._prefix(region)
        if not arn.startswith(prefix):
            return None
        name = arn.removeprefix(prefix)
        if name == MANAGED_BY_KINESIS:
            return Key(arn, ENABLED)
        return self.lookup(region, name.removeprefix("key/"))

    def _prefix(self, region: str) -> str:
        return f"arn:aws:kms:{region}:{self._account_id}:"
