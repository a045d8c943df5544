using Atoll.Agent.Loop;
using Atoll.Linux;

namespace Atoll.Agent.Processes;

/// <summary>The agent's end of one process's standard output or error, watched only while it may be read.</summary>
internal sealed class OutputPipe(EventLoop loop, Descriptor descriptor, bool isError, Action<OutputPipe> readable)
{
    private bool _watched;

    public bool IsError { get; } = isError;

    public bool IsClosed { get; private set; }

    /// <summary>Bytes that may still be read after the process has ended and its time to drain is over.</summary>
    public int FinalBudget { get; set; } = 64 * 1024;

    /// <returns>As <see cref="DescriptorCalls.Read"/>.</returns>
    public int Read(Span<byte> into) => DescriptorCalls.Read(descriptor, into);

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
