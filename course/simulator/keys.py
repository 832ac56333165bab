"""The KMS keys of an account, as far as other services ask for them: may this key be used now?"""

from __future__ import annotations

from collections.abc import Callable

ENABLED, DISABLED = "Enabled", "Disabled"

# Every account has it, and nobody can disable it.
MANAGED_BY_KINESIS = "alias/aws/kinesis"


class Keys:
    """Answers for the key that AWS manages; `lookup` answers for the customer's own.

    `lookup` gets (Region, key id, key ARN, alias or alias ARN) and gives the key's state in KMS's
    own words, such as "Enabled" or "PendingDeletion", or None for a key that is not there.
    """

    def __init__(self) -> None:
        self.lookup: Callable[[str, str], str | None] = lambda region, key_id: None

    def state(self, region: str, key_id: str) -> str | None:
        """The state of a key, or None if there is no such key."""
        if key_id == MANAGED_BY_KINESIS or key_id.endswith(f":{MANAGED_BY_KINESIS}"):
            return ENABLED
        return self.lookup(region, key_id)
