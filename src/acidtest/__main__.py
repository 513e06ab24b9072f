"""`python -m acidtest`: the same as the command `acidtest`."""

from acidtest.cli.main import main

main()
