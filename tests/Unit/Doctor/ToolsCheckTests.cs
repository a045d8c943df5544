using Atoll.Server.Doctor;
using Xunit;

namespace Atoll.Unit.Doctor;

public sealed class ToolsCheckTests : IDisposable
{
    private static readonly string[] All = ["nft", "ip", "mkfs.ext4", "mmdebstrap", "bwrap"];
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-test-tools").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task All_programs_are_found_on_the_path_and_where_root_has_its_own()
    {
        string own = Directory.CreateDirectory(Path.Combine(_directory, "sbin")).FullName;
        Install(_directory, [.. All.Skip(1)]);
        Install(own, [All[0]]);

        Finding found = await new ToolsCheck($"/nowhere:{_directory}", [own]).RunAsync(CancellationToken.None);

        Assert.Equal((Severity.Ok, "nft, ip, mkfs.ext4, mmdebstrap, bwrap"), (found.Severity, found.Found));
    }

    [Theory]
    [InlineData("nft", "nftables")]
    [InlineData("ip", "iproute2")]
    [InlineData("mkfs.ext4", "e2fsprogs")]
    [InlineData("mmdebstrap", "mmdebstrap")]
    [InlineData("bwrap", "bubblewrap")]
    public async Task A_program_that_is_missing_is_named_with_its_package(string program, string package)
    {
        Install(_directory, [.. All.Where(other => other != program)]);

        Finding found = await new ToolsCheck(_directory, []).RunAsync(CancellationToken.None);

        Assert.Equal(
            (Severity.Fail, $"missing: {program}", $"apt-get install {package}"), (found.Severity, found.Found, found.Remedy));
    }

    private static void Install(string directory, string[] programs)
    {
        foreach (string program in programs)
        {
            File.WriteAllText(Path.Combine(directory, program), "");
        }
    }
}
