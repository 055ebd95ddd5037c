"""Run the command line: ``python -m introspect_bayes``."""

import sys

from introspect_bayes.cli import main

sys.exit(main())
