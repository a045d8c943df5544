using System.Threading.Channels;
using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>The host's end of one stream of a connection.</summary>
internal abstract class AgentStream
{
    /// <summary>Takes a message; called by the connection's reader, must not block.</summary>
    /// <returns>True when it was the last one.</returns>
    /// <exception cref="ProtocolException">The agent broke the contract.</exception>
    public abstract bool Receive(Message message);

    /// <summary>The connection is gone.</summary>
    public abstract void Fail(Exception cause);

    protected static AgentErrorException ErrorOf(Message message)
    {
        Error error = Error.Read(message.Payload);
        return new AgentErrorException(error.Code, error.Message);
    }
}

/// <summary>A stream that carries one request and its one reply.</summary>
internal sealed class RequestStream : AgentStream
{
    private readonly TaskCompletionSource<(MessageType Type, byte[] Payload)> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<(MessageType Type, byte[] Payload)> Reply => _reply.Task;

    public override bool Receive(Message message)
    {
        if (message.Type == MessageType.Error)
        {
            _reply.TrySetException(ErrorOf(message));
        }
        else
        {
            _reply.TrySetResult((message.Type, message.Payload.ToArray()));
        }

        return true;
    }

    public override void Fail(Exception cause) => _reply.TrySetException(cause);
}

/// <summary>
/// A stream that follows a process. What waits in it is bounded by the credit given, which the agent is held to.
/// </summary>
internal sealed class AttachStream(long fromSequence) : AgentStream
{
    /// <summary>Credit in flight, in bytes of data and frame costs.</summary>
    public const int Window = 256 * 1024;

    private readonly Channel<(ProcessEvent Event, int Cost)> _events = Channel.CreateUnbounded<(ProcessEvent, int)>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private long _credit = Window;
    private long _received = fromSequence;

    public ChannelReader<(ProcessEvent Event, int Cost)> Events => _events.Reader;

    public void AddCredit(int amount) => Interlocked.Add(ref _credit, amount);

    public override bool Receive(Message message)
    {
        switch (message.Type)
        {
            case MessageType.Output:
                Output output = Output.Read(message.Payload);
                Require(output.Sequence == _received, "output out of order");
                _received += output.Data.Length;
                Add(
                    new ProcessEvent.Output(StreamOf(output.Kind), output.Sequence, output.Data.ToArray()),
                    output.Data.Length + ProtocolLimits.FrameCost);
                return false;
            case MessageType.Dropped:
                Dropped dropped = Dropped.Read(message.Payload);
                Require(dropped.From == _received, "a drop out of order");
                _received = dropped.To;
                Add(new ProcessEvent.Dropped(dropped.From, dropped.To), ProtocolLimits.FrameCost);
                return false;
            case MessageType.Exited:
                Exited exited = Exited.Read(message.Payload);
                _events.Writer.TryWrite((new ProcessEvent.Exited(new ProcessExit(exited.Code, exited.Signal)), 0));
                _events.Writer.TryComplete();
                return true;
            case MessageType.Error:
                _events.Writer.TryComplete(ErrorOf(message));
                return true;
            default:
                throw new ProtocolException($"message {(byte)message.Type} on a stream that follows a process");
        }
    }

    public override void Fail(Exception cause) => _events.Writer.TryComplete(cause);

    private static OutputStream StreamOf(OutputKind kind) => kind switch
    {
        OutputKind.StandardError => OutputStream.StandardError,
        OutputKind.Terminal => OutputStream.Terminal,
        _ => OutputStream.StandardOutput,
    };

    private void Add(ProcessEvent processEvent, int cost)
    {
        Require(Interlocked.Add(ref _credit, -cost) >= 0, "more output than there was credit for");
        _events.Writer.TryWrite((processEvent, cost));
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ProtocolException(message);
        }
    }
}
