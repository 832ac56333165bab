"""What a stored record costs in memory, the call log's share included."""

from __future__ import annotations

import gc
import tracemalloc

from course.simulator.clock import SECOND
from tests.benchmarks import clients
from tests.benchmarks.table import Row, told
from tests.benchmarks.worlds import STREAM, entered, world_with_stream

PAYLOAD = 100
BATCH = 500


def rows(batches: int) -> list[Row]:
    """One row: bytes for each record, after `batches` PutRecords of 500."""
    client = clients.on_the_lanes()
    world = world_with_stream(8)
    # The film has a fixed length: what it costs does not grow with what is stored.
    world.account.streams().film = None

    def put(batch: int) -> None:
        first = batch * BATCH
        records = [
            {"Data": b"%0*d" % (PAYLOAD, number), "PartitionKey": f"customer-{number}"}
            for number in range(first, first + BATCH)
        ]
        assert client.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0
        world.sleep(SECOND)

    with entered(world):
        put(0)
        gc.collect()
        tracemalloc.start()
        for batch in range(1, batches + 1):
            put(batch)
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    each = grown / (batches * BATCH)
    return [
        told(
            "memory of a stored record",
            f"its {PAYLOAD} bytes of data",
            f"{each:.0f} bytes ({each / PAYLOAD:.1f}x)",
        )
    ]
