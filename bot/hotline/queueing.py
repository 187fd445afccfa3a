"""Calls through a queue as they come: Dramatiq on RabbitMQ or Redis (the extra `queue`).

The inbox in the database is what counts; a message holds an id and nothing that was said. So a broker that is down loses nothing
(what it did not hear of is announced again), a message that comes twice does nothing twice, and what cannot be done ends in the
inbox with its reason, for the staff to see, besides in the broker's dead letters.

Start workers with `dramatiq bot.hotline.worker`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, ShutdownNotifications, TimeLimit

from bot.hotline.intake import Intake
from bot.storage.drafts import MAX_ATTEMPTS

logger = logging.getLogger(__name__)
QUEUE = "sufang-hotline"
ACTOR = "process_call"
#: A call takes some milliseconds; one that takes minutes hangs. Times in ms.
TIME_LIMIT, MIN_BACKOFF, MAX_BACKOFF = 120_000, 500, 60_000


def make_broker(url: str, heartbeat_ms: int = 60_000) -> dramatiq.Broker:
    """The broker behind `url` (amqp:// or redis://). Does not connect yet.

    A Redis message whose worker was silent for `heartbeat_ms` is given to another one; RabbitMQ knows at once.
    """
    middleware = [
        AgeLimit(),
        TimeLimit(),
        ShutdownNotifications(),
        Callbacks(),
        Pipelines(),
        Retries(max_retries=MAX_ATTEMPTS, min_backoff=MIN_BACKOFF, max_backoff=MAX_BACKOFF),
    ]
    if url.startswith(("amqp://", "amqps://")):
        joined = "&" if "?" in url else "?"
        limits = "blocked_connection_timeout=5&connection_attempts=2&retry_delay=1&socket_timeout=5&heartbeat=30"
        return RabbitmqBroker(url=url + joined + limits, middleware=middleware, confirm_delivery=True)
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=url, middleware=middleware, heartbeat_timeout=heartbeat_ms, socket_timeout=10, socket_connect_timeout=5
    )


def actor(broker: dramatiq.Broker, intake: Callable[[], Intake], queue: str = QUEUE) -> Any:
    """The actor that makes a draft of one call. `intake` is made once, in the worker, at the first call."""
    made: list[Intake] = []

    def process_call(key: str) -> None:
        if not made:
            made.append(intake())
        made[0].process(key)

    made_actor = dramatiq.actor(
        broker=broker, actor_name=ACTOR, queue_name=queue, time_limit=TIME_LIMIT, max_retries=MAX_ATTEMPTS
    )
    return made_actor(process_call)


def message(key: str, queue: str = QUEUE) -> dramatiq.Message[Any]:
    """The message that announces a call."""
    return dramatiq.Message(queue_name=queue, actor_name=ACTOR, args=(key,), kwargs={}, options={})


def announcer(url: str, queue: str = QUEUE) -> Callable[[str], None]:
    """A function that announces a call; a broker that is down is no error, the call waits in the inbox."""
    broker = make_broker(url)

    def announce(key: str) -> None:
        try:
            broker.declare_queue(queue)
            broker.enqueue(message(key, queue))
        except Exception as e:
            logger.warning("a call was not announced (%s); it waits in the inbox", type(e).__name__)
            with contextlib.suppress(Exception):
                broker.close()

    return announce


def announce_waiting(broker: dramatiq.Broker, keys: Iterable[str], queue: str = QUEUE) -> int:
    """Announces what waits in the inbox; gives how many. A call announced twice is made once. Raises what the broker raises."""
    broker.declare_queue(queue)
    n = 0
    for key in keys:
        broker.enqueue(message(key, queue))
        n += 1
    return n
