using System.Net.WebSockets;
using System.Text;
using Atoll.Control.Code;
using Xunit;

namespace Atoll.Unit.Code;

public sealed class KernelChannelTests
{
    [Fact]
    public async Task Of_all_kernels_only_some_have_a_large_message_in_memory_and_the_next_waits_until_one_is_done_with()
    {
        KernelChannel[] full = [.. Enumerable.Range(0, KernelChannel.MostLarge).Select(_ => new KernelChannel(new Says(KernelChannel.Large * 2)))];
        foreach (KernelChannel channel in full)
        {
            Assert.Equal("stream", (await channel.ReceiveAsync(default))!.Type);
        }

        using var small = new KernelChannel(new Says(100));
        Assert.Equal("stream", (await small.ReceiveAsync(default))!.Type);

        using var next = new KernelChannel(new Says(KernelChannel.Large * 2));
        Task<KernelMessage?> waiting = next.ReceiveAsync(default);
        Assert.False(waiting.IsCompleted);
        full[0].Dispose();
        Assert.Equal("stream", (await waiting.WaitAsync(TimeSpan.FromSeconds(20)))!.Type);

        using var given = new CancellationTokenSource();
        using var impatient = new KernelChannel(new Says(KernelChannel.Large * 2));
        Task<KernelMessage?> gone = impatient.ReceiveAsync(given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);

        // Whoever asks for the next is done with the one before.
        await Assert.ThrowsAsync<Atoll.Domain.FaultException>(() => full[1].ReceiveAsync(default));
        using var last = new KernelChannel(new Says(KernelChannel.Large * 2));
        Assert.Equal("stream", (await last.ReceiveAsync(default).WaitAsync(TimeSpan.FromSeconds(20)))!.Type);
        Array.ForEach(full, channel => channel.Dispose());
    }

    /// <summary>A kernel that prints one text of a size, at once, and then closes.</summary>
    private sealed class Says(int size) : WebSocket
    {
        private readonly byte[] _message = Encoding.ASCII.GetBytes("{\"msg_type\":\"stream\",\"content\":{\"text\":\"" + new string('x', size) + "\"}}");
        private int _said;

        public override WebSocketCloseStatus? CloseStatus => null;

        public override string? CloseStatusDescription => null;

        public override WebSocketState State => WebSocketState.Open;

        public override string? SubProtocol => null;

        public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int count = Math.Min(buffer.Length, _message.Length - _said);
            _message.AsSpan(_said, count).CopyTo(buffer.Span);
            _said += count;
            return new(new ValueWebSocketReceiveResult(count, count == 0 ? WebSocketMessageType.Close : WebSocketMessageType.Text, _said == _message.Length));
        }

        public override void Abort()
        {
        }

        public override void Dispose()
        {
        }

        public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
