using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Starts processes in sandboxes that are talked to while they run.</summary>
public sealed class ProcessesClient
{
    private readonly Transport _transport;

    internal ProcessesClient(Transport transport) => _transport = transport;

    /// <summary>
    /// Starts a process and returns once it runs. It lives on when the result is disposed of or the connection breaks.
    /// Never repeated by itself.
    /// </summary>
    /// <exception cref="RpcException">It could not be started: no such program, directory or user.</exception>
    public async Task<SandboxProcess> StartAsync(string sandboxId, ProcessStart start, CancellationToken cancellation = default)
    {
        RpcChannel channel = await RpcChannel.OpenAsync(_transport, sandboxId, cancellation).ConfigureAwait(false);
        RpcStart message = new(
            new RpcProcessConfig(start.Arguments[0], [.. start.Arguments.Skip(1)], start.Environment, start.WorkingDirectory),
            start.Terminal is { } size ? SandboxProcess.Pty(size) : null, start.Tag);
        return await SandboxProcess.OpenAsync(channel, message, cancellation).ConfigureAwait(false);
    }
}

/// <summary>A process to start.</summary>
public sealed record ProcessStart
{
    /// <summary>The program, looked up in the sandbox's PATH, and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Put over the sandbox's environment.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Null for the home of the user.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Runs it on a terminal of this size; null for pipes.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>A name to find it by.</summary>
    public string? Tag { get; init; }
}

/// <summary>The size of a terminal in characters.</summary>
public readonly record struct TerminalSize(int Columns, int Rows);
