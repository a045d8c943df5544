using System.Diagnostics;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Attacks;

/// <summary>
/// The server's own system calls while clients and guests name paths: none of the names is in any of them.
/// <c>Unit.HostFileTests</c> looks at the source.
/// </summary>
[Collection(SharedServer.Name)]
public sealed class HostFileTests(ServerFixture server)
{
    [RealMachineOwnServerFact]
    public async Task The_server_never_names_to_its_kernel_what_a_client_or_a_guest_has_named()
    {
        await using Box box = await server.Api.CreateAsync("""{"timeout":900}""");
        using var calls = new SandboxCalls(server.Api, box);
        string marker = $"marked{Guid.NewGuid():n}";
        await box.ExecAsync($"mkdir -p /attack /tmp/{marker}/{marker} && echo -n part > /attack/part; echo in > /tmp/{marker}/file; ln -s /tmp/{marker} /{marker}");
        string trace = Path.Combine(Path.GetTempPath(), $"atoll-trace-{Guid.NewGuid():n}");
        try
        {
            using Process strace = await AttachAsync(server.Own.ProcessId, trace);
            await box.ExecAsync($"echo {marker}", $",\"cwd\":\"/tmp/{marker}\",\"envs\":{{\"PATH\":\"/{marker}\"}}");
            foreach (string path in new[] { $"/tmp/{marker}/file", $"/tmp/{marker}", $"/{marker}/file", $"../../{marker}", $"/nowhere/{marker}" })
            {
                foreach (FileCall call in FileCalls.All.OrderBy(call => call.Use))
                {
                    await call.SendAsync(calls, path);
                }
            }

            await DetachAsync(strace);

            string[] said = await File.ReadAllLinesAsync(trace);
            Assert.Contains(said, line => line.Contains("accept4(", StringComparison.Ordinal));
            Assert.DoesNotContain(said, line => line.Contains(marker, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(trace);
        }
    }

    // New connections are traced too, to know that anything was.
    private static async Task<Process> AttachAsync(int pid, string trace)
    {
        var strace = Process.Start(new ProcessStartInfo(
            "strace", ["-f", "-qq", "-s", "4096", "-e", "trace=%file,accept4", "-e", "signal=none", "-o", trace, "-p", $"{pid}"]))!;
        var watch = Stopwatch.StartNew();
        while (!IsTraced(pid))
        {
            Assert.False(strace.HasExited, "strace has ended: is it installed?");
            Assert.True(watch.Elapsed < SandboxCalls.Patience, "strace does not attach");
            await Task.Delay(50);
        }

        return strace;
    }

    private static bool IsTraced(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task").All(task =>
    {
        try
        {
            return File.ReadLines(Path.Combine(task, "status")).Any(line => line.StartsWith("TracerPid:", StringComparison.Ordinal) && !line.EndsWith("\t0", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // The thread has ended.
            return true;
        }
    });

    private static async Task DetachAsync(Process strace)
    {
        const int sigint = 2;
        AtollServer.Signal(strace.Id, sigint);
        await strace.WaitForExitAsync().WaitAsync(SandboxCalls.Patience);
    }
}
