"""What of Rasa 3.6.21 has no extension point. Every change is here, guarded by the version, and off with SUFANG_PATCHES=off.

One patch: `RemoteAction._validate_action_result` lets jsonschema check the *schema* anew at every action, three quarters of the time
of a form turn. The compiled validator checks the same results against the same schema.
"""

from __future__ import annotations

import logging
from typing import Any, Dict

import rasa

logger = logging.getLogger(__name__)
VERSION = "3.6.21"


def supported() -> bool:
    """Whether this Rasa is the one that the patches were written for."""
    return bool(rasa.__version__ == VERSION)


def apply() -> bool:
    """Applies the patches; False when this is another Rasa, which then works unpatched, only slower."""
    if not supported():
        logger.warning("rasa %s is not %s: patches left out", rasa.__version__, VERSION)
        return False
    from rasa.core.actions.action import RemoteAction

    RemoteAction._validate_action_result = _validate_action_result
    return True


def undo() -> None:
    """Back to stock, for tests."""
    from rasa.core.actions.action import RemoteAction

    RemoteAction._validate_action_result = _STOCK


def _compiled() -> Any:
    from jsonschema.validators import validator_for
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    cls = validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


def _stock() -> Any:
    from rasa.core.actions.action import RemoteAction

    return RemoteAction._validate_action_result


_STOCK = _stock()
_VALIDATOR: Any = None


def _validate_action_result(self: Any, result: Dict[str, Any]) -> bool:
    """As stock: True, or the ValidationError that stock raises."""
    global _VALIDATOR
    if _VALIDATOR is None:
        _VALIDATOR = _compiled()
    return True if _VALIDATOR.is_valid(result) else bool(_STOCK(self, result))
