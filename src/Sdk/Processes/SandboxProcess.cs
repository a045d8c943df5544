using System.Runtime.CompilerServices;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>A running process of a sandbox and the stream of what it says.</summary>
public sealed class SandboxProcess : IAsyncDisposable
{
    private const string Service = "sandboxagent.Process";

    private readonly RpcChannel _channel;
    private readonly IAsyncEnumerator<RpcProcessReply> _events;
    private readonly CancellationTokenSource _over;
    private readonly bool _hasTerminal;

    private SandboxProcess(RpcChannel channel, IAsyncEnumerator<RpcProcessReply> events, CancellationTokenSource over, bool hasTerminal) =>
        (_channel, _events, _over, _hasTerminal) = (channel, events, over, hasTerminal);

    /// <summary>Its number in the sandbox.</summary>
    public int Pid { get; private set; }

    /// <summary>What it says, in order, until its end, which is the last event. One reader, once.</summary>
    /// <exception cref="ConnectionException">The stream broke off; the process runs on.</exception>
    public async IAsyncEnumerable<SandboxProcessEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using CancellationTokenRegistration linked = cancellation.Register(_over.Cancel);
        while (await _events.MoveNextAsync().ConfigureAwait(false))
        {
            switch (_events.Current.Event)
            {
                case { Data: { } data }:
                    yield return new SandboxProcessEvent.Output(data.Pty ?? data.Stdout ?? data.Stderr ?? [], data.Stderr is not null);
                    break;
                case { End: { } end }:
                    yield return new SandboxProcessEvent.Ended(end.ExitCode, end.Exited, end.Status ?? "");
                    yield break;
            }
        }
        throw new ProtocolException("the process's stream ended without its exit code");
    }

    /// <summary>Types into its terminal, or writes to its standard input. Returns when the sandbox has taken it.</summary>
    public Task WriteAsync(byte[] data, CancellationToken cancellation = default) => _channel.CallAsync(
        $"{Service}/SendInput",
        new RpcInput(new RpcSelector(Pid), _hasTerminal ? new RpcInputData(null, data) : new RpcInputData(data, null)),
        RpcJson.Default.RpcInput, cancellation);

    /// <summary>Changes the size of its terminal.</summary>
    public Task ResizeAsync(TerminalSize size, CancellationToken cancellation = default) => _channel.CallAsync(
        $"{Service}/Update", new RpcUpdate(new RpcSelector(Pid), Pty(size)), RpcJson.Default.RpcUpdate, cancellation);

    /// <summary>Kills it with all that it started.</summary>
    public Task KillAsync(CancellationToken cancellation = default) => _channel.CallAsync(
        $"{Service}/SendSignal", new RpcSignal(new RpcSelector(Pid), "SIGNAL_SIGKILL"), RpcJson.Default.RpcSignal, cancellation);

    /// <summary>Stops following; the process runs on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _events.DisposeAsync().ConfigureAwait(false);
        _over.Dispose();
    }

    internal static RpcPty Pty(TerminalSize size) => new(new RpcPtySize(size.Columns, size.Rows));

    internal static async Task<SandboxProcess> OpenAsync(RpcChannel channel, RpcStart start, CancellationToken cancellation)
    {
        CancellationTokenSource over = new();
        IAsyncEnumerator<RpcProcessReply> events = channel
            .StreamAsync($"{Service}/Start", start, RpcJson.Default.RpcStart, RpcJson.Default.RpcProcessReply, over.Token)
            .GetAsyncEnumerator(CancellationToken.None);
        SandboxProcess process = new(channel, events, over, start.Pty is not null);
        try
        {
            using CancellationTokenRegistration linked = cancellation.Register(over.Cancel);
            bool any = await events.MoveNextAsync().ConfigureAwait(false);
            process.Pid = any && events.Current.Event?.Start is { } started
                ? started.Pid
                : throw new ProtocolException("the process's stream does not begin with its start");
            return process;
        }
        catch
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>What a process says.</summary>
public abstract record SandboxProcessEvent
{
    private SandboxProcessEvent()
    {
    }

    /// <summary>Output: of the terminal, or of standard output or error.</summary>
    public sealed record Output(byte[] Data, bool IsError) : SandboxProcessEvent;

    /// <summary>The end: its exit code, or -1 with words such as <c>signal: killed</c>.</summary>
    public sealed record Ended(int ExitCode, bool Exited, string Status) : SandboxProcessEvent;
}
