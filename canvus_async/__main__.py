"""`python -m canvus_async` is `canvus`."""

from canvus_async.cli import main

main()
