using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Network;
using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Agents;

/// <summary>
/// The host's side of one sandbox's agent, for as long as the sandbox is looked after: dials when it must, and again
/// when the connection drops, since processes and their output outlive it. Every call has a bound.
/// </summary>
internal sealed partial class AgentSession : IAgent, IAsyncDisposable
{
    /// <summary>How long an agent that once answered may take to answer again.</summary>
    private static readonly TimeSpan RedialTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(30);

    /// <summary>How often in a row following may be resumed without anything new having come.</summary>
    private const int MaxFruitlessResumes = 5;

    private readonly Func<CancellationToken, ValueTask<Stream>> _dial;
    private readonly AgentSecret _secret;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _dialing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private AgentConnection? _connection;

    private AgentSession(Func<CancellationToken, ValueTask<Stream>> dial, AgentSecret secret, TimeProvider time, ILogger log) =>
        (_dial, _secret, _time, _log) = (dial, secret, time, log);

    /// <summary>Reaches an agent that may still be coming up.</summary>
    /// <param name="dial">Opens a new byte pipe to the agent.</param>
    /// <param name="limit">How long that may take.</param>
    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/>.</exception>
    public static async Task<AgentSession> ConnectAsync(
        Func<CancellationToken, ValueTask<Stream>> dial, AgentSecret secret, TimeSpan limit, TimeProvider time, ILogger log,
        CancellationToken cancellation)
    {
        var session = new AgentSession(dial, secret, time, log);
        await session.ConnectionAsync(limit, cancellation);
        return session;
    }

    /// <summary>Tells the sandbox its name, environment, clock and files.</summary>
    public async Task ConfigureAsync(AgentConfiguration configuration, CancellationToken cancellation)
    {
        var message = new Configure
        {
            Hostname = configuration.Hostname,
            Environment = configuration.Environment,
            WallClockMicroseconds = configuration.Clock is { } now ? (long)(now - DateTimeOffset.UnixEpoch).TotalMicroseconds : 0,
            Entropy = configuration.Entropy,
            Files = configuration.Files,
        };
        await RequestAsync(message.Write, MessageType.Ok, cancellation);
    }

    /// <summary>Sent once: when no answer comes the fault says that the process may run.</summary>
    public async Task<ProcessInfo> StartAsync(ProcessSpec spec, CancellationToken cancellation)
    {
        StartProcess message = AgentFaults.ToMessage(spec);
        AgentConnection connection = await ConnectionAsync(RedialTime, cancellation);
        try
        {
            byte[] reply = await RequestAsync(connection, message.Write, MessageType.Started, RequestTime, cancellation);
            Started started = Parse(() => Started.Read(reply));
            return new ProcessInfo(
                started.Pid, spec.Tag, spec.Arguments, spec.WorkingDirectory, ProcessListing.Moment(started.StartedAtMilliseconds), null);
        }
        catch (FaultException e) when (e.Fault.Code == FaultCode.AgentUnavailable)
        {
            throw AgentFaults.MayHaveStarted(e);
        }
    }

    public async IAsyncEnumerable<ProcessEvent> AttachAsync(
        int pid, long fromSequence, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int fruitless = 0;
        while (true)
        {
            using Following following = await FollowAsync(pid, fromSequence, cancellation);
            while (await NextAsync(following, cancellation) is { } processEvent)
            {
                fruitless = 0;
                fromSequence = following.Next;
                yield return processEvent;
                if (processEvent is ProcessEvent.Exited)
                {
                    yield break;
                }
            }

            LogResuming(pid, fromSequence);
            if (++fruitless > MaxFruitlessResumes)
            {
                throw AgentFaults.Unavailable("the connection drops again and again");
            }
        }
    }

    public Task SignalAsync(int pid, int signal, bool wholeGroup, CancellationToken cancellation) =>
        RequestAsync(new Signal(pid, signal, wholeGroup).Write, MessageType.Ok, cancellation);

