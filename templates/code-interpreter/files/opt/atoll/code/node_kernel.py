"""The kernel of JavaScript and TypeScript: a Node.js process for all cells, driven by node_cells.js."""
import os
import sys

from ipykernel.kernelapp import IPKernelApp

from relay import RelayKernel

LANGUAGE = os.environ.get("ATOLL_LANGUAGE", "javascript")


class NodeKernel(RelayKernel):
    implementation = f"atoll-{LANGUAGE}"
    language_info = {"name": LANGUAGE, "mimetype": f"text/{LANGUAGE}", "file_extension": ".ts" if LANGUAGE == "typescript" else ".js"}
    command = ["node", "--no-warnings", os.path.join(os.path.dirname(os.path.abspath(__file__)), "node_cells.js"), LANGUAGE]

    def after_interrupt(self):
        return b'{"interrupt": true}\n'


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=NodeKernel)
