"""A day's counts are added up over processes, whole and bounded."""

import pytest

from guard.core.day_book import MAX_NAMES, MAX_PICTURES, DayBook, Row, from_value, together


def row(book: DayBook, name: str = "GPTBot") -> Row:
    return book.row(site="photo.example", name=name, crawler="openai-gptbot", operator="OpenAI", purpose="ai_training")


def test_two_books_make_one():
    """Counts are added, pictures that both saw taken are counted once."""
    books = DayBook(), DayBook()
    for number, book in enumerate(books):
        one = row(book)
        one.requests, one.asked, one.withheld = 3, 2, 100
        one.taken.add("/same.jpg")
        one.taken.add(f"/{number}.jpg")
        book.picture("photo.example", "/album/same.jpg", given=bool(number))
        book.people = 5

    whole = together(books)

    (sum_row,) = whole.rows
    assert (sum_row.requests, sum_row.asked, sum_row.withheld, sum_row.taken.count()) == (6, 4, 200, 3)
    ((site, path, counts),) = whole.pictures(10)
    assert (site, path, counts.asked, counts.given) == ("photo.example", "/album/same.jpg", 2, 1)
    assert whole.albums(10)[0][1] == "/album/"
    assert whole.people == 10


def test_a_book_comes_back_from_json_as_it_was():
    """There and back."""
    book = DayBook()
    row(book).breaches = 7
    row(book).taken.add("/a.jpg")
    book.picture("photo.example", "/a.jpg", given=True)
    book.undeclared, book.undeclared_refused = 4, 2

    assert from_value(book.to_value()).to_value() == book.to_value()


@pytest.mark.parametrize("value", [None, [], {}, {"people": 1}, {**DayBook().to_value(), "crawlers": [{}]}])
def test_something_else_is_no_book(value: object):
    """A damaged file is told by one exception."""
    with pytest.raises(ValueError, match="no day book"):
        from_value(value)


def test_strangers_can_not_fill_memory():
    """Names beyond the bound are counted under no name; of pictures those asked for most stay."""
    book = DayBook()
    for _ in range(3):
        book.picture("photo.example", "/wanted.jpg", given=False)
    for number in range(MAX_NAMES + 50):
        book.row(site="s", name=f"Bot{number}", crawler="", operator="", purpose="unknown_declared_bot").requests += 1
    for number in range(2 * MAX_PICTURES + 50):
        book.picture("photo.example", f"/{number}.jpg", given=False)

    assert len(book.rows) <= MAX_NAMES + 1
    assert sum(one.requests for one in book.rows) == MAX_NAMES + 50
    assert book.pictures(1)[0][1:2] == ("/wanted.jpg",)
    assert len(book.pictures(10**6)) <= 2 * MAX_PICTURES
