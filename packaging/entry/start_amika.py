"""`amika` in the bundle. It also runs our own modules as processes: `amika -m amika_agent.workspace …`."""

import sys

from amika_agent.module_process import run_as_module
from amika_shared.bundled import forget_bootloader

forget_bootloader()

if not run_as_module(sys.argv):
    from amika_cli.main import main

    sys.exit(main())
