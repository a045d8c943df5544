using Atoll.Agent.Loop;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>The agent's end of one process's standard output or error, or of its terminal, watched only while it may be read.</summary>
internal sealed class OutputPipe(EventLoop loop, Descriptor descriptor, OutputKind kind, Action<OutputPipe> readable)
{
    private bool _watched;

    public OutputKind Kind { get; } = kind;

    public bool IsClosed { get; private set; }

    /// <summary>Bytes that may still be read after the process has ended and its time to drain is over.</summary>
    public int FinalBudget { get; set; } = 64 * 1024;

    /// <returns>As <see cref="DescriptorCalls.Read"/>.</returns>
    public int Read(Span<byte> into)
    {
        try
        {
            return DescriptorCalls.Read(descriptor, into);
        }
        catch (SyscallException e) when (e.Error == Errno.EIO && Kind == OutputKind.Terminal)
        {
            // So a terminal says that its last other end was closed.
            return 0;
        }
    }

    public void Watch()
    {
        if (!_watched && !IsClosed)
        {
            _watched = true;
            loop.Add(descriptor, EpollEvents.EPOLLIN, _ => readable(this));
        }
    }

    public void Unwatch()
    {
        if (_watched)
        {
            _watched = false;
            loop.Remove(descriptor);
        }
    }

    public void Close()
    {
        Unwatch();
        IsClosed = true;
        descriptor.Dispose();
    }
}
