"""What a process is: its program, and the folder where it works.

psutil knows it everywhere, but takes longer to import than many a command to run. Linux has it in
files.
"""

import sys
from pathlib import Path

IS_LINUX = sys.platform == "linux"
_DEAD = "ZX"


def program(pid: int) -> str | None:
    """Return the name of the program that the process runs.

    It is None where the process is gone, or merely waits to be reaped.
    """
    if not IS_LINUX:
        return _program_elsewhere(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, _, state = text.partition("(")[2].rpartition(")")
    return None if state.strip()[:1] in _DEAD else name


def folder(pid: int) -> Path | None:
    """Return the folder where the process works; None where it is gone, or we may not ask.

    Root in a container may not ask of another account's process.
    """
    if not IS_LINUX:
        return _folder_elsewhere(pid)
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _program_elsewhere(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.name()
    except psutil.NoSuchProcess:
        return None


def _folder_elsewhere(pid: int) -> Path | None:
    import psutil

    try:
        return Path(psutil.Process(pid).cwd())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
