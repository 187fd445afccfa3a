"""The module that `dramatiq bot.hotline.worker` loads: broker, actor, and once a minute the calls that the broker never heard of.

Settings are the installation's own (SUFANG_BROKER_URL, SUFANG_DATABASE_URL …).
"""

from __future__ import annotations

import logging
import os
import threading

import dramatiq
from dramatiq.middleware import Middleware

from bot.hotline.command import load_advisor
from bot.hotline.intake import Intake
from bot.hotline.queueing import QUEUE, actor, announce_waiting, make_broker
from bot.settings import Settings
from bot.storage.drafts import DraftStore
from bot.storage.open import open_engine, open_keyring, upgrade

logger = logging.getLogger(__name__)
#: Seconds between two looks into the inbox.
LOOK_EVERY = float(os.environ.get("HOTLINE_LOOK_EVERY", "60"))


class _Sweep(Middleware):
    """Announces again what waits: calls that came while the broker was down."""

    def __init__(self, store: DraftStore, queue: str) -> None:
        self._store, self._queue, self._stop = store, queue, threading.Event()

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        threading.Thread(target=self._look, args=(broker,), daemon=True).start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._stop.set()

    def _look(self, broker: dramatiq.Broker) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                announce_waiting(broker, self._store.waiting(), self._queue)
            except Exception as e:
                logger.warning("the inbox was not announced (%s); tried again", type(e).__name__)


def _build() -> dramatiq.Broker:
    settings = Settings.from_env()
    upgrade(settings.database_url)
    store = DraftStore(open_engine(settings), open_keyring(settings))
    made = make_broker(settings.broker_url)
    queue = os.environ.get("HOTLINE_QUEUE", QUEUE)
    models = str(settings.data_dir / "models")
    advisor = load_advisor(models, settings.region)
    actor(made, lambda: Intake(store, lambda: advisor, settings.data_dir / "hotline.index", settings.now), queue)
    made.add_middleware(_Sweep(store, queue))
    return made


broker = _build()
dramatiq.set_broker(broker)
