"""Custom actions in Rasa's own process: no socket, no second server, no person's words on a wire."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

logger = logging.getLogger(__name__)


class InProcessEndpoint(EndpointConfig):
    """An action endpoint that runs the SDK's executor instead of an HTTP request.

    A failing action does not end in silence: it is logged by its name and the type of its error alone, and the person is told.
    """

    def __init__(
        self, package: str = "actions", apology: str = "系统出了点问题，刚才这句没有处理好，请再说一遍。"
    ) -> None:
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(package)
        self._apology = apology

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any | None:
        """Runs `next_action`. A rejection is told as Rasa expects it of a server: as a 400."""
        call = kwargs.get("json") or {}
        try:
            return await self._run(call)
        except ActionExecutionRejection as e:
            body = {"action_name": e.action_name, "error": str(e)}
            raise ClientResponseError(400, str(e), json.dumps(body)) from e
        except ActionNotFoundException:
            raise
        except Exception as e:
            logger.error(
                "action %s failed: %s",
                call.get("next_action"),
                type(e).__name__,
                exc_info=logger.isEnabledFor(logging.DEBUG),
            )
            custom = {"kind": "error", "code": "action_failed", "retry": True}
            return {"events": [], "responses": [{"text": self._apology, "custom": custom}]}

    async def _run(self, call: Any) -> Any:
        """Actions block (SQL, scrypt), so they run beside the event loop."""
        return await asyncio.to_thread(lambda: asyncio.run(self._executor.run(call)))
