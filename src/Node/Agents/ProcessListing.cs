using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>Puts the pages of an agent's list together, and holds it to what an honest one can have.</summary>
internal sealed class ProcessListing
{
    private const int MaxEntries = ProtocolLimits.MaxProcesses + ProtocolLimits.MaxEnded;

    private readonly List<ProcessInfo> _processes = [];
    private long _size;

    public IReadOnlyList<ProcessInfo> Processes => _processes;

    /// <summary>The pid after which the next page begins.</summary>
    public int After { get; private set; }

    /// <returns>True when there is more to come.</returns>
    /// <exception cref="ProtocolException">The pages are out of order, or more than there can be.</exception>
    public bool Add(ReadOnlySpan<byte> payload)
    {
        ProcessPage page = ProcessPage.Read(payload);
        _size += payload.Length;
        if (_processes.Count + page.Entries.Count > MaxEntries || _size > ProtocolLimits.MaxListing)
        {
            throw new ProtocolException($"a list of more than {MaxEntries} processes or {ProtocolLimits.MaxListing} bytes");
        }

        foreach (ProcessEntry entry in page.Entries)
        {
            if (entry.Pid <= After)
            {
                throw new ProtocolException("a list of processes that is out of order");
            }

            After = entry.Pid;
            _processes.Add(new ProcessInfo(
                entry.Pid, entry.Tag, entry.Arguments, entry.WorkingDirectory, Moment(entry.StartedAtMilliseconds),
                entry.Exit is { } exit ? new ProcessExit(exit.Code, exit.Signal) : null)
            {
                Environment = entry.Environment,
                HasTerminal = entry.HasTerminal,
            });
        }

        return page.More;
    }

    /// <summary>An agent's clock may say anything.</summary>
    public static DateTimeOffset Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
