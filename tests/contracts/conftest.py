from __future__ import annotations

import pytest
from serving import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory):
    server = Server(tmp_path_factory.mktemp("contract")).start()
    yield server
    assert server.stop() == 0
