"""What a running stream looks like: pictures of plain data, moving and still.

    from course.pictures import StreamTrace, hash_ring
    hash_ring(trace)

Importing this is cheap: matplotlib and anywidget are loaded when a picture is shown.
"""

from course.pictures.heat import shard_heat
from course.pictures.lane import lanes
from course.pictures.ring import hash_ring
from course.pictures.spread import key_spread
from course.pictures.trace import Event, ShardSpan, StreamTrace

__all__ = [
    "Event",
    "ShardSpan",
    "StreamTrace",
    "hash_ring",
    "key_spread",
    "lanes",
    "shard_heat",
]
