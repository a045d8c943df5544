"""The kernel of Python: IPython's own, that also takes an environment for one cell, and says the data of charts and tables."""
import os
import sys

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp


class PythonKernel(IPythonKernel):
    async def execute_request(self, stream, ident, parent):
        env = (parent.get("metadata") or {}).get("atoll_env") or {}
        before = {name: os.environ.get(name) for name in env}
        os.environ.update(env)
        try:
            await super().execute_request(stream, ident, parent)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def main():
    # Cells find modules in their working directory, not in this one.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path = ["", *(path for path in sys.path if os.path.abspath(path or ".") != here)]
    sys.path.append(here)
    import rich_data
    sys.path.remove(here)
    app = IPKernelApp.instance(kernel_class=PythonKernel)
    app.initialize()
    # Tracebacks go to programs.
    app.kernel.shell.run_line_magic("colors", "NoColor")
    rich_data.install(app.kernel.shell)
    app.start()


if __name__ == "__main__":
    main()
