using Atoll.Domain;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Agents;

/// <summary>
/// The way to one sandbox's agent, for as long as the sandbox is looked after: dials when it must, and again when the
/// connection drops, sends requests and opens streams, and turns what goes wrong into faults.
/// </summary>
internal sealed partial class AgentLink : IAsyncDisposable
{
    /// <summary>How long an agent may take to answer a request that does not say otherwise.</summary>
    public static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(30);

    /// <summary>The bound of a request whose reply may take as long as it likes: only cancellation or the loss of the connection ends it.</summary>
    public static readonly TimeSpan Unbounded = Timeout.InfiniteTimeSpan;

    /// <summary>How long an agent may take to say that its timers stand still: it does so behind what it does already.</summary>
    private static readonly TimeSpan HoldTime = TimeSpan.FromSeconds(10);

    /// <summary>How long an agent that once answered may take to answer again.</summary>
    private static readonly TimeSpan RedialTime = TimeSpan.FromSeconds(10);

    /// <summary>How long calls wait for the end of a suspension.</summary>
    private static readonly TimeSpan SuspendTime = TimeSpan.FromMinutes(2);

    private readonly Func<CancellationToken, ValueTask<Stream>> _dial;
    private readonly SemaphoreSlim _dialing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private AgentSecret _secret;
    private AgentConnection? _connection;
    private volatile TaskCompletionSource? _suspended;

    private AgentLink(Func<CancellationToken, ValueTask<Stream>> dial, AgentSecret secret, TimeProvider time, ILogger log) =>
        (_dial, _secret, Time, Log) = (dial, secret, time, log);

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    /// <summary>Reaches an agent that may still be coming up.</summary>
    /// <param name="dial">Opens a new byte pipe to the agent.</param>
    /// <param name="limit">How long that may take.</param>
    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/>.</exception>
    public static async Task<AgentLink> ConnectAsync(
        Func<CancellationToken, ValueTask<Stream>> dial, AgentSecret secret, TimeSpan limit, TimeProvider time, ILogger log,
        CancellationToken cancellation)
    {
        var link = new AgentLink(dial, secret, time, log);
        await link.ConnectionAsync(limit, cancellation);
        return link;
    }

    /// <summary>The connection that is open, or a new one: for calls that must stay on one, and for those that may be sent only once.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/>.</exception>
    public Task<AgentConnection> ConnectionAsync(CancellationToken cancellation) => ConnectionAsync(RedialTime, cancellation);

    /// <summary>Sends one request and waits for its reply, <see cref="RequestTime"/> at most.</summary>
    /// <inheritdoc cref="RequestAsync(AgentConnection, Action{MessageWriter, uint}, MessageType, TimeSpan, CancellationToken)"/>
    public Task<byte[]> RequestAsync(Action<MessageWriter, uint> message, MessageType expected, CancellationToken cancellation) =>
        RequestAsync(message, expected, RequestTime, cancellation);

    /// <inheritdoc cref="RequestAsync(AgentConnection, Action{MessageWriter, uint}, MessageType, TimeSpan, CancellationToken)"/>
    public async Task<byte[]> RequestAsync(
        Action<MessageWriter, uint> message, MessageType expected, TimeSpan bound, CancellationToken cancellation) =>
        await RequestAsync(await ConnectionAsync(RedialTime, cancellation), message, expected, bound, cancellation);

