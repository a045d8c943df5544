using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Atoll.Agent.Elevation;
using Atoll.Linux;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>The agent called sudo, asking an agent on this machine over its local socket.</summary>
[Collection(AgentTests.Name)]
public sealed class SudoTests(AgentFile file) : IAsyncLifetime
{
    /// <summary>In the group as the agent of these tests sees it.</summary>
    private const string Member = "65534";
    private const string Stranger = "65533";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("atoll-sudo").FullName;
    private NativeAgent _agent = null!;

    private string SocketPath => Path.Combine(_folder, "agent.sock");

    public async Task InitializeAsync()
    {
        const UnixFileMode everybody = (UnixFileMode)0x1ED;
        File.SetUnixFileMode(_folder, everybody);

        // A copy: the file may be where only root gets to.
        File.Copy(file.Path, Path.Combine(_folder, "sudo"));
        string groups = Path.Combine(_folder, "group");
        File.WriteAllText(groups, "root:x:0:\nsudo:x:27:somebody,nobody\nnogroup:x:65534:\n");
        _agent = await NativeAgent.StartAsync(
            file, ["--socket", SocketPath], ["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/group && exec \"$@\"", groups]);
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_command_has_its_callers_input_output_and_directory_and_tells_its_exit_code()
    {
        Said said = await RunAsync(["sh", "-c", "cat; echo err >&2; pwd; exit 7"], input: "typed\n");
        Assert.Equal(("typed\n/var\n", "err\n", 7), (said.Output, said.Error, said.Code));
        Assert.Equal(143, (await RunAsync(["sh", "-c", "kill $$"])).Code);
    }

    [Fact]
    public async Task A_member_of_the_group_becomes_root_and_others_are_refused()
    {
        string[] ids = ["sh", "-c", "id -u; id -ru; echo $SUDO_USER $SUDO_UID $SUDO_GID"];
        Assert.Equal("0\n0\nnobody 65534 65534\n", (await RunAsync(ids, uid: Member)).Output);
        Assert.Equal("0\n0\nroot 0 0\n", (await RunAsync(ids)).Output);
        Said refused = await RunAsync(ids, uid: Stranger);
        Assert.Equal(("", 1), (refused.Output, refused.Code));
        Assert.Contains("not in the group sudo", refused.Error);

        // A process of the group whose user is no member of it: only /etc decides.
        refused = await RunAsync(ids, uid: Stranger, gid: "27");
        Assert.Equal(("", 1), (refused.Output, refused.Code));
        Assert.Equal(1, (await RunAsync(["-v"], uid: Stranger)).Code);
        Assert.Equal(0, (await RunAsync(["-v"], uid: Member)).Code);
    }

    [Fact]
    public async Task Another_user_can_be_chosen()
    {
        Said said = await RunAsync(["-n", "-u", "nobody", "sh", "-c", "id -un; id -g; echo $HOME $USER"]);
        Assert.Equal("nobody\n65534\n/nonexistent nobody\n", said.Output);
        Assert.Equal("65534\n", (await RunAsync(["-u#65534", "id", "-u"])).Output);
        said = await RunAsync(["-u", "nosuchuser", "id"]);
        Assert.Equal(("sudo: unknown user nosuchuser\n", 1), (said.Error, said.Code));
    }

    [Fact]
    public async Task The_environment_is_reset_and_what_is_asked_for_is_kept()
    {
        string[] show = ["sh", "-c", "echo ${MINE-none} $PATH $HOME $TERM $SUDO_USER"];
        const string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        Assert.Equal($"none {path} /root vt100 root\n", (await RunAsync(show)).Output);
        Assert.Equal($"set {path} /tmp vt100 root\n", (await RunAsync(["-E", .. show])).Output);
        Assert.Equal($"set {path} /root vt100 root\n", (await RunAsync(["-EH", .. show])).Output);
        Assert.Equal($"set {path} /root vt100 root\n", (await RunAsync(["--preserve-env=MINE", .. show])).Output);
        Assert.Equal($"given {path} /root vt100 root\n", (await RunAsync(["MINE=given", .. show])).Output);
        Assert.Equal("/root a b*;c\n", (await RunAsync(["-i", "echo", "$PWD", "a b*;c"])).Output);
    }

    [Fact]
    public async Task What_cannot_be_run_is_said()
    {
        Said said = await RunAsync(["nosuchprogram"]);
        Assert.Equal(("sudo: nosuchprogram: command not found\n", 1), (said.Error, said.Code));
        Assert.Contains("not known here\nusage: ", (await RunAsync(["-Z", "id"])).Error);
        Assert.Contains("a command is missing\nusage: ", (await RunAsync([])).Error);
        said = await RunAsync(["echo", .. Enumerable.Repeat(new string('x', 100_000), 3)]);
        Assert.Equal(1, said.Code);
        Assert.Contains("larger than 256 KiB", said.Error);
    }

    [Fact]
    public async Task Large_arguments_and_much_output_pass_whole()
    {
        Said said = await RunAsync(["sh", "-c", "echo ${#1}; head -c 20000000 /dev/zero | tr '\\0' x", "sh", new string('y', 120_000)]);
        Assert.Equal(20_000_000 + "120000\n".Length, said.Output.Length);
    }

    [Fact]
    public async Task Signals_are_passed_on_to_the_command()
    {
        using Process process = Start(["sh", "-c", "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.1; done"]);
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        Signals.Send(process.Id, Signals.SIGTERM);
        Assert.Equal("got", await process.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public async Task A_command_whose_client_is_killed_is_hung_up_on_and_killed_when_it_stays()
    {
        using Process polite = Start(["sh", "-c", "trap 'echo hung up; exit' HUP; echo ready; while :; do sleep 0.1; done"]);
        using Process deaf = Start(["sh", "-c", "trap '' HUP TERM; echo ready; exec sleep 60"]);
        Assert.Equal("ready", await polite.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        Assert.Equal("ready", await deaf.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        polite.Kill();
        deaf.Kill();
        Assert.Equal("hung up", await polite.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        Assert.Equal("", await deaf.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Garbage_silence_and_too_many_connections_cost_no_more_than_the_connection()
    {
        int before = Count();
        byte[] garbage = new byte[1000];
        Array.Fill(garbage, (byte)0xEE);
        using (Socket socket = await ConnectAsync())
        {
            await socket.SendAsync(garbage);
            Assert.Contains("frame", await ReadAllAsync(socket));
        }

        var silent = new List<Socket>();
        try
        {
            while (silent.Count < ElevationServer.MaxConnections)
            {
                silent.Add(await ConnectAsync());
            }

            Said refused = await RunAsync(["true"]);
            Assert.Equal(1, refused.Code);
            Assert.Contains($"{ElevationServer.MaxConnections} commands run by sudo already", refused.Error);
            Assert.Contains("did not come in time", await ReadAllAsync(silent[0]));
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }

        await UntilNoMoreThanAsync(before);
        Assert.Equal(0, (await RunAsync(["true"])).Code);
    }

    [Fact]
    public async Task Nothing_stays_open_in_the_agent()
    {
        Assert.Equal(0, (await RunAsync(["true"])).Code);
        int before = Count();
        for (int i = 0; i < 20; i++)
        {
            await RunAsync(["true"]);
            await RunAsync(["nosuchprogram"]);
            await RunAsync(["true"], uid: Stranger);
        }

        await UntilNoMoreThanAsync(before);
    }

    private async Task<Said> RunAsync(string[] arguments, string uid = "0", string gid = "", string input = "")
    {
        using Process process = Start(arguments, uid, gid);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading.
        }

        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return new Said(await output, await error, process.ExitCode);
    }

    private Process Start(string[] arguments, string uid = "0", string gid = "")
    {
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/var",
        };
        string[] command = ["--reuid", uid, "--regid", gid.Length > 0 ? gid : uid, "--clear-groups", Path.Combine(_folder, "sudo"), .. arguments];
        Array.ForEach(command, start.ArgumentList.Add);
        start.Environment.Clear();
        (start.Environment["PATH"], start.Environment["HOME"], start.Environment["TERM"]) = ("/usr/bin:/bin", "/tmp", "vt100");
        (start.Environment["MINE"], start.Environment[ElevationServer.PathVariable]) = ("set", SocketPath);
        return Process.Start(start)!;
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        var all = new StringBuilder();
        try
        {
            for (int count; (count = await socket.ReceiveAsync(buffer).WaitAsync(Patience)) > 0;)
            {
                all.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It hung up with bytes of ours unread.
        }

        return all.ToString();
    }

    /// <summary>A client may see its end a moment before the agent has closed its side.</summary>
    private async Task UntilNoMoreThanAsync(int count)
    {
        var limit = Stopwatch.StartNew();
        while (Count() > count && limit.Elapsed < Patience)
        {
            await Task.Delay(20);
        }

        Assert.InRange(Count(), 1, count);
    }

    /// <summary>Descriptors that the agent has open.</summary>
    private int Count() => Directory.GetFileSystemEntries($"/proc/{_agent.Pid}/fd").Length;

    private sealed record Said(string Output, string Error, int Code);
}
