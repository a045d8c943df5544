using System.Globalization;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Usage;

namespace Atoll.Control.Usage;

/// <summary>Spreads running phases over the hours or days of a span: each has the part of a phase that lies within it. Pure.</summary>
internal sealed class UsageChart
{
    private readonly UsageSpan _span;
    private readonly long _now;
    private readonly long _step;
    private readonly long _first;
    private readonly UsageTotals[] _sums;

    /// <param name="step">An hour or a day; they begin at whole ones of UTC.</param>
    public UsageChart(UsageSpan span, TimeSpan step, DateTimeOffset now)
    {
        (_span, _step) = (span, (long)step.TotalMilliseconds);
        _now = now.ToUnixTimeMilliseconds();
        _first = Floor(span.Start.ToUnixTimeMilliseconds());
        long end = span.End.ToUnixTimeMilliseconds();
        _sums = new UsageTotals[span.Start < span.End ? (int)((end - 1 - _first) / _step) + 1 : 0];
        Array.Fill(_sums, UsageTotals.None);
    }

    public void Add(UsageSession session)
    {
        long start = Math.Max(session.StartedAt.ToUnixTimeMilliseconds(), _span.Start.ToUnixTimeMilliseconds());
        long end = Math.Min(session.EndedAt?.ToUnixTimeMilliseconds() ?? _now, _span.End.ToUnixTimeMilliseconds());
        long failed = session.Ended == Domain.Events.EventTypes.SandboxFailed ? 1 : 0;
        for (long at = start; at < end;)
        {
            long next = Math.Min(Floor(at) + _step, end);
            int place = (int)((at - _first) / _step);
            _sums[place] = _sums[place].With(session.Resources, next - at, 1, session.EndedAt is null ? 1 : 0, failed);
            at = next;
        }
    }

    /// <summary>Every hour or day of the span, in order, also those without use.</summary>
    public IReadOnlyList<UsageGroup> Groups() => [.. _sums.Select((sum, place) =>
    {
        string key = (_first + (place * _step)).ToString(CultureInfo.InvariantCulture);
        return new UsageGroup(key, key, sum);
    })];

    private long Floor(long moment) => moment - (((moment % _step) + _step) % _step);
}
