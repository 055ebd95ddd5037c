"""Run the command line: ``python -m introspect_bayes.cli``."""

import sys

from introspect_bayes.cli import main

sys.exit(main())
