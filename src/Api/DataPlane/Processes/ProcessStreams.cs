using System.Runtime.CompilerServices;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain;
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

    /// <summary>Follows a process from its first kept byte.</summary>
    /// <param name="fromStart">Whether the client wants every byte: then what is gone is an error, otherwise only what goes while it reads.</param>
    public static async IAsyncEnumerable<ProcessStreamResponse> FollowAsync(
        IAgent agent, int pid, bool fromStart, Func<ProcessExit, ConnectException?> verdict, [EnumeratorCancellation] CancellationToken cancellation)
    {
        IAsyncEnumerator<ProcessEvent> source = agent.AttachAsync(pid, 0, cancellation).GetAsyncEnumerator(cancellation);
        await using (source)
        {
            // An unknown process is told before its start is.
            ValueTask<bool> first = source.MoveNextAsync();
            if (first.IsCompleted)
            {
                bool any = await NextAsync(first, pid);
                first = ValueTask.FromResult(any);
            }

            yield return Event(new ProcessHappening { Start = new ProcessHappening.Types.Start { Pid = (uint)pid } });
            bool complete = fromStart;
            for (bool more = await NextAsync(first, pid); more; more = await NextAsync(source.MoveNextAsync(), pid))
            {
                switch (source.Current)
                {
                    case ProcessEvent.Output output:
                        complete = true;
                        yield return Event(new ProcessHappening { Data = Data(output) });
                        break;
                    case ProcessEvent.Dropped gone when complete:
                        throw new ConnectException(
                            ConnectCode.DataLoss, $"{gone.To - gone.From} bytes of output are gone: they were not read in time; the process runs on");
                    case ProcessEvent.Dropped:
                        complete = true;
                        break;
                    case ProcessEvent.Exited ended:
                        yield return verdict(ended.Exit) is { } error
                            ? throw error
                            : Event(new ProcessHappening { End = ProcessExits.Of(ended.Exit) });
                        yield break;
                }
            }

            throw new ConnectException(ConnectCode.Unavailable, "the output ended before the process did");
        }
    }

    private static async ValueTask<bool> NextAsync(ValueTask<bool> next, int pid)
    {
        try
        {
            return await next;
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            throw ProcessSelection.NotFound("pid", pid.ToString(System.Globalization.CultureInfo.InvariantCulture), e);
        }
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
