"""`amika-tray` in the bundle."""

import sys

from amika_shared.bundled import forget_bootloader
from amika_tray.main import main

forget_bootloader()

sys.exit(main())
