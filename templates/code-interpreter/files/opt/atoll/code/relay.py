"""A Jupyter kernel in front of a child process that runs the cells, for languages whose interpreter speaks no Jupyter.

The child gets one cell at a time on one file descriptor and says what became of it on another, a line each. What it prints
is streamed. It is in the kernel's process group, so Ctrl-C reaches both.
"""
import codecs
import fcntl
import json
import os
import select
import signal
import subprocess
import time

from ipykernel.kernelbase import Kernel

CHUNK = 65536
EVENTS_FD = 4
INTERRUPT_PATIENCE = 3.0
MAX_EVENT = 64 * 1024 * 1024


class ChildEnded(Exception):
    """The child process is gone; its return code is the argument."""


class Child:
    """The process that runs cells, and the pipes to it."""

    def __init__(self, command, cells_fd, environment):
        cells_read, self._cells = os.pipe()
        self._events, events_write = os.pipe()

        def place():
            # Above what they are moved to, so that neither lands on the other.
            cells, events = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (cells_read, events_write))
            os.dup2(cells, cells_fd)
            os.dup2(events, EVENTS_FD)
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, close_fds=False, preexec_fn=place,
            env={**os.environ, **environment})
        os.close(cells_read)
        os.close(events_write)
        self._out, self._err = self._process.stdout.fileno(), self._process.stderr.fileno()
        self._text = {fd: codecs.getincrementaldecoder("utf-8")("replace") for fd in (self._out, self._err)}
        self._names = {self._out: "stdout", self._err: "stderr"}
        self._pending = b""

    def send(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._cells, view):]
        except BrokenPipeError:
            raise ChildEnded(self._process.wait()) from None

    def drain(self, wait, take):
        """Streams what is there to take(name, text), and returns the lines that came as events; waits up to wait seconds for anything."""
        lines = []
        open_fds = [fd for fd in self._text] + [self._events]
        ready, _, _ = select.select(open_fds, [], [], wait)
        if self._events in ready:
            data = os.read(self._events, CHUNK)
            if not data:
                self.flush(take)
                raise ChildEnded(self._process.wait())
            self._pending += data
            if len(self._pending) > MAX_EVENT:
                self._pending = b""
            *whole, self._pending = self._pending.split(b"\n")
            lines = [line for line in whole if line]
            if lines:
                # What was printed before an event was said is in the pipes already, and comes first.
                self.flush(take)
        else:
            self._read(ready, take)
        return lines

    def flush(self, take):
        while True:
            ready, _, _ = select.select(list(self._text), [], [], 0)
            if not ready or not self._read(ready, take):
                return

    def _read(self, ready, take):
        some = False
        for fd in ready:
            data = os.read(fd, CHUNK)
            if not data:
                self._text.pop(fd)
                continue
            some = True
            text = self._text[fd].decode(data)
            if text:
                take(self._names[fd], text)
        return some

    def end(self):
        self._process.kill()
        self._process.wait()
        os.close(self._cells)
        os.close(self._events)
        self._process.stdout.close()
        self._process.stderr.close()


class RelayKernel(Kernel):
    """The language's kernel sets command, implementation, language_info and encode()."""

    implementation_version = "1"
    banner = ""
    command = []
    cells_fd = 3
    environment = {}
    env_here = {}
    _child = None

    def encode(self, code, env):
        return (json.dumps({"code": code, "env": env}) + "\n").encode()

    def prologue(self):
        """Sent to each new child before anything else."""
        return b""

    def after_interrupt(self):
        """Sent to the child when a cell was interrupted."""
        return b""

    def event(self, line):
        """A dictionary: {"display": bundle, "main": bool} | {"error": {...}} | {"done": status} | {"exit": status}."""
        return json.loads(line)

    def _take(self, name, text):
        self.send_response(self.iopub_socket, "stream", {"name": name, "text": text})

    def child(self):
        if self._child is None:
            self._child = Child(self.command, self.cells_fd, self.environment)
            self._child.send(self.prologue())
        return self._child

    def execute_request(self, stream, ident, parent):
        self.env_here = (parent.get("metadata") or {}).get("atoll_env") or {}
        return super().execute_request(stream, ident, parent)

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False):
        try:
            status, error = self._run(code, silent)
        except ChildEnded as ended:
            self._child.end()
            self._child = None
            returned = ended.args[0]
            status = returned if returned >= 0 else 128 - returned
            error = {"ename": "ProcessEnded", "evalue": f"the interpreter ended with status {status}: its state is lost", "traceback": []}
        content = {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}, "exit_code": status}
        if error:
            error["traceback"] = error.get("traceback") or [f"{error['ename']}: {error['evalue']}"]
            if not silent:
                self.send_response(self.iopub_socket, "error", error)
            content.update(error, status="error", exit_code=status or 1)
        return content

    def _run(self, code, silent):
        child, error, interrupted = self.child(), None, None
        child.send(self.encode(code, self.env_here))
        while True:
            try:
                for line in child.drain(0.5, self._take):
                    said = self.event(line)
                    if "display" in said and not silent:
                        self._display(said)
                    if "error" in said:
                        error = said["error"]
                    if "exit" in said:
                        raise ChildEnded(said["exit"])
                    if "done" in said:
                        if interrupted is not None:
                            error = {"ename": "KeyboardInterrupt", "evalue": "interrupted", "traceback": []}
                        return said["done"], error
            except KeyboardInterrupt:
                interrupted = time.monotonic()
                child.send(self.after_interrupt())
            if interrupted is not None and time.monotonic() - interrupted > INTERRUPT_PATIENCE:
                child.end()
                self._child = None
                return 130, {"ename": "KeyboardInterrupt", "evalue": "the interpreter did not react and was ended: its state is lost", "traceback": []}

    def _display(self, said):
        content = {"data": said["display"], "metadata": {}}
        if said.get("main"):
            self.send_response(self.iopub_socket, "execute_result", {**content, "execution_count": self.execution_count})
        else:
            self.send_response(self.iopub_socket, "display_data", content)

    def do_shutdown(self, restart):
        if self._child is not None:
            self._child.end()
            self._child = None
        return {"status": "ok", "restart": restart}
