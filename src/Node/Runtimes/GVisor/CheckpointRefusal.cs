namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Says in the words of who runs programs in a sandbox why runsc did not write it to an image. What runsc says itself is a trace of its own
/// program, for the operator's log.
/// </summary>
internal static class CheckpointRefusal
{
    public static string Explain(string failure) => failure switch
    {
        _ when Names(failure, "tcpip/link/tun", "/dev/net/tun") => "a program has a tunnel device (/dev/net/tun) open: end it first",
        _ when Names(failure, "transport/tcp", "tcp.Endpoint") => "a program is about to connect to another machine: try again when the connection stands or has failed",
        _ when Names(failure, "host socket", "fsimpl/gofer", "unix/transport") => "a program has a file or socket open that cannot be written to an image: end it first",
        _ => "its kernel cannot save what one of its programs does at the moment: try again, or end that program",
    };

    private static bool Names(string failure, params ReadOnlySpan<string> marks)
    {
        foreach (string mark in marks)
        {
            if (failure.Contains(mark, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
