using System.Text;
using Atoll.Agent.Processes;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class OutputRingTests
{
    [Fact]
    public void Both_streams_come_back_in_the_order_written_with_one_numbering()
    {
        using var ring = new OutputRing(4096);
        Append(ring, OutputKind.StandardOutput, "one ");
        Append(ring, OutputKind.StandardOutput, "two ");
        Append(ring, OutputKind.StandardError, "bad");
        Append(ring, OutputKind.StandardOutput, "three");

        Assert.Equal("0o:one two 8e:bad 11o:three ", Dump(ring, 0));
        Assert.Equal("9e:ad 11o:three ", Dump(ring, 9));
        Assert.Equal("", Dump(ring, 16));
        Assert.Equal((0, 16), (ring.First, ring.Next));
    }

    [Fact]
    public void Memory_grows_with_use_and_not_beyond_the_capacity()
    {
        using var ring = new OutputRing(1024 * 1024);
        Assert.Equal(0, ring.Held);
        Append(ring, OutputKind.StandardOutput, "x");
        Assert.Equal(4096, ring.Held);
        for (int i = 0; i < 5000; i++)
        {
            Assert.True(ring.DropUntilRoom(1000, BackPressure.Anything));
            ring.Append(OutputKind.StandardOutput, new byte[1000]);
        }

        Assert.Equal(1024 * 1024, ring.Held);
        Assert.Equal(5_000_001, ring.Next);
        Assert.InRange(ring.Next - ring.First, 1024 * 1024 * 8 / 10, 1024 * 1024);
    }

    [Fact]
    public void Single_bytes_of_alternating_streams_count_with_their_overhead()
    {
        using var ring = new OutputRing(4096);
        int written = 0;
        while (ring.Room > 0)
        {
            ring.Append((OutputKind)(written % 3), [(byte)written]);
            written++;
        }

        Assert.InRange(written, 4096 / 5 - 1, 4096 / 5);
        Assert.Equal(4096, ring.Held);
    }

    [Fact]
    public void Nothing_at_or_above_the_floor_is_dropped()
    {
        using var ring = new OutputRing(4096);
        while (ring.Room > 0)
        {
            ring.Append(OutputKind.StandardOutput, new byte[Math.Min(ring.Room, 100)]);
        }

        long next = ring.Next;
        Assert.False(ring.DropUntilRoom(400, floor: 0));
        Assert.False(ring.DropUntilRoom(400, floor: 300));
        Assert.Equal((0, next), (ring.First, ring.Next));
        Assert.True(ring.DropUntilRoom(400, floor: 600));
        Assert.InRange(ring.First, 1, 600);
    }

    [Fact]
    public void A_reader_who_had_all_of_a_segment_that_went_goes_on_with_the_next()
    {
        using var ring = new OutputRing(4096);
        Append(ring, OutputKind.StandardOutput, "abc");
        RingCursor cursor = ring.At(3);
        ring.DropUntilRoom(int.MaxValue, BackPressure.Anything);
        while (ring.First < 3)
        {
            ring.Append(OutputKind.StandardError, new byte[ring.Room]);
            ring.DropUntilRoom(500, BackPressure.Anything);
        }

        cursor = ring.At(ring.First) is var first && ring.First > 3 ? first : cursor;
        Assert.True(ring.TryPeek(ref cursor, 10, out OutputKind kind, out ReadOnlySpan<byte> data));
        Assert.Equal(OutputKind.StandardError, kind);
        Assert.Equal(10, data.Length);
    }

    [Fact]
    public void Random_writes_drops_and_reads_agree_with_a_plain_list()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            using var ring = new OutputRing(random.Next(4096, 20_000));
            List<(OutputKind Kind, byte Value)> all = [];
            RingCursor cursor = ring.At(0);
            for (int step = 0; step < 400; step++)
            {
                byte[] data = new byte[random.Next(1, random.Next(2) == 0 ? 5 : 3000)];
                random.NextBytes(data);
                ring.DropUntilRoom(data.Length, BackPressure.Anything);
                data = data[..Math.Min(data.Length, ring.Room)];
                var kind = (OutputKind)random.Next(3);
                ring.Append(kind, data);
                all.AddRange(data.Select(value => (kind, value)));
                cursor = random.Next(10) == 0 ? ring.At(random.NextInt64(ring.First, ring.Next + 1)) : cursor;
                cursor = ReadSome(ring, cursor, all, random, seed);
            }

            Assert.Equal(all.Count, ring.Next);
        }
    }

    private static RingCursor ReadSome(OutputRing ring, RingCursor cursor, List<(OutputKind Kind, byte Value)> all, Random random, int seed)
    {
        if (cursor.Sequence < ring.First)
        {
            cursor = ring.At(ring.First);
        }

        while (random.Next(4) != 0 && ring.TryPeek(ref cursor, random.Next(1, 4000), out OutputKind kind, out ReadOnlySpan<byte> data))
        {
            for (int i = 0; i < data.Length; i++)
            {
                Assert.True(all[(int)cursor.Sequence + i] == (kind, data[i]), $"seed {seed} at {cursor.Sequence + i}");
            }

            cursor = OutputRing.Advance(cursor, data.Length);
        }

        return cursor;
    }

    private static void Append(OutputRing ring, OutputKind kind, string text) => ring.Append(kind, Encoding.UTF8.GetBytes(text));

    private static string Dump(OutputRing ring, long from)
    {
        var text = new StringBuilder();
        RingCursor cursor = ring.At(from);
        while (ring.TryPeek(ref cursor, int.MaxValue, out OutputKind kind, out ReadOnlySpan<byte> data))
        {
            text.Append($"{cursor.Sequence}{"oet"[(int)kind]}:{Encoding.UTF8.GetString(data).TrimEnd()} ");
            cursor = OutputRing.Advance(cursor, data.Length);
        }

        return text.ToString();
    }
}
