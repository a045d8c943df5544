using System.Threading.Channels;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Unit.Agents;

/// <summary>A byte pipe to an agent that answers the hello and after that says what the test says, and reads if the test likes.</summary>
internal sealed class ScriptedTransport(AgentSecret secret) : Stream
{
    private readonly Channel<byte[]> _said = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _heard;
    private bool _greeted;

    /// <summary>False for an agent that reads nothing after the hello.</summary>
    public bool Reads { get; set; } = true;

    /// <summary>Completes when a write waits for an agent that does not read.</summary>
    public Task Stuck => _stuck.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Says something, and returns when the host has dealt with it.</summary>
    public async Task SayAsync(Action<MessageWriter> message)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _heard, heard);
        Say(message);
        await heard.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_said.Reader.TryPeek(out _))
        {
            Interlocked.Exchange(ref _heard, null)?.TrySetResult();
        }

        byte[] said = await _said.Reader.ReadAsync(cancellationToken);
        said.CopyTo(buffer);
        return said.Length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_greeted)
        {
            _greeted = true;
            Say(writer => new HelloOk(secret.AgentProof.ToArray(), 1, "x").Write(writer, 1));
        }
        else if (!Reads)
        {
            _stuck.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Say(Action<MessageWriter> message)
    {
        var writer = new MessageWriter();
        message(writer);
        _said.Writer.TryWrite(writer.Written.ToArray());
    }
}
