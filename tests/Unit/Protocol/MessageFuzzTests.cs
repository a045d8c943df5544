using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Xunit;

namespace Atoll.Unit.Protocol;

/// <summary>Random, truncated and mutated input, from printed seeds: refused or read, never worse.</summary>
public sealed class MessageFuzzTests
{
    private const int Cases = 4000;

    [Theory]
    [InlineData(ProtocolLimits.MaxHello)]
    [InlineData(ProtocolLimits.MaxPayload)]
    [InlineData(ProtocolLimits.MaxMessage)]
    public void The_frame_reader_takes_any_bytes_in_bounded_memory(int maxMessage)
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var reader = new MessageReader(maxMessage);
            byte[] input = Input(random);
            try
            {
                ReadAll(reader, input, random);
            }
            catch (ProtocolException)
            {
                // The one way in which bad input may end.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            int bound = (maxMessage < ProtocolLimits.MaxPayload ? 4096 : 2 * ProtocolLimits.MaxPayload) + (maxMessage > ProtocolLimits.MaxPayload ? maxMessage : 0);
            Assert.True(reader.Held <= bound, $"seed {seed}: {reader.Held} bytes held");
        }
    }

    [Fact]
    public void Every_decoder_takes_any_payload_in_bounded_memory()
    {
        IReadOnlyList<SampleMessages.Sample> samples = SampleMessages.All;
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            SampleMessages.Sample sample = samples[random.Next(samples.Count)];
            byte[] payload = random.Next(3) == 0 ? RandomBytes(random, 2000) : Mutate(SampleMessages.Payload(sample.Write), random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                sample.Rewrite(payload);
            }
            catch (ProtocolException)
            {
                // The one way in which bad input may end.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, {sample.Name}: {e}");
            }

            // Counts and lengths are checked against what is there, so nothing grows beyond a multiple of the input.
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 64 * 1024 + (payload.Length * 32), $"seed {seed}, {sample.Name}: {allocated} bytes for {payload.Length}");
        }
    }

    private static void ReadAll(MessageReader reader, byte[] input, Random random)
    {
        for (int at = 0; at < input.Length;)
        {
            Memory<byte> buffer = reader.GetBuffer();
            Assert.False(buffer.IsEmpty);
            int count = Math.Min(Math.Min(buffer.Length, input.Length - at), random.Next(1, 5000));
            input.AsSpan(at, count).CopyTo(buffer.Span);
            reader.Advance(count);
            at += count;
            while (reader.TryRead(out Message message))
            {
                Assert.True(message.Payload.Length <= reader.MaxMessage);
            }
        }
    }

    private static byte[] Input(Random random)
    {
        if (random.Next(4) == 0)
        {
            return RandomBytes(random, 10_000);
        }

        List<byte> stream = [];
        for (int i = random.Next(1, 30); i > 0; i--)
        {
            SampleMessages.Sample sample = SampleMessages.All[random.Next(SampleMessages.All.Count)];
            byte[] wire = SampleMessages.Wire(sample.Write, (uint)random.Next(4));
            if (random.Next(3) == 0)
            {
                wire[4] = (byte)MessageType.Part;
            }

            stream.AddRange(random.Next(6) == 0 ? Mutate(wire, random) : wire);
        }

        return [.. stream];
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        byte[] mutated = [.. bytes];
        for (int i = random.Next(1, 5); i > 0 && mutated.Length > 0; i--)
        {
            int at = random.Next(mutated.Length);
            switch (random.Next(4))
            {
                case 0:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutated[at] = 0xFF;
                    break;
                case 2:
                    mutated = mutated[..at];
                    break;
                default:
                    mutated = [.. mutated[..at], .. RandomBytes(random, 20), .. mutated[at..]];
                    break;
            }
        }

        return mutated;
    }

    private static byte[] RandomBytes(Random random, int max)
    {
        byte[] bytes = new byte[random.Next(max)];
        random.NextBytes(bytes);
        return bytes;
    }
}
