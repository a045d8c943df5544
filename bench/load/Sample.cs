using System.Diagnostics;
using Atoll.Bench;

namespace Atoll.Load;

/// <summary>Collects the measurements of one scenario. Safe for concurrent use.</summary>
internal sealed class Sample(string name)
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];
    private readonly List<string> _failures = [];

    public string Name => name;

    public Distribution Distribution
    {
        get
        {
            lock (_gate)
            {
                return Distribution.Of(_milliseconds, _failures.Count);
            }
        }
    }

    /// <summary>Why measurements failed, each reason once.</summary>
    public IReadOnlyList<string> Reasons
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures.Distinct()];
            }
        }
    }

    public void Add(TimeSpan took)
    {
        lock (_gate)
        {
            _milliseconds.Add(took.TotalMilliseconds);
        }
    }

    public void Fail(string reason)
    {
        lock (_gate)
        {
            _failures.Add(reason);
        }
    }

    /// <summary>The time since a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public void AddSince(long started) => Add(Stopwatch.GetElapsedTime(started));
}
