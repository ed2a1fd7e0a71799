"""Is the socket for commands where they look, and nothing else in its way?"""

import stat

import pytest

from guard.server import command_socket


@pytest.mark.parametrize("length", [10, 200])
def test_what_listens_is_reached(tmp_path, length):
    """Whatever the length of the folder's name; a leftover is replaced."""
    folder = tmp_path / ("f" * length)
    folder.mkdir()
    command_socket.listen(folder).close()
    listener = command_socket.listen(folder)
    listener.listen()
    line = command_socket.connect(folder)
    there, _ = listener.accept()
    line.sendall(b"asks")

    assert there.recv(10) == b"asks"
    for one in (line, there, listener):
        one.close()


def test_a_file_of_that_name_is_left_alone(tmp_path):
    """It is not ours to delete."""
    (tmp_path / command_socket.SOCKET).write_text("a file")
    command_socket.remove(tmp_path)

    assert (tmp_path / command_socket.SOCKET).read_text() == "a file"
    with pytest.raises(OSError, match="in use"):
        command_socket.listen(tmp_path)


def test_the_socket_goes_with_its_recorder(tmp_path):
    """Removing it twice is no error."""
    listener = command_socket.listen(tmp_path)
    kind = (tmp_path / command_socket.SOCKET).lstat().st_mode
    command_socket.remove(tmp_path)
    command_socket.remove(tmp_path)
    listener.close()

    assert stat.S_ISSOCK(kind)
    assert not (tmp_path / command_socket.SOCKET).exists()
