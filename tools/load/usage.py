"""What a process takes of the machine."""

import os
from pathlib import Path


def memory(pid: int) -> float:
    """Return the megabytes that a process holds now."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def cpu(pid: int) -> float:
    """Return the seconds of processor time that a process has taken: its own, and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
