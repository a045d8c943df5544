using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Unit.Templates;

/// <summary>What of apt's complaints is worth another try.</summary>
public sealed class DebianRootTests
{
    [Theory]
    [InlineData("E: Failed to fetch http://deb.debian.org/x.deb  Connection timed out [IP: 1.2.3.4 80]", true)]
    [InlineData("W: Failed to fetch ...  Temporary failure resolving 'deb.debian.org'", true)]
    [InlineData("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?", true)]
    [InlineData("E: Unable to locate package no-such-package-at-all", false)]
    [InlineData("E: setup.sh failed with status 1", false)]
    public void A_mirror_that_fails_is_asked_again_and_a_recipe_that_is_wrong_is_not(string output, bool again) =>
        Assert.Equal(again, DebianRoot.IsDownloadFailure(output));
}
