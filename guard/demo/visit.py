"""How does one client of the demo run, in a process of its own?

`python -m guard.demo.visit NAME` reads an errand as JSON on standard input and writes
the client's report as one line of JSON on standard output; what the client or a program
that it starts has to say goes to standard error.
"""

import json
import os
import sys

from guard.demo.clients import CRAWLERS, Client, Errand
from guard.demo.person import person
from guard.demo.person import stand_in as person_stand_in
from guard.demo.tools import img2dataset, img2dataset_replica, scrapy, scrapy_stand_in

CLIENTS: dict[str, Client] = {
    **CRAWLERS,
    "person": person,
    "person-stand-in": person_stand_in,
    "img2dataset": img2dataset,
    "img2dataset-replica": img2dataset_replica,
    "scrapy": scrapy,
    "scrapy-stand-in": scrapy_stand_in,
}


def main() -> None:
    """Run the client that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in CLIENTS:
        sys.exit(f"usage: python -m guard.demo.visit {'|'.join(CLIENTS)} < ERRAND")
    # The report has the real standard output for itself: programs print there as they like.
    report_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    value = json.load(sys.stdin)
    errand = Errand(address=value["address"], known=tuple(value["known"]), keep=value.get("keep", ""))
    with report_to:
        report_to.write(CLIENTS[sys.argv[1]](errand).to_json() + "\n")


if __name__ == "__main__":
    main()
