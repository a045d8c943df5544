using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class SandboxIdTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_id_survives_being_written_and_read()
    {
        SandboxId id = SandboxId.New(Now);

        Assert.True(SandboxId.TryParse(id.Value, out SandboxId read));
        Assert.Equal(id, read);
        Assert.Equal(id, SandboxId.Parse(id.ToString()));
    }

    [Fact]
    public void An_id_is_a_number_of_128_bits()
    {
        Assert.Equal(UInt128.MaxValue, SandboxId.Parse("7" + new string('z', 25)).Bits);
        Assert.Equal((UInt128)32, SandboxId.Parse(new string('0', 24) + "10").Bits);
        Assert.Equal((UInt128)Now.ToUnixTimeMilliseconds(), SandboxId.New(Now).Bits >> 80);
    }

    [Fact]
    public void Ids_sort_by_the_time_they_were_made()
    {
        string[] ids = [.. Enumerable.Range(0, 2000).Select(i => SandboxId.New(Now.AddMilliseconds(i * 7919L)).Value)];

        Assert.Equal(ids, ids.OrderBy(id => id, StringComparer.Ordinal));
    }

    [Fact]
    public void Ids_of_one_millisecond_differ() =>
        Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(_ => SandboxId.New(Now)).Distinct().Count());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01jd0000000000000000000000x")]
    [InlineData("01jd000000000000000000000")]
    [InlineData("01JD0000000000000000000000")]
    [InlineData("81jd0000000000000000000000")]
    [InlineData("01jd000000000000000000000i")]
    [InlineData("01jd000000000000000000000l")]
    [InlineData("01jd000000000000000000000o")]
    [InlineData("01jd000000000000000000000u")]
    [InlineData("01jd00000000000000000000/.")]
    [InlineData("sbx-01jd000000000000000000")]
    [InlineData("01jd00000000000000000000\n0")]
    public void What_is_no_id_is_rejected(string? text)
    {
        Assert.False(SandboxId.TryParse(text, out _));
        Assert.False(Ulid.IsValid(text));
    }

    [Fact]
    public void The_default_names_no_sandbox() => Assert.Throws<InvalidOperationException>(() => default(SandboxId).Value);

    [Theory]
    [InlineData(0L, 0, "00000000000000000000000000")]
    [InlineData(281474976710655L, 255, "7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData(1469918176385L, 0, "01aryz6s410000000000000000")]
    public void A_ulid_is_base_32_of_time_and_randomness(long milliseconds, byte fill, string expected) =>
        Assert.Equal(expected, Ulid.Format(milliseconds, Enumerable.Repeat(fill, 10).ToArray()));
}
