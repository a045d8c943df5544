using System.Net;
using System.Net.Sockets;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Unit.Agents;

/// <summary>The host's end of a byte stream against an agent that says what the test says.</summary>
public sealed class ByteChannelTests : IAsyncLifetime
{
    private const int Window = 64 * 1024;
    private static readonly AgentSecret Secret = new(new byte[AgentSecret.Size]);
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private readonly MessageReader _heard = new(ProtocolLimits.MaxMessage);
    private NetworkStream _agent = null!;
    private AgentConnection _connection = null!;

    public async Task InitializeAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dial = new TcpClient();
        await dial.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        _agent = new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true);
        Task<AgentConnection> opening = AgentConnection.OpenAsync(dial.GetStream(), Secret, TimeProvider.System, _limit.Token);
        (_, uint stream, _) = await HearAsync();
        await SayAsync(writer => new HelloOk(Secret.AgentProof.ToArray(), 1, "x").Write(writer, stream));
        _connection = await opening;
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _agent.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task Bytes_arrive_in_order_and_what_was_read_is_given_back_as_credit()
    {
        (ByteChannel channel, uint stream) = await OpenAsync(ByteDirection.FromAgent);
        byte[] sent = new byte[Window];
        new Random(1).NextBytes(sent);
        await SayAsync(writer =>
        {
            Data.Write(writer, stream, sent.AsSpan(0, 1));
            Data.Write(writer, stream, sent.AsSpan(1, Window - 1));
        });

        byte[] read = new byte[Window];
        await ReadExactlyAsync(channel, read);
        Assert.Equal(sent, read);
        (MessageType type, _, byte[] payload) = await HearAsync();
        Assert.Equal(MessageType.Window, type);
        Assert.InRange(Atoll.Protocol.Messages.Window.Read(payload).Amount, (uint)Window / 4, (uint)Window);

        await SayAsync(writer => Bare.Write(writer, MessageType.EndOfData, stream));
        Assert.Equal(0, await channel.ReadAsync(read, _limit.Token));
        await channel.DisposeAsync();
        Assert.True(_connection.IsOpen);
    }

    public static TheoryData<string, Action<MessageWriter, uint>> Lies => new()
    {
        { "more than the credit", (writer, stream) => { Data.Write(writer, stream, new byte[Window]); Data.Write(writer, stream, [1]); } },
        { "data behind the end", (writer, stream) => { Bare.Write(writer, MessageType.EndOfData, stream); Data.Write(writer, stream, [1]); } },
        { "a second end", (writer, stream) => { Bare.Write(writer, MessageType.EndOfData, stream); Bare.Write(writer, MessageType.EndOfData, stream); } },
        { "data of nothing", (writer, stream) => Data.Write(writer, stream, []) },
        { "a window of nothing", (writer, stream) => new Window(0).Write(writer, stream) },
        { "a second reply", (writer, stream) => Bare.Write(writer, MessageType.Ok, stream) },
        {
            "more credit than there can be", (writer, stream) =>
            {
                new Window(int.MaxValue).Write(writer, stream);
                new Window(1).Write(writer, stream);
            }
        },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_about_a_byte_stream_ends_the_connection(string what, Action<MessageWriter, uint> lie)
    {
        (ByteChannel channel, uint stream) = await OpenAsync(ByteDirection.Both);
        await SayAsync(writer => lie(writer, stream));

        Assert.True(await _agent.ReadAsync(new byte[1], _limit.Token) == 0, what);
        Assert.False(_connection.IsOpen);
        await channel.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_sent_beyond_the_agents_credit()
    {
        (ByteChannel channel, _) = await OpenAsync(ByteDirection.Both);
        channel.AddCredit(10);
        Task writing = channel.WriteAsync(new byte[25], _limit.Token).AsTask();

        Assert.Equal(10, (await HearAsync()).Payload.Length);
        Assert.False(writing.IsCompleted);
        channel.AddCredit(15);
        (_, uint stream, byte[] rest) = await HearAsync();
        Assert.Equal(15, rest.Length);
        await writing;

        await channel.CompleteAsync(_limit.Token);
        Assert.Equal(MessageType.EndOfData, (await HearAsync()).Type);
        await SayAsync(writer => Bare.Write(writer, MessageType.EndOfData, stream));
        Assert.Equal(0, await channel.ReadAsync(new byte[1], _limit.Token));
    }

    [Fact]
    public async Task A_write_that_waits_for_credit_ends_with_the_agents_error_and_so_does_its_result()
    {
        (ByteChannel channel, uint stream) = await OpenAsync(ByteDirection.ToAgent);
        Task writing = channel.WriteAsync(new byte[1], _limit.Token).AsTask();
        await SayAsync(writer => new Error(AgentErrorCode.TooLarge, "full").Write(writer, stream));

        Assert.Equal("full", (await Assert.ThrowsAsync<AgentErrorException>(() => writing)).Message);
        Assert.Equal("full", (await Assert.ThrowsAsync<AgentErrorException>(() => channel.Result)).Message);
    }

    [Fact]
    public async Task The_reply_to_the_last_byte_is_the_result()
    {
        (ByteChannel channel, uint stream) = await OpenAsync(ByteDirection.ToAgent);
        await channel.CompleteAsync(_limit.Token);
        Assert.Equal(MessageType.EndOfData, (await HearAsync()).Type);
        await SayAsync(writer => new Ping(7).Write(writer, MessageType.Pong + 200, stream));

        Assert.Equal(8, (await channel.Result.WaitAsync(_limit.Token)).Payload.Length);
        await channel.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_that_is_dropped_is_told_to_the_agent_and_its_late_data_is_ignored()
    {
        (ByteChannel channel, uint stream) = await OpenAsync(ByteDirection.FromAgent);
        await channel.DisposeAsync();
        Assert.Equal((MessageType.Detach, stream), ((await HearAsync()) is var heard ? (heard.Type, heard.Stream) : default));
        await SayAsync(writer => Data.Write(writer, stream, new byte[100]));

        (_, uint next) = await OpenAsync(ByteDirection.FromAgent);
        Assert.NotEqual(stream, next);
    }

    [Fact]
    public async Task Who_reads_when_the_connection_is_lost_is_told()
    {
        (ByteChannel channel, _) = await OpenAsync(ByteDirection.FromAgent);
        Task reading = channel.ReadAsync(new byte[1], _limit.Token).AsTask();
        await _agent.DisposeAsync();

        await Assert.ThrowsAsync<AgentLostException>(() => reading);
    }

    private async Task<(ByteChannel Channel, uint Stream)> OpenAsync(ByteDirection direction)
    {
        Task<(ByteChannel Channel, MessageType Type, byte[] Reply)> opening = ByteChannel.OpenAsync(
            _connection, new Forget(1).Write, direction, Window, _limit.Token);
        (_, uint stream, _) = await HearAsync();
        await SayAsync(writer => Bare.Write(writer, MessageType.Ok, stream));
        return ((await opening).Channel, stream);
    }

    private async Task ReadExactlyAsync(ByteChannel channel, byte[] into)
    {
        for (int at = 0, count; at < into.Length; at += count)
        {
            count = await channel.ReadAsync(into.AsMemory(at), _limit.Token);
            Assert.NotEqual(0, count);
        }
    }

    private async Task SayAsync(Action<MessageWriter> message)
    {
        var writer = new MessageWriter();
        message(writer);
        await _agent.WriteAsync(writer.Written, _limit.Token);
    }

    private async Task<(MessageType Type, uint Stream, byte[] Payload)> HearAsync()
    {
        while (true)
        {
            if (_heard.TryRead(out Message message))
            {
                return (message.Type, message.Stream, message.Payload.ToArray());
            }

            int count = await _agent.ReadAsync(_heard.GetBuffer(), _limit.Token);
            Assert.NotEqual(0, count);
            _heard.Advance(count);
        }
    }
}
