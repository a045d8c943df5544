using System.Buffers;
using System.IO.Pipelines;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>Which way the bytes of a byte stream go, and so which message is its last.</summary>
internal enum ByteDirection
{
    /// <summary>From the agent: over with its end of data.</summary>
    FromAgent,

    /// <summary>To the agent: over with the reply to the last byte.</summary>
    ToAgent,

    /// <summary>Both ways: over when both have ended.</summary>
    Both,
}

/// <summary>
/// The host's end of a byte stream. What waits in it to be read is bounded by the window, to which the agent is held; what
/// is written waits for the agent's credit. One reader and one writer at a time.
/// <code>
///   opening message -> opening reply      the reply's credit goes to AddCredit
///   Data* EndOfData -> or &lt;-             Window the other way, as the bytes are consumed
///                   &lt;- last reply        ToAgent only
/// </code>
/// Errors of every call: <see cref="AgentErrorException"/> when the agent refused or gave up, <see cref="AgentLostException"/>
/// when the connection is gone.
/// </summary>
internal sealed class ByteChannel : AgentStream, IAsyncDisposable
{
    /// <summary>Bytes in flight to the host for bulk; for many slow streams less.</summary>
    public const int BulkWindow = 1024 * 1024;

    private readonly AgentConnection _connection;
    private readonly ByteDirection _direction;
    private readonly int _window;
    private readonly Pipe _received = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly TaskCompletionSource<(MessageType Type, byte[] Payload)> _opened = NewReply();
    private readonly TaskCompletionSource<(MessageType Type, byte[] Payload)> _result = NewReply();
    private readonly Lock _lock = new();
    private readonly ByteCredit _credit = new(0);
    private readonly ByteCredit _given;
    private TaskCompletionSource? _creditCame;
    private Exception? _failure;
    private uint _id;
    private int _owed;
    private bool _endSent;
    private bool _endReceived;
    private bool _over;
    private volatile bool _closed;
    private int _reading;

    private ByteChannel(AgentConnection connection, ByteDirection direction, int window)
    {
        (_connection, _direction, _window) = (connection, direction, window);
        _given = new ByteCredit(direction == ByteDirection.ToAgent ? 0 : window);
    }

    /// <summary>The reply to the last byte, <see cref="ByteDirection.ToAgent"/> only.</summary>
    public Task<(MessageType Type, byte[] Payload)> Result => _result.Task;

    /// <summary>Sends the opening message and waits for its reply.</summary>
    /// <param name="message">It tells the agent the <paramref name="window"/>, unless bytes go to the agent only.</param>
    /// <param name="window">Bytes that the agent may send before any was read.</param>
    /// <returns>The channel and the reply, in which the agent gives its credit when bytes go to it.</returns>
    public static async Task<(ByteChannel Channel, MessageType Type, byte[] Reply)> OpenAsync(
        AgentConnection connection, Action<MessageWriter, uint> message, ByteDirection direction, int window, CancellationToken cancellation)
    {
        var channel = new ByteChannel(connection, direction, window);
        channel._id = await connection.OpenStreamAsync(channel, message, cancellation);
        try
        {
            (MessageType type, byte[] reply) = await channel._opened.Task.WaitAsync(cancellation);
            return (channel, type, reply);
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Sends the opening message of bytes to the agent, of a kind that is answered behind the last byte only. Cannot be
    /// cancelled, takes 10 s at the most: its message may be of memory that the caller gives back when this returns.
    /// </summary>
    /// <param name="message">May be followed by the first data, and by the end of it.</param>
    /// <param name="credit">What the agent takes beyond that without having said so.</param>
    /// <param name="isEnded">The end of the data goes with the message.</param>
    public static async Task<ByteChannel> StartAsync(
        AgentConnection connection, Action<MessageWriter, uint> message, int credit, bool isEnded)
    {
        var channel = new ByteChannel(connection, ByteDirection.ToAgent, 0) { _endSent = isEnded };
        channel._opened.SetResult(default);
        channel._credit.Add((uint)credit);
        channel._id = await connection.OpenStreamAsync(channel, message, CancellationToken.None);
        return channel;
    }

    /// <summary>The credit that the opening reply gave.</summary>
    public void AddCredit(uint amount)
    {
        lock (_lock)
        {
            _credit.Add(amount);
            WakeWriter();
        }
    }

    /// <summary>Reads what has come, and waits when nothing has.</summary>
    /// <returns>How many bytes; 0 at the end.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(Interlocked.CompareExchange(ref _reading, 1, 0) != 0, this);
        try
        {
            ReadResult result = await _received.Reader.ReadAsync(cancellation);
            ReadOnlySequence<byte> taken = result.Buffer.Slice(0, Math.Min(into.Length, result.Buffer.Length));
            taken.CopyTo(into.Span);
            int count = (int)taken.Length;
            _received.Reader.AdvanceTo(taken.End);
            _owed += count;
            if (_owed >= _window / 4)
            {
                await GiveCreditAsync();
            }

            return count;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
            GiveMemoryBack();
        }
    }

    /// <summary>Writes all of it, as the agent gives credit. When cancelled, a part may have been sent.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (!data.IsEmpty)
        {
            int count = await TakeCreditAsync(Math.Min(data.Length, ProtocolLimits.MaxPayload), cancellation);
            ReadOnlyMemory<byte> piece = data[..count];
            await _connection.SendAsync((writer, stream) => Data.Write(writer, stream, piece.Span), _id);
            data = data[count..];
        }
    }

