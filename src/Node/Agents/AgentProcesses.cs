using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Agents;

/// <summary>The calls of <see cref="IAgent"/> that are about processes.</summary>
internal sealed partial class AgentProcesses(AgentLink link)
{
    /// <summary>How often in a row following may be resumed without anything new having come.</summary>
    private const int MaxFruitlessResumes = 5;

    /// <summary>Sent once: when no answer comes the fault says that the process may run.</summary>
    public async Task<ProcessInfo> StartAsync(ProcessSpec spec, CancellationToken cancellation)
    {
        StartProcess message = AgentFaults.ToMessage(spec);
        AgentConnection connection = await link.ConnectionAsync(cancellation);
        try
        {
            byte[] reply = await AgentLink.RequestAsync(connection, message.Write, MessageType.Started, AgentLink.RequestTime, cancellation);
            Started started = AgentLink.Parse(() => Started.Read(reply));
            return new ProcessInfo(
                started.Pid, spec.Tag, spec.Arguments, spec.WorkingDirectory, ProcessListing.Moment(started.StartedAtMilliseconds), null)
            {
                Environment = spec.Environment,
                HasTerminal = spec.Terminal is not null,
            };
        }
        catch (FaultException e) when (e.Fault.Code == FaultCode.AgentUnavailable)
        {
            throw AgentFaults.MayHaveStarted(e);
        }
    }

    public async IAsyncEnumerable<ProcessEvent> AttachAsync(
        int pid, long fromSequence, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int fruitless = 0;
        while (true)
        {
            using Following following = await FollowAsync(pid, fromSequence, cancellation);
            while (await NextAsync(following, cancellation) is { } processEvent)
            {
                fruitless = 0;
                fromSequence = following.Next;
                yield return processEvent;
                if (processEvent is ProcessEvent.Exited)
                {
                    yield break;
                }
            }

            LogResuming(link.Log, pid, fromSequence);
            if (++fruitless > MaxFruitlessResumes)
            {
                throw AgentFaults.Unavailable("the connection drops again and again");
            }
        }
    }

    public Task SignalAsync(int pid, int signal, bool wholeGroup, CancellationToken cancellation) =>
        link.RequestAsync(new Signal(pid, signal, wholeGroup).Write, MessageType.Ok, cancellation);

    public async Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellation)
    {
        AgentConnection connection = await link.ConnectionAsync(cancellation);
        var listing = new ProcessListing();
        long start = link.Time.GetTimestamp();
        while (true)
        {
            TimeSpan left = AgentLink.RequestTime - link.Time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                throw AgentFaults.Unavailable($"its list of processes did not end within {AgentLink.RequestTime.TotalSeconds:0} s");
            }

            byte[] page = await AgentLink.RequestAsync(connection, new List(listing.After).Write, MessageType.Processes, left, cancellation);
            if (!AgentLink.Parse(() => listing.Add(page)))
            {
                return listing.Processes;
            }
        }
    }

    /// <summary>
    /// Sends the data in pieces, each when the one before is in. A process that does not read holds the call until it is
    /// cancelled or the connection is lost; what has not gone in by then does not.
    /// </summary>
    public async Task WriteInputAsync(int pid, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        for (int at = 0; at < data.Length; at += ProtocolLimits.MaxInput)
        {
            // A copy: a piece that nobody waits for any more may still be written, when the caller has his memory back.
            byte[] piece = data.Slice(at, Math.Min(ProtocolLimits.MaxInput, data.Length - at)).ToArray();
            await link.RequestAsync(
                (writer, stream) => new WriteInput(pid, piece).Write(writer, stream), MessageType.Ok, AgentLink.Unbounded, cancellation);
        }
    }

    /// <summary>Waits behind what others write, as <see cref="WriteInputAsync"/> does.</summary>
    public Task CloseInputAsync(int pid, CancellationToken cancellation) =>
        link.RequestAsync(new CloseInput(pid).Write, MessageType.Ok, AgentLink.Unbounded, cancellation);

    public Task ResizeAsync(int pid, TerminalSize size, CancellationToken cancellation) =>
        link.RequestAsync(AgentFaults.ToMessage(pid, size).Write, MessageType.Ok, cancellation);

    public Task ForgetAsync(int pid, CancellationToken cancellation) =>
        link.RequestAsync(new Forget(pid).Write, MessageType.Ok, cancellation);

    private async Task<Following> FollowAsync(int pid, long fromSequence, CancellationToken cancellation)
    {
        AgentConnection connection = await link.ConnectionAsync(cancellation);
        var stream = new AttachStream(fromSequence);
        try
        {
            uint id = await connection.OpenStreamAsync(stream, new Attach(pid, fromSequence, AttachStream.Window).Write, cancellation);
            return new Following(new OpenStream(connection, id), stream, fromSequence);
        }
        catch (AgentLostException e)
        {
            // Seen again when the stream is read, which resumes.
            stream.Fail(e);
            return new Following(new OpenStream(connection, 0), stream, fromSequence);
        }
    }

    /// <returns>Null when the connection is gone and following must be resumed.</returns>
    private static async ValueTask<ProcessEvent?> NextAsync(Following following, CancellationToken cancellation)
    {
        try
        {
            return await following.NextAsync(cancellation);
        }
        catch (AgentLostException)
        {
            return null;
        }
        catch (AgentErrorException e)
        {
            throw AgentFaults.From(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "the connection dropped; following process {Pid} from {Sequence} again")]
    private static partial void LogResuming(ILogger log, int pid, long sequence);
}
