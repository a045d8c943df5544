using System.Net;
using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Processes;
using Atoll.Node.Agents;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Atoll.Unit.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Agents;

/// <summary>The host against an agent that a guest has taken over: it knows the secret and says what it likes.</summary>
public sealed class HostileAgentTests : IDisposable
{
    private static readonly AgentSecret Secret = new(Enumerable.Range(0, AgentSecret.Size).Select(i => (byte)i).ToArray());

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HostileAgentTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    public static TheoryData<string, Action<MessageWriter, uint>> Lies => new()
    {
        { "output out of order", (writer, stream) => new Output(OutputKind.StandardOutput, 7, [1]).Write(writer, stream) },
        { "empty output", (writer, stream) => new Output(OutputKind.StandardOutput, 0, []).Write(writer, stream) },
        { "a drop of nothing", (writer, stream) => new Dropped(5, 5).Write(writer, stream) },
        { "a drop out of order", (writer, stream) => new Dropped(5, 9).Write(writer, stream) },
        { "a reply of another kind", (writer, stream) => new Started(1, 1).Write(writer, stream) },
        { "an unknown message", (writer, stream) => Bare.Write(writer, (MessageType)200, stream) },
        { "a part", (writer, stream) => Bare.Write(writer, MessageType.Part, stream) },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_about_output_ends_the_connection_and_is_a_fault(string what, Action<MessageWriter, uint> lie)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Task serving = ServeAsync(lie, over.Token);
        await using (AgentSession session = await ConnectAsync())
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(() => ReadAsync(session, over.Token));
            Assert.True(e.Fault.Code == FaultCode.AgentUnavailable, what);
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Theory]
    [InlineData(32 * 1024, 7)]
    [InlineData(1, 7943)]
    public void More_than_the_credit_is_refused_however_small_the_frames(int size, int framesTaken)
    {
        var stream = new AttachStream(0);
        for (int i = 0; i < framesTaken; i++)
        {
            stream.Receive(OutputAt((long)i * size, size));
        }

        Assert.Throws<ProtocolException>(() => stream.Receive(OutputAt((long)framesTaken * size, size)));
    }

