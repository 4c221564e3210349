"""`amika-tray` in the bundle."""

import sys

from amika_tray.main import main

sys.exit(main())
