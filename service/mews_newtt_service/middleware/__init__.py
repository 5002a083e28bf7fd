"""What every request passes on its way to its route, outermost first; one concern a file, each an ASGI application around the next.

`head_as_get`, `request_log` (counts and log), `tracing` (if it is switched on), `response_headers`, `errors`, `request_ids`, `cors` (if other sites
may call), `compression`, `hosts`,
`authentication` (with `rate_limit`), `body_limits`. Routes take `concurrency` themselves. A layer that does nothing after the next one has
ended is not a coroutine: it returns what the next one returns. Each layer costs every single score its time, so each does little.
"""
