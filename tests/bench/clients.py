"""What does an update of a client's past cost, alone and contended, and does a flood make it dearer?

Run by hand: `python tests/bench/clients.py [distinct keys]`. States of 400 bytes; the change itself
does nothing, so what is measured is the table. CPU time, best of five, unless said otherwise.
"""

import ctypes
import fcntl
import mmap
import os
import resource
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from hashlib import blake2b

from guard.store.clients import ClientTable, Standing

STATE = os.urandom(400)
CHANGED = (STATE, Standing.ORDINARY, None)
CONTENDER = """
import sys, time
from guard.store.clients import ClientTable
from tests.bench.clients import change, key
table = ClientTable(int(sys.argv[1]), layout=1)
names = [key(n) for n in range(int(sys.argv[2]))]
end = time.monotonic() + float(sys.argv[3])
count = 0
while time.monotonic() < end:
    for name in names:
        table.update(name, change)
    count += len(names)
print(count, time.process_time(), table.unstored)
"""


def key(number: int) -> bytes:
    return blake2b(number.to_bytes(8, "little"), digest_size=16).digest()


def change(_old: bytes | None) -> tuple[bytes, Standing, None]:
    return CHANGED


def best(work: Callable[[], None], count: int) -> float:
    times = []
    for _ in range(5):
        started = time.process_time()
        work()
        times.append((time.process_time() - started) / count * 1e6)
    return min(times)


def locks() -> None:
    """Compare what could keep two processes apart and survives the death of the holder."""
    descriptor = os.memfd_create("locks")
    os.ftruncate(descriptor, 1 << 20)
    memory = mmap.mmap(descriptor, 1 << 20)
    libc = ctypes.PyDLL(None)
    attributes = ctypes.create_string_buffer(64)
    libc.pthread_mutexattr_init(attributes)
    libc.pthread_mutexattr_setpshared(attributes, 1)
    libc.pthread_mutexattr_setrobust(attributes, 1)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    take, free = libc.pthread_mutex_trylock, libc.pthread_mutex_unlock
    libc.pthread_mutex_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    take.argtypes = free.argtypes = [ctypes.c_void_p]
    for number in range(1024):
        libc.pthread_mutex_init(address + 64 * number, attributes)

    def kernel() -> None:
        for number in range(100_000):
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number & 1023)
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, number & 1023)

    def mutex() -> None:
        for number in range(100_000):
            take(address + 64 * (number & 1023))
            free(address + 64 * (number & 1023))

    print(f"lock and unlock: fcntl {best(kernel, 100_000):.2f} µs, robust mutex {best(mutex, 100_000):.2f} µs")


def alone() -> None:
    table = ClientTable.create(layout=1)
    names = [key(number) for number in range(20_000)]

    def updates() -> None:
        for name in names:
            table.update(name, change)

    def reads() -> None:
        for name in names:
            table.get(name)

    updates()
    print(f"update of a known client {best(updates, len(names)):.2f} µs, get {best(reads, len(names)):.2f} µs")
    table.close()


def contended(clients: int, processes: int, seconds: float) -> None:
    table = ClientTable.create(layout=1)
    command = [sys.executable, "-c", CONTENDER, str(table.fileno()), str(clients), str(seconds)]
    running = [
        subprocess.Popen(command, pass_fds=(table.fileno(),), stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    done = [one.communicate()[0].split() for one in running]
    count, cpu = sum(int(one[0]) for one in done), sum(float(one[1]) for one in done)
    unstored = sum(int(one[2]) for one in done)
    wall = seconds * processes / count * 1e6
    print(
        f"{processes} processes on {clients:,} clients: {wall:.2f} µs wall an update, "
        f"{cpu / count * 1e6:.2f} µs CPU, {unstored} not stored"
    )
    table.close()


def flood(distinct: int) -> None:
    table = ClientTable.create(layout=1)
    friends = [key(-number % (1 << 63)) for number in range(1, 1001)]
    for _ in range(8):
        for friend in friends:
            table.update(friend, change)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tenth = max(1, distinct // 10)
    times = array("d", bytes(8 * tenth))
    for number in range(distinct):
        name = key(number)
        started = time.perf_counter()
        table.update(name, change)
        times[number % tenth] = time.perf_counter() - started
        if (number + 1) % tenth == 0:
            taken = os.fstat(table.fileno()).st_blocks * 512
            ordered = sorted(times)
            p50, p99 = ordered[tenth // 2] * 1e6, ordered[int(tenth * 0.99)] * 1e6
            del ordered
            known = table.count()
            print(f"  {number + 1:>12,} keys: p50 {p50:.1f} µs, p99 {p99:.1f} µs, {known:,} known, {taken:,} bytes")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    size = os.fstat(table.fileno()).st_size
    kept = sum(table.get(friend) is not None for friend in friends)
    print(f"{size:,} bytes, {size / table.capacity:.1f} a client; the process grew by {grown:,} KiB with the table")
    print(f"{kept} of {len(friends)} clients who were there before are still known")


if __name__ == "__main__":
    locks()
    alone()
    for clients, processes in ((20_000, 1), (20_000, 2), (8, 2), (1, 2)):
        contended(clients, processes, 2.0)
    flood(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
