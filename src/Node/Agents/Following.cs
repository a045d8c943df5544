using Atoll.Domain.Processes;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>One enumeration's hold on a process, on one connection: gives credit back as events are consumed.</summary>
internal sealed class Following(OpenStream open, AttachStream stream, long fromSequence) : IDisposable
{
    private int _owed;
    private bool _ended;

    /// <summary>The number of the first byte after the event given last.</summary>
    public long Next { get; private set; } = fromSequence;

    /// <summary>The next event. To ask for it is to have consumed the one before.</summary>
    /// <exception cref="AgentLostException">The connection is gone.</exception>
    /// <exception cref="AgentErrorException">The agent knows no such process.</exception>
    public async ValueTask<ProcessEvent> NextAsync(CancellationToken cancellation)
    {
        // All of it when the reader has caught up: a small ring may wait for the last of it.
        if (_owed >= AttachStream.Window / 4 || (_owed > 0 && !stream.Events.TryPeek(out _)))
        {
            await GiveCreditAsync(cancellation);
        }

        try
        {
            (ProcessEvent processEvent, int cost) = await stream.Events.ReadAsync(cancellation);
            _owed += cost;
            _ended = processEvent is ProcessEvent.Exited;
            Next = processEvent switch
            {
                ProcessEvent.Output output => output.Sequence + output.Data.Length,
                ProcessEvent.Dropped dropped => dropped.To,
                _ => Next,
            };
            return processEvent;
        }
        catch (System.Threading.Channels.ChannelClosedException e) when (e.InnerException is AgentLostException or AgentErrorException)
        {
            _ended = true;
            throw e.InnerException;
        }
    }

    public void Dispose()
    {
        if (_ended)
        {
            open.Close();
        }
        else
        {
            open.Detach();
        }
    }

    private async ValueTask GiveCreditAsync(CancellationToken cancellation)
    {
        var credit = new Credit((uint)_owed, Next);
        stream.AddCredit(_owed);
        _owed = 0;
        try
        {
            await open.SendAsync(credit.Write).WaitAsync(cancellation);
        }
        catch (AgentLostException)
        {
            // What has arrived is still to be read; after that the stream says so itself.
        }
    }
}
