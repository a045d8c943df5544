using System.Text;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Unit.Protocol;

public sealed class MessageTests
{
    private const uint Stream = 0xDEADBEEF;

    public static TheoryData<string> Samples => [.. SampleMessages.All.Select(sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void What_is_written_reads_back_to_the_same_bytes(string name)
    {
        SampleMessages.Sample sample = SampleMessages.All.Single(candidate => candidate.Name == name);
        byte[] wire = SampleMessages.Wire(sample.Write, Stream);

        var reader = new MessageReader(ProtocolLimits.MaxMessage);
        Feed(reader, wire);
        Assert.True(reader.TryRead(out Message message));
        Assert.Equal(Stream, message.Stream);
        byte[] again = SampleMessages.Wire(sample.Rewrite(message.Payload.ToArray()), Stream);

        Assert.Equal(wire, again);
        Assert.Equal(sample.Type, message.Type);
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_message_that_is_cut_short_or_has_a_byte_too_many_is_refused(string name)
    {
        SampleMessages.Sample sample = SampleMessages.All.Single(candidate => candidate.Name == name);
        byte[] payload = SampleMessages.Payload(sample.Write);
        if (sample.Type is MessageType.Output or MessageType.WriteInput)
        {
            Assert.Throws<ProtocolException>(() => sample.Rewrite(payload[..(sample.Type is MessageType.Output ? 9 : 4)]));
            Assert.Throws<ProtocolException>(() => sample.Rewrite([.. payload, .. new byte[32 * 1024]]));
            return;
        }

        if (sample.Type is MessageType.Data)
        {
            Assert.Throws<ProtocolException>(() => sample.Rewrite([]));
            return;
        }

        for (int length = 0; length < Math.Min(payload.Length, 600); length++)
        {
            Assert.Throws<ProtocolException>(() => sample.Rewrite(payload[..length]));
        }

        Assert.Throws<ProtocolException>(() => sample.Rewrite([.. payload, 0]));
    }

    [Fact]
    public void Fields_arrive_as_they_were_sent()
    {
        var start = new StartProcess
        {
            Arguments = ["sh", "-c", "echo ü"],
            Environment = new Dictionary<string, string> { ["A"] = "b=c" },
            WorkingDirectory = "/tmp",
            User = "nobody",
            Tag = "t",
            OutputCapacity = 5000,
            LifetimeMilliseconds = long.MaxValue,
            Terminal = new WindowSize(65535, 1),
            TakesInput = true,
        };
        StartProcess read = StartProcess.Read(SampleMessages.Payload(start.Write));

        Assert.Equal(start.Arguments, read.Arguments);
        Assert.Equal(start.Environment, read.Environment);
        Assert.Equal(("/tmp", "nobody", "t", 5000, long.MaxValue), (read.WorkingDirectory, read.User, read.Tag, read.OutputCapacity, read.LifetimeMilliseconds));
        Assert.Equal((new WindowSize(65535, 1), true), (read.Terminal, read.TakesInput));
    }

    [Theory]
    [InlineData(0, 24)]
    [InlineData(80, 0)]
    public void A_terminal_with_one_side_of_nothing_is_refused(ushort columns, ushort rows)
    {
        var size = new WindowSize(columns, rows);
        Assert.Throws<ProtocolException>(() => Resize.Read(SampleMessages.Payload(new Resize(1, size).Write)));
        var start = new StartProcess { Arguments = ["x"], Terminal = size };
        Assert.Throws<ProtocolException>(() => StartProcess.Read(SampleMessages.Payload(start.Write)));
    }

    [Fact]
    public void A_resize_to_nothing_and_an_unknown_kind_of_output_are_refused()
    {
        Assert.Throws<ProtocolException>(() => Resize.Read(SampleMessages.Payload(new Resize(1, default).Write)));
        Assert.Throws<ProtocolException>(() => Output.Read(
            SampleMessages.Payload((writer, stream) => new Output((OutputKind)3, 0, [1]).Write(writer, stream))));
    }

    [Fact]
    public void An_entry_of_a_list_is_at_least_as_large_as_its_smallest_size()
    {
        var entry = new ProcessEntry(1, "", [], "", 0, null);
        Assert.Equal(ProcessEntry.MinSize, SampleMessages.Payload(new ProcessPage([entry], false).Write).Length - 5);
    }

    [Theory]
    [InlineData(65536, 1)]
    [InlineData(65537, 2)]
    [InlineData(131072, 2)]
    [InlineData(1048576, 16)]
    [InlineData(2097152, 32)]
    public void A_large_message_travels_in_parts(int payload, int frames)
    {
        byte[] content = new byte[payload - sizeof(int)];
        new Random(1).NextBytes(content);
        byte[] wire = SampleMessages.Wire(
            (writer, stream) =>
            {
                writer.Begin(MessageType.Configure, stream);
                writer.Bytes(content);
                writer.End();
            },
            Stream);

        Assert.Equal(payload + (frames * MessageReader.HeaderSize), wire.Length);
        var reader = new MessageReader(ProtocolLimits.MaxMessage);
        Message message = default;
        for (int at = 0, taken; at < wire.Length; at += taken)
        {
            taken = Math.Min(reader.GetBuffer().Length, wire.Length - at);
            wire.AsSpan(at, taken).CopyTo(reader.GetBuffer().Span);
            reader.Advance(taken);
            bool done = reader.TryRead(out message);
            Assert.Equal(at + taken == wire.Length, done);
        }

        Assert.Equal(content, new PayloadReader(message.Payload).Bytes(payload).ToArray());
    }

    [Fact]
    public void A_message_above_the_limit_is_not_written_and_the_next_one_is()
    {
        var writer = new MessageWriter();
        writer.Begin(MessageType.Configure, 1);
        writer.Raw(new byte[ProtocolLimits.MaxMessage + 1]);
        Assert.Throws<ProtocolException>(writer.End);
        Assert.True(writer.IsEmpty);

        new Forget(7).Write(writer, 2);
        Assert.Equal(13, writer.Length);
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(0u)]
    [InlineData(65542u)]
    [InlineData(uint.MaxValue)]
    public void A_length_out_of_range_is_refused_before_its_bytes_arrive(uint length)
    {
        var reader = new MessageReader(ProtocolLimits.MaxMessage);
        BitConverter.TryWriteBytes(reader.GetBuffer().Span, length);
        reader.Advance(4);
        Assert.Throws<ProtocolException>(() => reader.TryRead(out _));
    }

    [Fact]
    public void A_stranger_may_send_no_more_than_a_hello()
    {
        var reader = new MessageReader(ProtocolLimits.MaxHello);
        BitConverter.TryWriteBytes(reader.GetBuffer().Span, 5 + ProtocolLimits.MaxHello + 1);
        reader.Advance(4);
        Assert.Throws<ProtocolException>(() => reader.TryRead(out _));
    }

    [Fact]
    public void Parts_of_two_messages_do_not_mix()
    {
        var reader = new MessageReader(ProtocolLimits.MaxMessage);
        Feed(reader, SampleMessages.Wire((writer, stream) => Bare.Write(writer, MessageType.Part, stream), 1));
        Feed(reader, SampleMessages.Wire(new Forget(1).Write, 2));
        Assert.Throws<ProtocolException>(() => reader.TryRead(out _));
    }

    [Fact]
    public void A_string_with_a_NUL_or_broken_UTF8_is_refused()
    {
        foreach (byte[] text in (byte[][])[[(byte)'a', 0], [0xC3], [0xFF, 0xFE]])
        {
            Assert.Throws<ProtocolException>(() => new PayloadReader([.. BitConverter.GetBytes(text.Length), .. text]).String(100));
        }

        Assert.Equal("ü", new PayloadReader([2, 0, 0, 0, .. Encoding.UTF8.GetBytes("ü")]).String(2));
    }

    [Fact]
    public void A_secret_never_prints_itself_and_compares_by_value()
    {
        byte[] bytes = new byte[AgentSecret.Size];
        new Random(3).NextBytes(bytes);
        var secret = new AgentSecret(bytes);
        Assert.Equal("(secret)", $"{secret}");
        Assert.True(AgentSecret.Same(bytes.AsSpan(0, 16), secret.HostProof));
        Assert.False(AgentSecret.Same(secret.AgentProof, secret.HostProof));
        Assert.False(AgentSecret.Same(bytes.AsSpan(0, 15), secret.HostProof));
        Assert.Throws<ArgumentException>(() => new AgentSecret(new byte[31]));
    }

    private static void Feed(MessageReader reader, byte[] bytes)
    {
        bytes.CopyTo(reader.GetBuffer().Span);
        reader.Advance(bytes.Length);
    }
}