    /// <summary>Sends one request and waits for its reply. One that is given up is followed by a Detach on its stream.</summary>
    /// <param name="bound">How long the reply may take; <see cref="Unbounded"/> for no limit.</param>
    /// <returns>The reply's payload.</returns>
    /// <exception cref="FaultException">What the agent answered, or <see cref="FaultCode.AgentUnavailable"/> when it did not.</exception>
    public static async Task<byte[]> RequestAsync(
        AgentConnection connection, Action<MessageWriter, uint> message, MessageType expected, TimeSpan bound, CancellationToken cancellation)
    {
        try
        {
            (MessageType type, byte[] payload) = await connection.RequestAsync(message, bound, cancellation);
            return type == expected ? payload : throw AgentFaults.Unavailable($"it answered with message {(byte)type}");
        }
        catch (Exception e) when (AgentFaults.Translate(e) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Opens a stream of many messages and sends its first one.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/>, or the message is too large.</exception>
    public async Task<OpenStream> OpenStreamAsync(AgentStream stream, Action<MessageWriter, uint> message, CancellationToken cancellation)
    {
        AgentConnection connection = await ConnectionAsync(RedialTime, cancellation);
        try
        {
            return new OpenStream(connection, await connection.OpenStreamAsync(stream, message, cancellation));
        }
        catch (Exception e) when (AgentFaults.Translate(e) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Opens a byte stream with a message that the agent answers with <paramref name="expected"/> within <see cref="RequestTime"/>.</summary>
    /// <param name="window">Bytes that the agent may send before any was read: what the message tells it.</param>
    /// <returns>The channel and the answer's payload.</returns>
    /// <exception cref="FaultException">What the agent answered, or <see cref="FaultCode.AgentUnavailable"/> when it did not.</exception>
    public async Task<(ByteChannel Channel, byte[] Reply)> OpenChannelAsync(
        Action<MessageWriter, uint> message, MessageType expected, ByteDirection direction, int window, CancellationToken cancellation)
    {
        AgentConnection connection = await ConnectionAsync(RedialTime, cancellation);
        using var limit = new CancellationTokenSource(RequestTime, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            (ByteChannel channel, MessageType type, byte[] reply) = await ByteChannel.OpenAsync(connection, message, direction, window, both.Token);
            if (type == expected)
            {
                return (channel, reply);
            }

            await channel.DisposeAsync();
            throw AgentFaults.Unavailable($"it answered with message {(byte)type}");
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw AgentFaults.Unavailable($"no answer within {RequestTime.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (AgentFaults.Translate(e) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>
    /// Closes the connection, with the agent's timers standing still, and opens none until <see cref="Resume"/>: calls wait for that,
    /// 2 minutes at most. What was asked before is answered first, if it can be answered at once. Not for use by several at once.
    /// </summary>
    public async Task SuspendAsync(CancellationToken cancellation)
    {
        if (_suspended is not null)
        {
            return;
        }

        AgentConnection connection = await ConnectionAsync(cancellation);
        await _dialing.WaitAsync(cancellation);
        _suspended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await RequestAsync(connection, HoldTimers, MessageType.Ok, HoldTime, cancellation);
            await connection.CloseAsync();
        }
        catch
        {
            Resume();
            throw;
        }
    }

    /// <summary>Undoes <see cref="SuspendAsync"/>, and dials at once.</summary>
    public void Resume()
    {
        if (Interlocked.Exchange(ref _suspended, null) is { } suspended)
        {
            _dialing.Release();
            suspended.TrySetResult();
            _ = RedialAsync();
        }
    }

    /// <summary>Gives the agent another secret.</summary>
    public async Task RekeyAsync(AgentSecret secret, CancellationToken cancellation)
    {
        await RequestAsync(new Rekey(secret).Write, MessageType.Ok, cancellation);
        _secret = secret;
    }

    /// <summary>Reads a reply; one that breaks the contract is as good as none.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/>.</exception>
    public static T Parse<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ProtocolException e)
        {
            throw AgentFaults.Unavailable($"it broke the protocol: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    private static void HoldTimers(MessageWriter writer, uint stream) => Bare.Write(writer, MessageType.HoldTimers, stream);

    // Whoever needs the connection first is told why there is none.
    private async Task RedialAsync()
    {
        try
        {
            await ConnectionAsync(CancellationToken.None);
        }
        catch (FaultException e)
        {
            LogNotRedialled(Log, e);
        }
    }

    private async Task<AgentConnection> ConnectionAsync(TimeSpan bound, CancellationToken cancellation)
    {
        while (true)
        {
            await ResumedAsync(cancellation);
            if (Volatile.Read(ref _connection) is { IsOpen: true } open)
            {
                return open;
            }

            try
            {
                return await DialInTurnAsync(bound, cancellation);
            }
            catch (FaultException) when (_suspended is not null)
            {
                // It has begun meanwhile: the bound is that of a suspension now.
            }
        }
    }

    private async Task ResumedAsync(CancellationToken cancellation)
    {
        if (_suspended is not { } suspended)
        {
            return;
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closing.Token);
        try
        {
            await suspended.Task.WaitAsync(SuspendTime, Time, both.Token);
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw AgentFaults.Unavailable(
                _closing.IsCancellationRequested ? "the session was closed" : "its sandbox stands still while its image is written", e);
        }
    }

    private async Task<AgentConnection> DialInTurnAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(bound, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation, _closing.Token);
        Exception? last = null;
        try
        {
            await _dialing.WaitAsync(both.Token);
            try
            {
                return _connection is { IsOpen: true } already ? already : await DialAsync(failure => last = failure, both.Token);
            }
            finally
            {
                _dialing.Release();
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw AgentFaults.Unavailable(
                _closing.IsCancellationRequested ? "the session was closed" : $"no answer within {bound.TotalSeconds:0} s", last ?? e);
        }
    }

    // There is no event to wait for while an agent comes up, so this tries: soon at first, then ever more slowly.
    private async Task<AgentConnection> DialAsync(Action<Exception> failed, CancellationToken cancellation)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(4);
        TimeSpan attempt = TimeSpan.FromMilliseconds(200);
        while (true)
        {
            try
            {
                AgentConnection connection = await AttemptAsync(attempt, cancellation);
                if (_connection is { } old)
                {
                    await old.DisposeAsync();
                }

                _connection = connection;
                LogConnected(Log, connection.Version, connection.Generation);
                return connection;
            }
            catch (Exception e) when (e is not FaultException && !cancellation.IsCancellationRequested)
            {
                failed(e);
            }

            await Task.Delay(pause, Time, cancellation);
            pause = Min(pause * 1.5, TimeSpan.FromMilliseconds(100));
            attempt = Min(attempt * 2, TimeSpan.FromSeconds(5));
        }
    }

    private async Task<AgentConnection> AttemptAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(bound, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        Stream transport = await _dial(both.Token);
        return await AgentConnection.OpenAsync(transport, _secret, Time, cancellation);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(Level = LogLevel.Warning, Message = "an agent does not answer after its sandbox's image was written")]
    private static partial void LogNotRedialled(ILogger log, Exception e);

    [LoggerMessage(Level = LogLevel.Debug, Message = "connected to agent {Version}, generation {Generation}")]
    private static partial void LogConnected(ILogger log, string version, uint generation);
}
