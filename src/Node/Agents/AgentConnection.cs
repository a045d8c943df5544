using System.Collections.Concurrent;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>
/// One connection to an agent that has proved itself: many streams, one reader, one writer at a time. It trusts
/// nothing that it reads: what breaks the contract ends the connection and everything that waits on it.
/// </summary>
internal sealed class AgentConnection : IAsyncDisposable
{
    private static readonly TimeSpan HelloTime = TimeSpan.FromSeconds(5);

    /// <summary>How long a message may take to be written, its turn included.</summary>
    private static readonly TimeSpan WriteTime = TimeSpan.FromSeconds(10);

    /// <summary>How long an agent may take to close its side.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of memory that a connection keeps for writing when there is nothing to write.</summary>
    private const int IdleBuffer = 4 * 1024;

    private readonly Stream _transport;
    private readonly TimeProvider _time;
    private readonly Heartbeat _heartbeat = new();
    private readonly MessageReader _reader = new(ProtocolLimits.MaxPayload);
    private readonly MessageWriter _writer = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<uint, AgentStream> _streams = new();
    private readonly CancellationTokenSource _closing = new();
    private ITimer? _pings;
    private Task _reading = Task.CompletedTask;
    private Exception? _lost;
    private uint _lastStream;

    private AgentConnection(Stream transport, TimeProvider time) => (_transport, _time) = (transport, time);

    public bool IsOpen => Volatile.Read(ref _lost) is null;

    /// <summary>The generation that both sides speak.</summary>
    public uint Generation { get; private set; }

    /// <summary>The agent's own version.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Says hello and checks the answer. The transport belongs to the connection, or is disposed.</summary>
    /// <exception cref="FaultException">The agent is not the sandbox's, or takes us for somebody else: trying again is of no use.</exception>
    /// <exception cref="IOException">No answer in time, or the transport broke.</exception>
    public static async Task<AgentConnection> OpenAsync(
        Stream transport, AgentSecret secret, TimeProvider time, CancellationToken cancellation)
    {
        var connection = new AgentConnection(transport, time);
        try
        {
            connection._reading = connection.ReadAsync();
            var hello = new Hello(secret.HostProof.ToArray(), ProtocolLimits.Generation);
            (MessageType type, byte[] payload) = await connection.RequestAsync(hello.Write, HelloTime, cancellation);
            connection.Check(type, payload, secret);
            connection._pings = time.CreateTimer(_ => connection.Tick(), null, Heartbeat.Period, Heartbeat.Period);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            throw e switch
            {
                ProtocolException => AgentFaults.Unavailable(e.Message, e),
                AgentErrorException refused => AgentFaults.From(refused),
                _ => e,
            };
        }
    }

    /// <summary>Sends a request and waits for its reply. The agent is told, in the background, when nobody waits any longer.</summary>
    /// <exception cref="AgentErrorException">The agent refused it.</exception>
    /// <exception cref="AgentLostException">The connection ended first, or the time did.</exception>
    public async Task<(MessageType Type, byte[] Payload)> RequestAsync(
        Action<MessageWriter, uint> message, TimeSpan bound, CancellationToken cancellation)
    {
        var stream = new RequestStream();
        uint id = Add(stream);
        Task sent = SendAsync(message, id);
        try
        {
            await sent.WaitAsync(bound, _time, cancellation);
            return await stream.Reply.WaitAsync(bound, _time, cancellation);
        }
        catch (TimeoutException e)
        {
            TellDetached(id, after: sent);
            throw new AgentLostException($"no answer within {bound.TotalSeconds:0} s", e);
        }
        catch (OperationCanceledException)
        {
            TellDetached(id, after: sent);
            throw;
        }
        finally
        {
            CloseStream(id);
        }
    }

    /// <summary>Opens a stream and sends its first message.</summary>
    /// <returns>The stream's number, for <see cref="SendAsync"/> and <see cref="CloseStream"/>.</returns>
    public async Task<uint> OpenStreamAsync(AgentStream stream, Action<MessageWriter, uint> message, CancellationToken cancellation)
    {
        uint id = Add(stream);
        Task sent = SendAsync(message, id);
        try
        {
            await sent.WaitAsync(cancellation);
            return id;
        }
        catch
        {
            CloseStream(id);
            TellDetached(id, after: sent);
            throw;
        }
    }

    public void CloseStream(uint id) => _streams.TryRemove(id, out _);

    /// <summary>Stops following. The agent is told in the background: nobody need wait for one that does not listen.</summary>
    public void Detach(uint id)
    {
        CloseStream(id);
        TellDetached(id, after: Task.CompletedTask);
    }

