using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Unit.Protocol;

/// <summary>At least one of every message, with the way back from its payload.</summary>
internal static class SampleMessages
{
    internal sealed record Sample(
        string Name, MessageType Type, Action<MessageWriter, uint> Write, Func<byte[], Action<MessageWriter, uint>> Rewrite);

    private static readonly byte[] Proof = [.. Enumerable.Range(1, AgentSecret.ProofSize).Select(i => (byte)i)];

    private static readonly ProcessEntry Running = new(5, "tag", ["a", "", "ü"], "/w", 123456789, null);

    private static readonly ProcessEntry OnTerminal = Running with
    {
        Pid = 7, Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "" }, HasTerminal = true,
    };

    public static IReadOnlyList<Sample> All { get; } =
    [
        new("hello", MessageType.Hello, new Hello(Proof, 7).Write, payload => Hello.Read(payload).Write),
        new("hello ok", MessageType.HelloOk, new HelloOk(Proof, 1, "0.1.0").Write, payload => HelloOk.Read(payload).Write),
        new("error", MessageType.Error, new Error(AgentErrorCode.TooMany, "no more").Write, payload => Error.Read(payload).Write),
        new("ok", MessageType.Ok, OfType(MessageType.Ok), payload => ReadBare(payload, MessageType.Ok)),
        new("ping", MessageType.Ping, Of(new Ping(-1), MessageType.Ping), payload => Of(Ping.Read(payload), MessageType.Ping)),
        new("pong", MessageType.Pong, Of(new Ping(99), MessageType.Pong), payload => Of(Ping.Read(payload), MessageType.Pong)),
        new("configure nothing", MessageType.Configure, new Configure().Write, payload => Configure.Read(payload).Write),
        new("configure", MessageType.Configure, Full.Write, payload => Configure.Read(payload).Write),
        new("hold timers", MessageType.HoldTimers, OfType(MessageType.HoldTimers), payload => ReadBare(payload, MessageType.HoldTimers)),
        new("rekey", MessageType.Rekey, new Rekey(new AgentSecret(new byte[AgentSecret.Size])).Write, payload => Rekey.Read(payload).Write),
        new("start", MessageType.StartProcess, Start.Write, payload => StartProcess.Read(payload).Write),
        new("started", MessageType.Started, new Started(42, 1).Write, payload => Started.Read(payload).Write),
        new("attach", MessageType.Attach, new Attach(42, 1L << 40, 9).Write, payload => Attach.Read(payload).Write),
        new("output", MessageType.Output, (writer, stream) => new Output(OutputKind.StandardError, 1L << 33, [1, 2, 3]).Write(writer, stream), RewriteOutput),
        new("terminal output", MessageType.Output, (writer, stream) => new Output(OutputKind.Terminal, 0, [1]).Write(writer, stream), RewriteOutput),
        new("dropped", MessageType.Dropped, new Dropped(0, 5).Write, payload => Dropped.Read(payload).Write),
        new("exited", MessageType.Exited, new Exited(137, 9).Write, payload => Exited.Read(payload).Write),
        new("credit", MessageType.Credit, new Credit(uint.MaxValue, 3).Write, payload => Credit.Read(payload).Write),
        new("detach", MessageType.Detach, OfType(MessageType.Detach), payload => ReadBare(payload, MessageType.Detach)),
        new("signal", MessageType.Signal, new Signal(42, 15, true).Write, payload => Signal.Read(payload).Write),
        new("list", MessageType.List, new List(42).Write, payload => List.Read(payload).Write),
        new("no processes", MessageType.Processes, new ProcessPage([], false).Write, payload => ProcessPage.Read(payload).Write),
        new("processes", MessageType.Processes, Page.Write, payload => ProcessPage.Read(payload).Write),
        new("forget", MessageType.Forget, new Forget(42).Write, payload => Forget.Read(payload).Write),
        new("write input", MessageType.WriteInput, (writer, stream) => new WriteInput(42, [1, 2, 3]).Write(writer, stream), RewriteInput),
        new("close input", MessageType.CloseInput, new CloseInput(42).Write, payload => CloseInput.Read(payload).Write),
        new("resize", MessageType.Resize, new Resize(42, new WindowSize(80, 24)).Write, payload => Resize.Read(payload).Write),
        new("data", MessageType.Data, (writer, stream) => Data.Write(writer, stream, [1, 2, 3]), RewriteData),
        new("window", MessageType.Window, new Window(uint.MaxValue).Write, payload => Window.Read(payload).Write),
        new("end of data", MessageType.EndOfData, OfType(MessageType.EndOfData), payload => ReadBare(payload, MessageType.EndOfData)),
        new("open tunnel", MessageType.OpenTunnel, new OpenTunnel(65535, 7).Write, payload => OpenTunnel.Read(payload).Write),
        new("tunnel opened", MessageType.TunnelOpened, new TunnelOpened(uint.MaxValue).Write, payload => TunnelOpened.Read(payload).Write),
        .. SampleFileMessages.All,
    ];

    private static Configure Full => new()
    {
        Hostname = "sandbox",
        Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "" },
        WallClockMicroseconds = 1_700_000_000_000_000,
        Entropy = new byte[] { 1, 2, 3 },
        Files = [new BootFile("/etc/hosts", 0x1A4, new byte[] { 4, 5 }), new BootFile("/empty", 0, default)],
    };

    private static StartProcess Start => new()
    {
        Arguments = ["bash", "-c", new string('x', 300)],
        Environment = new Dictionary<string, string> { ["K"] = "v" },
        Tag = "exec",
        LifetimeMilliseconds = 5,
        Terminal = new WindowSize(300, 1),
        TakesInput = true,
    };

    private static ProcessPage Page => new([Running, Running with { Pid = 6, Exit = new Exited(3, 0) }, OnTerminal], true);

    public static byte[] Wire(Action<MessageWriter, uint> write, uint stream)
    {
        var writer = new MessageWriter();
        write(writer, stream);
        return writer.Written.ToArray();
    }

    /// <summary>The payload of a message of one frame.</summary>
    public static byte[] Payload(Action<MessageWriter, uint> write) => Wire(write, 1)[MessageReader.HeaderSize..];

    private static Action<MessageWriter, uint> OfType(MessageType type) => (writer, stream) => Bare.Write(writer, type, stream);

    private static Action<MessageWriter, uint> Of(Ping ping, MessageType type) => (writer, stream) => ping.Write(writer, type, stream);

    private static Action<MessageWriter, uint> ReadBare(byte[] payload, MessageType type)
    {
        Bare.Read(payload);
        return OfType(type);
    }

    private static Action<MessageWriter, uint> RewriteData(byte[] payload)
    {
        byte[] data = Data.Read(payload).ToArray();
        return (writer, stream) => Data.Write(writer, stream, data);
    }

    private static Action<MessageWriter, uint> RewriteOutput(byte[] payload)
    {
        Output read = Output.Read(payload);
        (OutputKind kind, long sequence, byte[] data) = (read.Kind, read.Sequence, read.Data.ToArray());
        return (writer, stream) => new Output(kind, sequence, data).Write(writer, stream);
    }

    private static Action<MessageWriter, uint> RewriteInput(byte[] payload)
    {
        WriteInput read = WriteInput.Read(payload);
        (int pid, byte[] data) = (read.Pid, read.Data.ToArray());
        return (writer, stream) => new WriteInput(pid, data).Write(writer, stream);
    }
}
