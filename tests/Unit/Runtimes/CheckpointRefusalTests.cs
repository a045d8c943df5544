using Atoll.Node.Runtimes.GVisor;
using Xunit;

namespace Atoll.Unit.Runtimes;

public sealed class CheckpointRefusalTests
{
    [Theory]
    [InlineData("encoding error: /dev/net/tun does not support save/restore when a device is associated with it.:\ngoroutine 68", "tunnel device")]
    [InlineData("runtime error: invalid memory address or nil pointer dereference:\ngoroutine 1\ngvisor.dev/gvisor/pkg/tcpip/transport/tcp.(*Endpoint).StateSave", "about to connect")]
    [InlineData("Cannot save endpoint with bound host socket", "file or socket")]
    [InlineData("/var/lib/atoll/sandboxes/x: whatever", "try again")]
    public void The_reason_is_told_in_words_that_help_and_without_what_is_the_hosts(string failure, string expected)
    {
        string told = CheckpointRefusal.Explain(failure);

        Assert.Contains(expected, told, StringComparison.Ordinal);
        Assert.DoesNotContain("/var/", told, StringComparison.Ordinal);
        Assert.DoesNotContain("goroutine", told, StringComparison.Ordinal);
    }
}