    /// <summary>Writes one message whole, even when the caller no longer waits. An agent that does not take it in time loses the connection.</summary>
    /// <exception cref="AgentLostException">The connection is gone; after 10 s at the latest.</exception>
    public async Task SendAsync(Action<MessageWriter, uint> message, uint stream)
    {
        using var late = new CancellationTokenSource(WriteTime, _time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        try
        {
            await _writing.WaitAsync(over.Token);
        }
        catch (OperationCanceledException e)
        {
            throw Broken(e, late.IsCancellationRequested);
        }

        try
        {
            message(_writer, stream);
            while (!_writer.IsEmpty)
            {
                ReadOnlyMemory<byte> written = _writer.Written;
                await _transport.WriteAsync(written, over.Token);
                _writer.Consume(written.Length);
            }

            _writer.Trim(IdleBuffer);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw Broken(e, late.IsCancellationRequested);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes once the agent has closed its side too, so that its kernel has nothing of it left; without waiting for long.</summary>
    public async Task CloseAsync()
    {
        if (_transport is NetworkStream { Socket: var socket })
        {
            try
            {
                socket.Shutdown(SocketShutdown.Send);
                await _reading.WaitAsync(CloseTime, _time);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or TimeoutException)
            {
                // Gone already, or not to be had: what follows is enough for this side.
            }
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Lose(new AgentLostException("the session was closed"));
        await _reading;
        if (_pings is not null)
        {
            await _pings.DisposeAsync();
        }
    }

    private uint Add(AgentStream stream)
    {
        uint id = Interlocked.Increment(ref _lastStream);
        _streams[id] = stream;

        // Losing the connection fails the streams that it sees; this one may have come after.
        if (Volatile.Read(ref _lost) is { } cause)
        {
            stream.Fail(cause);
        }

        return id;
    }

    private void Check(MessageType type, byte[] payload, AgentSecret secret)
    {
        if (type != MessageType.HelloOk)
        {
            throw new ProtocolException("the agent did not answer the hello");
        }

        HelloOk answer = HelloOk.Read(payload);
        if (!AgentSecret.Same(answer.AgentProof.Span, secret.AgentProof))
        {
            throw AgentFaults.Unavailable("what answered does not know the sandbox's secret");
        }

        if (answer.Generation > ProtocolLimits.Generation)
        {
            throw new ProtocolException($"the agent chose generation {answer.Generation}, which was not offered");
        }

        (Generation, Version) = (answer.Generation, answer.Version);
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                int count = await _transport.ReadAsync(_reader.GetBuffer(), _closing.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new AgentLostException("the agent closed the connection");
                }

                _reader.Advance(count);
                Dispatch();
            }
        }
        catch (Exception e)
        {
            // Whatever it was: nothing more can be read, and everyone who waits is told.
            Lose(e);
        }
    }

    private void Dispatch()
    {
        while (_reader.TryRead(out Message message))
        {
            if (message.Type == MessageType.Pong)
            {
                _heartbeat.Pong(Ping.Read(message.Payload).Number);
                continue;
            }

            // One that is unknown was closed on this side while its message was under way.
            if (!_streams.TryGetValue(message.Stream, out AgentStream? stream))
            {
                continue;
            }

            _heartbeat.Data();
            if (stream.Receive(message))
            {
                _streams.TryRemove(message.Stream, out _);
            }
        }
    }

    private void Tick()
    {
        if (!_heartbeat.Tick(!_streams.IsEmpty, out long? ping))
        {
            Lose(new AgentLostException("no sign of life from the agent"));
        }
        else if (ping is { } number)
        {
            _ = TellAsync((writer, stream) => new Ping(number).Write(writer, MessageType.Ping, stream), 0, after: Task.CompletedTask);
        }
    }

    private void TellDetached(uint id, Task after) =>
        _ = TellAsync((writer, number) => Bare.Write(writer, MessageType.Detach, number), id, after);

    private async Task TellAsync(Action<MessageWriter, uint> message, uint stream, Task after)
    {
        try
        {
            await after;
            await SendAsync(message, stream);
        }
        catch (AgentLostException)
        {
            // Everyone who waits has been told by Lose.
        }
    }

    private AgentLostException Broken(Exception cause, bool late)
    {
        var lost = new AgentLostException(late ? $"it took no message for {WriteTime.TotalSeconds:0} s" : "the connection broke", cause);
        Lose(lost);
        return lost;
    }

    private void Lose(Exception cause)
    {
        Exception lost = cause is AgentLostException ? cause : new AgentLostException(
            cause is ProtocolException ? $"the agent broke the protocol: {cause.Message}" : "the connection broke", cause);
        if (Interlocked.CompareExchange(ref _lost, lost, null) is not null)
        {
            return;
        }

        _closing.Cancel();
        _transport.Dispose();
        foreach (AgentStream stream in _streams.Values)
        {
            stream.Fail(lost);
        }
    }
}
