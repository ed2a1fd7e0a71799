"""What runs inside an image worker?

`python -m guard.server.image_worker` reads jobs on standard input and writes finished
pictures on standard output, one at a time, until the input ends. Decoders have faults and
pictures come from strangers, so this process has little to lose: bounded memory and
processor time, no core files, no files but its own program's, no network, no secrets in its
environment, and it dies with its parent.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from guard.errors import PictureError
from guard.image import jobs
from guard.image.jobs import CardJob, PackJob, Preview, PreviewJob
from guard.server.confinement import give_up
from guard.server.process import die_with_parent

MAX_MEMORY = 1536 * 1024 * 1024
"""Bytes of address space. A picture of 100 megapixels needs 0.4 GB decoded, and about as much while it is scaled."""
MAX_JOB_SECONDS = 20
"""Processor seconds for one job; the parent's clock usually ends it earlier."""
MAX_FILES = 64
NICENESS = 5


def confine() -> None:
    """Give up what is not needed. Decoders are loaded before, since loading needs files and address space."""
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, MAX_FILES)]
    if sys.platform == "linux":
        # Elsewhere the kernel does not keep to it, or refuses the call.
        limits.append((resource.RLIMIT_AS, MAX_MEMORY))
    for limit, wanted in limits:
        _, hard = resource.getrlimit(limit)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (value, value))
    # Whoever is being served comes first.
    os.nice(NICENESS)
    give_up(program_folders())


def program_folders() -> set[Path]:
    """Return where the program lies that this process has loaded; a face or a codec may be needed later."""
    loaded = [module for name, module in sys.modules.items() if "." not in name]
    files = (getattr(module, "__file__", None) for module in loaded)
    return {folder for file in files if file and (folder := Path(file).absolute().parent).is_dir()}


def allow_processor_time() -> None:
    """Let the job that begins now use `MAX_JOB_SECONDS` on top of what was used before it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(usage.ru_utime + usage.ru_stime) + MAX_JOB_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def answer(head: bytes, body: bytes) -> bytes:
    """Do one job and return the message with its picture, or with the reason why there is none."""
    from guard.image import card, pack, pack_file, preview

    try:
        match jobs.unpack_job(head):
            case PreviewJob() as job:
                made = preview.preview(body, longest_side=job.longest_side, visible_mark=job.visible_mark)
            case CardJob() as job:
                made = Preview(body=card.make(job), media_type=job.media_type, width=card.WIDTH, height=card.HEIGHT)
            case PackJob() as job:
                rendition = pack.Rendition(digest=job.rendition, size=job.size)
                packed = pack.build(body, rendition, job.seed, visible_mark=job.visible_mark)
                made = Preview(
                    body=pack_file.to_bytes(packed), media_type=jobs.PACK_TYPE, width=packed.grid.width,
                    height=packed.grid.height,
                )  # fmt: skip
        return jobs.pack_preview(made)
    except PictureError as error:
        return jobs.pack_failure(str(error))


def serve(source: BinaryIO, target: BinaryIO, answer: Callable[[bytes, bytes], bytes] = answer) -> None:
    """Answer every message of `source` until it ends."""
    while len(prefix := source.read(jobs.PREFIX.size)) == jobs.PREFIX.size:
        head_length, body_length = jobs.lengths(prefix)
        head, body = source.read(head_length), source.read(body_length)
        if len(body) != body_length:
            return
        allow_processor_time()
        target.write(answer(head, body))
        target.flush()


def become_worker(answer: Callable[[bytes, bytes], bytes]) -> None:
    """Answer messages on this process's standard input and output, confined; load what is needed before."""
    # A parent that had ended before is noticed by the end of the input.
    die_with_parent(signal.SIGKILL)
    # A terminal's Ctrl-C goes to the whole group; the parent decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    # Nothing that a library prints may end up between two messages.
    sys.stdout = sys.stderr
    serve(source, target, answer)


def main() -> None:
    """Become a worker that makes previews and cards."""
    from PIL import Image

    import guard.image.card
    import guard.image.pack
    import guard.image.preview  # noqa: F401  # loaded now, since the limits come next

    Image.init()
    become_worker(answer)


if __name__ == "__main__":
    main()