    [Fact]
    public async Task Garbage_from_an_agent_never_gets_further_than_a_fault()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] garbage = new byte[new Random(seed).Next(1, 4000)];
            new Random(seed).NextBytes(garbage);
            using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            Task serving = ServeAsync((writer, _) => writer.Raw(garbage), over.Token, thenClose: true);
            await using (AgentSession session = await ConnectAsync())
            {
                FaultException e = await Assert.ThrowsAsync<FaultException>(() => session.SignalAsync(1, 1, false, over.Token));
                Assert.True(e.Fault.Code == FaultCode.AgentUnavailable, $"seed {seed}: {e}");
            }

            await over.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
        }
    }

    public static TheoryData<string, string, int> EndlessLists => new()
    {
        { "many processes", "", 4160 + 1 },
        { "large arguments", new string('x', 30_000), (32 * 1024 * 1024 / 30_000) + 1 },
    };

    [Theory]
    [MemberData(nameof(EndlessLists))]
    public async Task A_list_without_an_end_is_a_fault_once_it_is_longer_than_an_honest_one(string what, string argument, int pages)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        int asked = 0;
        Task serving = ServeEachAsync((writer, request) => OnePage(++asked, argument).Write(writer, request.Stream), over.Token);
        await using (AgentSession session = await ConnectAsync())
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(() => session.ListAsync(over.Token));
            Assert.True(e.Fault.Code == FaultCode.AgentUnavailable, what);
            Assert.InRange(asked, pages - 10, pages);
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_list_that_comes_slowly_is_given_up_after_thirty_seconds_over_all_its_pages()
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var time = new FakeTime();
        int asked = 0;
        Task serving = ServeEachAsync(
            (writer, request) =>
            {
                asked++;
                time.Advance(TimeSpan.FromSeconds(9));
                OnePage(asked, "").Write(writer, request.Stream);
            },
            over.Token);
        await using (AgentSession session = await ConnectAsync(time))
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(() => session.ListAsync(over.Token));
            Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
            Assert.Equal(4, asked);
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_start_whose_connection_drops_is_sent_once_and_the_fault_says_that_it_may_run()
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        int starts = 0;
        Task serving = ServeEachAsync(
            (_, request) =>
            {
                Assert.Equal(MessageType.StartProcess, request.Type);
                starts++;
                throw new EndOfStreamException();
            },
            over.Token);
        await using (AgentSession session = await ConnectAsync())
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(() => session.StartAsync(new ProcessSpec { Arguments = ["x"] }, over.Token));
            Assert.Equal(FaultCode.AgentUnavailable, e.Fault.Code);
            Assert.Contains("may have started", e.Fault.Message);
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
        Assert.Equal(1, starts);
    }

    private static ProcessPage OnePage(int pid, string argument) => new([new ProcessEntry(pid, "", [argument], "/", 0, null)], More: true);

    private static Message OutputAt(long sequence, int size)
    {
        var writer = new MessageWriter();
        new Output(OutputKind.StandardOutput, sequence, new byte[size]).Write(writer, 1);
        return new Message(MessageType.Output, 1, writer.Written.Span[MessageReader.HeaderSize..]);
    }

    private static async Task ReadAsync(AgentSession session, CancellationToken cancellation)
    {
        await foreach (ProcessEvent item in session.AttachAsync(1, 0, cancellation))
        {
            Assert.IsNotType<ProcessEvent.Exited>(item);
        }
    }

    private async Task<AgentSession> ConnectAsync(TimeProvider? time = null) => await AgentSession.ConnectAsync(
        async cancellation =>
        {
            var client = new TcpClient();
            try
            {
                await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, cancellation);
                return client.GetStream();
            }
            catch
            {
                // An attempt that came too late must not keep the agent, which serves one at a time.
                client.Dispose();
                throw;
            }
        },
        Secret, TimeSpan.FromSeconds(30), time ?? TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    // Answers every hello as it should be, and whatever comes next with the lie.
    [Theory]
    [InlineData("an answer of another kind")]
    [InlineData("a record of more than a frame")]
    [InlineData("a record of less than nothing")]
    [InlineData("a record that ends too early")]
    [InlineData("a record that is none")]
    [InlineData("more data than there was credit for")]
    [InlineData("no end, and then silence for good")]
    public async Task A_lie_about_files_is_a_fault(string what)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Task serving = ServeEachAsync((writer, request) => LieAboutFiles(what, writer, request), over.Token);
        await using (AgentSession session = await ConnectAsync())
        {
            FaultException e = await Assert.ThrowsAsync<FaultException>(async () =>
            {
                await foreach (FileEntry _ in session.Files.ListAsync(new FilePath("/"), 1, over.Token))
                {
                }
            });
            Assert.True(e.Fault.Code == FaultCode.AgentUnavailable, e.Message);
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    private static void LieAboutFiles(string what, MessageWriter writer, Message request)
    {
        if (request.Type != MessageType.ListFiles)
        {
            return;
        }

        uint stream = request.Stream;
        if (what == "an answer of another kind")
        {
            Bare.Write(writer, MessageType.Ok, stream);
            return;
        }

        new FileStat { Path = "/", Kind = WireFileKind.Directory }.Write(writer, stream);
        byte[] record = what switch
        {
            "a record of more than a frame" => BitConverter.GetBytes(ProtocolLimits.MaxPayload + 1),
            "a record of less than nothing" => BitConverter.GetBytes(-1),
            "a record that ends too early" => [100, 0, 0, 0, 1],
            "a record that is none" => [3, 0, 0, 0, 1, 2, 3],
            _ => new byte[ProtocolLimits.MaxPayload],
        };
        for (int i = what.StartsWith("more data", StringComparison.Ordinal) ? 0 : 99; i < 100; i++)
        {
            Data.Write(writer, stream, record);
        }

        if (what.StartsWith("no end", StringComparison.Ordinal))
        {
            throw new IOException("gone");
        }

        Bare.Write(writer, MessageType.EndOfData, stream);
    }

    private async Task ServeAsync(Action<MessageWriter, uint> lie, CancellationToken cancellation, bool thenClose = false)
    {
        while (true)
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(cancellation);
            await using NetworkStream stream = client.GetStream();
            try
            {
                await AnswerAsync(stream, (writer, id) => new HelloOk(Secret.AgentProof.ToArray(), 1, "x").Write(writer, id), cancellation);
                await AnswerAsync(stream, lie, cancellation);

                // Until the host has had enough.
                while (!thenClose && await stream.ReadAsync(new byte[4096], cancellation) > 0)
                {
                }
            }
            catch (IOException)
            {
                // The host gave this connection up; it may dial again.
            }
        }
    }

    private delegate void Lie(MessageWriter writer, Message request);

    // Answers hellos and pings as it should, and every other request with the lie; a lie that throws closes the connection.
    private async Task ServeEachAsync(Lie lie, CancellationToken cancellation)
    {
        while (true)
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(cancellation);
            await using NetworkStream stream = client.GetStream();
            var reader = new MessageReader(ProtocolLimits.MaxMessage);
            try
            {
                while (await stream.ReadAsync(reader.GetBuffer(), cancellation) is var count and > 0)
                {
                    reader.Advance(count);
                    await stream.WriteAsync(Answer(reader, lie), cancellation);
                }
            }
            catch (IOException)
            {
                // The host, or the lie, has had enough.
            }
        }
    }

    private static ReadOnlyMemory<byte> Answer(MessageReader reader, Lie lie)
    {
        var writer = new MessageWriter();
        while (reader.TryRead(out Message request))
        {
            switch (request.Type)
            {
                case MessageType.Hello:
                    new HelloOk(Secret.AgentProof.ToArray(), 1, "x").Write(writer, request.Stream);
                    break;
                case MessageType.Ping:
                    Ping.Read(request.Payload).Write(writer, MessageType.Pong, request.Stream);
                    break;
                default:
                    lie(writer, request);
                    break;
            }
        }

        return writer.Written;
    }

    private static async Task AnswerAsync(NetworkStream stream, Action<MessageWriter, uint> answer, CancellationToken cancellation)
    {
        byte[] request = new byte[4096];
        if (await stream.ReadAsync(request, cancellation) == 0)
        {
            return;
        }

        var writer = new MessageWriter();
        answer(writer, BitConverter.ToUInt32(request, 5));
        await stream.WriteAsync(writer.Written, cancellation);
    }
}
