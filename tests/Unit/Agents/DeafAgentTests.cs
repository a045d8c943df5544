using Atoll.Domain;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Atoll.Unit.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Agents;

/// <summary>The host against an agent that does not listen: nobody waits for it longer than the bounds.</summary>
public sealed class DeafAgentTests : IAsyncLifetime
{
    private static readonly AgentSecret Secret = new(Enumerable.Range(0, AgentSecret.Size).Select(i => (byte)i).ToArray());

    private readonly FakeTime _time = new();
    private readonly ScriptedTransport _transport = new(Secret);
    private AgentConnection _connection = null!;

    public async Task InitializeAsync() => _connection = await AgentConnection.OpenAsync(_transport, Secret, _time, default);

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task A_message_that_it_does_not_take_for_ten_seconds_loses_the_connection()
    {
        _transport.Reads = false;
        Task opening = _connection.OpenStreamAsync(new AttachStream(0), new Attach(1, 0, AttachStream.Window).Write, default);
        Task behind = _connection.SendAsync(new Credit(1, 1).Write, 1);
        await _transport.Stuck;

        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(_connection.IsOpen);
        _time.Advance(TimeSpan.FromSeconds(1));

        AgentLostException e = await Assert.ThrowsAsync<AgentLostException>(() => Soon(opening));
        Assert.Contains("took no message", e.Message);
        await Assert.ThrowsAsync<AgentLostException>(() => Soon(behind));
        Assert.False(_connection.IsOpen);
    }

    [Fact]
    public async Task A_reader_who_leaves_waits_neither_for_its_attach_nor_its_credit_nor_its_detach()
    {
        var stream = new AttachStream(0);
        uint id = await _connection.OpenStreamAsync(stream, new Attach(1, 0, AttachStream.Window).Write, default);
        using (var following = new Following(new OpenStream(_connection, id), stream, 0))
        {
            await _transport.SayAsync(writer => new Output(OutputKind.StandardOutput, 0, new byte[100]).Write(writer, id));
            await following.NextAsync(default);
            _transport.Reads = false;
            using var leaving = new CancellationTokenSource();
            Task crediting = following.NextAsync(leaving.Token).AsTask();
            await _transport.Stuck;
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(crediting));

            Task opening = _connection.OpenStreamAsync(new AttachStream(0), new Attach(1, 0, AttachStream.Window).Write, leaving.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(opening));
        }

        Assert.True(_connection.IsOpen);
    }

    [Fact]
    public async Task An_upload_that_is_cancelled_keeps_its_buffer_until_its_message_is_written_or_never_will_be()
    {
        _transport.Reads = false;
        Task before = _connection.SendAsync(new Credit(1, 1).Write, 1);
        await _transport.Stuck;
        using var leaving = new CancellationTokenSource();
        Task upload = FileUpload.RunAsync(
            _connection, new WriteFile(new PathOf("/a", "root"), 420, null), new MemoryStream(new byte[10]), new byte[1024], leaving.Token);
        await leaving.CancelAsync();

        // Not by its cancellation: then the message behind the stuck one would be made of memory that others have by now.
        _time.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<AgentLostException>(() => Soon(upload));
        await Assert.ThrowsAsync<AgentLostException>(() => Soon(before));
    }

    [Fact]
    public async Task Pongs_that_answer_no_ping_do_not_keep_it()
    {
        var stream = new AttachStream(0);
        await _connection.OpenStreamAsync(stream, new Attach(1, 0, AttachStream.Window).Write, default);
        for (int period = 0; period < 4; period++)
        {
            Assert.True(_connection.IsOpen);
            _time.Advance(TimeSpan.FromSeconds(10));
            if (_connection.IsOpen)
            {
                await _transport.SayAsync(writer => new Ping(period).Write(writer, MessageType.Pong, 0));
            }
        }

        await Assert.ThrowsAsync<AgentLostException>(() => Soon(stream.Events.Completion));
    }

    [Fact]
    public void A_true_pong_or_data_is_a_sign_of_life_and_the_next_ping_waits_for_the_answer_to_the_last()
    {
        var heart = new Heartbeat();
        Assert.True(heart.Tick(true, out long? ping));
        for (int period = 0; period < 2; period++)
        {
            Assert.True(heart.Tick(true, out long? another));
            Assert.Null(another);
        }

        heart.Pong(ping!.Value);
        for (int period = 0; period < 3; period++)
        {
            Assert.True(heart.Tick(true, out _));
        }

        heart.Data();
        Assert.True(heart.Tick(true, out _));
        heart.Pong(ping.Value);
        Assert.True(heart.Tick(true, out _));
        Assert.True(heart.Tick(true, out _));
        Assert.False(heart.Tick(true, out _));
        Assert.True(heart.Tick(false, out _));
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_at_all_is_given_up_at_the_limit()
    {
        Task<AgentSession> connecting = AgentSession.ConnectAsync(
            async cancellation =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                throw new InvalidOperationException("waited for ever");
            },
            Secret, TimeSpan.FromSeconds(5), _time, NullLogger.Instance, default);
        await _time.TimerAsync(TimeSpan.FromSeconds(5));
        Assert.False(connecting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        FaultException e = await Assert.ThrowsAsync<FaultException>(() => Soon(connecting));
        Assert.Equal((FaultCode.AgentUnavailable, true), (e.Fault.Code, e.Fault.Message.Contains("no answer within 5 s")));
    }

    private static Task Soon(Task task) => task.WaitAsync(TimeSpan.FromSeconds(20));
}