    public async Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellation)
    {
        AgentConnection connection = await ConnectionAsync(RedialTime, cancellation);
        var listing = new ProcessListing();
        long start = _time.GetTimestamp();
        while (true)
        {
            TimeSpan left = RequestTime - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                throw AgentFaults.Unavailable($"its list of processes did not end within {RequestTime.TotalSeconds:0} s");
            }

            byte[] page = await RequestAsync(connection, new List(listing.After).Write, MessageType.Processes, left, cancellation);
            if (!Parse(() => listing.Add(page)))
            {
                return listing.Processes;
            }
        }
    }

    public Task WriteInputAsync(int pid, ReadOnlyMemory<byte> data, CancellationToken cancellation) => throw NotBuilt();

    public Task CloseInputAsync(int pid, CancellationToken cancellation) => throw NotBuilt();

    public Task ResizeAsync(int pid, TerminalSize size, CancellationToken cancellation) => throw NotBuilt();

    public ISandboxFiles Files => throw NotBuilt();

    public Task<SandboxConnection> ConnectAsync(int port, CancellationToken cancellation) => throw NotBuilt();

    private static FaultException NotBuilt() => new Fault(FaultCode.NotImplemented, "not built yet").AsException();

    public Task ForgetAsync(int pid, CancellationToken cancellation) =>
        RequestAsync(new Forget(pid).Write, MessageType.Ok, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task RequestAsync(Action<MessageWriter, uint> message, MessageType expected, CancellationToken cancellation) =>
        await RequestAsync(await ConnectionAsync(RedialTime, cancellation), message, expected, RequestTime, cancellation);

    private static async Task<byte[]> RequestAsync(
        AgentConnection connection, Action<MessageWriter, uint> message, MessageType expected, TimeSpan bound, CancellationToken cancellation)
    {
        try
        {
            (MessageType type, byte[] payload) = await connection.RequestAsync(message, bound, cancellation);
            return type == expected ? payload : throw AgentFaults.Unavailable($"it answered with message {(byte)type}");
        }
        catch (AgentErrorException e)
        {
            throw AgentFaults.From(e);
        }
        catch (AgentLostException e)
        {
            throw AgentFaults.Unavailable(e.Message, e);
        }
        catch (ProtocolException e)
        {
            // Thrown by the writer, before anything was sent: the request itself is too large.
            throw new FaultException(new Fault(FaultCode.TooLarge, e.Message), e);
        }
    }

    private async Task<Following> FollowAsync(int pid, long fromSequence, CancellationToken cancellation)
    {
        AgentConnection connection = await ConnectionAsync(RedialTime, cancellation);
        var stream = new AttachStream(fromSequence);
        try
        {
            uint id = await connection.OpenStreamAsync(stream, new Attach(pid, fromSequence, AttachStream.Window).Write, cancellation);
            return new Following(connection, stream, id, fromSequence);
        }
        catch (AgentLostException e)
        {
            // Seen again when the stream is read, which resumes.
            stream.Fail(e);
            return new Following(connection, stream, 0, fromSequence);
        }
    }

    /// <returns>Null when the connection is gone and following must be resumed.</returns>
    private static async ValueTask<ProcessEvent?> NextAsync(Following following, CancellationToken cancellation)
    {
        try
        {
            return await following.NextAsync(cancellation);
        }
        catch (AgentLostException)
        {
            return null;
        }
        catch (AgentErrorException e)
        {
            throw AgentFaults.From(e);
        }
    }

    private async Task<AgentConnection> ConnectionAsync(TimeSpan bound, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _connection) is { IsOpen: true } open)
        {
            return open;
        }

        using var limit = new CancellationTokenSource(bound, _time);
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
                LogConnected(connection.Version, connection.Generation);
                return connection;
            }
            catch (Exception e) when (e is not FaultException && !cancellation.IsCancellationRequested)
            {
                failed(e);
            }

            await Task.Delay(pause, _time, cancellation);
            pause = Min(pause * 1.5, TimeSpan.FromMilliseconds(100));
            attempt = Min(attempt * 2, TimeSpan.FromSeconds(5));
        }
    }

    private async Task<AgentConnection> AttemptAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(bound, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        Stream transport = await _dial(both.Token);
        return await AgentConnection.OpenAsync(transport, _secret, _time, cancellation);
    }

    private static T Parse<T>(Func<T> read)
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

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(Level = LogLevel.Debug, Message = "connected to agent {Version}, generation {Generation}")]
    private partial void LogConnected(string version, uint generation);

    [LoggerMessage(Level = LogLevel.Debug, Message = "the connection dropped; following process {Pid} from {Sequence} again")]
    private partial void LogResuming(int pid, long sequence);
}
