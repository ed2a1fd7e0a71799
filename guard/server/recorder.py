"""How does the recorder process serve the workers and keep the log?

One process writes the log; workers reach it over a unix socket. Records that arrive while a
batch is being synced make up the next one, and an idle recorder waits two milliseconds for
company, so the cost of a sync is shared. The disk is touched only by one thread, in order;
the event loop goes on reading meanwhile. Only checkpoints are published from a second thread,
so that nobody waits for their many small files.

Commands that a person runs reach it over a second socket, see `command_socket`.

Ends at SIGTERM, SIGINT or when its parent is gone: it takes no more connections, writes what
has arrived, publishes a checkpoint and exits with 0.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

import orjson
import uvloop

from guard.errors import EvidenceError, GuardError, RecorderUnavailableError
from guard.evidence.disclosure import Disclosure
from guard.evidence.retention import Retention
from guard.server import command_socket
from guard.server.process import tune_memory
from guard.server.recorder_connection import Connection
from guard.server.recorder_protocol import (
    Message,
    ProtocolError,
    done,
    done_many,
    message,
    parse_append,
    parse_disclose,
)
from guard.store.batch import Entry, Refusal
from guard.store.checkpoint_files import Prepared
from guard.store.log_directory import LogDirectory
from guard.store.log_values import environment
from guard.store.system_clock import ClockWatch

_T = TypeVar("_T")
LINGER: Final = 0.002
"""Seconds an idle recorder waits for further records before it syncs."""
PACE: Final = 0.01
"""Seconds from the start of one batch to that of the next while many records come: a sync costs as much CPU as ten."""
CROWD: Final = 8
"""Records in a batch that make many."""
LARGEST_BATCH: Final = 4096
LARGEST_BATCH_BYTES: Final = 8 * 1024 * 1024
QUEUE_BYTES: Final = 64 * 1024 * 1024
"""Beyond this the workers' sockets are not read, until the disk has caught up."""
CHECKPOINT_EVERY: Final = 1.0
PATIENCE: Final = 2.0
"""Seconds to wait for a command that has the log open and is about to end."""

log = logging.getLogger("guard.recorder")


_Item = tuple[Connection, int, Entry, int]
"""Who sent it, their number for it, the record, its length in the queue."""