    /// <summary>Says that nothing more will be written. Again does nothing.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_endSent || _over)
            {
                return;
            }

            _endSent = true;
            _over = _direction == ByteDirection.Both && _endReceived;
        }

        await _connection.SendAsync((writer, stream) => Bare.Write(writer, MessageType.EndOfData, stream), _id).WaitAsync(cancellation);
        if (_over)
        {
            _connection.CloseStream(_id);
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the stream in whatever state it is; the agent is told, unless it is over.</summary>
    public void Close()
    {
        bool over;
        lock (_lock)
        {
            (over, _over) = (_over, true);
            _failure ??= new ObjectDisposedException(nameof(ByteChannel));
            _closed = true;
            _received.Writer.Complete(_failure);
            WakeWriter();
        }

        if (!over)
        {
            _connection.Detach(_id);
        }

        GiveMemoryBack();
    }

    public override bool Receive(Message message)
    {
        switch (message.Type)
        {
            case MessageType.Data:
                ReceiveData(Data.Read(message.Payload));
                return false;
            case MessageType.Window:
                AddCredit(Window.Read(message.Payload).Amount);
                return false;
            case MessageType.EndOfData:
                Bare.Read(message.Payload);
                return ReceiveEnd();
            case MessageType.Error:
                Fail(ErrorOf(message));
                return true;
            default:
                return ReceiveReply(message);
        }
    }

    public override void Fail(Exception cause)
    {
        lock (_lock)
        {
            _over = true;
            _failure ??= cause;
            _received.Writer.Complete(cause);
            WakeWriter();
        }

        _opened.TrySetException(cause);
        _result.TrySetException(cause);
    }

    // Once it is closed and nobody reads, and only once: the mark stays.
    private void GiveMemoryBack()
    {
        if (_closed && Interlocked.CompareExchange(ref _reading, 1, 0) == 0)
        {
            _received.Reader.Complete();
        }
    }

    private void ReceiveData(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            Require(!_endReceived, "data after its end");
            _given.Spend(data.Length);
            if (_over)
            {
                return;
            }

            data.CopyTo(_received.Writer.GetSpan(data.Length));
            _received.Writer.Advance(data.Length);

            // Never waits: the pipe has no bound but the credit.
            _received.Writer.FlushAsync().GetAwaiter().GetResult();
        }
    }

    private bool ReceiveEnd()
    {
        lock (_lock)
        {
            Require(!_endReceived && _direction != ByteDirection.ToAgent, "an end of data out of place");
            _endReceived = true;
            _over |= _direction == ByteDirection.FromAgent || _endSent;
            _received.Writer.Complete();
            return _over;
        }
    }

    private bool ReceiveReply(Message message)
    {
        var reply = (message.Type, message.Payload.ToArray());
        if (_opened.TrySetResult(reply))
        {
            return false;
        }

        lock (_lock)
        {
            Require(_direction == ByteDirection.ToAgent && !_over, $"message {(byte)message.Type} on a byte stream");
            _over = true;
        }

        return _result.TrySetResult(reply);
    }

    private async ValueTask<int> TakeCreditAsync(int wanted, CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (_lock)
            {
                if (_failure is not null)
                {
                    throw _failure;
                }

                if (_endSent || _over)
                {
                    throw new InvalidOperationException("nothing may be written after the end");
                }

                int count = (int)Math.Min(wanted, _credit.Left);
                if (count > 0)
                {
                    _credit.Spend(count);
                    return count;
                }

                _creditCame ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _creditCame.Task;
            }

            await wait.WaitAsync(cancellation);
        }
    }

    private async ValueTask GiveCreditAsync()
    {
        var more = new Window((uint)_owed);
        lock (_lock)
        {
            if (_endReceived || _over)
            {
                return;
            }

            _given.Add(more.Amount);
            _owed = 0;
        }

        try
        {
            await _connection.SendAsync(more.Write, _id);
        }
        catch (AgentLostException)
        {
            // The next read or write says so.
        }
    }

    // Inside the lock.
    private void WakeWriter() => Interlocked.Exchange(ref _creditCame, null)?.TrySetResult();

    private static TaskCompletionSource<(MessageType Type, byte[] Payload)> NewReply()
    {
        var reply = new TaskCompletionSource<(MessageType Type, byte[] Payload)>(TaskCreationOptions.RunContinuationsAsynchronously);

        // Nobody need look at it.
        _ = reply.Task.ContinueWith(
            task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return reply;
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ProtocolException(message);
        }
    }
}
