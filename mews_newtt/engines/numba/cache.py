"""Where machine code is kept. It is read wherever somebody has kept it, and written where this user may write; the host process is left as it is.

Places, in this order: the folder that NUMBA_CACHE_DIR names, beside the package, the user's cache folder. Nothing is kept where none can be
written: the code is then compiled in each process. Numba's own search takes only a folder that it can write, which rules out code that the
builder of an image has kept for a user who may only read it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, InTreeCacheLocator

FOLDER = "mews-newtt"


def folders() -> Iterator[str | None]:
    """Where to look; None is beside the package."""
    if config.CACHE_DIR:
        yield config.CACHE_DIR
    yield None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if os.path.isabs(base):
        yield os.path.join(base, FOLDER)


def _cache_in(folder: str | None, function: Callable[..., Any]) -> Any:
    """Numba's cache of a function in one folder; None where there is no source file to know the function by."""

    class Locator(InTreeCacheLocator):  # type: ignore[misc]  # numba has no types here
        def __init__(self, py_func: Any, py_file: str):
            super().__init__(py_func, py_file)
            if folder is not None:
                self._cache_path = os.path.join(folder, self.get_suitable_cache_subpath(py_file))

        @classmethod
        def from_function(cls, py_func: Any, py_file: str) -> Any:
            return cls(py_func, py_file)  # a folder that can only be read is good enough

    class Impl(CompileResultCacheImpl):  # type: ignore[misc]  # as above
        _locator_classes = (Locator,)

    class Cache(FunctionCache):  # type: ignore[misc]  # as above
        _impl_class = Impl

    try:
        return Cache(function)
    except (OSError, RuntimeError):
        return None


def _any_file(folder: str, pattern: str) -> bool:
    try:
        return any(Path(folder).glob(pattern))
    except OSError:  # another user's folder, which this one may not look into
        return False


class Kept:
    """What numba asks for code that it need not compile, and gives what it has compiled. It never fails: then there is no cache."""

    def __init__(self, function: Callable[..., Any]):
        self._caches = [cache for cache in (_cache_in(folder, function) for folder in folders()) if cache is not None]
        self.used = ""  # the folder that this process has read from, or written to
        self.unwritable: dict[str, str] = {}  # folders that could not be written, and why

    @property
    def cache_path(self) -> str:
        """The first folder that holds code of this function, or else might."""
        folders = [cache.cache_path for cache in self._caches]
        return next((path for path, held in zip(folders, self.held(), strict=True) if held), folders[0] if folders else "")

    def held(self) -> list[bool]:
        """Whether each folder holds some code of this function."""
        return [_any_file(cache.cache_path, f"{glob.escape(cache._impl.filename_base)}.*") for cache in self._caches]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        for cache in self._caches:
            try:
                found = cache.load_overload(sig, target_context)
            except Exception:  # damaged, of another program, or not ours to read: as good as none
                continue
            if found is not None:
                self.used = cache.cache_path
                return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        for cache in self._caches:
            try:
                try:
                    cache.save_overload(sig, data)
                except (pickle.UnpicklingError, EOFError, ValueError, TypeError):  # its list of what it holds is damaged
                    cache.flush()
                    cache.save_overload(sig, data)
            except OSError as fault:
                self.unwritable[cache.cache_path] = fault.strerror or "cannot be written"
                continue
            self.used = cache.cache_path
            return

    def flush(self) -> None:
        for cache in self._caches:
            with contextlib.suppress(OSError):
                cache.flush()

    def enable(self) -> None:
        """Always on."""

    def disable(self) -> None:
        """Always on."""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function for arrays. Numba leaves compile options out of the key of its cache, so all kernels have the same."""
    compiled = njit(nogil=True)(function)
    if not config.DISABLE_JIT:
        compiled._cache = Kept(function)
    return compiled


def is_kept(compiled: Any) -> bool:
    """Whether some folder holds code of a kernel; it may be of another machine."""
    return config.DISABLE_JIT or any(compiled._cache.held())


def kept_in(compiled: Any) -> str:
    """The folder that a kernel's code was read from or written to in this process; empty where it was neither."""
    return "" if config.DISABLE_JIT else compiled._cache.used


def not_kept_in(compiled: Any) -> dict[str, str]:
    """The folders in which a kernel's code could not be kept in this process, each with the reason."""
    return {} if config.DISABLE_JIT else dict(compiled._cache.unwritable)


def tell_first_compile(function: Any, verbose: bool = False) -> None:
    """Say on a terminal that the first run on a machine compiles."""
    compiled = is_kept(function) or getattr(function, "signatures", True)
    if not compiled and (verbose or sys.stderr.isatty()):
        sys.stderr.write("mews-newtt: first run on this machine, compiling for it (under a minute, once)\n")
