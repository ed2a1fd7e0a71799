"""Does the table of clients lose no update, believe no torn record, and keep whom it should?"""

import os
import select
import signal
import struct
import subprocess
import sys
import textwrap
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import GuardError
from guard.store import clients
from guard.store.clients import ClientTable, Standing

KILLS = int(os.environ.get("TEST_KILLS", "50"))
FLOOD = int(os.environ.get("TEST_CLIENTS", "60000"))
"""Distinct keys of the flood; ten million are run by hand."""
LAYOUT = 1


@pytest.fixture
def table():
    one = ClientTable.create(64, layout=LAYOUT)
    yield one
    one.close()


def small_table(slots=8):
    return ClientTable.create(slots, layout=LAYOUT)


def key(number):
    return sha256(b"%d" % number).digest()[:16]


def put(table, name, state=b"x", standing=Standing.ORDINARY, times=1):
    for _ in range(times):
        table.update(name, lambda _old: (state, standing, None))


def establish(table, name, state=b"x"):
    put(table, name, state, times=clients.ESTABLISHED_AFTER)


def child(code, table, *arguments):
    """Start a process that has the table as `table`."""
    head = f"""
        import os, signal, struct, sys
        from hashlib import sha256
        from guard.store.clients import ClientTable, Standing
        table = ClientTable(int(sys.argv[1]), layout={LAYOUT})
    """
    program = textwrap.dedent(head) + textwrap.dedent(code)
    command = [sys.executable, "-c", program, str(table.fileno()), *map(str, arguments)]
    return subprocess.Popen(command, pass_fds=(table.fileno(),), stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_state_is_given_back_to_the_next_update(table):
    """What `change` made is what it gets the next time, and its result is passed on."""
    seen = []

    def change(old):
        seen.append(old)
        return b"one" if old is None else old + b"+", Standing.ORDINARY, len(seen)

    assert [table.update(key(1), change) for _ in range(3)] == [1, 2, 3]
    assert seen == [None, b"one", b"one+"]
    assert table.get(key(1)) == b"one++"
    assert table.get(key(2)) is None
    assert table.count() == 1


def test_sizes_are_held_to(table):
    """512 bytes fit; none, more, and a key of another length are the caller's mistake and change nothing."""
    put(table, key(1), b"y" * 512)
    for wrong in (b"", b"z" * 513):
        with pytest.raises(ValueError, match="state of"):
            put(table, key(1), wrong)
    with pytest.raises(ValueError, match="key of"):
        put(table, b"short")

    assert table.get(key(1)) == b"y" * 512


def test_an_error_in_a_change_leaves_all_as_it_was(table):
    """And the bucket is free again."""
    put(table, key(1), b"kept")
    with pytest.raises(ZeroDivisionError):
        table.update(key(1), lambda _old: 1 // 0)
    put(table, key(1), b"next")

    assert table.get(key(1)) == b"next"


def test_the_key_of_zeros_and_keys_inside_others_are_keys(table):
    """An empty slot, or the end of one key with the start of the next, is not taken for one."""
    one = small_table()
    first, second = b"a" * 8 + b"b" * 8, b"c" * 16
    put(one, first, b"1")
    put(one, second, b"2")

    assert one.get(bytes(16)) is None
    assert one.get(b"b" * 8 + b"c" * 8) is None
    put(one, bytes(16), b"0")
    put(one, b"b" * 8 + b"c" * 8, b"3")
    assert [one.get(name) for name in (first, second, bytes(16), b"b" * 8 + b"c" * 8)] == [b"1", b"2", b"0", b"3"]
    one.close()


def test_a_table_is_opened_only_as_what_it_is(tmp_path):
    """Another layout, another file or none is refused in a sentence."""
    path = tmp_path / "clients"
    first = ClientTable.create(64, layout=LAYOUT, path=path)
    put(first, key(1), b"shared")
    second = ClientTable.open(path, layout=LAYOUT)

    assert second.get(key(1)) == b"shared"
    assert path.stat().st_mode & 0o777 == 0o600
    for wrong in (b"", b"x" * 5000):
        (tmp_path / "other").write_bytes(wrong)
        with pytest.raises(GuardError, match="no table of clients"):
            ClientTable.open(tmp_path / "other", layout=LAYOUT)
    with pytest.raises(GuardError, match="no table of clients"):
        ClientTable.open(path, layout=LAYOUT + 1)
    with pytest.raises(GuardError, match="no table of clients"):
        ClientTable.open(tmp_path / "missing", layout=LAYOUT)
    first.close()
    second.close()


def test_a_client_takes_less_than_600_bytes():
    """The default table has room for 200,000, and takes memory only as it is used."""
    one = ClientTable.create(layout=LAYOUT)
    size, taken = os.fstat(one.fileno()).st_size, os.fstat(one.fileno()).st_blocks * 512
    one.close()

    assert one.capacity == 200_000
    assert size / one.capacity < 550
    assert taken < 100_000


def another(table):
    """Use the same memory as a second worker does."""
    return ClientTable(os.dup(table.fileno()), layout=LAYOUT)


def test_what_is_held_is_given_back_as_the_very_object(table):
    """Nobody else has written: the state is not copied, and afterwards the new one is held."""
    held = table.hold(key(1))
    assert held.state is None
    for number in range(3):
        before = held.state
        got = table.update(key(1), lambda old, new=b"%d" % number: (new, Standing.ORDINARY, old), held)
        assert got is before
        assert table.is_current(held)

    assert held.state == table.get(key(1)) == b"2"


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_what_another_process_has_written_ends_what_is_held(table, known):
    """It is seen at once, even if the same bytes were written, and an update gets what the other one wrote."""
    second = another(table)
    if known:
        put(table, key(1), b"same")
    held = table.hold(key(1))
    assert table.is_current(held)

    put(second, key(1), b"same")

    assert not table.is_current(held)
    old = table.update(key(1), lambda old: (b"next", Standing.ORDINARY, old), held)
    assert old == b"same"
    assert old is not held.state
    assert not table.is_current(held)
    assert table.hold(key(1)).state == b"next"
    second.close()


def test_what_was_evicted_is_not_held(table):
    """The slot belongs to somebody else; whoever was in it is new."""
    one = small_table()
    put(one, key(0))
    held = one.hold(key(0))
    for number in range(1, 20):
        put(one, key(number))

    assert not one.is_current(held)
    assert one.update(key(0), lambda old: (b"y", Standing.ORDINARY, old), held) is None
    one.close()


def test_updates_may_count_for_more(table):
    """Four that count for two earn a slot as eight do, and those that count for nothing never do."""
    one = small_table()
    for _ in range(clients.ESTABLISHED_AFTER // 2):
        one.update(key(1), lambda _old: (b"x", Standing.ORDINARY, None), worth=2)
    for _ in range(30):
        one.update(key(2), lambda _old: (b"x", Standing.ORDINARY, None), worth=0)
    for number in range(100, 130):
        put(one, key(number))

    assert one.get(key(1)) == b"x"
    assert one.get(key(2)) is None
    one.close()


def test_several_processes_lose_no_update(table):
    """Four processes count on the same three keys: the sum is what they did."""
    code = """
        def change(old):
            return struct.pack("<I", (0 if old is None else struct.unpack("<I", old)[0]) + 1), Standing.ORDINARY, None
        for number in range(int(sys.argv[2])):
            table.update(sha256(b"%d" % (number % 3)).digest()[:16], change)
        print(table.unstored)
    """
    processes = [child(code, table, 3000) for _ in range(4)]
    unstored = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert unstored == [0, 0, 0, 0]
    assert [struct.unpack("<I", table.get(key(number)))[0] for number in range(3)] == [4000] * 3


UPDATING = """
    def state(number):
        text = struct.pack("<Q", number)
        return text + sha256(text).digest() * (1 + number % 15)
    def change(old):
        return state(0 if old is None else struct.unpack("<Q", old[:8])[0] + 1), Standing.ORDINARY, None
    print("ready", flush=True)
    while True:
        for number in range(4):
            table.update(sha256(b"%d" % number).digest()[:16], change)
"""


def is_whole(state):
    number = struct.unpack("<Q", state[:8])[0]
    return state[8:] == sha256(state[:8]).digest() * (1 + number % 15)


def test_a_process_killed_in_an_update_leaves_a_table_that_works(table):
    """Killed at random moments: no torn record is believed, and nobody waits for the lock of the dead."""
    seen = 0
    for round_number in range(KILLS):
        process = child(UPDATING, table)
        assert process.stdout.readline() == b"ready\n"
        select.select([], [], [], 0.002 + round_number % 7 * 0.001)
        process.kill()
        process.communicate()
        for number in range(4):
            old = table.get(key(number))
            assert old is None or is_whole(old)
            seen += old is not None
            table.update(key(number), lambda state: (state or b"\0" * 8 + sha256(b"\0" * 8).digest(), 0, None))

    assert seen > KILLS
    assert table.unstored == 0
    assert table.count() <= 4 + KILLS


@pytest.mark.parametrize("known", [b"", b"old"], ids=["new", "known"])
def test_a_record_without_its_head_is_absent(table, known):
    """Killed after the record was written and before its head: the client is new again, its slot is used again."""
    if known:
        put(table, key(1), known)
    code = """
        table._clock = lambda: os.kill(os.getpid(), signal.SIGKILL)
        table.update(sha256(b"1").digest()[:16], lambda old: (b"new", Standing.ORDINARY, None))
    """
    process = child(code, table)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert table.get(key(1)) is None
    put(table, key(1), b"again")

    assert table.get(key(1)) == b"again"
    assert table.count() == 1
    assert table.unstored == 0


def test_a_record_without_its_head_is_absent_even_if_its_sum_fits(table):
    """Two records that differ by the polynomial of the CRC have the same one: the mark is what tells."""
    polynomial = int(f"{0x104C11DB7:b}"[::-1], 2).to_bytes(5, "little")
    old = bytes(5) + b"rest"
    new = polynomial + b"rest"
    assert crc32(old, crc32(key(1))) == crc32(new, crc32(key(1)))
    put(table, key(1), old)
    code = """
        table._clock = lambda: os.kill(os.getpid(), signal.SIGKILL)
        table.update(sha256(b"1").digest()[:16], lambda old: (bytes.fromhex(sys.argv[2]), Standing.ORDINARY, None))
    """
    child(code, table, new.hex()).communicate(timeout=30)

    assert table.get(key(1)) is None


def test_a_process_killed_while_it_decides_changes_nothing(table):
    """The old state stands, and the lock is gone with its holder."""
    put(table, key(1), b"old")
    code = """
        table.update(sha256(b"1").digest()[:16], lambda old: os.kill(os.getpid(), signal.SIGKILL))
    """
    process = child(code, table)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert table.get(key(1)) == b"old"
    put(table, key(1), b"next")

    assert table.get(key(1)) == b"next"
    assert table.unstored == 0


def test_a_stopped_process_stops_no_other(table):
    """Whoever holds a bucket for longer than a quarter of a second is passed over, and that is counted."""
    put(table, key(1), b"old")
    code = """
        table.update(sha256(b"1").digest()[:16], lambda old: (print("in", flush=True), sys.stdin.read(), b"x")[2:])
    """
    process = child(code, table)
    assert process.stdout.readline() == b"in\n"
    process.send_signal(signal.SIGSTOP)
    result = table.update(key(1), lambda old: (b"new", Standing.ORDINARY, old))
    process.kill()
    process.communicate()

    assert result == b"old"
    assert table.unstored == 1
    assert table.get(key(1)) == b"old"


def test_flipped_bytes_are_not_believed(table):
    """A record whose CRC is wrong is absent, for reading and for updating."""
    state = os.urandom(300)
    put(table, key(1), state)
    memory = table._memory
    place = memory.find(state)
    for offset in (0, 150, 299):
        memory[place + offset] ^= 1
        assert table.get(key(1)) is None
        assert table.update(key(1), lambda old: (state, Standing.ORDINARY, old)) is None
    assert table.get(key(1)) == state
    assert table.count() == 1


def keys_of_one_bucket(table, count):
    found, number = [], 0
    while len(found) < count:
        if table._bucket(key(number)) == 0:
            found.append(key(number))
        number += 1
    return found


def test_a_flood_of_fresh_keys_evicts_no_established_client(table):
    """Six clients of each bucket have earned their slots; the flood competes for the other two."""
    friends = []
    for bucket in range(table.buckets):
        friends += [one for one in map(key, range(2000)) if table._bucket(one) == bucket][: clients.MOST_EARNED]
    for number, friend in enumerate(friends):
        establish(table, friend, b"friend %d" % number)
    for number in range(20_000):
        put(table, key(10_000 + number), b"flood")

    assert [table.get(friend) for friend in friends] == [b"friend %d" % number for number in range(len(friends))]
    assert table.count() == table.capacity


def test_a_bad_record_outlives_fresh_keys():
    """One update with a standing is enough; a client without any is forgotten first."""
    one = small_table()
    put(one, key(0), b"plain")
    put(one, key(1), b"hostile", Standing.NOTED)
    put(one, key(2), b"crawler", Standing.DECLARED)
    for number in range(100):
        put(one, key(10 + number))

    assert one.get(key(0)) is None
    assert one.get(key(1)) == b"hostile"
    assert (one.standing(key(1)), one.standing(key(2)), one.standing(key(0))) == (
        Standing.NOTED,
        Standing.DECLARED,
        None,
    )
    one.close()


def test_bad_records_do_not_take_all_slots():
    """A flood of hostile clients keeps four of eight; who has earned a slot by coming again keeps it."""
    one = small_table()
    for number in range(2):
        establish(one, key(number), b"friend")
    for number in range(100):
        put(one, key(10 + number), b"hostile", Standing.NOTED)
    kept = [number for number in range(100) if one.get(key(10 + number))]

    assert [one.get(key(number)) for number in range(2)] == [b"friend"] * 2
    assert len(kept) == 6
    assert kept[-4:] == [96, 97, 98, 99]
    one.close()


def test_newcomers_go_in_the_order_in_which_they_were_last_seen():
    """The oldest last use first."""
    one = small_table()
    for number in range(8):
        put(one, key(number))
    put(one, key(0))
    put(one, key(8))
    put(one, key(9))

    assert [number for number in range(10) if one.get(key(number))] == [0, 3, 4, 5, 6, 7, 8, 9]
    one.close()


def test_an_earned_slot_is_lost_to_the_next_who_earns_one():
    """Seven have earned six slots: the one not seen for longest is a newcomer again, and the first to go."""
    one = small_table()
    for number in range(7):
        establish(one, key(number))
    for number in range(7, 30):
        put(one, key(number))

    assert [number for number in range(7) if one.get(key(number))] == [1, 2, 3, 4, 5, 6]
    one.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 13), st.sampled_from(Standing), st.binary(min_size=1, max_size=40)), max_size=120)
)
def test_a_bucket_never_tells_a_wrong_state(steps):
    """Whatever happens a client has its own last state or none, the last one seen is there, and shares are kept to."""
    one, model = small_table(), {}
    try:
        for number, standing, state in steps:
            before = one.update(key(number), lambda old, to=(state, standing): (*to, old))
            assert before in (None, model.get(number))
            model[number] = state
            assert one.get(key(number)) == state
            known = [one.get(key(n)) for n in model]
            assert all(found in (None, model[n]) for found, n in zip(known, model, strict=True))
            assert one.count() == sum(found is not None for found in known) <= 8
            ranks = [place >> 4 for place in clients._SLOT_HEADS.unpack_from(one._memory, one._first + 128)[3::5]]
            assert sum(rank == 2 for rank in ranks) <= clients.MOST_KEPT
            assert sum(rank >= 1 for rank in ranks) <= clients.MOST_EARNED
    finally:
        one.close()


def operations(work):
    """Return how many calls `work` made, of Python and of C."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_flood_of_distinct_keys_costs_the_same_at_its_end():
    """Memory stays what it was, and no single update does more after the flood than the dearest one before it."""
    one = small_table(8000)
    size = os.fstat(one.fileno()).st_size

    def dearest(first):
        return max(operations(lambda n=number: put(one, key(n))) for number in range(first, first + 1000))

    for number in range(24_000):
        put(one, key(number))
    before = dearest(1_000_000)
    for number in range(FLOOD):
        put(one, key(2_000_000 + number))
    after = dearest(100_000_000)

    assert after <= before < 100
    assert os.fstat(one.fileno()).st_size == size
    assert os.fstat(one.fileno()).st_blocks * 512 < size + 4096
    assert one.count() == one.capacity
    one.close()
