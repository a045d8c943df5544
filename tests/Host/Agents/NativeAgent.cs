using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Processes;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>An agent that runs as an ordinary process on this machine, with all it started ended at the end of a test.</summary>
internal sealed class NativeAgent : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<AgentSession> _sessions = [];
    private readonly List<Socket> _sockets = [];

    private NativeAgent(Process process, AgentSecret secret, int port) => (_process, Secret, Port) = (process, secret, port);

    public AgentSecret Secret { get; }

    public int Port { get; }

    public int Pid => _process.Id;

    public static Task<NativeAgent> StartAsync(AgentFile file, params string[] wrapper) => StartAsync(file, [], wrapper);

    public static async Task<NativeAgent> StartAsync(AgentFile file, string[] options, string[] wrapper)
    {
        var secret = new AgentSecret(RandomNumberGenerator.GetBytes(AgentSecret.Size));
        string[] command = [.. wrapper, file.Path, "--port", "0", .. options];
        var start = new ProcessStartInfo(command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Array.ForEach(command[1..], start.ArgumentList.Add);
        Process process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(secret.Bytes);
        process.StandardInput.Close();
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith("listening ", line);
        return new NativeAgent(process, secret, int.Parse(line!.Split(' ')[1]));
    }

    public Task<AgentSession> ConnectAsync() => ConnectAsync(Secret);

    public async Task<AgentSession> ConnectAsync(AgentSecret secret)
    {
        AgentSession session = await AgentSession.ConnectAsync(DialAsync, secret, TimeSpan.FromSeconds(30), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        _sessions.Add(session);
        return session;
    }

    /// <summary>A bare connection to the agent's port.</summary>
    public async Task<NetworkStream> RawAsync() => (NetworkStream)await DialAsync(CancellationToken.None);

    /// <summary>Breaks every connection made so far, as a network would.</summary>
    public void CutConnections()
    {
        foreach (Socket socket in _sockets)
        {
            socket.Close(0);
        }

        _sockets.Clear();
    }

    public long ResidentKilobytes() => long.Parse(
        File.ReadLines($"/proc/{Pid}/status").Single(line => line.StartsWith("VmRSS:")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    /// <summary>Pids and states of the agent's children, adopted ones included.</summary>
    public IReadOnlyList<(int Pid, char State)> Children() =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
            .Select(name => StatOf(int.Parse(name!))).Where(stat => stat.Parent == Pid).Select(stat => (stat.Pid, stat.State))];

    public async ValueTask DisposeAsync()
    {
        foreach (AgentSession session in _sessions)
        {
            await session.DisposeAsync();
        }

        await KillAsync();
        _process.Dispose();
    }

    /// <summary>Ends all that the agent started, then the agent, as kill -9 does.</summary>
    public async Task KillAsync()
    {
        // What children leave behind is adopted by the agent, so this comes to an end.
        for (IReadOnlyList<(int Pid, char State)> left; !_process.HasExited && (left = [.. Children().Where(child => child.State != 'Z')]).Count > 0;)
        {
            foreach ((int pid, _) in left)
            {
                Signals.Send(pid, Signals.SIGKILL);
            }

            await Task.Delay(10);
        }

        _process.Kill();
        await _process.WaitForExitAsync();
    }

    private async ValueTask<Stream> DialAsync(CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port, cancellation);
        _sockets.Add(socket);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static (int Pid, int Parent, char State) StatOf(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (pid, int.Parse(fields[1]), fields[0][0]);
        }
        catch (IOException)
        {
            return (pid, 0, ' ');
        }
    }
}

/// <summary>What a process said from start to end.</summary>
internal sealed record Transcript(string Output, string Error, ProcessExit Exit, long Dropped)
{
    public static ProcessSpec Shell(string command) => new() { Arguments = ["/bin/sh", "-c", command] };

    public static Task<Transcript> RunAsync(AgentSession session, string command) => RunAsync(session, Shell(command));

    public static async Task<Transcript> RunAsync(AgentSession session, ProcessSpec spec)
    {
        ProcessInfo process = await session.StartAsync(spec, CancellationToken.None);
        return await ReadAsync(session, process.Pid);
    }

    /// <summary>Follows from the first byte; fails after a minute.</summary>
    public static async Task<Transcript> ReadAsync(AgentSession session, int pid)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (output, error, dropped) = (new MemoryStream(), new MemoryStream(), 0L);
        await foreach (ProcessEvent item in session.AttachAsync(pid, 0, limit.Token))
        {
            switch (item)
            {
                case ProcessEvent.Output data:
                    (data.Stream == OutputStream.StandardError ? error : output).Write(data.Data.Span);
                    break;
                case ProcessEvent.Dropped gone:
                    dropped += gone.To - gone.From;
                    break;
                case ProcessEvent.Exited ended:
                    return new Transcript(Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()), ended.Exit, dropped);
            }
        }

        throw new InvalidOperationException("the stream ended without an exit");
    }
}
