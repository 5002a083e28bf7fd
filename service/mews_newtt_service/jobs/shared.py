"""What the processes of the service share besides jobs: which workers live, which tokens were used, how many requests a client took."""

from __future__ import annotations

from mews_newtt_service.jobs.database import Database

ALIVE_SECONDS = 45.0  # a worker that has not reported for so long counts as dead


class Shared:
    """Records in the database of the jobs, for all web processes, workers and machines that use it."""

    def __init__(self, database: Database):
        self._database = database

    def close(self) -> None:
        """Close the connection to the database; it is opened anew where it is needed."""
        self._database.close()

    def alive(self, worker: str) -> None:
        """A worker process reports that it is alive."""
        self._database.run(
            (
                f"INSERT INTO mews_newtt_workers (name, seen) VALUES (?, {self._now}) ON CONFLICT (name) DO UPDATE SET seen = excluded.seen",
                (worker,),
            )
        )

    def gone(self, worker: str) -> None:
        """A worker process ends."""
        self._database.run(("DELETE FROM mews_newtt_workers WHERE name = ?", (worker,)))

    def workers(self) -> int:
        """How many worker processes live, on all machines that share the database."""
        ((count,),) = self._database.run(
            (f"SELECT count(*) FROM mews_newtt_workers WHERE abs({self._now} - seen) < {ALIVE_SECONDS}", ()),
        )
        return int(count)

    def first_use(self, client: str, token_id: str, expires: float) -> bool:
        """Whether a signed assertion is used for the first time, by any of the service's processes."""
        return bool(
            self._database.run(
                (
                    "INSERT INTO mews_newtt_tokens (client, token_id, expires) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING token_id",
                    (client, token_id, expires),
                )
            )
        )

    def take_requests(self, client: str, per_minute: int, most: float) -> tuple[int, float]:
        """Take up to a second's worth of a client's requests from the bucket that all processes share: how many, or the seconds to wait for one.

        The bucket is a row. It holds `most` requests, and fills with `per_minute` requests a minute.
        """
        second, now = max(1, min(per_minute // 60, int(most))), self._now
        filled = f"CASE WHEN {now} > kept.at THEN kept.level + ({now} - kept.at) * {per_minute / 60!r} ELSE kept.level END"
        level = f"CASE WHEN {filled} > {most!r} THEN {most!r} ELSE {filled} END"
        given = f"CASE WHEN {level} >= {second} THEN {second} WHEN {level} >= 1 THEN 1 ELSE 0 END"
        ((number, left),) = self._database.run(
            (
                f"INSERT INTO mews_newtt_limits AS kept (client, level, at, given) VALUES (?, {most - second!r}, {now}, {second}) "
                f"ON CONFLICT (client) DO UPDATE SET level = {level} - {given}, given = {given}, at = {now} RETURNING given, level",
                (client,),
            )
        )
        return int(number), 0.0 if number else (1 - float(left)) * 60 / per_minute

    @property
    def _now(self) -> str:
        return self._database.now
