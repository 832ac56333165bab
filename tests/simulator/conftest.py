from __future__ import annotations

import pytest

from tests.simulator.client import Client


@pytest.fixture
def client() -> Client:
    """A client of an empty account."""
    return Client()
