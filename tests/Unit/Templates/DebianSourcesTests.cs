using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Unit.Templates;

public sealed class DebianSourcesTests
{
    private const string Bookworm =
        """
        http://mirror.example/debian/|bookworm-backports|Debian Backports
        http://mirror.example/debian/|trixie|Debian
        http://mirror.example/debian/|bookworm|Debian
        http://mirror.example/debian/|bookworm-updates|Debian
        http://secure.example/debian-security/|bookworm-security|Debian
        https://packages.example/apt/|cloud|Somebody
        """;

    [Fact]
    public void The_machines_own_mirror_is_used_when_it_carries_the_suite() => Assert.Equal(
        ["http://mirror.example/debian bookworm main", "http://mirror.example/debian bookworm-updates main", "http://secure.example/debian-security bookworm-security main"],
        Choose("bookworm", null, Bookworm));

    [Fact]
    public void A_machine_of_another_release_lends_its_mirror() => Assert.Equal(
        ["http://mirror.example/debian forky main", "http://mirror.example/debian forky-updates main", "http://secure.example/debian-security forky-security main"],
        Choose("forky", null, Bookworm));

    [Theory]
    [InlineData("")]
    [InlineData("https://archive.example/ubuntu/|noble|Ubuntu")]
    [InlineData("not a target")]
    [InlineData("file:/srv/debian/|bookworm|Debian")]
    public void A_machine_without_a_mirror_of_Debian_takes_the_official_one(string targets) => Assert.Equal(
        ["http://deb.debian.org/debian bookworm main", "http://deb.debian.org/debian bookworm-updates main", "http://deb.debian.org/debian-security bookworm-security main"],
        Choose("bookworm", null, targets));

    [Fact]
    public void The_operators_mirror_comes_before_all() =>
        Assert.Equal(["http://own.example/debian bookworm main"], Choose("bookworm", "http://own.example/debian", Bookworm));

    private static IEnumerable<string> Choose(string suite, string? mirror, string targets) =>
        DebianSources.Choose(suite, ["main"], mirror, targets).Select(line =>
        {
            const string prefix = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ";
            Assert.StartsWith(prefix, line);
            return line[prefix.Length..];
        });
}
