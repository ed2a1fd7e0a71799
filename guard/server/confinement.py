"""What does a process that reads strangers' pictures give up, so that who takes it over has nothing?

Two things of Linux, and neither needs rights or can be taken back. Landlock (landlock(7)): from now on files can
be read below the given folders only, none can be written, made or removed, and no signal reaches a process outside.
A seccomp filter (seccomp(2)): the calls that open a socket, start a program, or look into another process fail with
EPERM. What a kernel does not have is left out, and `supported` says so.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NO_NEW_PRIVS: Final = 38  # linux/prctl.h
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_READ: Final = 1 << 2 | 1 << 3  # LANDLOCK_ACCESS_FS_READ_FILE, _READ_DIR
_FILE_ACCESS: Final = {1: 13, 2: 14, 3: 15, 4: 15}  # how many kinds of access an ABI knows
_NEWEST_FILE_ACCESS: Final = 16
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # linux/seccomp.h: SECCOMP_RET_…
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
_X32: Final = 0x40000000  # a second table of calls on x86-64


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of asm/unistd.h."""

    audit: int
    """AUDIT_ARCH_… of linux/audit.h."""
    seccomp: int
    refused: tuple[int, ...]


_EVERYWHERE: Final = (424, 425, 434, 438)  # pidfd_send_signal, io_uring_setup, pidfd_open, pidfd_getfd
_MACHINES: Final = {
    # socket, connect, bind, socketpair; execve, execveat; kill, ptrace, process_vm_readv, process_vm_writev;
    # bpf, userfaultfd, perf_event_open, add_key, request_key, keyctl
    "x86_64": _Machine(
        0xC000003E, 317, (41, 42, 49, 53, 59, 322, 62, 101, 310, 311, 321, 323, 298, 248, 249, 250, *_EVERYWHERE)
    ),
    "aarch64": _Machine(
        0xC00000B7, 277, (198, 203, 200, 199, 221, 281, 129, 117, 270, 271, 280, 282, 241, 217, 218, 219, *_EVERYWHERE)
    ),
}


@dataclass(frozen=True, slots=True)
class Supported:
    """What this kernel can take from a process."""

    files: bool
    calls: bool


def supported() -> Supported:
    """Ask the kernel; nothing is changed."""
    machine = _machine()
    action = ctypes.c_uint32(_EPERM & 0xFFFF0000)
    return Supported(
        files=_landlock_abi() > 0,
        calls=machine is not None and _call(machine.seccomp, 2, 0, ctypes.byref(action)) == 0,
    )


def give_up(readable: Iterable[Path]) -> None:
    """Give up network, programs and all files but those below `readable`. Call it before there are threads."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    if (abi := _landlock_abi()) > 0:
        _keep_to(readable, abi)
    if (machine := _machine()) is not None:
        _refuse_calls(machine)


def _keep_to(folders: Iterable[Path], abi: int) -> None:
    # Files, TCP (from ABI 4 on), signals and abstract sockets of others (from 6 on).
    handled = (1 << _FILE_ACCESS.get(abi, _NEWEST_FILE_ACCESS)) - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0
    rules = _call(_CREATE_RULESET, struct.pack("=QQQ", *handled), 24, 0)
    if rules < 0:
        return
    for folder in folders:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        _call(_ADD_RULE, rules, 1, struct.pack("=Qi", _READ, descriptor), 0)
        os.close(descriptor)
    _call(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _refuse_calls(machine: _Machine) -> None:
    count = len(machine.refused)
    rows = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine.audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    rows += [(_AT_LEAST, count + 1, 0, _X32)]
    rows += [(_EQUAL, count - at, 0, number) for at, number in enumerate(machine.refused)]
    rows += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in rows))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(rows), ctypes.addressof(code)))
    _call(machine.seccomp, 1, 1, program)  # SECCOMP_SET_MODE_FILTER for all threads


def _machine() -> _Machine | None:
    return _MACHINES.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 1 << 32 else None


def _landlock_abi() -> int:
    return _call(_CREATE_RULESET, None, 0, 1) if sys.platform == "linux" else 0


def _call(number: int, *arguments: object) -> int:
    """Make a system call; -1 where it failed or the kernel has none of that number."""
    syscall = ctypes.CDLL(None).syscall
    syscall.restype = ctypes.c_long
    return int(
        syscall(ctypes.c_long(number), *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    )
