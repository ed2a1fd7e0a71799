from guard.server import families
from guard.server.families import MOST_FOR_ALL, MOST_FOR_ONE, Families
from tests.support.facts import request


def admitted(seen, sizes, address="192.0.2.7", picture="1"):
    return [seen.admits(request(f"/img/{picture}?w={size}", address=address), f"{picture} {size}") for size in sizes]


def test_so_many_sizes_are_prepared_for_one_client():
    """Those it has asked for stay admitted, further ones are not; another picture and another client have their own."""
    seen = Families()

    assert admitted(seen, range(MOST_FOR_ONE + 3)) == [True] * MOST_FOR_ONE + [False] * 3
    assert admitted(seen, range(MOST_FOR_ONE)) == [True] * MOST_FOR_ONE
    assert admitted(seen, [99], picture="2") == [True]
    assert admitted(seen, [99], address="198.51.100.4") == [True]


def test_many_clients_together_have_a_limit_too():
    """A network of clients, each with its few sizes, does not get a pack for every number."""
    seen = Families()
    sizes = iter(range(1000))

    admitted_to_all = [
        answer
        for client in range(20)
        for answer in admitted(seen, [next(sizes) for _ in range(4)], address=f"192.0.2.{client}")
    ]

    assert sum(admitted_to_all) == MOST_FOR_ALL
    assert admitted(seen, [0], address="198.51.100.4") == [True], "what is prepared already costs nothing"


def test_a_gallery_without_sizes_in_its_urls_is_not_counted():
    """Thousands of different pictures are what a bulk client takes; each gets its mark."""
    seen = Families()

    assert all(seen.admits(request(f"/IMG_{number}.jpg"), str(number)) for number in range(500))
    assert not seen._seen


def test_memory_is_bounded(monkeypatch):
    """Families that were not asked for longest are forgotten."""
    monkeypatch.setattr(families, "MOST_FAMILIES", 50)
    seen = Families()

    for picture in range(400):
        admitted(seen, [1], picture=picture)
    assert len(seen._seen) <= 100
