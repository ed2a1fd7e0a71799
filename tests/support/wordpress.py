"""A real WordPress as Debian ships it: MariaDB, PHP and nginx in a folder of their own, without any privilege.

As root each of them runs as `nobody`, in a folder below /tmp: a test's own may be closed to other users, and its path
too long for a socket.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from tests.support.fronts import free_port
from tests.support.programs import missing, need
from tests.support.running import wait_until

PACKAGE = Path("/usr/share/wordpress")
OWNER, PASSWORD = "jane", "correct horse battery staple"  # of a site that exists for some seconds

CONFIGURATION = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/db.sock');
define('WP_HOME', '{public}'); define('WP_SITEURL', '{public}');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('WP_ACCESSIBLE_HOSTS', 'localhost');
define('AUTOMATIC_UPDATER_DISABLED', true); define('FS_METHOD', 'direct');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

FPM = """
[global]
daemonize = no
error_log = {folder}/fpm.log
[www]
listen = {folder}/fpm.sock
listen.mode = 0666
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[upload_max_filesize] = 32M
php_admin_value[post_max_size] = 40M
"""

# As in WordPress' own manual for nginx; types as in Debian's mime.types, as far as a gallery needs them.
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 40m;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  include /etc/nginx/mime.types;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/site; index index.php;
    location / {{ try_files $uri $uri/ /index.php?$args; }}
    location ~ [.]php$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param HTTP_HOST $http_host;  # Debian's file leaves the port out
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:{folder}/fpm.sock;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class WordPress:
    """One that runs."""

    folder: Path
    port: int
    """Where its own nginx answers, on 127.0.0.1."""

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def uploads(self) -> Path:
        return self.folder / "site" / "wp-content" / "uploads"

    def pictures(self) -> dict[str, Path]:
        """Return every picture file by the path under which it is public."""
        files = sorted(file for file in self.uploads.rglob("*") if file.suffix in (".jpg", ".png", ".webp"))
        return {f"/{file.relative_to(self.folder / 'site')}": file for file in files}


@contextlib.contextmanager
def wordpress(public: str) -> Iterator[WordPress]:
    """Run one that believes to be at `public`, as `http://localhost:8080`, set up and without any picture."""
    if not (PACKAGE / "wp-settings.php").exists():
        missing("wordpress")
    programs = [
        need("mariadb-install-db"),
        need("mariadbd"),
        need("php-fpm8.2", "php-fpm8.4", "php-fpm"),
        need("nginx"),
    ]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wordpress-", dir="/tmp")))
        user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        shutil.copytree(PACKAGE, folder / "site", ignore=shutil.ignore_patterns("wp-config.php"))
        (folder / "site" / "wp-config.php").write_text(CONFIGURATION.format(folder=folder, public=public))
        (folder / "fpm.conf").write_text(FPM.format(folder=folder))
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        folder.chmod(0o755)
        for entry in (folder, folder / "site" / "wp-content"):
            if user:
                shutil.chown(entry, user["user"], user["group"])
        install, database, fpm, nginx = programs
        data = folder / "db"
        subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db"], check=True, capture_output=True, cwd=folder, **user,
        )  # fmt: skip
        commands = (
            [database, "--no-defaults", f"--datadir={data}", f"--socket={folder}/db.sock", "--skip-networking",
             f"--pid-file={folder}/db.pid", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0",
             f"--log-error={folder}/db.log"],
            [fpm, "--nodaemonize", "--fpm-config", str(folder / "fpm.conf")],
            [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")],
        )  # fmt: skip
        for command in commands:
            process = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user
            )
            stack.callback(_end, process)
        site = WordPress(folder=folder, port=port)
        _set_up(site, public)
        yield site


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _set_up(site: WordPress, public: str) -> None:
    """Fill in the form of its installation, as its owner does once."""
    folder = site.folder
    said = folder / "db.log"
    wait_until(
        lambda: all((folder / name).exists() for name in ("db.sock", "fpm.sock", "nginx.pid")) or None,
        30,
        lambda: said.read_text("utf-8", "replace") if said.exists() else "no database",
    )
    subprocess.run([need("mariadb"), "-uroot", "-S", folder / "db.sock", "-e", "create database wordpress"], check=True)
    form = {
        "weblog_title": "Jane Doe, photographs", "user_name": OWNER, "admin_password": PASSWORD,
        "admin_password2": PASSWORD, "admin_email": "jane@photo.example", "blog_public": "1", "language": "",
    }  # fmt: skip
    host = urlsplit(public).netloc
    request = Request(  # loopback
        f"{site.upstream}/wp-admin/install.php?step=2", urlencode(form).encode(), headers={"Host": host}
    )
    with urlopen(request, timeout=60) as answer:
        assert b"Success!" in answer.read()
    # Addresses as nearly every WordPress has them; the setting is a page of the administration.
    subprocess.run(
        [need("mariadb"), "-uroot", "-S", folder / "db.sock", "wordpress", "-e",
         "update wp_options set option_value='/%year%/%postname%/' where option_name='permalink_structure'"],
        check=True,
    )  # fmt: skip