class Recorder:
    """Serves one open log until `stop` is called."""

    def __init__(self, directory: LogDirectory) -> None:
        self._directory = directory
        self._clock = ClockWatch()
        self._parent = os.getppid()
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
        self._sealing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sealing")
        self._queue: list[_Item] = []
        self._not_erased = ""
        """Why the last attempt to erase failed, as far as it was said."""
        self._queued = 0
        """Bytes in the queue."""
        self._rotations: list[tuple[Connection, int, bool]] = []
        """Who wants another key, and whether the old one may be in other hands."""
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: set[Connection] = set()

    def stop(self) -> None:
        """Begin to end: what has arrived is still written."""
        self._stopping.set()
        self._arrived.set()

    async def serve(self, socket: Path, ready: Callable[[], None]) -> None:
        """Listen on `socket`, call `ready`, and keep the log until `stop`.

        Raises:
            LogDamagedError: Another recorder has moved the log on; nothing more was written.
        """
        loop = asyncio.get_running_loop()
        _remove_stale(socket)
        servers = [await loop.create_unix_server(lambda: Connection(self), path=socket)]
        try:
            commands = command_socket.listen(self._directory.root)
            servers.append(await loop.create_unix_server(lambda: Connection(self), sock=commands))
        except OSError as error:
            log.warning("commands can not write to the log while this guard runs: %s", error)
        await self._on_disk(self._look_at_clock)
        ready()
        ticks = asyncio.create_task(self._ticks())
        writing = asyncio.create_task(self._write_batches())
        try:
            await asyncio.wait({ticks, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stop()
            for server in servers:
                server.close()
            _remove_stale(socket)
            command_socket.remove(self._directory.root)
            try:
                await writing
                await ticks
                await asyncio.gather(*self._tasks)
            finally:
                for connection in tuple(self.connections):
                    if connection.transport is not None:
                        connection.transport.close()
                await asyncio.sleep(0)  # lets the transports send what they hold and close
                await self._on_disk(self._directory.close)
                self._disk.shutdown()
                self._sealing.shutdown()

    def receive(self, connection: Connection, kind: int, number: int, body: bytes) -> None:
        """Take one message of a worker.

        Raises:
            ProtocolError: It is none that a worker sends.
        """
        match kind:
            case Message.APPEND:
                leaf, disclosures = parse_append(body)
                self._queue.append((connection, number, Entry(leaf, disclosures), len(body)))
                self._queued += len(body)
                self._arrived.set()
                if self._queued > QUEUE_BYTES:
                    connection.pause(True)
            case Message.BLOB:
                self._spawn(self._blob(connection, number, body))
            case Message.DISCLOSE:
                self._spawn(self._disclose(connection, number, parse_disclose(body)))
            case Message.CUSTODY:
                self._spawn(self._custody(connection, number, body))
            case Message.ROTATE:
                self._rotations.append((connection, number, body == b"lost"))
            case Message.STATS:
                stats = {**asdict(self._directory.stats), "queued": len(self._queue)}
                connection.send(message(Message.DONE, number, orjson.dumps(stats)))
            case _:
                raise ProtocolError(f"a message of type {kind}")

    async def _blob(self, connection: Connection, number: int, data: bytes) -> None:
        try:
            digest = await self._on_disk(lambda: self._directory.store_blob(data))
        except RecorderUnavailableError as error:
            connection.send(message(Message.NOT_DURABLE, number, str(error).encode()))
        else:
            connection.send(message(Message.DONE, number, digest.encode()))

    async def _disclose(
        self, connection: Connection, number: int, given: tuple[int, bytes, tuple[Disclosure, ...]]
    ) -> None:
        try:
            refusal = await self._on_disk(lambda: self._directory.disclose(*given))
        except RecorderUnavailableError as error:
            connection.send(message(Message.NOT_DURABLE, number, str(error).encode()))
        else:
            kind = Message.DONE if refusal is None else Message.REFUSED
            connection.send(message(kind, number, refusal.reason.encode() if refusal else b""))

    async def _custody(self, connection: Connection, number: int, body: bytes) -> None:
        try:
            answer = await self._on_disk(lambda: self._directory.custody.do(orjson.loads(body)))
        except (OSError, sqlite3.Error) as error:
            connection.send(message(Message.NOT_DURABLE, number, str(error).encode()))
        except EvidenceError as error:
            connection.send(message(Message.REFUSED, number, str(error).encode()))
        else:
            connection.send(message(Message.DONE, number, orjson.dumps(answer)))

    async def _write_batches(self) -> None:
        while True:
            if not self._queue:
                if self._stopping.is_set():
                    return
                self._arrived.clear()
                await self._arrived.wait()
                if not self._stopping.is_set():
                    await asyncio.sleep(LINGER)
                continue
            batch = self._next_batch()
            earliest = asyncio.get_running_loop().time() + PACE
            await self._write(batch)
            rest = earliest - asyncio.get_running_loop().time()
            if len(batch) > CROWD and rest > 0 and not self._stopping.is_set():
                await asyncio.sleep(rest)
            if self._queued <= QUEUE_BYTES // 2:
                for connection in self.connections:
                    connection.pause(False)

    def _next_batch(self) -> list[_Item]:
        size = count = 0
        for _, _, _, length in self._queue[:LARGEST_BATCH]:
            size += length
            count += 1
            if size > LARGEST_BATCH_BYTES:
                break
        batch, self._queue = self._queue[:count], self._queue[count:]
        self._queued -= size
        return batch

    async def _write(self, batch: list[_Item]) -> None:
        entries = [entry for _, _, entry, _ in batch]
        written: dict[Connection, list[int]] = {}
        try:
            results = await self._on_disk(lambda: self._directory.append(entries))
        except RecorderUnavailableError as error:
            reason = str(error).encode()
            for connection, number, _, _ in batch:
                connection.send(message(Message.NOT_DURABLE, number, reason))
            return
        for (connection, number, _, _), result in zip(batch, results, strict=True):
            if isinstance(result, Refusal):
                log.error("a record was refused: %s", result.reason)
                connection.send(message(Message.REFUSED, number, result.reason.encode()))
            elif connection in written:
                written[connection] += (number, result)
            else:
                written[connection] = [number, result]
        for connection, numbers in written.items():
            connection.send(done(*numbers) if len(numbers) == 2 else done_many(numbers))

    async def _ticks(self) -> None:
        """Publish checkpoints and mend what failed, each second."""
        was_failing = ""
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), CHECKPOINT_EVERY)
            if os.getppid() != self._parent:
                log.warning("the process that started the recorder is gone; it ends too")
                self.stop()
            prepared = await self._on_disk(self._tick)
            if prepared is not None:
                await asyncio.get_running_loop().run_in_executor(self._sealing, self._directory.publish, prepared)
            for rotation in self._rotations:  # here, where nothing else is being signed
                await self._rotate(*rotation)
            self._rotations.clear()
            failing = self._directory.stats.failing
            if failing != was_failing:
                log.log(logging.ERROR if failing else logging.WARNING, "%s", failing or "records are written again")
                was_failing = failing

    async def _rotate(self, connection: Connection, number: int, lost: bool) -> None:
        try:
            public = await self._on_disk(lambda: self._directory.rotate(lost=lost))
        except RecorderUnavailableError as error:
            connection.send(message(Message.NOT_DURABLE, number, str(error).encode()))
        else:
            log.warning("the log is signed with another key from now on: %s", public)
            connection.send(message(Message.DONE, number, str(public).encode()))

    def _tick(self) -> Prepared | None:
        self._directory.retry()
        self._look_at_clock()
        self._erase_a_little()
        return self._directory.prepare_checkpoint()

    def _erase_a_little(self) -> None:
        try:
            self._directory.custody.tick()
        except (EvidenceError, OSError, sqlite3.Error) as error:  # it is tried again; recording must not end for it
            if str(error) != self._not_erased:
                log.error("values could not be erased in time: %s", error)
                self._not_erased = str(error)

    def _look_at_clock(self) -> None:
        if leaf := self._clock.look():
            self._directory.say(leaf)

    async def _on_disk(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _remove_stale(socket: Path) -> None:
    """Take away the socket of a recorder that was killed: whoever holds the log's lock is the only one."""
    try:
        if stat.S_ISSOCK(socket.lstat().st_mode):
            socket.unlink()
    except FileNotFoundError:
        pass


async def run(directory: LogDirectory, socket: Path) -> None:
    """Serve until a signal says to stop; say `ready` on standard output when workers can connect."""
    recorder = Recorder(directory)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, recorder.stop)
    await recorder.serve(socket, lambda: print("ready", flush=True))  # noqa: T201 - the supervisor waits for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recorder process; return its exit status."""
    parser = argparse.ArgumentParser(prog="guard.server.recorder", description="Keep the evidence log of one guard.")
    parser.add_argument("--directory", type=Path, required=True, help="the evidence directory")
    parser.add_argument("--socket", type=Path, required=True, help="where workers connect, in a folder of mode 0700")
    parser.add_argument("--host", default="localhost", help="the host in the log's name, when a log begins")
    parser.add_argument("--guard-directory", type=Path, help="remember the newest head there, on another disk")
    parser.add_argument("--configuration", default="", help="SHA-256 of the configuration, for the record of the start")
    parser.add_argument("--people-days", type=int, default=30, help="how long values of people are kept")
    parser.add_argument("--tool-days", type=int, default=0, help="how long other values are kept; 0: without end")
    parser.add_argument("--passphrase", action="store_true", help="read that of the key from standard input")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    os.umask(0o077)
    tune_memory()
    try:
        directory = LogDirectory(
            given.directory,
            host=given.host,
            environment=environment(given.configuration),
            guard_folder=given.guard_directory,
            wait=PATIENCE,
            retention=Retention(people=given.people_days, tools=given.tool_days or None),
            passphrase=sys.stdin.buffer.read() if given.passphrase else b"",
            goes_on=True,
        )
        if directory.ended is not None:
            log.error("%s", directory.ended)
        uvloop.run(run(directory, given.socket))
    except (GuardError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
