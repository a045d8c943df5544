using System.Text;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Recovery;

namespace Atoll.Node.Launch;

/// <summary>Starts what the template says, and waits until the sandbox shows that it is ready. A restored one has done both.</summary>
internal sealed class StartStep(TimeProvider time) : ILaunchStep
{
    /// <summary>How long a new sandbox may take until its template's check holds.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    private const int KeptOutput = 2000;
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TryLimit = TimeSpan.FromSeconds(10);

    public string Name => "start";

    public SandboxPhase Phase => SandboxPhase.WaitingReady;

    public async Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        if (context.Request.From is not null)
        {
            return;
        }

        IAgent agent = context.Running!.Agent;
        ProcessInfo? started = null;
        if (context.Request.Start.Count > 0)
        {
            var start = new ProcessSpec
            {
                Arguments = context.Request.Start, Tag = ProcessSpec.StartTag, WorkingDirectory = context.Request.StartDirectory, User = context.Request.StartUser,
            };
            started = await agent.StartAsync(start, cancellation);
        }

        if (context.Request.Ready is { } check)
        {
            await WaitAsync(agent, check, started, cancellation);
        }
    }

    /// <summary>What was started ends with the sandbox.</summary>
    public Task UndoAsync(JournaledRecord record) => Task.CompletedTask;

    private async Task WaitAsync(IAgent agent, ReadyCheck check, ProcessInfo? started, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(Limit, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        string last = "nothing was tried";
        try
        {
            while (await TryAsync(agent, check, any.Token) is { } problem)
            {
                last = problem;
                await Task.Delay(Again, time, any.Token);
            }
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            string output = started is null ? "" : await OutputAsync(agent, started.Pid, cancellation);
            throw new Fault(
                FaultCode.Timeout,
                $"ready_command did not hold within {Limit.TotalSeconds:0} s: {last}{(output.Length > 0 ? $"; the end of custom_command's output: {output}" : "")}").AsException();
        }
    }

    /// <summary>Why it does not hold yet; null when it does.</summary>
    private async Task<string?> TryAsync(IAgent agent, ReadyCheck check, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(TryLimit, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            return check switch
            {
                ReadyCheck.Exec exec => await ExecAsync(agent, exec.Arguments, any.Token),
                ReadyCheck.TcpSocket socket => await ConnectAsync(agent, socket.Port, any.Token),
                ReadyCheck.HttpGet get => await GetAsync(agent, get, any.Token),
                _ => throw new ArgumentOutOfRangeException(nameof(check), check, "not a member of the closed hierarchy"),
            };
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return $"one try took longer than {TryLimit.TotalSeconds:0} s";
        }
        catch (FaultException e) when (e.Fault.Code is not FaultCode.AgentUnavailable)
        {
            return e.Fault.Message;
        }
        catch (IOException e)
        {
            return $"the connection broke: {e.Message}";
        }
    }

    private static async Task<string?> ExecAsync(IAgent agent, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        ProcessInfo process = await agent.StartAsync(new ProcessSpec { Arguments = arguments, Lifetime = TryLimit, OutputCapacity = 64 * 1024 }, cancellation);
        var output = new StringBuilder();
        ProcessExit exit = new(0, 0);
        await foreach (ProcessEvent one in agent.AttachAsync(process.Pid, 0, cancellation))
        {
            Take(output, one);
            exit = one is ProcessEvent.Exited end ? end.Exit : exit;
        }

        await agent.ForgetAsync(process.Pid, cancellation);
        return exit.Code == 0 ? null : $"it ended with code {exit.Code}: {output.ToString().Trim()}";
    }

    private static async Task<string?> ConnectAsync(IAgent agent, int port, CancellationToken cancellation)
    {
        await using SandboxConnection connection = await agent.ConnectAsync(port, cancellation);
        return null;
    }

    private static async Task<string?> GetAsync(IAgent agent, ReadyCheck.HttpGet get, CancellationToken cancellation)
    {
        await using SandboxConnection stream = await agent.ConnectAsync(get.Port, cancellation);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {get.Path} HTTP/1.1\r\nHost: localhost:{get.Port}\r\nConnection: close\r\n\r\n"), cancellation);
        byte[] head = new byte["HTTP/1.1 200".Length];
        int length = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        string text = Encoding.Latin1.GetString(head, 0, length);
        return length == head.Length && text.StartsWith("HTTP/1.", StringComparison.Ordinal) && text[9] is '2' or '3'
            ? null
            : $"port {get.Port} answered '{text}'";
    }

    private async Task<string> OutputAsync(IAgent agent, int pid, CancellationToken cancellation)
    {
        var output = new StringBuilder();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            await foreach (ProcessEvent one in agent.AttachAsync(pid, 0, any.Token))
            {
                Take(output, one);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It runs on: that was all that it has said so far.
        }

        return output.ToString().Trim();
    }

    private static void Take(StringBuilder output, ProcessEvent one)
    {
        if (one is ProcessEvent.Output said)
        {
            output.Append(Encoding.UTF8.GetString(said.Data.Span));
            output.Remove(0, Math.Max(0, output.Length - KeptOutput));
        }
    }
}
