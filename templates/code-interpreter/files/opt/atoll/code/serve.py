"""Starts the Jupyter server without what its command looks for first."""
import sys

from jupyter_server.serverapp import main

sys.exit(main())
