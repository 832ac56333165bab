"""Sequence numbers: what they look like and what is hidden in them.

AWS calls them opaque. Their layout was worked out by others from recorded answers (version 2),
and we follow it so that learners meet the real thing: 56 decimal digits, the first 28 or so the
same for every record of a shard. Only this holds by contract: within a shard they grow, and they
are not consecutive.

    hex digits   2 | 9 shard created [s] | 1 | 16 counter | 2 | 9 time [s] | 8 shard index | 2
"""

from __future__ import annotations

from dataclasses import dataclass

from course.simulator.clock import SECOND

_VERSION = 2
_SHARD_SHIFT = 4
_TIME_SHIFT = 36
_COUNTER_SHIFT = 80
_NIBBLE_SHIFT = 144
_CREATED_SHIFT = 148
_LEAD_SHIFT = 184

# A closed shard's EndingSequenceNumber lies above every record it can ever have held.
CLOSING_COUNTER = 2**63 - 1
_LAST_SHARD = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a sequence number says: shard creation second, place in the shard, second, shard."""

    created: int
    counter: int
    second: int
    shard_index: int


class Numbering:
    """The sequence numbers of one shard."""

    __slots__ = ("_base", "created", "shard_index")

    def __init__(self, shard_index: int, created: int) -> None:
        self.shard_index = shard_index
        self.created = created // SECOND
        self._base = (
            (2 << _LEAD_SHIFT)
            + (self.created << _CREATED_SHIFT)
            + ((shard_index & 0xF) << _NIBBLE_SHIFT)
            + (shard_index << _SHARD_SHIFT)
            + _VERSION
        )

    def number(self, counter: int, now: int) -> str:
        """The sequence number of the `counter`-th record, written at `now` (microseconds)."""
        return str(self._base + (counter << _COUNTER_SHIFT) + ((now // SECOND) << _TIME_SHIFT))

    def first(self) -> str:
        """The shard's StartingSequenceNumber: below that of every record."""
        return self.number(0, self.created * SECOND)

    def closing(self, now: int) -> str:
        """The shard's EndingSequenceNumber when it closes at `now`."""
        return self.number(CLOSING_COUNTER, now)


def decode(sequence_number: str) -> Decoded | None:
    """The parts of a sequence number, or None if it is not one that a stream gave out."""
    value = int(sequence_number)
    if value >> _LEAD_SHIFT != 2 or value & 0xF != _VERSION:
        return None
    parts = Decoded(
        created=(value >> _CREATED_SHIFT) & (2**36 - 1),
        counter=(value >> _COUNTER_SHIFT) & (2**64 - 1),
        second=(value >> _TIME_SHIFT) & (2**36 - 1),
        shard_index=(value >> _SHARD_SHIFT) & (2**32 - 1),
    )
    # AWS refuses both above their signed range (recorded by kinesalite).
    if parts.counter > CLOSING_COUNTER or parts.shard_index > _LAST_SHARD:
        return None
    return parts
