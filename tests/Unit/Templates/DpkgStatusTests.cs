using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Unit.Templates;

public sealed class DpkgStatusTests
{
    [Fact]
    public void Installed_packages_are_listed_with_their_versions()
    {
        const string text =
            """
            Package: bash
            Status: install ok installed
            Version: 5.2.15-2+b8
            Description: shell
             Version: 9 of something else

            Package: gone
            Status: deinstall ok config-files
            Version: 1.0

            Package: halfway
            Status: install ok half-installed
            Version: 1.0

            Package: apt
            Status: install ok installed
            Version: 2.6.2
            """;
        Assert.Equal([KeyValuePair.Create("apt", "2.6.2"), KeyValuePair.Create("bash", "5.2.15-2+b8")], DpkgStatus.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("Package: bash\nStatus: install ok installed")]
    public void What_is_incomplete_is_not_listed(string text) => Assert.Empty(DpkgStatus.Parse(text));
}
