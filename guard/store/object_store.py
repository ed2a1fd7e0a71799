"""How are objects kept in an S3-compatible store?

Whole objects of at most some tens of megabytes, under names. What was put is read back and held against its SHA-256
before it counts as there; what is there already under a name is never replaced by something else, except where that is
said. Every call blocks: it belongs into a thread.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from guard.errors import EvidenceError, StoreAwayError
from guard.extras import need
from guard.settings_cluster import ObjectStore

CONNECTING: Final = 3.0
ANSWERING: Final = 30.0
"""Seconds, of which a call takes at most three times as many: it is tried again twice."""
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class Objects:
    """The objects of one bucket."""

    def __init__(self, settings: ObjectStore) -> None:
        """Take where they are; nothing is connected yet.

        Raises:
            UsageError: The client library is not installed.
        """
        boto3 = need("boto3", "cluster")
        errors = need("botocore.exceptions", "cluster")
        self._failed = (errors.BotoCoreError, OSError)
        self._refused: type[Any] = errors.ClientError
        self._bucket = settings.bucket
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=settings.endpoint or None,
            region_name=settings.region,
            aws_access_key_id=settings.access_key or None,
            aws_secret_access_key=settings.secret_key or None,
            config=need("botocore.config", "cluster").Config(
                connect_timeout=CONNECTING,
                read_timeout=ANSWERING,
                retries={"total_max_attempts": 3, "mode": "standard"},
                # Others than Amazon know neither bucket names as host names nor the newest checksums.
                s3={"addressing_style": "path"} if settings.endpoint else {},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, name: str, data: bytes, *, replace: bool = False) -> int:
        """Keep `data` under `name`, read it back, and return its length.

        Raises:
            EvidenceError: Something else is there already, and is not to be replaced; or what is read back is not
                what was put.
            StoreAwayError: The store does not answer, or refuses.
        """
        there = None if replace else self.get(name)
        if there is not None and there != data:
            raise EvidenceError(f"the object store has something else under {name}; nothing there was changed")
        if there is None:
            self._call("put_object", Key=name, Body=data, Metadata={"sha256": sha256(data).hexdigest()})
            if self.get(name) != data:
                raise EvidenceError(f"{name}: what the object store gives back is not what it was given")
        return len(data)

    def get(self, name: str) -> bytes | None:
        """Return what is kept under `name`; None if nothing is. StoreAwayError as `put`."""
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except self._refused as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise self._away(error) from error
        except self._failed as error:
            raise self._away(error) from error
        return body

    def names(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield name and size of everything whose name begins with `prefix`, by name. StoreAwayError as `put`."""
        more: dict[str, str] = {}
        while True:
            found = self._call("list_objects_v2", Prefix=prefix, **more)
            for one in found.get("Contents", ()):
                yield one["Key"], one["Size"]
            if not found.get("IsTruncated"):
                return
            more = {"ContinuationToken": found["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        """Take away what is kept under `name`, if anything is. StoreAwayError as `put`."""
        self._call("delete_object", Key=name)

    def _call(self, method: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, method)(Bucket=self._bucket, **arguments)
        except (*self._failed, self._refused) as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> StoreAwayError:
        return StoreAwayError(f"the object store does not answer as it should: {error}")

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
