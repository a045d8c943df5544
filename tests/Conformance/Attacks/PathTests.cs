using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Attacks;

/// <summary>
/// Paths that want out of the sandbox, that never end or that are none, through every call that takes one: each is answered,
/// nothing of the host is told or touched, and the sandbox's agent and the server live on.
/// </summary>
[Collection(SharedServer.Name)]
public sealed class PathTests(ServerFixture server, AttackedSandbox sandbox) : IClassFixture<AttackedSandbox>
{
    private const string Up = "../../../../../../../../../../../..";

    /// <summary>Makes what the tests name; all in directories of its own, so that it can be made anew.</summary>
    private const string Arrange = """
        rm -rf /attack /tmp/moved /tmp/composed && mkdir -p /attack/links && cd /attack && echo -n part > part
        mkfifo fifo; ln -s /dev/zero zero; ln -s fifo tofifo; ln -s loop2 loop1; ln -s loop1 loop2; ln -s / root; ln -s /proc/1/root proc
        ln -s /etc/shadow shadow; ln /etc/hostname hard 2>/dev/null; ln -s self self; ln -s nowhere/at/all dangling; mkdir -p mount
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/attack/socket")'
        for i in $(seq 1 60); do ln -s $((i + 1)) links/$i; done; echo -n far > links/61

        """;

