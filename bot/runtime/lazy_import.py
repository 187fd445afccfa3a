"""TensorFlow stays out of the serving process: some of Rasa's own modules are loaded when something in them is asked for.

`import rasa.core.agent` reaches Keras through `rasa.utils.train_utils`, 450 MB and several seconds for a base class that serving
never uses. The modules below are Rasa's own leaves; nothing of Rasa is replaced, and a model that needs them gets them then.
Off with SUFANG_LAZY_IMPORT=off; without it everything works, only slower.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

VERSION = "3.6.21"
#: Modules of Rasa that serving imports and does not use.
DEFERRED = frozenset(
    [
        "rasa.utils.train_utils",
        "rasa.core.test",
        "rasa.core.jobs",
        "rasa.telemetry",
        "rasa.utils.tensorflow.model_data_utils",
        "rasa.utils.tensorflow.model_data",
    ]
)
#: Functions that others import from a deferred module by name; they are called through.
CALLED_THROUGH = {"rasa.utils.tensorflow.model_data": ("ragged_array_to_ndarray",)}
#: What was loaded after all, for the test.
LOADED: list[str] = []
_LOCK = threading.RLock()
_NEVER = frozenset(["__path__", "__wrapped__", "__file__"])


class LazyModule(ModuleType):
    """A module that is executed when an attribute of it is asked for that is not there yet."""

    def __getattr__(self, name: str) -> Any:
        if name in _NEVER:
            raise AttributeError(name)
        _load(self)
        return getattr(self, name)


def _load(module: ModuleType) -> None:
    with _LOCK:
        if type(module) is not LazyModule:
            return
        name = module.__name__
        through = {n: module.__dict__.pop(n, None) for n in CALLED_THROUGH.get(name, ())}
        module.__class__ = ModuleType
        LOADED.append(name)
        try:
            assert module.__spec__ is not None and isinstance(module.__spec__.loader, _Loader)
            module.__spec__.loader.real.exec_module(module)
        except BaseException:
            module.__class__ = LazyModule
            module.__dict__.update({n: f for n, f in through.items() if f is not None})
            raise


class _Loader:
    """Makes the module and leaves it unexecuted."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """The default."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Not now."""
        for name in CALLED_THROUGH.get(module.__name__, ()):
            setattr(module, name, _through(module, name))
        module.__class__ = LazyModule

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def _through(module: ModuleType, name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        _load(module)
        return getattr(module, name)(*args, **kwargs)

    call.__name__ = name
    return call


class _Finder:
    """First in `sys.meta_path`; answers for the deferred modules only."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, with a loader that waits."""
        if name not in DEFERRED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


def install() -> bool:
    """Defers. False when this is another Rasa, or too late because Rasa's agent is loaded already. Not for training."""
    if importlib.metadata.version("rasa") != VERSION or "rasa.core.agent" in sys.modules:
        return False
    if not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return True


def uninstall() -> None:
    """Modules imported from now on are loaded at once."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _Finder)]
