"""The kernel of Java: one JShell for all cells, in a Java process driven by JavaCells."""
import base64
import os

from ipykernel.kernelapp import IPKernelApp

from relay import RelayKernel

HERE = os.path.dirname(os.path.abspath(__file__))


class JavaKernel(RelayKernel):
    implementation = "atoll-java"
    language_info = {"name": "java", "mimetype": "text/x-java", "file_extension": ".java"}
    command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m",
               "--add-opens=java.base/java.lang=ALL-UNNAMED", "--add-opens=java.base/java.util=ALL-UNNAMED", "-cp", HERE, "JavaCells"]

    def encode(self, code, env):
        fields = [code, *(field for pair in env.items() for field in pair)]
        return b" ".join(base64.b64encode(field.encode("utf-8", "replace")) for field in fields) + b"\n"

    def after_interrupt(self):
        return b"\n"

    def event(self, line):
        word, *fields = line.decode("ascii").split(" ")
        fields = [base64.b64decode(field).decode("utf-8", "replace") for field in fields]
        if word == "value":
            return {"display": {"text/plain": fields[0]}, "main": True}
        if word == "error":
            return {"error": {"ename": fields[0], "evalue": fields[1], "traceback": [fields[2]]}}
        return {"done": int(fields[0])}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=JavaKernel)
