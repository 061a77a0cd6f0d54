"""Mutants of requests, credentials, uploads, downloads and caches; `python -m tests.mutants` runs them."""

from tests.mutants.breakages import Edit, Mutant, mutant

TRANSPORT, FETCHING, FILES = (
    "tests/http/test_transport.py",
    "tests/content/test_fetcher.py",
    "tests/content/test_part_file.py",
)
UPLOADS, REDIRECTS, CANARY = (
    f"tests/{name}.py" for name in ("http/test_uploads", "http/test_redirects", "security/test_canary")
)
SESSIONS = "tests/http/test_sessions.py"

SHELL = [
    # requests
    mutant(
        "redirects are followed by aiohttp",
        "allow_redirects=False",
        "allow_redirects=True",
        REDIRECTS,
    ),
    mutant(
        "a redirect to another origin is followed for reads",
        "if target is not None and same and request.method in SAFE",
        "if target is not None and request.method in SAFE",
        REDIRECTS,
    ),
    mutant(
        "the token is among a session's defaults",
        "raw = await self._sessions.session(streaming=request.streaming).request(",
        "session = self._sessions.session(streaming=request.streaming)\n"
        "            session.headers.update(self._credentials.headers(credential))\n"
        "            raw = await session.request(",
        SESSIONS,
    ),
    mutant(
        "the silent retry of aiohttp is left on",
        "session._retry_connection = False",
        "session._retry_connection = True",
        TRANSPORT,
    ),
    mutant(
        "streams take their connections from the pool of calls",
        "session = self._open.get(streaming)",
        "streaming = False\n        session = self._open.get(streaming)",
        "tests/subscriptions/test_rows_consumers.py::test_150_subscriptions_do_not_block_a_call",
    ),
    mutant(
        "cookies are kept",
        "cookie_jar=aiohttp.DummyCookieJar()",
        "cookie_jar=aiohttp.CookieJar(unsafe=True)",
        SESSIONS,
    ),
    mutant("the environment's proxy is used", "trust_env=False", "trust_env=True", SESSIONS),
    mutant("certificates are not verified", "self._ssl or True", "self._ssl or False", TRANSPORT),
    mutant(
        "a token goes over plain http",
        'if parts.scheme == "https":',
        "if True:",
        TRANSPORT,
        "tests/protocol/test_urls.py",
    ),
    mutant(
        "a POST is repeated after a lost response",
        'repeatable = method in SAFE or method == "DELETE"',
        "repeatable = True",
        TRANSPORT,
        UPLOADS,
        "tests/protocol/test_retrying.py",
    ),
    mutant(
        "a write with a lost response is reported as failed",
        "if not error.sent or isinstance(error, RedirectRefused):",
        "if True:",
        TRANSPORT,
        UPLOADS,
    ),
    mutant(
        "a Retry-After of any length is waited for",
        "if retry_after is not None and retry_after > self.options.max_retry_after:",
        "if False:",
        TRANSPORT,
    ),
    mutant(
        "the retry budget is ignored",
        "return not self.budget.spend()",
        "return (self.budget.spend(), False)[1]",
        TRANSPORT,
    ),
    mutant(
        "the token is renewed after every 401",
        "self._credentials.renewable and not renewed",
        "self._credentials.renewable",
        TRANSPORT,
    ),
    mutant(
        "the token is never renewed",
        "renewed = False",
        "renewed = True",
        TRANSPORT,
    ),
    mutant(
        "a body may be eight times its limit",
        "            if size > max_bytes:",
        "            if size > 8 * max_bytes:",
        TRANSPORT,
        FETCHING,
    ),
    mutant(
        "a file may be eight times its limit",
        "        if size > max_bytes:\n            what",
        "        if size > 8 * max_bytes:\n            what",
        "tests/content/test_downloads.py",
    ),
    mutant(
        "a secret's repr shows it",
        "    def __reduce__(self) -> str:\n        raise TypeError",
        "    __repr__ = reveal\n\n    def __reduce__(self) -> str:\n        raise TypeError",
        CANARY,
    ),
    mutant(
        "a slice of a header value shows the token",
        "super().__new__(cls, _MASK)",
        'super().__new__(cls, f"{prefix}{secret.reveal()}")',
        "tests/http/test_credentials.py",
    ),
    mutant(
        "errors carry the request headers",
        "        raise error\n\n    def _url(",
        "        raise error from RuntimeError(str.encode(credential or ''))\n\n    def _url(",
        f"{CANARY}::test_no_error_shows_the_token",
    ),
    mutant(
        "a token that a server repeats is not redacted",
        "        self._redact = redact",
        "        self._redact = str",
        f"{CANARY}::test_no_error_shows_a_token_that_the_server_repeats",
    ),
    mutant(
        "the repr of aiohttp's response shows its headers",
        "response_class=_RedactedResponse",
        "response_class=aiohttp.ClientResponse",
        SESSIONS,
    ),
    mutant(
        "the repr of a response shows its headers",
        'return f"<Response {self.status}>"',
        'return f"<Response {self.status} {dict(self.headers)}>"',
        f"{CANARY}::test_no_error_shows_a_token_that_the_server_repeats",
    ),
    mutant(
        "the response to an upload must arrive within the stall timeout",
        "partial(deadline.extend, self._timeouts.response, partial(self._late, request))",
        "partial(deadline.extend, self._timeouts.stall)",
        UPLOADS,
    ),
    Mutant(
        "an id may change the path",
        (Edit('if value in {".", ".."}:', "if False:"), Edit("if _UNSAFE_IN_SEGMENT.search(value):", "if False:")),
        (FETCHING, "tests/protocol/test_names.py"),
    ),
    mutant(
        "a file that changes while it is sent is accepted",
        "if left or _size_and_time(self.file) != before:",
        "if False:",
        UPLOADS,
    ),
    # files
    Mutant(
        "the length of a download is not checked",
        (
            Edit("if self._expected is not None and part.size != self._expected:", "if False:"),
            Edit(
                'raise self._incomplete(f"truncated: {error}") from None',
                "if self._part.size == 0:\n                raise",
            ),
        ),
        (FETCHING, "tests/content/test_downloads.py"),
    ),
    mutant(
        "a download is written under its own name",
        'f"{stem}{PART}{os.urandom(8).hex()}"',
        "stem",
        FILES,
        FETCHING,
    ),
    mutant(
        "a broken download is left behind",
        "os.unlink(temporary)",
        "os.stat(temporary)",
        FILES,
        FETCHING,
    ),
    Mutant(
        "a mipmap need not be WebP",
        (
            Edit("if is_webp(body):", "if True:"),
            Edit("if self._webp and not is_webp(self._head) and not may_become_webp(self._head):", "if False:"),
            Edit("if self._webp and len(self._head) < 12:", "if False:"),
        ),
        (FETCHING, "tests/content/test_downloads.py"),
    ),
    mutant(
        "the cache is shared between tokens",
        "return await self.credentials.identity()",
        "return ''",
        FETCHING,
    ),
    mutant(
        "every concurrent fetch makes a request",
        "self._calls.get(key)",
        "self._calls.get(key + '?')",
        FETCHING,
    ),
    mutant(
        "the file name of the server is used unchanged",
        "return _shorten(clean) or default",
        "return name or default",
        "tests/protocol/test_names.py",
    ),
    # subscriptions
    mutant(
        "closing the client leaves consumers waiting",
        "self._transport.deadlines.on_close.add(self._client_closed)",
        "pass",
        f"{SESSIONS}::test_closing_the_client_ends_subscriptions_on_a_given_session",
    ),
    mutant(
        "a line may be eight times its limit",
        "limit=transport.limits.line",
        "limit=8 * transport.limits.line",
        "tests/subscriptions/test_rows_lines.py::test_five_oversized_lines_in_a_row_end_the_subscription",
    ),
    mutant(
        "the connection of an ended stream is reused",
        "force_close=streaming,",
        "force_close=False,",
        "tests/subscriptions/test_rows_networks.py",
    ),
]
