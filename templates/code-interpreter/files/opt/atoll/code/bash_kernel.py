"""The kernel of bash: one shell for all cells, so that directories, variables and functions stay."""
import shlex

from ipykernel.kernelapp import IPKernelApp

from relay import RelayKernel


class BashKernel(RelayKernel):
    """An interactive bash, since only that leaves a cell at Ctrl-C and goes on; it reads cells as its standard input."""

    implementation = "atoll-bash"
    language_info = {"name": "bash", "mimetype": "text/x-sh", "file_extension": ".sh"}
    command = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    cells_fd = 0
    environment = {"PS0": "", "PS1": "", "PS2": ""}
    cell = 0

    def prologue(self):
        # It says on standard error that it has no terminal: nobody's business.
        return b"set +o history +H +m; unset PS0 PS2; PS1=''; printf 'ready\\n' >&4\n"

    def child(self):
        new = self._child is None
        child = super().child()
        while new and not child.drain(10, lambda name, text: None):
            pass
        return child

    def encode(self, code, env):
        self.cell += 1
        before, after = [], []
        for name, value in env.items():
            if not name.isidentifier():
                continue
            before.append(f"export {name}={shlex.quote(value)}")
            kept = f"__atoll_{name}"
            after.append(f"if [ -n \"${{{kept}+x}}\" ]; then export {name}=\"${kept}\"; else unset {name}; fi; unset {kept}")
            before.insert(0, f"[ -z \"${{{name}+x}}\" ] || {kept}=\"${name}\"")
        self._after = "; ".join(after)
        lines = [*before, f"eval {shlex.quote(code.replace(chr(0), ''))} </dev/null; __atoll_status=$?", *after, self._end("\"$__atoll_status\"")]
        return ("; ".join(lines) + "\n").encode("utf-8", "replace")

    def after_interrupt(self):
        return ("; ".join(filter(None, [self._after, self._end("130")])) + "\n").encode("utf-8", "replace")

    def _end(self, status):
        return f"printf '%d %d\\n' {self.cell} {status} >&4"

    def event(self, line):
        cell, _, status = line.partition(b" ")
        if not status or int(cell) != self.cell:
            return {}
        said = {"done": int(status)}
        if said["done"] != 0:
            said["error"] = {"ename": "CommandFailed", "evalue": f"exit status {said['done']}", "traceback": []}
        return said


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=BashKernel)
