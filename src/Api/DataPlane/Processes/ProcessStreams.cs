using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Processes;
using Google.Protobuf;

namespace Atoll.Api.DataPlane.Processes;

/// <summary>A process's events as clients want them: its start with the pid, its output, exactly one end.</summary>
/// <remarks>
/// <code>
///   start, (data | keepalive)*, end
/// </code>
/// A client that goes away leaves the process running.
/// </remarks>
internal static class ProcessStreams
{
    public static ProcessStreamResponse Sign() => Event(new ProcessHappening { Keepalive = new ProcessHappening.Types.KeepAlive() });

    /// <summary>Follows a process.</summary>
    /// <param name="events">All that it says, from its first kept byte.</param>
    /// <param name="verdict">The error to tell in place of an end; null for the end.</param>
    /// <param name="fromStart">Whether the client wants every byte: then what is gone is an error, otherwise only what goes while it reads.</param>
    public static async IAsyncEnumerable<ProcessStreamResponse> FollowAsync(
        IAsyncEnumerable<ProcessEvent> events, int pid, bool fromStart, Func<ProcessExit, ConnectException?> verdict)
    {
        yield return Event(new ProcessHappening { Start = new ProcessHappening.Types.Start { Pid = (uint)pid } });
        bool complete = fromStart;
        await foreach (ProcessEvent happened in events)
        {
            switch (happened)
            {
                case ProcessEvent.Output output:
                    complete = true;
                    yield return Event(new ProcessHappening { Data = Data(output) });
                    break;
                case ProcessEvent.Dropped gone when complete:
                    throw new ConnectException(
                        ConnectCode.DataLoss, $"{gone.To - gone.From} bytes of output are gone: they were not read in time; the process runs on");
                case ProcessEvent.Exited ended:
                    yield return verdict(ended.Exit) is { } error
                        ? throw error
                        : Event(new ProcessHappening { End = ProcessExits.Of(ended.Exit) });
                    yield break;
            }
        }

        throw new ConnectException(ConnectCode.Unavailable, "the output ended before the process did");
    }

    private static ProcessHappening.Types.Data Data(ProcessEvent.Output output)
    {
        ByteString bytes = UnsafeByteOperations.UnsafeWrap(output.Data);
        return output.Stream switch
        {
            OutputStream.StandardOutput => new ProcessHappening.Types.Data { Stdout = bytes },
            OutputStream.StandardError => new ProcessHappening.Types.Data { Stderr = bytes },
            OutputStream.Terminal => new ProcessHappening.Types.Data { Pty = bytes },
            _ => throw new ArgumentOutOfRangeException(nameof(output), output.Stream, "not a stream of a process"),
        };
    }

    private static ProcessStreamResponse Event(ProcessHappening happening) => new() { Event = happening };
}
