"""What runs inside a rights worker?

`python -m guard.server.rights_worker [FOLDER]` writes rights into pictures and takes private data
out of them, in a process as confined as the image worker, but without its decoders. FOLDER holds
certificate and key where pictures are signed as well.
"""

import sys
from functools import partial
from pathlib import Path

from guard.errors import PictureError
from guard.image import jobs, rights_jobs
from guard.image.provenance import Sign, signer
from guard.image.rights import rewrite
from guard.server.image_worker import become_worker
from guard.store.picture_keys import read


def answer(head: bytes, body: bytes, sign: Sign | None = None) -> bytes:
    """Do one job and return the message with its result."""
    try:
        job = rights_jobs.unpack_job(head)
        made = rewrite(body, job.rights, strip=job.strip, sign=sign if job.sign else None, first_alone=job.first_alone)
        return rights_jobs.pack_answer(made)
    except PictureError as error:
        return jobs.pack_failure(str(error))


def main() -> None:
    """Become a rights worker."""
    folder = next(iter(sys.argv[1:]), "")
    become_worker(partial(answer, sign=signer(*read(Path(folder))) if folder else None))


if __name__ == "__main__":
    main()
