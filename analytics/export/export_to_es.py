#!/usr/bin/env python3
"""Export the marts to Elasticsearch and print {"total_success": n, "total_errors": m}."""

import sys

from altui.act.export_program import main

sys.exit(main())