    [RealMachineFact]
    public async Task No_spelling_of_a_path_leads_to_a_file_of_the_host()
    {
        HostCanary canary = sandbox.Canary;
        await RunAsync(Arrange + $"ln -s {canary.FilePath} /attack/canary; ln -s {canary.Directory} /attack/outside");
        string[] spellings =
        [
            canary.FilePath, "/" + canary.FilePath, Up + canary.FilePath, "/" + Up + canary.FilePath, "/tmp/" + Up + canary.FilePath,
            "~/" + Up + canary.FilePath, "/proc/1/root" + canary.FilePath, "/proc/self/root/" + Up + canary.FilePath, "/proc/1/cwd/" + Up + canary.FilePath,
            "/attack/proc" + canary.FilePath, "/attack/root" + canary.FilePath, "/attack/canary", "/attack/outside/canary",
            "/attack/root/" + Up + canary.FilePath, "/./" + canary.FilePath.Replace("/", "//./"), "file://" + canary.FilePath,
            (Up + canary.FilePath).Replace("../", "%2e%2e%2f"), (Up + canary.FilePath).Replace("../", "..%2f"), (Up + canary.FilePath).Replace("/", "\\"),
            (Up + canary.FilePath).Replace("../", "%252e%252e%252f"), (Up + canary.FilePath).Replace("../", "....//"), (Up + canary.FilePath).Replace(".", "%c0%ae"),
        ];
        List<string> wrong = [];

        // What only looks comes first: afterwards the sandbox has a file of its own at the path.
        foreach (FileCall call in FileCalls.All.OrderBy(call => call.Use))
        {
            foreach (string path in spellings)
            {
                Answer answer = await call.SendAsync(sandbox.Calls, path);
                string? harm = canary.IsIn(answer) ? "tells the host's file" : answer.Status >= 500 ? "is a failure of the server" : canary.Harm();
                harm ??= call.Use is PathUse.Tell or PathUse.Read && answer.Status != 200 && !answer.IsRefusal ? "is no clear refusal" : null;
                if (harm is not null)
                {
                    wrong.Add($"{call.Name} {path}: {harm}: {answer}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        await AssertWellAsync();
    }

    [RealMachineFact]
    public async Task What_is_no_regular_file_is_refused_where_bytes_are_wanted_and_nothing_waits()
    {
        await RunAsync(Arrange);
        string[] paths =
        [
            "/attack/fifo", "/attack/tofifo", "/attack/zero", "/attack/socket", "/dev/zero", "/dev/tty", "/dev/null", "/dev/full", "/dev/random",
            "/attack/loop1", "/attack/self", "/attack/links/1", "/attack/self/below", "/attack/fifo/below", "/attack/part/below", "/attack/root", "/", ".",
            "/proc", "/proc/self/fd", "/attack/" + new string('n', 256), "/" + new string('l', 4095), new string('/', 5000), "/attack/nul\0", "",
        ];
        await AssertRefusedAsync(call => call.Use is PathUse.Read or PathUse.Write, paths);
        await AssertRefusedAsync(call => call.Name.Contains("compose from", StringComparison.Ordinal), paths);

        Assert.Equal("part", (await RunAsync("cat /attack/part; test -p /attack/fifo && test -S /attack/socket && test -c /dev/zero")).Output);
        await AssertWellAsync();
    }

    [RealMachineFact]
    public async Task Files_of_proc_are_answered_in_bounded_time_and_size()
    {
        List<string> wrong = [];
        foreach (string path in new[]
                 {
                     "/proc/self/mem", "/proc/1/mem", "/proc/kmsg", "/proc/kcore", "/proc/self/maps", "/proc/1/environ", "/proc/self/fd/0", "/proc/self/fd/1",
                     "/proc/self/exe", "/proc/sysrq-trigger", "/proc/1/root/proc/1/mem", "/proc/mounts", "/proc/self/task", "/sys/kernel", "/proc/1/pagemap",
                 })
        {
            foreach (FileCall call in FileCalls.All.Where(call => call.Use is PathUse.Tell or PathUse.Read or PathUse.Write))
            {
                Answer answer = await call.SendAsync(sandbox.Calls, path);
                if (answer.Status >= 500 || (answer.Status >= 400 && !answer.IsRefusal) || sandbox.Canary.IsIn(answer))
                {
                    wrong.Add($"{call.Name} {path}: {answer}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        await AssertWellAsync();
    }

    [RealMachineFact]
    public async Task Neither_the_root_nor_what_is_mounted_is_removed_and_links_are_removed_instead_of_their_targets()
    {
        await RunAsync(Arrange);
        foreach (string service in new[] { "sandboxagent.Filesystem", "filesystem.Filesystem" })
        {
            foreach (string path in new[] { "/", "//", "/..", "/attack/../", "/proc", "/dev", "/sys" })
            {
                Answer answer = await sandbox.Calls.CallAsync($"{service}/Remove", new { path });
                Assert.True(answer.IsRefusal, $"{service} {path}: {answer}");
            }

            foreach (string path in new[] { "/", "/attack", "/proc" })
            {
                Answer answer = await sandbox.Calls.CallAsync($"{service}/Move", new { source = path, destination = "/attack/below/it" });
                Assert.True(answer.IsRefusal, $"{service} {path}: {answer}");
            }
        }

        foreach (string path in new[] { "/attack/root", "/attack/proc", "/attack/shadow", "/attack/hard", "/attack/loop1", "/attack/fifo", "/attack/socket", "/attack/zero", "/attack/dangling" })
        {
            Answer answer = await sandbox.Calls.CallAsync("filesystem.Filesystem/Remove", new { path });
            Assert.True(answer.Status == 200, $"{path}: {answer}");
        }

        ExecOutcome left = await RunAsync("ls /attack; test -s /etc/shadow && test -e /etc/hostname && test -e /proc/1/stat && test -c /dev/zero && echo whole");
        Assert.Equal("below\nlinks\nloop2\nmount\npart\nself\ntofifo\nwhole\n", left.Output);
        await AssertWellAsync();
    }

    [RealMachineFact]
    public async Task A_link_a_client_writes_through_changes_the_file_of_the_sandbox_and_of_nobody_else()
    {
        await RunAsync(Arrange + $"ln -s {sandbox.Canary.FilePath} /attack/canary");

        Answer written = await sandbox.Calls.SendAsync(HttpMethod.Post, "/files?path=/attack/canary", new StringContent(FileCalls.Written));

        Assert.True(written.Status == 200, written.ToString());
        Assert.Equal(FileCalls.Written, (await RunAsync($"cat {sandbox.Canary.FilePath}")).Output);
        Assert.Null(sandbox.Canary.Harm());
    }

    private async Task AssertRefusedAsync(Func<FileCall, bool> which, string[] paths)
    {
        List<string> wrong = [];
        foreach (FileCall call in FileCalls.All.Where(which))
        {
            // An empty path is one that was not given: a form's own file name goes in its place.
            foreach (string path in paths.Where(path => path.Length > 0 || call.Use is not PathUse.Write))
            {
                Answer answer = await call.SendAsync(sandbox.Calls, path);
                
                // The server itself refuses a request line that is too long or names U+0000, before there is a dialect.
                if (!answer.IsRefusal && answer.Status is not (414 or 400))
                {
                    wrong.Add($"{call.Name} {(path.Length > 80 ? path[..80] : path)}: {answer}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private async Task<ExecOutcome> RunAsync(string command)
    {
        ExecOutcome outcome = await sandbox.Box.ExecAsync(command, ",\"user\":\"root\"");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private async Task AssertWellAsync()
    {
        Assert.Null(sandbox.Canary.Harm());
        Assert.Equal("well\n", (await RunAsync("echo well")).Output);
        Assert.Equal(200, (await server.Api.GetAsync("/health")).Status);
    }
}
