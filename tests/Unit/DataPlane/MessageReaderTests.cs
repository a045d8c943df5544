using System.Buffers.Binary;
using Atoll.Api.DataPlane.Connect;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class MessageReaderTests
{
    private const int Limit = 1000;
    private static readonly MessageMemory Memory = new();
    private static readonly byte[] Text = [.. Enumerable.Repeat((byte)'a', 300)];

    [Fact]
    public async Task Frames_come_one_by_one_and_unpacked()
    {
        byte[] body = [.. ConnectClient.Frame(0, Text), .. ConnectClient.Frame(0, []), .. ConnectClient.Frame(1, ConnectClient.Gzipped(Text))];
        MessageReader reader = Reader(body, headers => headers["Connect-Content-Encoding"] = "gzip");

        Assert.Equal(Text, await reader.ReadFrameAsync(default));
        Assert.Empty((await reader.ReadFrameAsync(default))!);
        Assert.Equal(Text, await reader.ReadFrameAsync(default));
        Assert.Null(await reader.ReadFrameAsync(default));
    }

    public static TheoryData<string, byte[], string, string> BadFrames => new()
    {
        { "a cut header", [0, 0, 0], "", "invalid_argument" },
        { "no payload", [0, 0, 0, 0, 9], "", "invalid_argument" },
        { "a cut payload", [0, 0, 0, 0, 9, 1, 2, 3], "", "invalid_argument" },
        { "an unknown flag", [4, 0, 0, 0, 0], "", "invalid_argument" },
        { "an end from the client", [2, 0, 0, 0, 2, (byte)'{', (byte)'}'], "", "invalid_argument" },
        { "compressed and not said how", ConnectClient.Frame(1, ConnectClient.Gzipped(Text)), "", "invalid_argument" },
        { "compressed in an unknown way", ConnectClient.Frame(1, Text), "br", "unimplemented" },
        { "no gzip", ConnectClient.Frame(1, Text), "gzip", "invalid_argument" },
        { "one byte too many", ConnectClient.Frame(0, new byte[Limit + 1]), "", "resource_exhausted" },
        { "a length of 4 GiB", [0, 0xff, 0xff, 0xff, 0xff, 1], "", "resource_exhausted" },
        { "a bomb", ConnectClient.Frame(1, ConnectClient.Gzipped(new byte[Limit + 1])), "gzip", "resource_exhausted" },
    };

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task A_frame_that_cannot_be_is_refused(string what, byte[] body, string encoding, string code)
    {
        MessageReader reader = Reader(body, headers => headers["Connect-Content-Encoding"] = encoding);

        ConnectException refused = await Assert.ThrowsAsync<ConnectException>(async () => await reader.ReadFrameAsync(default));

        Assert.True(code == refused.Code.Word(), $"{what}: {refused.Message}");
    }

    public static TheoryData<string, byte[], string, string> BadBodies => new()
    {
        { "one byte too many", new byte[Limit + 1], "", "resource_exhausted" },
        { "an unknown encoding", Text, "zstd", "unimplemented" },
        { "no gzip", Text, "gzip", "invalid_argument" },
        { "a bomb", ConnectClient.Gzipped(new byte[100_000_000]), "gzip", "resource_exhausted" },
        { "a cut gzip", ConnectClient.Gzipped(Text)[..^9], "gzip", "invalid_argument" },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_body_that_cannot_be_is_refused(string what, byte[] body, string encoding, string code)
    {
        const int room = 200_000;
        MessageReader reader = Reader(body, headers => headers.ContentEncoding = encoding, body.Length > room ? room : Limit);

        ConnectException refused = await Assert.ThrowsAsync<ConnectException>(async () => await reader.ReadBodyAsync(default));

        Assert.True(code == refused.Code.Word(), $"{what}: {refused.Message}");
    }

    [Fact]
    public async Task A_body_is_taken_whole_and_unpacked()
    {
        Assert.Equal(Text, await Reader(Text).ReadBodyAsync(default));
        Assert.Equal(Text, await Reader(ConnectClient.Gzipped(Text), headers => headers.ContentEncoding = "gzip").ReadBodyAsync(default));
        Assert.Equal(new byte[Limit], await Reader(new byte[Limit]).ReadBodyAsync(default));
        Assert.Empty(await Reader([]).ReadBodyAsync(default));
    }

    [Fact]
    public async Task A_request_of_one_message_has_one()
    {
        byte[] one = ConnectClient.Frame(0, Text);

        Assert.Equal(Text, await Reader(one).ReadOnlyFrameAsync(default));
        ConnectException none = await Assert.ThrowsAsync<ConnectException>(async () => await Reader([]).ReadOnlyFrameAsync(default));
        ConnectException two = await Assert.ThrowsAsync<ConnectException>(async () => await Reader([.. one, .. one]).ReadOnlyFrameAsync(default));
        ConnectException rest = await Assert.ThrowsAsync<ConnectException>(async () => await Reader([.. one, 7]).ReadOnlyFrameAsync(default));

        Assert.All([none, two, rest], refused => Assert.Equal(ConnectCode.InvalidArgument, refused.Code));
    }

    [Fact]
    public async Task A_million_tiny_frames_are_read_no_faster_than_they_are_taken()
    {
        const int frames = 1_000_000;
        using var endless = new TinyFrames(frames);
        var http = new DefaultHttpContext();
        http.Request.Body = endless;
        var reader = new MessageReader(http.Request, Limit, Memory.Begin(default));
        long furthest = 0;
        int taken = 0;

        while (await reader.ReadFrameAsync(default) is not null)
        {
            taken++;
            furthest = Math.Max(furthest, endless.Given - (taken * (long)TinyFrames.Size));
        }

        Assert.Equal(frames, taken);
        Assert.InRange(furthest, 0, 64 * 1024);
    }

    [Fact]
    public async Task Memory_is_taken_for_what_came_and_not_for_what_was_announced()
    {
        byte[] header = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), 16 * 1024 * 1024);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 10; i++)
        {
            await Assert.ThrowsAsync<ConnectException>(async () => await Reader(header, limit: 16 * 1024 * 1024).ReadFrameAsync(default));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024 * 1024);
    }

    private static MessageReader Reader(byte[] body, Action<IHeaderDictionary>? headers = null, int limit = Limit)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = body.Length;
        headers?.Invoke(http.Request.Headers);
        return new MessageReader(http.Request, limit, Memory.Begin(default));
    }

    /// <summary>Frames of one byte, made as they are read.</summary>
    private sealed class TinyFrames(int count) : Stream
    {
        public const int Size = 6;

        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int size)
        {
            int given = (int)Math.Min(size, (count * (long)Size) - Given);
            for (int i = 0; i < given; i++, Given++)
            {
                buffer[offset + i] = (byte)(Given % Size == 4 ? 1 : 0);
            }

            return given;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
